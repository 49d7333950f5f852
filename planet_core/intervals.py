"""How sure a measured number is: Wilson's interval of a share, and the bootstrap over clusters (numpy only).

Photos of one walk or one panorama are right or wrong together. The bootstrap therefore draws whole clusters,
with replacement, and every statistic of one draw is taken from the same photos: so differences between two
ways to answer are paired.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z_95 = 1.959963984540054
RESAMPLES, RESAMPLES_OF_MANY, MANY = 2000, 500, 10_000

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Resampled:
    """Statistics of resampled photos: means (resamples, columns) and medians (resamples, columns)."""

    means: FloatArray
    medians: FloatArray


def wilson_interval(successes: float, trials: float, z: float = Z_95) -> tuple[float, float]:
    """Wilson score interval of a share; (0, 1) without a trial. 28 of 50 gives 42.3-68.8 %.

    Counts may be fractions: those of an effective number of trials.

    Raises:
        ValueError: more successes than trials, or fewer than none.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials cannot be")
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    denominator = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / denominator
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / denominator
    return max(0.0, centre - half), min(1.0, centre + half)


def resamples_for(photos: int) -> int:
    """How many resamples are drawn: fewer of large sets, whose intervals are narrow anyway."""
    return RESAMPLES if photos <= MANY else RESAMPLES_OF_MANY


def bootstrap(
    clusters: IntArray, means_of: FloatArray, medians_of: FloatArray, resamples: int, seed: int = 0
) -> Resampled:
    """Means and medians of photos whose clusters are drawn with replacement.

    Args:
        clusters: (photos,), which cluster each belongs to, 0..c-1, each with at least one photo.
        means_of, medians_of: (photos, columns), values; infinity is a value of medians.
        resamples: how many draws.

    Raises:
        ValueError: no photos, or arrays of different lengths.
    """
    photos = len(clusters)
    if not photos or not len(means_of) == len(medians_of) == photos:
        raise ValueError(
            f"expected values of the same photos, at least one, not {photos}, {len(means_of)}"
            f" and {len(medians_of)}"
        )
    rng = np.random.default_rng(seed)
    count = int(clusters.max()) + 1
    order = np.argsort(medians_of, axis=0, kind="stable").T  # (columns, photos)
    ascending = [medians_of[row, column] for column, row in enumerate(order)]
    drawn = Resampled(np.empty((resamples, means_of.shape[1])), np.empty((resamples, medians_of.shape[1])))
    for number in range(resamples):
        times = np.bincount(rng.integers(count, size=count), minlength=count)[clusters]
        total = int(times.sum())
        drawn.means[number] = times @ means_of / total
        for column, row in enumerate(order):
            passed = np.cumsum(times[row])
            low, high = np.searchsorted(passed, [(total - 1) // 2, total // 2], side="right")
            drawn.medians[number, column] = _middle(ascending[column][low], ascending[column][high])
    return drawn


def _middle(low: float, high: float) -> float:
    return low if low == high else (low + high) / 2


def interval(draws: npt.ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """The percentile interval of resampled values (resamples,)."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.asarray(draws), [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)
