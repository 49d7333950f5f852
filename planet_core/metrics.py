"""The numbers of a benchmark from distances: one definition for training, game, evaluation and reports.

numpy only. A distance is the great circle from answer to truth in kilometres; infinity means "no answer".
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from planet_core import scoring

SCALES_KM = (1, 25, 200, 750, 2500)
"""Street, city, region, country, continent (paper, figure 4 and table 1)."""
SCALE_NAMES = ("street", "city", "region", "country", "continent")


def _distances(distances_km: npt.ArrayLike) -> npt.NDArray[np.float64]:
    distances = np.atleast_1d(np.asarray(distances_km, dtype=np.float64)).ravel()
    if distances.size == 0:
        raise ValueError("no distances: there is nothing to measure")
    bad = np.flatnonzero(~(distances >= 0))  # NaN is not >= 0
    if bad.size:
        raise ValueError(
            f"the distance at index {bad[0]} is {distances[bad[0]]}: distances are numbers of at least 0 km"
            " (infinity for no answer)"
        )
    return distances


def accuracy_at(distances_km: npt.ArrayLike, scales_km: Iterable[float] = SCALES_KM) -> dict[float, float]:
    """Share (0..1) of photos within each scale: {scale_km: share}. A photo counts when distance <= scale.

    (Some published code counts `distance < scale` instead.)

    Raises:
        ValueError: no distances, or one that is negative or not a number; names the first.
    """
    distances = _distances(distances_km)
    return {scale: float(np.mean(distances <= scale)) for scale in scales_km}


def median_km(distances_km: npt.ArrayLike) -> float:
    """Median distance in kilometres; infinite where at least half of the photos have no answer.

    Raises:
        ValueError: as `accuracy_at`.
    """
    distances = np.sort(_distances(distances_km))
    low, high = distances[(distances.size - 1) // 2], distances[distances.size // 2]
    return float(low if low == high else (low + high) / 2)


def mean_points(distances_km: npt.ArrayLike, scale_km: float = scoring.WORLD_SCALE_KM) -> float:
    """Mean of the game's points, 0..5000; no answer counts 0 points.

    Raises:
        ValueError: as `accuracy_at`, or a scale that is not a positive number.
    """
    distances = _distances(distances_km).tolist()
    return float(np.mean([scoring.points(d, scale_km) if d != np.inf else 0 for d in distances]))
