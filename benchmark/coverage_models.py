"""The same measurement for comparisons of models alone: how often their intervals hold the truth.

Two models answer the same panoramas; those of a group (one walk, one place) are hard or easy together, for
both models in part alike. There are no people, so groups are the only clusters (`benchmark.machines`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmark.clusters import (
    Clusters,
    Interval,
    difference_interval,
    quantile,
    quantile_interval,
    share_interval,
)
from benchmark.rounds import FloatArray, IntArray
from benchmark.statistics import LOG_DIFFERENCE, POINTS_DIFFERENCE
from planet_core.intervals import wilson_interval
from planet_core.scoring import DECAY, MAX_POINTS, WORLD_SCALE_KM

FARTHEST_KM = 20_015.0
MEAN_LOG_KM = (2.9, 3.0)
"""Of log10 km, of the first and the second model."""
GROUPS_SD, SHARED, REST_SD = 0.5, 0.6, 0.7
"""Between groups (`SHARED` of the variance is both models'), and of one answer."""

Sizes = Callable[[np.random.Generator], IntArray]
DESIGNS: dict[str, Sizes] = {
    "10 groups of 5 panoramas": lambda rng: np.full(10, 5),
    "40 groups of 5 panoramas": lambda rng: np.full(40, 5),
    "200 panoramas without groups": lambda rng: np.ones(200, dtype=np.int64),
    "100 groups of 2 to 20 panoramas": lambda rng: np.geomspace(2, 20, 100).astype(np.int64),
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Distances of both models in km, (n,), and the groups of the panoramas as clusters."""

    first_km: FloatArray
    second_km: FloatArray
    clusters: Clusters


def simulate(sizes: IntArray, rng: np.random.Generator) -> Comparison:
    """A comparison over new groups with so many panoramas each."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    shared, *own = rng.normal(size=(3, len(sizes)))
    km = [
        10
        ** (
            mean
            + GROUPS_SD * (math.sqrt(SHARED) * shared + math.sqrt(1 - SHARED) * alone)[group]
            + REST_SD * rng.normal(size=len(group))
        )
        for mean, alone in zip(MEAN_LOG_KM, own, strict=True)
    ]
    first, second = (np.minimum(one, FARTHEST_KM) for one in km)
    return Comparison(first, second, Clusters.of(np.zeros(len(group), dtype=np.int64), group))


def _points(found: Comparison) -> FloatArray:
    scale = -DECAY / WORLD_SCALE_KM
    return np.asarray(MAX_POINTS * (np.exp(scale * found.first_km) - np.exp(scale * found.second_km)))


def _logs(found: Comparison) -> FloatArray:
    return np.asarray(np.log10(found.first_km) - np.log10(found.second_km))


def _won(found: Comparison) -> FloatArray:
    return (found.first_km < found.second_km).astype(np.float64)


Measured = tuple[Callable[[Comparison], float], Callable[[Comparison], Interval | None]]
PLAIN = "models: win rate of the first, plain Wilson"
MEASURED: dict[str, Measured] = {
    "models: points difference": (
        lambda found: float(_points(found).mean()),
        lambda found: difference_interval(_points(found), found.clusters, POINTS_DIFFERENCE)[0],
    ),
    "models: log-km difference": (
        lambda found: float(_logs(found).mean()),
        lambda found: difference_interval(_logs(found), found.clusters, LOG_DIFFERENCE)[0],
    ),
    "models: median km of one, Woodruff": (
        lambda found: quantile(np.sort(found.first_km), 0.5),
        lambda found: quantile_interval(found.first_km, 0.5, found.clusters),
    ),
    "models: win rate of the first, clustered Wilson": (
        lambda found: float(_won(found).mean()),
        lambda found: share_interval(_won(found), found.clusters),
    ),
    PLAIN: (
        lambda found: float(_won(found).mean()),
        lambda found: wilson_interval(float(_won(found).sum()), len(found.first_km)),
    ),
}
