"""From a distribution over cells to one answer on the map (numpy only).

The paper answers with the centre of the most probable cell (`top-cell`). That is not the best guess: with
several likely cells close together, or a score that forgives little, another point is expected to do better.
`max-score` takes the point with the highest expected score of the game, `min-distance` the one with the least
expected distance; both over the whole distribution, with the cells' own points as candidates.

Up to `BRUTE_FORCE_CELLS` cells every candidate is compared with every cell. Beyond, `point_tree` finds a
candidate whose expected score or distance is at most `TOLERANCES` from the best one's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planet_core import geo, point_tree, scoring
from planet_core.distributions import check_rows

RULES = ("top-cell", "max-score", "min-distance")
BRUTE_FORCE_CELLS = 1024
TOLERANCES = {"max-score": 0.9, "min-distance": 0.1}
"""Of 5000 points, and kilometres."""
_BLOCK_PAIRS = 1 << 21  # pairs of points held at a time: about 100 MB of temporaries

FloatArray = npt.NDArray[np.float64]


def best_point(
    probabilities: npt.ArrayLike,
    lat: npt.ArrayLike,
    lng: npt.ArrayLike,
    rule: str,
    scale_km: float = scoring.WORLD_SCALE_KM,
) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
    """(lat, lng) in degrees of the best answer to one or many distributions.

    Args:
        probabilities: (cells,) or (photos, cells), not negative, each row summing to 1 within
            `distributions.SUM_TOLERANCE`; what rounding leaves is divided out.
        lat, lng: (cells,), degrees, where each cell's mass lies; also the candidates.
        rule: one of `RULES`.
        scale_km: diagonal of the map, used by `max-score`.

    Returns:
        Two floats for one distribution, two arrays (photos,) for many. Ties go to the lowest cell index,
        among more than `BRUTE_FORCE_CELLS` cells to any.

    Raises:
        ValueError: unknown rule, shapes that do not fit, no cells, a place that is not a number, mass that
            is negative, not a number or does not sum to one, or a scale that is not a positive number.
    """
    index = best_cell(probabilities, lat, lng, rule, scale_km)
    lats, lngs = np.asarray(lat, dtype=np.float64), np.asarray(lng, dtype=np.float64)
    if isinstance(index, int):
        return float(lats[index]), float(lngs[index])
    return lats[index], lngs[index]


def best_cell(
    probabilities: npt.ArrayLike,
    lat: npt.ArrayLike,
    lng: npt.ArrayLike,
    rule: str,
    scale_km: float = scoring.WORLD_SCALE_KM,
) -> int | npt.NDArray[np.int64]:
    """The index of the cell whose point `best_point` answers; same arguments and errors."""
    if rule not in RULES:
        raise ValueError(f"unknown rule {rule!r}; the rules are {', '.join(RULES)}")
    if not (np.isfinite(scale_km) and scale_km > 0):
        raise ValueError(f"scale_km must be a positive finite number, not {scale_km}")
    lats = np.asarray(lat, dtype=np.float64)
    lngs = np.asarray(lng, dtype=np.float64)
    mass = _normalised(probabilities, lats, lngs)  # (photos, cells)
    if rule == "top-cell":
        best = mass.argmax(axis=1)
    elif lats.size <= BRUTE_FORCE_CELLS:
        best = expected_value(mass, lats, lngs, rule, scale_km).argmax(axis=0)
    else:
        loss = loss_of(rule, scale_km)
        tree = point_tree.cached(lats, lngs)
        best = np.array([point_tree.best(tree, row, loss, TOLERANCES[rule]) for row in mass], dtype=np.int64)
    return int(best[0]) if np.ndim(probabilities) == 1 else best


def loss_of(rule: str, scale_km: float) -> point_tree.Loss:
    """What `max-score` or `min-distance` makes least: points lost, or kilometres."""
    if rule == "max-score":
        return point_tree.Loss(scoring.DECAY / scale_km, scoring.MAX_POINTS)
    return point_tree.Loss(0.0, 1.0)


def _normalised(probabilities: npt.ArrayLike, lat: FloatArray, lng: FloatArray) -> FloatArray:
    mass = np.atleast_2d(np.asarray(probabilities, dtype=np.float64))
    if mass.ndim != 2 or lat.shape != lng.shape or lat.shape != mass.shape[1:] or lat.size == 0:
        raise ValueError(
            f"probabilities {np.shape(probabilities)} do not fit points {lat.shape} and {lng.shape}:"
            " expected (cells,) or (photos, cells) with at least one cell, and (cells,) twice"
        )
    if not (np.isfinite(lat).all() and np.isfinite(lng).all()):
        bad_place = np.flatnonzero(~(np.isfinite(lat) & np.isfinite(lng)))[0]
        raise ValueError(f"the place of cell {bad_place} is not a number: {lat[bad_place]}, {lng[bad_place]}")
    return np.asarray(mass / check_rows(mass))


def expected_value(
    mass: FloatArray, lat: FloatArray, lng: FloatArray, rule: str, scale_km: float
) -> FloatArray:
    """What each candidate is expected to bring, by brute force: points for `max-score`, minus kilometres.

    Args:
        mass: (photos, cells), each row summing to 1.
        lat, lng: (cells,), degrees.

    Returns:
        (cells, photos); higher is better.
    """
    cells = lat.size
    value = np.empty((cells, mass.shape[0]))
    rows = max(1, _BLOCK_PAIRS // cells)
    for start in range(0, cells, rows):
        block = slice(start, start + rows)
        distance = geo.haversine_km(lat[block, None], lng[block, None], lat, lng)  # (rows, cells)
        if rule == "max-score":
            gain = scoring.MAX_POINTS * np.exp(-scoring.DECAY / scale_km * distance)
        else:
            gain = -distance
        value[block] = gain @ mass.T
    return value
