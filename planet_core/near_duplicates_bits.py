"""Pictures as rows of bits: Hamming search, thresholds, and the perceptual hashes that serve as baseline.

Codes are uint64 (n, views, words), 64 bits a word: the first view is the whole picture, the others are
windows of it. The distance of two pictures is the least between the whole of either one and any view of the
other, so that a picture is near to what was cut out of it. Codes with one view are plain Hamming codes.
numpy and Pillow only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Codes = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.int64]

BLOCK_BYTES = 1 << 19
"""Search works on blocks of distances of about this size, so that they stay in the cache of one core."""
WINDOW = 0.88
"""Side of a window, as a share of the picture's."""
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5))
"""Where windows lie in the room that they have: left to right, top to bottom."""
VIEWS = 1 + len(CORNERS)
PHASH_THRESHOLD = 11
"""Bits of 64 up to which the perceptual hashes of two whole photographs make them near-duplicates; measured
in `reports/near_duplicates.md`, for those who have no network with a threshold of its own.
"""


def views(picture: Image.Image) -> list[Image.Image]:
    """The whole picture, and its windows: at the four corners and in the middle."""
    width, height = (max(1, round(side * WINDOW)) for side in picture.size)
    found = [picture]
    for x, y in CORNERS:
        left, top = round(x * (picture.width - width)), round(y * (picture.height - height))
        found.append(picture.crop((left, top, left + width, top + height)))
    return found


def pack(bits: npt.NDArray[np.bool_]) -> Codes:
    """bool (n, bits) to uint64 (n, bits / 64).

    Raises:
        ValueError: the number of bits is not a multiple of 64.
    """
    if bits.ndim != 2 or bits.shape[1] % 64 or not bits.shape[1]:
        raise ValueError(f"codes need a multiple of 64 bits, not an array of shape {bits.shape}")
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


# ------------------------------------------------------------------------------------------------
# Hamming search


@dataclass(frozen=True)
class Neighbours:
    """What a search found for each query, (n,) each.

    Attributes:
        nearest: index of the nearest reference (the first of equal ones), -1 where there are none.
        distance: its Hamming distance in bits; the code's length + 1 where there are no references.
        within: how many references are within the threshold.
    """

    nearest: IntArray
    distance: IntArray
    within: IntArray


def distances(queries: Codes, references: Codes) -> npt.NDArray[np.uint16]:
    """All distances in bits, uint16 (n, m), of codes (n, views, words) and (m, views, words).

    For small blocks: it takes about 20 bytes of memory a pair.
    """
    return _least(queries[:, None], references[None, :])


def paired_distances(first: Codes, second: Codes) -> npt.NDArray[np.uint16]:
    """The distance in bits of each row to the same row of the other, uint16 (n,)."""
    return _least(first, second)


def _least(first: Codes, second: Codes) -> npt.NDArray[np.uint16]:
    """Least distance over the pairs of views that are compared; the shapes are broadcast."""
    count = max(first.shape[-2], second.shape[-2])
    compared = [(0, view) for view in range(count)] + [(view, 0) for view in range(1, count)]
    return functools.reduce(
        np.minimum, (_hamming(first[..., one, :], second[..., other, :]) for one, other in compared)
    )


def _hamming(first: Codes, second: Codes) -> npt.NDArray[np.uint16]:
    """Bits that differ, summed over the last axis, word by word: sums along a short last axis are slow."""
    total = np.zeros(np.broadcast_shapes(first.shape[:-1], second.shape[:-1]), dtype=np.uint16)
    for word in range(first.shape[-1]):
        total += np.bitwise_count(first[..., word] ^ second[..., word])
    return total


