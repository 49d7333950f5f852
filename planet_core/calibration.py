"""Is a probability of 0.7 right seven times in ten? Temperature, and how far off a model is (numpy only).

A network trained to the end is too sure. One number mends most of it (Guo et al. 2017): the probabilities
become p^(1/T) / sum p^(1/T), with the temperature T that makes held-out truths most probable. The order of the
cells stays the same, and so does the top one.

T is applied to the final distribution over the finest cells. With one partition this is the softmax of
logits / T; with several, whose probabilities are multiplied, one T holds for the product.

A photo whose truth lies in no cell (a dropped one) cannot fit T: no cell is its right answer. In the expected
calibration error it counts as a wrong answer, as it is for whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 15
TEMPERATURES = np.geomspace(0.1, 10.0, 61)  # that are looked at
_ROWS = 64  # photos of which float64 copies are held at once

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability curve: how often answers are right, by how sure the model was.

    Attributes:
        edges: float64 (bins + 1,), from 0 to 1; a bin holds its upper edge, not its lower one.
        counts: int64 (bins,), answers in each bin.
        confidence, accuracy: float64 (bins,), means over the bin's answers; NaN in an empty bin.
    """

    edges: FloatArray
    counts: npt.NDArray[np.int64]
    confidence: FloatArray
    accuracy: FloatArray


