"""Intervals for rounds that belong together: those of one person, and those on one panorama (numpy only).

A round has a person and a panorama, and either may be good or bad as a whole. All intervals here stand on one
variance, clustered both ways (Cameron, Gelbach and Miller 2011): the variance of clusters of people, plus
that of clusters of panoramas, less that of their crossings, each with the factor G / (G - 1). It is at least
half the larger of the first two, so that no play of chance makes an interval of next to nothing. The quantile
is that of Student's t with one degree less than the number of clusters of the scarcer kind; unequal ones
count as (sum n)^2 / sum n^2 equal ones (Kish).

- a mean: `mean_interval`, by Student's t; `wild_interval`, by the wild cluster bootstrap, studentised
  (MacKinnon, Nielsen and Webb 2021); `difference_interval` takes the one that fits the number of clusters;
  all end where no mean can be: what is cut off held no truth
- a share: `share_interval`, Wilson's with the number of independent rounds that has this variance
- a quantile: `quantile_interval`, the quantiles between which the share's interval lies (Woodruff 1952);
  infinite distances are values like any other

`benchmark.coverage` measures how often they hold the truth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.rounds import FloatArray, IntArray
from benchmark.student import t_quantile
from planet_core.intervals import MANY, wilson_interval

CONFIDENCE = 0.95
DRAWS, DRAWS_OF_MANY = 999, 199
"""Resamples of the wild bootstrap, for up to `intervals.MANY` rounds and for more."""
FEW = 40
"""With fewer clusters a design is small."""
WEBB = np.array([-math.sqrt(1.5), -1.0, -math.sqrt(0.5), math.sqrt(0.5), 1.0, math.sqrt(1.5)])
"""Webb's six weights: mean 0, variance 1, enough different draws with ten clusters."""

BLOCK = 500_000
"""Numbers of the bootstrap that are worked on at once."""

ROUNDING = 1e-12
"""Of the largest value: a smaller standard error is none."""

LEAST_PART = 0.5
"""Of the larger one-way variance: what the two-way one is at least."""

Interval = tuple[float, float]
ANYWHERE: Interval = (-math.inf, math.inf)
Sizes = tuple[IntArray, IntArray, IntArray]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which person and which panorama each of n rounds belongs to.

    Attributes:
        players, panoramas, crossings: (n,), numbers 0..g-1, each of which there is.
        sizes: rounds in each player, panorama and crossing.
    """

    players: IntArray
    panoramas: IntArray
    crossings: IntArray
    sizes: Sizes

    @classmethod
    def of(cls, players: IntArray, panoramas: IntArray) -> Clusters:
        """From any numbers of players and panoramas, (n,) each."""
        player, people = _compact(players)
        panorama, places = _compact(panoramas)
        crossing, crossed = _compact(player * max(1, len(places)) + panorama)
        return cls(player, panorama, crossing, (people, places, crossed))

    def __len__(self) -> int:
        return len(self.players)

    @property
    def effective(self) -> tuple[float, float]:
        """The number of players and of panoramas, as many equal ones as would weigh the same."""
        people, places, _ = self.sizes
        return _effective(people), _effective(places)

    @property
    def degrees(self) -> int:
        """Degrees of freedom; 0 where there is one cluster at most."""
        counts = [count for count in self.effective if count > 1 + 1e-9]
        return max(1, math.floor(min(counts) + 1e-9) - 1) if counts else 0

    @property
    def t(self) -> float:
        """The two-sided 95 % quantile of Student's t; infinite without a degree of freedom."""
        return t_quantile((1 + CONFIDENCE) / 2, self.degrees) if self.degrees else math.inf


def _compact(numbers: IntArray) -> tuple[IntArray, IntArray]:
    """Numbers 0..g-1 in the place of any, and how many there are of each."""
    _, codes, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return codes.astype(np.int64), counts.astype(np.int64)


def _effective(sizes: IntArray) -> float:
    return float(sizes.sum()) ** 2 / float((sizes.astype(np.float64) ** 2).sum()) if len(sizes) else 0.0


def mean_variance(values: FloatArray, clusters: Clusters) -> float:
    """The variance of the mean of values (n,), clustered both ways; 0 for clusters of which there is one."""
    off = values - values.mean()
    numbers = (clusters.players, clusters.panoramas, clusters.crossings)
    squares = []
    for number, sizes in zip(numbers, clusters.sizes, strict=True):
        sums = np.bincount(number, off, len(sizes))
        squares.append(np.asarray(sums @ sums))
    return float(_joined(squares, clusters.sizes)) / len(values) ** 2


def _joined(squares: Sequence[FloatArray], sizes: Sizes) -> FloatArray:
    """The variance of a sum, from sums of squares over clusters; of one cluster of a kind, the other's."""
    counts = [len(some) for some in sizes]
    factors = (count / (count - 1) if count > 1 else 0.0 for count in counts)
    one, other, both = (factor * square for factor, square in zip(factors, squares, strict=True))
    if min(counts[:2]) < 2:
        return one + other
    return np.maximum(one + other - both, LEAST_PART * np.maximum(one, other))


def mean_interval(values: FloatArray, clusters: Clusters, within: Interval = ANYWHERE) -> Interval | None:
    """The 95 % interval of a mean of values (n,), by Student's t; None with fewer than two clusters, and
    where no cluster differs from another: that says nothing of how others would.

    Args:
        within: what such a mean can be; there the interval ends.
    """
    error = _standard_error(values, clusters)
    if error == 0:
        return None
    return _around(float(values.mean()), clusters.t * error, within)