def blocks(queries: Codes, references: Codes) -> Iterator[tuple[slice, slice]]:
    """The (queries, references) blocks that a search visits: all references for one slice of queries first.

    Raises:
        ValueError: codes of different lengths.
    """
    if queries.ndim != 3 or references.ndim != 3 or queries.shape[1:] != references.shape[1:]:
        raise ValueError(f"codes of shapes {queries.shape} and {references.shape} cannot be compared")
    columns = max(1, min(len(references), BLOCK_BYTES // 8 // 16))
    rows = max(1, BLOCK_BYTES // 8 // columns)
    for top in range(0, len(queries), rows):
        for left in range(0, len(references), columns):
            yield slice(top, top + rows), slice(left, left + columns)


def search(
    queries: Codes, references: Codes, threshold: int, progress: Callable[[int], None] | None = None
) -> Neighbours:
    """The nearest reference of each query, and how many are within `threshold` bits.

    Memory beside the codes and the answer is a few times `BLOCK_BYTES`, however many there are.

    Args:
        queries: uint64 (n, views, words).
        references: uint64 (m, views, words).
        progress: called with the number of pairs compared since its last call.

    Raises:
        ValueError: codes of different lengths.
    """
    nearest = np.full(len(queries), -1, dtype=np.int64)
    best = np.full(len(queries), 64 * queries.shape[-1] + 1, dtype=np.int64)
    within = np.zeros(len(queries), dtype=np.int64)
    for rows, slice_ in blocks(queries, references):
        block = distances(queries[rows], references[slice_])
        index = block.argmin(axis=1)
        least = np.take_along_axis(block, index[:, None], axis=1)[:, 0]
        closer = least < best[rows]
        nearest[rows] = np.where(closer, index + slice_.start, nearest[rows])
        best[rows] = np.where(closer, least, best[rows])
        within[rows] += np.count_nonzero(block <= threshold, axis=1)
        if progress:
            progress(block.size)
    return Neighbours(nearest, best, within)


# ------------------------------------------------------------------------------------------------
# Thresholds


@dataclass(frozen=True)
class Counts:
    """Pairs by their distance in bits, int64 (bits + 1,) each: made duplicates, and all others."""

    positives: IntArray
    negatives: IntArray

    def recall(self, threshold: int) -> float:
        """Share of the made duplicates within the threshold."""
        return float(self.positives[: threshold + 1].sum() / self.positives.sum())

    def precision(self, threshold: int) -> float:
        """Share of the pairs within the threshold that are made duplicates; 1 where there is no such pair."""
        true = int(self.positives[: threshold + 1].sum())
        false = int(self.negatives[: threshold + 1].sum())
        return true / (true + false) if true + false else 1.0

    def best_threshold(self, precision: float) -> int:
        """The largest threshold with at least that precision: it has the best recall; -1 if none."""
        true, false = np.cumsum(self.positives), np.cumsum(self.negatives)
        good = np.flatnonzero(true >= precision * (true + false))
        return int(good[-1]) if len(good) else -1

    def least_threshold(self, recall: float) -> int:
        """The smallest threshold with at least that recall."""
        return int(np.argmax(np.cumsum(self.positives) >= recall * self.positives.sum()))


def count_pairs(
    queries: Codes, owners: IntArray, references: Codes, excluded: npt.NDArray[np.int64] | None = None
) -> Counts:
    """Distances of all query-reference pairs, counted.

    Args:
        queries: uint64 (n, views, words), codes of made duplicates.
        owners: int64 (n,), the reference that each was made from.
        references: uint64 (m, views, words).
        excluded: int64 (pairs, 2) of (owner, reference): a duplicate of the first does not count against the
            second. A pair of the same two is ignored: it is a positive.
    """
    bits = 64 * queries.shape[-1]
    all_pairs = np.zeros(bits + 1, dtype=np.int64)
    for rows, columns in blocks(queries, references):
        block = distances(queries[rows], references[columns])
        all_pairs += np.bincount(block.ravel(), minlength=bits + 1)
    positives = _histogram(queries, references[owners], bits)
    negatives = all_pairs - positives
    if excluded is not None and len(excluded):
        by_owner: dict[int, list[int]] = {}
        for owner, reference in excluded.tolist():
            if owner != reference:
                by_owner.setdefault(owner, []).append(reference)
        for query, owner in enumerate(owners.tolist()):
            others = by_owner.get(owner)
            if others:
                negatives -= _histogram(queries[[query] * len(others)], references[others], bits)
    return Counts(positives, negatives)


def _histogram(first: Codes, second: Codes, bits: int) -> IntArray:
    """Distances of rows in pairs, counted, (bits + 1,)."""
    return np.bincount(paired_distances(first, second), minlength=bits + 1)


# ------------------------------------------------------------------------------------------------
# Perceptual hashes: the baseline


def phash(picture: Image.Image) -> npt.NDArray[np.bool_]:
    """64 bits: which of the 8 x 8 lowest frequencies of the 32 x 32 grey picture are above their median."""
    grey = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS), dtype=np.float64)
    low = (_COSINES @ grey @ _COSINES.T).ravel()
    return np.asarray(low > np.median(low[1:]))  # the first is the mean brightness, which says nothing


def dhash(picture: Image.Image) -> npt.NDArray[np.bool_]:
    """64 bits: whether each pixel of the 9 x 8 grey picture is brighter than its left neighbour."""
    grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.LANCZOS), dtype=np.int64)
    return (grey[:, 1:] > grey[:, :-1]).ravel()


def hash_codes(name: str, picture: Image.Image) -> Codes:
    """The hash of that name of the picture and its windows, uint64 (VIEWS, 1)."""
    return pack(np.stack([HASHES[name](view) for view in views(picture)]))


# the 8 lowest rows of the cosine transform (type II) of 32 values
_COSINES = np.cos(np.pi / 32 * np.outer(np.arange(8), np.arange(32) + 0.5))

HASHES: dict[str, Callable[[Image.Image], npt.NDArray[np.bool_]]] = {"pHash": phash, "dHash": dhash}
