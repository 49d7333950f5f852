"""Answers to drawn views, and how sure the means of them are: what the reports on clues have in common.

Intervals are of 95 %, by the bootstrap over places: views of one place are right or wrong together.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core import answer, geo, scoring
from planet_core.intervals import bootstrap, interval
from planet_core.predict import Predictor

RULE = "min-distance"
RESAMPLES = 2000
LEAST_KM = 1.0
"""Distances below count as this in logarithms."""
EXCHANGES = 9999

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Lines = list[str]


def pictures(data: Sequence[bytes]) -> list[Image.Image]:
    """Decoded views."""
    return [Image.open(io.BytesIO(one)).convert("RGB") for one in data]


def true_points(places: Sequence[Any]) -> tuple[FloatArray, FloatArray]:
    """(latitudes, longitudes) of things that have `lat` and `lng`, degrees."""
    return np.array([place.lat for place in places]), np.array([place.lng for place in places])


def answers(predictor: Predictor, rows: npt.NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
    """(latitudes, longitudes) that the rule answers to distributions (n, cells)."""
    lat, lng = answer.best_point(rows, *predictor.partition.centroids(), RULE)
    return np.atleast_1d(np.asarray(lat)), np.atleast_1d(np.asarray(lng))


def distances_km(predictor: Predictor, rows: npt.NDArray[np.float32], places: Sequence[Any]) -> FloatArray:
    """Distance from the answer to each distribution (n, cells) to its place."""
    return np.atleast_1d(geo.haversine_km(*answers(predictor, rows), *true_points(places)))


def points(km: FloatArray) -> FloatArray:
    """The game's points of distances, of any shape, not rounded."""
    return np.asarray(scoring.MAX_POINTS * np.exp(-scoring.DECAY * km / scoring.WORLD_SCALE_KM))


def log_km(km: FloatArray) -> FloatArray:
    """log10 of distances, those below `LEAST_KM` counted as that."""
    return np.log10(np.maximum(km, LEAST_KM))


def clusters(names: Sequence[str]) -> IntArray:
    """Which cluster each view belongs to, 0..c-1, by the name of its place; one without a name is its own."""
    keys = [name or f"view {number}" for number, name in enumerate(names)]
    return np.unique(np.array(keys), return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval."""

    value: float
    low: float
    high: float

    def text(self, form: str = "+.0f") -> str:
        """As it stands in a table."""
        return f"{self.value:{form}} ({self.low:{form}} to {self.high:{form}})"


def estimate(values: FloatArray, which: IntArray | None = None) -> Estimate:
    """The mean of values (n,), with an interval by the bootstrap over clusters (n,) or single values."""
    each = np.arange(len(values)) if which is None else which
    drawn = bootstrap(each, values[:, None], np.empty((len(values), 0)), RESAMPLES)
    return Estimate(float(values.mean()), *interval(drawn.means[:, 0]))


@dataclass(frozen=True)
class Exchanged:
    """A mean score, and what it would be if each place had some other place's pictures.

    Attributes:
        value: mean score of the pictures at their own places.
        mean, low, high: mean and 95 % of that of pictures dealt out to the places at random.
        chance: how often that is as high as `value` or higher, the true deal counted with them.
    """

    value: float
    mean: float
    low: float
    high: float
    chance: float


def exchange(scores: FloatArray, times: int = EXCHANGES, seed: int = 0) -> Exchanged:
    """Whether pictures tell their places: a permutation test.

    Where pictures do not depend on the place, every way to deal them out is equally likely, however places
    are spread and whatever the model prefers. So a small `chance` means that they do depend on it.

    Args:
        scores: (places, places), what the answers to the pictures of place j are worth at place i.
    """
    rng = np.random.default_rng(seed)
    own = np.arange(len(scores))
    value = float(scores[own, own].mean())
    drawn = np.array([scores[own, rng.permutation(len(scores))].mean() for _ in range(times)])
    as_high = int((drawn >= value - 1e-12 * max(abs(value), 1)).sum())
    return Exchanged(value, float(drawn.mean()), *interval(drawn), (1 + as_high) / (1 + times))