def _standard_error(values: FloatArray, clusters: Clusters) -> float:
    """Of the mean of values (n,); 0 where they do not tell it."""
    if not clusters.degrees:
        return 0.0
    error = math.sqrt(mean_variance(values, clusters))
    return error if error > ROUNDING * float(np.abs(values).max()) else 0.0


def _around(mean: float, half: float, within: Interval) -> Interval:
    return max(mean - half, min(mean, within[0])), min(mean + half, max(mean, within[1]))


def share_interval(hits: FloatArray, clusters: Clusters) -> Interval | None:
    """The 95 % interval of the share of hits (n,), 0 or 1 each; None with fewer than two clusters.

    Where no round hits, or each does, there is no variance: then as many rounds count as there are clusters.
    """
    if not clusters.degrees:
        return None
    share = float(hits.mean())
    variance = mean_variance(hits, clusters)
    count = float(len(hits))
    if variance > 0:
        count = min(count, share * (1 - share) / variance)
    else:
        count = min(count, *(number for number in clusters.effective if number > 1 + 1e-9))
    return wilson_interval(share * count, count, clusters.t)


def quantile(values: FloatArray, probability: float) -> float:
    """A quantile of ascending values (n,), infinite or not; the median is that of `metrics.median_km`."""
    place = probability * len(values)
    low = max(0, math.ceil(place - 1e-9) - 1)
    high = min(len(values) - 1, math.floor(place + 1e-9))
    first, second = float(values[low]), float(values[high])
    return first if first == second else (first + second) / 2


def quantile_interval(values: FloatArray, probability: float, clusters: Clusters) -> Interval | None:
    """The 95 % interval of a quantile of values (n,), not below 0; None with fewer than two clusters.

    It reaches down to 0, or up to infinity, where the rounds cannot say more.
    """
    if not clusters.degrees:
        return None
    ascending = np.sort(values)
    middle = quantile(ascending, probability)
    below = (values <= middle).astype(np.float64)
    half = clusters.t * math.sqrt(mean_variance(below, clusters)) if np.ptp(below) else 1.0
    low, high = probability - half, probability + half
    return (
        _between(ascending, low) if low > 0 else 0.0,
        _between(ascending, high) if high < 1 else math.inf,
    )


def _between(ascending: FloatArray, probability: float) -> float:
    """The value below which a share of ascending values (n,) lies, on lines between them (Hazen)."""
    place = min(max(probability * len(ascending) - 0.5, 0.0), len(ascending) - 1.0)
    low, high = float(ascending[math.floor(place)]), float(ascending[math.ceil(place)])
    return low + (high - low) * (place - math.floor(place)) if low < high < math.inf else high


def difference_interval(
    values: FloatArray, clusters: Clusters, within: Interval = ANYWHERE
) -> tuple[Interval | None, str]:
    """The 95 % interval of a mean of paired differences (n,), and how it was made; `within` as above.

    The wild bootstrap from `FEW` clusters of the scarcer kind; below it covers too little, and Student's t is
    used.
    """
    if clusters.degrees + 1 < FEW:
        method = "Student's t, clustered by person and panorama"
        return mean_interval(values, clusters, within), method
    return wild_interval(values, clusters, within), "wild cluster bootstrap, clustered by person and panorama"


def wild_interval(
    values: FloatArray, clusters: Clusters, within: Interval = ANYWHERE, seed: int = 0
) -> Interval | None:
    """The same by the wild cluster bootstrap.

    Each draw multiplies the residuals of every cluster of the scarcer kind by one of Webb's weights, and is
    divided by its own standard error, clustered both ways. The interval is symmetric, up to the
    ends of `within`.
    """
    error = _standard_error(values, clusters)
    if error == 0:
        return None
    mean = float(values.mean())
    draws = DRAWS if len(values) <= MANY else DRAWS_OF_MANY
    studentised = _wild_draws(values - mean, clusters, draws, np.random.default_rng(seed))
    half = float(np.sort(studentised)[math.ceil(CONFIDENCE * (draws + 1)) - 1]) * error
    return _around(mean, half, within)


def _wild_draws(off: FloatArray, clusters: Clusters, draws: int, rng: np.random.Generator) -> FloatArray:
    """|t| of each draw, (draws,)."""
    people, places, crossed = clusters.sizes
    first = np.zeros(len(crossed), dtype=np.int64)
    first[clusters.crossings] = np.arange(len(off))
    drawn, others, sizes, other_sizes = clusters.players[first], clusters.panoramas[first], people, places
    counts = clusters.effective
    if counts[0] <= 1 + 1e-9 or 1 + 1e-9 < counts[1] < counts[0]:
        drawn, others, sizes, other_sizes = others, drawn, places, people
    order = np.argsort(others, kind="stable")
    drawn, starts = drawn[order], np.searchsorted(others[order], np.arange(len(other_sizes)))
    sums = np.bincount(clusters.crossings, off, len(crossed))[order]
    own = np.bincount(drawn, sums, len(sizes))
    found = np.empty(draws)
    block = max(1, BLOCK // len(crossed))
    for start in range(0, draws, block):
        weights = WEBB[rng.integers(len(WEBB), size=(min(block, draws - start), len(sizes)))]
        shift = weights @ own / len(off)  # (block,)
        single = weights[:, drawn] * sums
        parts = (
            weights * own - shift[:, None] * sizes,
            np.add.reduceat(single, starts, axis=1) - shift[:, None] * other_sizes,
            single - shift[:, None] * crossed[order],
        )
        squares = [np.einsum("bc,bc->b", part, part) for part in parts]
        variance = _joined(squares, (sizes, other_sizes, crossed))
        with np.errstate(divide="ignore", invalid="ignore"):
            found[start : start + block] = np.abs(shift) * len(off) / np.sqrt(variance)
    return np.nan_to_num(found, nan=0.0, posinf=math.inf)
