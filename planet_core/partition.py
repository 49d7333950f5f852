"""The classes: an adaptive partition of the earth into S2 cells (paper section 3, figure 2). numpy only.

    python -m planet_core.partition photos.csv --t1 10000 --t2 50 --out partition.npz [--map world.png]

Start at the six faces, split every cell that holds more than `max_photos` (the paper's t1) photos into its
four children, then drop cells with fewer than `min_photos` (t2). Cells are intervals of the sorted leaf ids
of the photos, so a whole level of the tree is counted by two binary searches, and lookup is one. Photos that
do not fit into one machine are counted in shards first (`cell_counts.py`, `Partition.from_counts`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from planet_core import geo, s2
from planet_core.array_files import ArrayFormat
from planet_core.cell_counts import CellCounts

_BLOCK = 1 << 16  # points worked on at a time: bounds memory, stays in cache

IdArray = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class PartitionError(Exception):
    """A partition file that is missing, damaged or something else."""


FORMAT = ArrayFormat("partition", "planet-partition", 1, PartitionError)


@dataclass(frozen=True, eq=False)
class Partition:
    """Disjoint S2 cells, sorted by id; the class of a photo is the index of its cell.

    Attributes:
        cell_ids: uint64 (cells,), ascending, disjoint.
        counts: int64 (cells,), photos that were counted in each cell.
        centroid_lat, centroid_lng: float64 (cells,), degrees; see `centroids`.
        dropped: int64 (31,), how many photos were dropped with cells of each level when the partition was
            made of photos; not saved, None after `load` and `recount`.
    """

    cell_ids: IdArray
    counts: IntArray
    centroid_lat: FloatArray
    centroid_lng: FloatArray
    dropped: IntArray | None = None

    @classmethod
    def build(
        cls,
        lat: npt.ArrayLike,
        lng: npt.ArrayLike,
        max_photos: int,
        min_photos: int,
        max_level: int = s2.MAX_LEVEL,
    ) -> Partition:
        """The adaptive partition of photos at (lat, lng), degrees, shape (photos,).

        Args:
            max_photos: a cell with more photos is split (paper: 10,000).
            min_photos: a cell with fewer photos is dropped (paper: 50); photos there belong to no class.
            max_level: no cell is split below this level. At level 30 it ends by itself, however many photos
                lie on one spot.

        Raises:
            ValueError: coordinates not on the earth, or thresholds below 1.
        """
        lats, lngs = (values.ravel() for values in s2.check_coordinates(lat, lng))
        leaves = s2.cell_ids(lats, lngs)
        cells, dropped = _split(_counter(np.sort(leaves)), max_photos, min_photos, max_level)
        return replace(cls._empty(cells)._counted(lats, lngs, leaves), dropped=dropped)

    @classmethod
    def at_level(cls, lat: npt.ArrayLike, lng: npt.ArrayLike, level: int, min_photos: int) -> Partition:
        """The cells of one level with at least `min_photos` photos (level 4 in the paper's small model).

        Raises:
            ValueError: coordinates not on the earth, no such level, or a threshold below 1.
        """
        lats, lngs = (values.ravel() for values in s2.check_coordinates(lat, lng))
        leaves = s2.cell_ids(lats, lngs)
        cells, counts = np.unique(s2.parents(leaves, level), return_counts=True)
        cells, dropped = _of_one_level(cells, counts, level, min_photos)
        return replace(cls._empty(cells)._counted(lats, lngs, leaves), dropped=dropped)

    @classmethod
    def from_counts(
        cls, counts: CellCounts, max_photos: int, min_photos: int, max_level: int = s2.MAX_LEVEL
    ) -> Partition:
        """What `build` makes of the same photos, from their counts in fine cells.

        Raises:
            ValueError: thresholds below 1; or a cell at the level of the counts would have to be split, which
                they cannot tell how to do: count at a finer level, or stop there with `max_level`.
        """
        count = _counter(counts.cell_ids, counts.counts)
        cells, dropped = _split(count, max_photos, min_photos, min(max_level, counts.level))
        partition = replace(cls._empty(cells)._of_counts(counts), dropped=dropped)
        crowded = (partition.levels() == counts.level) & (partition.counts > max_photos)
        if max_level > counts.level and crowded.any():
            raise ValueError(
                f"photos were counted at level {counts.level}, where {np.count_nonzero(crowded)} cells hold"
                f" more than {max_photos} (up to {partition.counts.max()}) and would have to be split: count"
                f" them at a finer level, or end the partition there with max_level={counts.level}"
            )
        return partition

    @classmethod
    def at_level_from_counts(cls, counts: CellCounts, level: int, min_photos: int) -> Partition:
        """What `at_level` makes of the same photos, from their counts in cells of that level or finer.

        Raises:
            ValueError: a threshold below 1, or a level below that of the counts.
        """
        coarse = counts.at_level(level)
        cells, dropped = _of_one_level(coarse.cell_ids, coarse.counts, level, min_photos)
        return replace(cls._empty(cells)._of_counts(coarse), dropped=dropped)

    @classmethod
    def _empty(cls, cells: IdArray) -> Partition:
        center_lat, center_lng = s2.centers(cells)
        return cls(cells, np.zeros(cells.size, dtype=np.int64), center_lat, center_lng)

    def recount(self, lat: npt.ArrayLike, lng: npt.ArrayLike) -> Partition:
        """The same cells, with counts and centroids of these photos alone (say, of the training side).

        A cell without a photo keeps its centre as its centroid.
        """
        lats, lngs = (values.ravel() for values in s2.check_coordinates(lat, lng))
        return self._counted(lats, lngs, None)

    def _counted(self, lat: FloatArray, lng: FloatArray, leaves: IdArray | None) -> Partition:
        """`recount` of flat arrays, with their leaf ids where these are known."""
        counts = np.zeros(len(self) + 1, dtype=np.int64)  # the first is of photos outside every cell
        sums = np.zeros((3, len(self) + 1))
        for start in range(0, lat.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            ids = s2.cell_ids(lat[block], lng[block]) if leaves is None else leaves[block]
            slots = self._find(ids) + 1
            counts += np.bincount(slots, minlength=counts.size)
            for total, values in zip(sums, geo.unit_vectors(lat[block], lng[block]).T, strict=True):
                total += np.bincount(slots, weights=values, minlength=counts.size)
        return self._with(counts[1:], sums.T[1:])

    def _of_counts(self, counts: CellCounts) -> Partition:
        """`recount` of photos that were counted in cells no larger than these."""
        ends, starts = _ends(counts.cell_ids, self.cell_ids)
        sums = np.zeros((len(self), 3))
        filled = ends > starts
        for axis in range(3):
            totals = np.concatenate([counts.sums[:, axis], [0.0]])
            pairs = np.stack([starts[filled], ends[filled]], axis=-1).ravel()
            sums[filled, axis] = np.add.reduceat(totals, pairs)[::2] if pairs.size else 0.0
        return self._with(_counter(counts.cell_ids, counts.counts)(self.cell_ids), sums)

    def _with(self, counts: IntArray, sums: FloatArray) -> Partition:
        mean_lat, mean_lng = geo.vectors_to_degrees(sums)
        center_lat, center_lng = self.centers()
        return Partition(
            self.cell_ids,
            counts,
            np.where(counts > 0, mean_lat, center_lat),
            np.where(counts > 0, mean_lng, center_lng),
        )

    def __len__(self) -> int:
        return int(self.cell_ids.size)

    def lookup(self, lat: npt.ArrayLike, lng: npt.ArrayLike) -> IntArray:
        """The class of each point, int64 in the shape of lat and lng; -1 outside every cell.

        Raises:
            ValueError: coordinates not on the earth.
        """
        lats, lngs = s2.check_coordinates(lat, lng)
        classes = np.empty(lats.size, dtype=np.int64)
        flat_lat, flat_lng = lats.ravel(), lngs.ravel()
        for start in range(0, classes.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            classes[block] = self._find(s2.cell_ids(flat_lat[block], flat_lng[block]))
        return classes.reshape(lats.shape)

    def _find(self, leaves: IdArray) -> IntArray:
        """The class of each leaf id, at most `_BLOCK` of them; -1 outside every cell."""
        if not len(self):
            return np.full(leaves.shape, -1, dtype=np.int64)
        first, last = self._ranges
        # searched roughly along the curve, each step meets warm memory: twice as fast (numpy sorts 16-bit
        # keys by radix)
        order = np.argsort((leaves >> np.uint64(48)).astype(np.uint16), kind="stable")
        leaves = leaves[order]
        index = np.searchsorted(first, leaves, side="right") - 1  # -1 before the first cell
        classes = np.empty_like(index)
        classes[order] = np.where(leaves <= last[index], index, -1)
        return classes

    def neighbors(self, index: int) -> IntArray:
        """The classes whose cells touch the cell of class `index`, at a corner too, ascending.

        Cells of other levels count as well; dropped cells and the class itself do not.

        Raises:
            IndexError: no such class.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"the partition has {len(self)} classes: there is no class {index}")
        starts, others = self._adjacency
        return others[starts[index] : starts[index + 1]]

    @cached_property
    def _adjacency(self) -> tuple[IntArray, IntArray]:
        """(starts, others): class c touches others[starts[c] : starts[c + 1]].

        Of two cells that touch, the smaller has a neighbour of its own size inside the larger: so eight
        lookups a cell find every pair from its smaller side.
        """
        near = s2.all_neighbors(self.cell_ids)  # (cells, 8)
        larger = self._ancestors_of(near.ravel())
        smaller = np.repeat(np.arange(len(self), dtype=np.int64), 8)
        found = larger >= 0
        pairs = np.stack([smaller[found], larger[found]], axis=-1)
        both = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
        starts = np.searchsorted(both[:, 0], np.arange(len(self) + 1))
        return starts.astype(np.int64), both[:, 1]

    def _ancestors_of(self, cells: IdArray) -> IntArray:
        """The class whose cell holds each of the cells as a whole, -1 for none."""
        first, last = self._ranges
        if not len(self):
            return np.full(cells.shape, -1, dtype=np.int64)
        index = np.searchsorted(first, s2.range_min(cells), side="right") - 1
        return np.where(s2.range_max(cells) <= last[index], index, -1)

    def centers(self) -> tuple[FloatArray, FloatArray]:
        """(lat, lng) of the S2 cell centres in degrees: the answer of the paper."""
        return self._centers

    def centroids(self) -> tuple[FloatArray, FloatArray]:
        """(lat, lng) of the mean, on the sphere, of the photos counted in each cell, in degrees."""
        return self.centroid_lat, self.centroid_lng

    def levels(self) -> IntArray:
        """S2 level of each cell."""
        return s2.levels(self.cell_ids)

    def tokens(self) -> list[str]:
        """S2 token of each cell."""
        return s2.tokens(self.cell_ids)

    @cached_property
    def digest(self) -> str:
        """sha256 of the cell ids: equal for two partitions exactly if their classes mean the same."""
        return hashlib.sha256(self.cell_ids.astype("<u8").tobytes()).hexdigest()

    @cached_property
    def _ranges(self) -> tuple[IdArray, IdArray]:
        return s2.range_min(self.cell_ids), s2.range_max(self.cell_ids)

    @cached_property
    def _centers(self) -> tuple[FloatArray, FloatArray]:
        return s2.centers(self.cell_ids)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the partition to one .npz file, at once or not at all."""
        FORMAT.save(path, {name: getattr(self, name) for name in _DTYPES})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Partition:
        """Reads what `save` wrote.

        Raises:
            PartitionError: the file is missing, is not a partition, is damaged, or of a newer format.
        """
        partition = cls(**FORMAT.load(path, _DTYPES))
        problem = partition._problem()
        if problem:
            raise PartitionError(f"the partition {os.fspath(path)} is damaged: {problem}")
        return partition

    def _problem(self) -> str | None:
        """What is wrong with the arrays, if anything."""
        arrays = (self.cell_ids, self.counts, self.centroid_lat, self.centroid_lng)
        if any(array.shape != (len(self),) for array in arrays):
            return "its arrays differ in length"
        if not s2.is_valid(self.cell_ids).all():
            return "it holds numbers that are no S2 cells"
        if np.any(self._ranges[1][:-1] >= self._ranges[0][1:]):
            return "its cells are not sorted or overlap"
        coordinates = np.isfinite(self.centroid_lat).all() and np.isfinite(self.centroid_lng).all()
        return (
            None if coordinates and np.all(self.counts >= 0) else "it holds impossible counts or coordinates"
        )


_DTYPES: dict[str, type] = {
    "cell_ids": np.uint64,
    "counts": np.int64,
    "centroid_lat": np.float64,
    "centroid_lng": np.float64,
}


def _split(
    count: Callable[[IdArray], IntArray], max_photos: int, min_photos: int, max_level: int
) -> tuple[IdArray, IntArray]:
    """(cells of the adaptive partition, ascending; dropped photos by level) where `count` counts in cells."""
    if max_photos < 1:
        raise ValueError(f"max_photos must be at least 1, not {max_photos}")
    done: list[IdArray] = []
    dropped = np.zeros(s2.MAX_LEVEL + 1, dtype=np.int64)
    cells = s2.face_cells()
    for level in range(max_level + 1):
        counts = count(cells)
        split = (counts > max_photos) & (level < max_level)
        kept = _often(counts, min_photos)
        done.append(cells[~split & kept])
        dropped[level] = counts[~split & ~kept].sum()
        if not split.any():
            break
        cells = s2.children(cells[split]).ravel()
    return np.sort(np.concatenate(done)), dropped


def _of_one_level(cells: IdArray, counts: IntArray, level: int, min_photos: int) -> tuple[IdArray, IntArray]:
    """(cells with enough photos, dropped photos by level)."""
    kept = _often(counts, min_photos)
    dropped = np.zeros(s2.MAX_LEVEL + 1, dtype=np.int64)
    dropped[level] = counts[~kept].sum()
    return cells[kept], dropped


def _often(counts: IntArray, min_photos: int) -> npt.NDArray[np.bool_]:
    if min_photos < 1:
        raise ValueError(f"min_photos must be at least 1, not {min_photos}")
    return counts >= min_photos


def _ends(in_order: IdArray, cells: IdArray) -> tuple[IntArray, IntArray]:
    """(end, start) of each cell's interval among ascending ids of cells no larger than it."""
    end = np.searchsorted(in_order, s2.range_max(cells), side="right")
    return end, np.searchsorted(in_order, s2.range_min(cells), side="left")


def _counter(in_order: IdArray, counts: IntArray | None = None) -> Callable[[IdArray], IntArray]:
    """Tells how many photos lie in each of some cells, from ascending ids with their counts (one each)."""
    running = None if counts is None else np.concatenate([[0], np.cumsum(counts)])

    def count(cells: IdArray) -> IntArray:
        end, start = _ends(in_order, cells)
        return end - start if running is None else running[end] - running[start]

    return count


if __name__ == "__main__":
    import sys

    from planet_core.partition_cli import main

    sys.exit(main())