def apply(probabilities: npt.ArrayLike, temperature: float) -> npt.NDArray[np.float32]:
    """Distributions at another temperature: above 1 flatter, below 1 sharper; 1 changes nothing.

    Args:
        probabilities: (cells,) or (photos, cells), not negative.

    Returns:
        float32 of the same shape, each row divided by its sum.

    Raises:
        ValueError: a temperature that is not a positive number.
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"a temperature is a positive number, not {temperature}")
    rows = np.asarray(probabilities)
    if temperature == 1:
        return rows.astype(np.float32)
    with np.errstate(divide="ignore"):
        logs = np.log(rows.astype(np.float64)) / temperature
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def fit_temperature(log_probabilities: npt.ArrayLike, classes: npt.ArrayLike) -> float:
    """The temperature at which the truths of held-out photos are most probable, between 0.1 and 10.

    The negative log likelihood is convex in 1/T: one minimum, found on a geometric series of temperatures and
    refined by a parabola, to about a thousandth.

    Args:
        log_probabilities: (photos, cells), logarithms of distributions, or logits of one partition.
        classes: (photos,), the true cell of each, -1 where it lies in none; those are left out.

    Returns:
        T; 1.0 where no photo lies in a cell.

    Raises:
        ValueError: shapes that do not fit, a class that is no cell, or values that are not numbers.
    """
    logs, truth = np.asarray(log_probabilities), np.asarray(classes, dtype=np.int64)
    if logs.ndim != 2 or truth.shape != logs.shape[:1]:
        raise ValueError(
            f"log probabilities {logs.shape} do not fit classes {truth.shape}: expected (photos, cells)"
            " and (photos,)"
        )
    if truth.size and not (truth.min() >= -1 and truth.max() < logs.shape[1]):
        raise ValueError(f"classes are -1 or cells 0..{logs.shape[1] - 1}, not {truth.min()}..{truth.max()}")
    inside = np.flatnonzero(truth >= 0)
    if not inside.size:
        return 1.0
    sums = nll_sums(logs, truth, TEMPERATURES)
    if not np.isfinite(sums).all():
        raise ValueError("log probabilities must be numbers, and that of a true cell no infinity")
    return least_of(TEMPERATURES, sums)


def nll_sums(
    log_probabilities: npt.ArrayLike, classes: npt.ArrayLike, temperatures: npt.ArrayLike
) -> FloatArray:
    """Negative log likelihood at several temperatures, summed over the photos in cells: float64 (values,).

    Sums of parts of a set add up to that of the whole, so that a large one need not be held at once.

    Args:
        log_probabilities, classes: as `fit_temperature`.
    """
    logs, truth = np.asarray(log_probabilities), np.asarray(classes, dtype=np.int64)
    inside = np.flatnonzero(truth >= 0)
    values = np.atleast_1d(np.asarray(temperatures, dtype=np.float64))
    sums = np.zeros(values.size)
    for start in range(0, inside.size, _ROWS):
        rows = inside[start : start + _ROWS]
        part = logs[rows].astype(np.float64)
        part -= part.max(axis=1, keepdims=True)
        right = part[np.arange(rows.size), truth[rows]]
        for index, temperature in enumerate(values):
            sums[index] += (np.log(np.exp(part / temperature).sum(axis=1)) - right / temperature).sum()
    return sums


def least_of(temperatures: FloatArray, sums: FloatArray) -> float:
    """Where a parabola through the least of `sums` and its neighbours has its lowest point, over log T.

    Args:
        temperatures: (n,), a geometric series, ascending.
        sums: (n,), of `nll_sums`.
    """
    best = int(sums.argmin())
    if not 0 < best < len(sums) - 1:
        return float(temperatures[best])
    before, here, after = sums[best - 1 : best + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend > 0 else 0.0
    step = np.log(temperatures[best + 1] / temperatures[best])
    return float(temperatures[best] * np.exp(shift * step))


# ------------------------------------------------------------------------------------------------
# How far off


def expected_calibration_error(confidence: npt.ArrayLike, correct: npt.ArrayLike, bins: int = BINS) -> float:
    """Mean distance between how sure answers were and how often they were right, 0..1.

    Over equal-width bins of confidence, weighted by their counts (Guo et al. 2017, eq. 3).

    Args:
        confidence: (photos,), probability of the answered cell.
        correct: (photos,), whether it is the true one; False for a truth in a dropped cell.

    Raises:
        ValueError: as `reliability`.
    """
    curve = reliability(confidence, correct, bins)
    filled = curve.counts > 0
    gaps = np.abs(curve.accuracy[filled] - curve.confidence[filled])
    return float((gaps * curve.counts[filled]).sum() / curve.counts.sum())


def reliability(confidence: npt.ArrayLike, correct: npt.ArrayLike, bins: int = BINS) -> Reliability:
    """The reliability curve; arguments as `expected_calibration_error`.

    Raises:
        ValueError: no answers, shapes that differ, confidence outside 0..1, or no bin.
    """
    sure, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if sure.ndim != 1 or sure.shape != right.shape or not sure.size:
        raise ValueError(
            f"expected confidence and correctness of the same answers, (photos,) each and at least one,"
            f" not {sure.shape} and {right.shape}"
        )
    if not ((sure >= 0) & (sure <= 1 + 1e-6)).all():
        raise ValueError(f"confidence is a probability, 0..1, not {sure.min()}..{sure.max()}")
    if bins < 1:
        raise ValueError(f"a reliability curve needs at least one bin, not {bins}")
    index = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    filled = np.where(counts > 0, counts, np.nan)
    return Reliability(
        edges=np.linspace(0, 1, bins + 1),
        counts=counts,
        confidence=np.bincount(index, sure, bins) / filled,
        accuracy=np.bincount(index, right, bins) / filled,
    )


def brier_score(probabilities: npt.ArrayLike, classes: npt.ArrayLike) -> float:
    """Mean squared distance of distributions from the truth, 0 (best) .. 2 (Brier 1950).

    A truth in a dropped cell (class -1) is a vector of zeros: all mass is then in wrong cells.

    Args:
        probabilities: (photos, cells).
        classes: (photos,), the true cells, or -1.

    Raises:
        ValueError: shapes that do not fit, or no photo.
    """
    rows, truth = np.asarray(probabilities), np.asarray(classes, dtype=np.int64)
    if rows.ndim != 2 or truth.shape != rows.shape[:1] or not truth.size:
        raise ValueError(f"probabilities {rows.shape} do not fit classes {truth.shape}, or there is no photo")
    inside = np.flatnonzero(truth >= 0)
    squares = np.einsum("pc,pc->p", rows, rows, dtype=np.float64)
    squares[inside] += 1 - 2 * rows[inside, truth[inside]].astype(np.float64)
    return float(squares.mean())
