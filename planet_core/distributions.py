"""Distributions over cells: whether numbers are some, and which cells are the most probable."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planet_core.partition import Partition

SUM_TOLERANCE = 1e-3
"""How far a sum of probabilities may be from 1: a distribution stored in half precision still passes."""

FloatArray = npt.NDArray[np.float64]


class ProbabilityError(ValueError):
    """Numbers that are no probability distribution over a partition."""


def checked_probabilities(partition: Partition, probabilities: npt.ArrayLike) -> FloatArray:
    """The probabilities as float64 (cells,), untouched.

    Raises:
        ProbabilityError: another shape than (cells,), no finite numbers, negative ones, or a sum that is more
            than `SUM_TOLERANCE` from 1.
    """
    try:
        values = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ProbabilityError(f"probabilities are numbers, one for each cell: {error}") from error
    if values.shape != (len(partition),):
        raise ProbabilityError(
            f"the partition has {len(partition)} cells, but the probabilities have the shape {values.shape}:"
            " are they of another model, or of several pictures?"
        )
    check_rows(values[None])
    return values


def check_rows(rows: FloatArray) -> FloatArray:
    """The sums (photos, 1) of distributions (photos, cells), each near enough to 1.

    Raises:
        ProbabilityError: a value that is negative or no finite number, or a sum that is more than
            `SUM_TOLERANCE` from 1.
    """
    sums = rows.sum(axis=1, keepdims=True)
    bad = np.flatnonzero(~((rows >= 0).all(axis=1) & np.isfinite(sums[:, 0])))
    if bad.size:
        row = rows[bad[0]]
        cell = np.flatnonzero(~(np.isfinite(row) & (row >= 0)))[0]
        raise ProbabilityError(f"{_of(rows, bad[0])}the probability of cell {cell} is {row[cell]}")
    off = np.flatnonzero(np.abs(sums[:, 0] - 1) > SUM_TOLERANCE)
    if off.size:
        raise ProbabilityError(
            f"{_of(rows, off[0])}the probabilities sum to {sums[off[0], 0]:.6g}, not to 1: is a softmax"
            " missing?"
        )
    return np.asarray(sums)


def _of(rows: FloatArray, row: np.int64) -> str:
    return f"distribution {row}: " if len(rows) > 1 else ""


def most_probable(
    probabilities: FloatArray, *, top: int | None = None, min_probability: float = 0.0
) -> npt.NDArray[np.int64]:
    """Indices of the most probable cells, best first, of equals the first one first.

    Raises:
        ValueError: `top` below 1, or a `min_probability` that is not within 0..1.
    """
    if top is not None and top < 1:
        raise ValueError(f"top must be at least 1, not {top}")
    if not 0.0 <= min_probability <= 1.0:
        raise ValueError(f"min_probability must be within 0 and 1, not {min_probability}")
    enough = np.flatnonzero(probabilities >= min_probability)
    order = np.argsort(-probabilities[enough], kind="stable")[:top]
    return np.asarray(enough[order], dtype=np.int64)
