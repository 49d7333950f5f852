"""How sure a measured number is (numpy only).

Photos of one walk, panorama or album are right or wrong together. The bootstrap therefore draws whole
clusters, with replacement, and every statistic of one draw is taken from the same photos: so differences
between two ways to answer are paired. Where only means are asked for, the linearised standard error over
clusters with Student's t says the same without drawing, and is right with few clusters too, where the
bootstrap's intervals are too narrow (`clustered_mean`, `clustered_share`).
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


# ------------------------------------------------------------------------------------------------
# Means over clusters without drawing


@dataclass(frozen=True)
class Estimate:
    """A measured number with its interval of 95 %; the ends are None where there are too few clusters."""

    value: float
    low: float | None
    high: float | None


def student_t(degrees: int, confidence: float = 0.95) -> float:
    """The half width of the central interval of Student's t distribution, 2.262 for nine degrees of freedom.

    Raises:
        ValueError: no degree of freedom.
    """
    if degrees < 1:
        raise ValueError(f"Student's t needs at least one degree of freedom, not {degrees}")
    # with t = sqrt(degrees) tan(angle) the density is a power of a cosine
    angle = np.linspace(0, math.pi / 2, 20_001)
    density = np.cos(angle) ** (degrees - 1)
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return float(math.sqrt(degrees) * math.tan(np.interp(confidence, below / below[-1], angle)))


def clustered_mean(values: npt.ArrayLike, clusters: npt.ArrayLike) -> Estimate:
    """The mean of photos' values, with Student's interval over their clusters.

    The mean weighs photos, not clusters: it is a ratio of two sums over clusters, whose linearised residuals
    give the standard error. Differences are paired where `values` are differences of the same photos.

    Args:
        values: (photos,), numbers; booleans count as 0 and 1.
        clusters: (photos,), which cluster each belongs to, any integers.

    Raises:
        ValueError: no photos, or arrays of different lengths.
    """
    numbers, residuals = _residuals(values, clusters)
    value, count = float(numbers.mean()), len(residuals)
    variance = _variance(residuals, numbers.size) if count > 1 else 0.0
    if variance <= 1e-24:  # all the same: how sure that is, nothing tells
        return Estimate(value, None, None)
    half = student_t(count - 1) * math.sqrt(variance)
    return Estimate(value, value - half, value + half)


def clustered_share(hits: npt.ArrayLike, clusters: npt.ArrayLike) -> Estimate:
    """The share of photos that are hits, with Wilson's interval of as many trials as the clusters are worth.

    The effective number of trials is the one at which independent photos would vary as much as these do; it
    is at most the number of photos. Where all or none are hits, photos of a cluster count as right or wrong
    all together.

    Args, Raises: as `clustered_mean`.
    """
    numbers, residuals = _residuals(hits, clusters)
    share, count = float(numbers.mean()), len(residuals)
    if count < 2:
        return Estimate(share, None, None)
    variance = _variance(residuals, numbers.size)
    sizes = np.unique(np.asarray(clusters), return_counts=True)[1].astype(np.float64)
    trials = float(numbers.size**2 / (sizes @ sizes))
    if 0 < share < 1:
        trials = min(numbers.size, share * (1 - share) / max(variance, 1e-24))
    low, high = wilson_interval(share * trials, trials, student_t(count - 1))
    return Estimate(share, min(low, share), max(high, share))


def _residuals(values: npt.ArrayLike, clusters: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Values (photos,), and the sum of each cluster's differences from their mean (clusters,)."""
    numbers, names = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    if numbers.ndim != 1 or not numbers.size or numbers.shape != names.shape:
        raise ValueError(
            f"expected values and clusters of the same photos, at least one, not {numbers.shape} and"
            f" {names.shape}"
        )
    _, index = np.unique(names, return_inverse=True)
    return numbers, np.bincount(index, numbers - numbers.mean()).astype(np.float64)


def _variance(residuals: FloatArray, photos: int) -> float:
    count = len(residuals)
    return float(count / (count - 1) * (residuals @ residuals) / photos**2)
