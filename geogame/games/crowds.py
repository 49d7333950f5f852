"""Where a crowd points: the geometric median of its pins on the sphere. Pure.

The place from which the great-circle distances to all pins add up to the least. Unlike the mean it does not
run after a single pin that lies far off: fewer than half of the pins cannot drag it away.

The sum has several hollows when pins lie all over the globe, so the search (Weiszfeld's, in the tangent
plane) starts from several places at once: the best of all pins, their mean direction, and points spread
evenly over the sphere. It ends within a hundred metres of the least sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from planet_core.geo import haversine_km, normalise_lng, unit_vectors, vectors_to_degrees

LEAST_PINS = 2
"""One pin alone is no crowd."""
_SPREAD = 64
_STARTS = 6
_STEPS = 100
_FARTHEST = 4.0  # of Weiszfeld's step: beyond, the sum grows again
_CLOSE = 1e-8  # radians: seven centimetres
_EQUAL = 1e-10  # of the sum: places that are equally good

FloatArray = npt.NDArray[np.float64]
Pin = tuple[float, float]


def place_of(pins: Sequence[Pin]) -> Pin | None:
    """(lat, lng) in degrees where the crowd points, whatever the order of its pins; None where it is none."""
    return _median(tuple(sorted((lat, float(normalise_lng(lng))) for lat, lng in pins)))


@lru_cache(maxsize=512)
def _median(pins: tuple[Pin, ...]) -> Pin | None:
    if len(pins) < LEAST_PINS:
        return None
    lats, lngs = np.array(pins).T
    points = unit_vectors(lats, lngs)
    found = _descend(_starts(points), points)
    candidates = np.concatenate([found, points])
    sums = _distances(candidates, points).sum(axis=1)
    best = candidates[_best(candidates, sums, points)]
    lat, lng = vectors_to_degrees(best)
    return float(lat), float(normalise_lng(float(lng)))


def sum_km(lat: float, lng: float, pins: Sequence[Pin]) -> float:
    """What the median makes least."""
    lats, lngs = np.array(pins).T
    return float(haversine_km(lat, lng, lats, lngs).sum())


def _starts(points: FloatArray) -> FloatArray:
    mean = points.sum(axis=0)
    starts = [points, _spread(_SPREAD)]
    if np.linalg.norm(mean) > _CLOSE:
        starts.append((mean / np.linalg.norm(mean))[None])
    places = np.unique(np.concatenate(starts), axis=0)
    order = np.argsort(_distances(places, points).sum(axis=1), kind="stable")
    return np.asarray(places[order[:_STARTS]])


def _spread(number: int) -> FloatArray:
    """Points all over the sphere, on a spiral that gives each the same area."""
    turn = math.pi * (3 - math.sqrt(5))
    z = 1 - 2 * (np.arange(number) + 0.5) / number
    across = np.sqrt(1 - z * z)
    return np.stack(
        [across * np.cos(turn * np.arange(number)), across * np.sin(turn * np.arange(number)), z], 1
    )


def _distances(places: FloatArray, points: FloatArray) -> FloatArray:
    """Angles in radians, shape (places, points), exact for small ones too."""
    chords = np.linalg.norm(places[:, None] - points[None], axis=2)
    sums = np.linalg.norm(places[:, None] + points[None], axis=2)
    return np.asarray(2 * np.arctan2(chords, sums))


def _descend(places: FloatArray, points: FloatArray) -> FloatArray:
    """From every start along Weiszfeld's steps: longer after a good one, half as long after a bad one."""
    sums = _distances(places, points).sum(axis=1)
    reach = np.ones(len(places))
    for _ in range(_STEPS):
        steps = _steps(places, points)
        moved = _walk(places, steps * reach[:, None])
        new = _distances(moved, points).sum(axis=1)
        better = new < sums
        places = np.where(better[:, None], moved, places)
        sums = np.where(better, new, sums)
        reach = np.where(better, np.minimum(2 * reach, _FARTHEST), reach / 2)
        if (np.linalg.norm(steps, axis=1) * reach < _CLOSE).all():
            break
    return places


def _steps(places: FloatArray, points: FloatArray) -> FloatArray:
    """Where the weighted pins pull each place, as a vector of its tangent plane."""
    angles = _distances(places, points)
    along = points[None] - (places[:, None] * points[None]).sum(axis=2, keepdims=True) * places[:, None]
    length = np.linalg.norm(along, axis=2)
    usable = (length > _CLOSE) & (angles > _CLOSE)
    unit = np.divide(along, length[..., None], out=np.zeros_like(along), where=usable[..., None])
    weight = np.divide(1.0, angles, out=np.zeros_like(angles), where=usable)
    total = weight.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(unit.sum(axis=1), total, out=np.zeros_like(places), where=total > 0))


def _walk(places: FloatArray, steps: FloatArray) -> FloatArray:
    """Along the great circle of each step, as far as it is long."""
    length = np.linalg.norm(steps, axis=1, keepdims=True)
    unit = np.divide(steps, length, out=np.zeros_like(steps), where=length > 0)
    moved = np.cos(length) * places + np.sin(length) * unit
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True))


def _best(candidates: FloatArray, sums: FloatArray, points: FloatArray) -> int:
    """The least sum. Among equals, as all places between two pins are, the one in their middle."""
    equal = np.flatnonzero(sums <= sums.min() * (1 + _EQUAL) + _EQUAL)
    spread = (_distances(candidates[equal], points) ** 2).sum(axis=1)
    return int(equal[np.argmin(spread)])
