"""Photos counted in fine S2 cells: what a shard of geotags has to tell for a partition of all of them.

Counts of disjoint shards are merged in any order (`CellCounts.merge`), on one machine or many, and
`Partition.from_counts` makes of them the partition that all coordinates together would give, as far down as
the level that was counted: below it, nothing is known of where in a cell its photos are. A merged file grows
with the number of *places*, not of photos, about 40 bytes each. numpy only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planet_core import geo, s2
from planet_core.array_files import ArrayFormat

FINE_LEVEL = 18  # cells about 35 m wide
_BLOCK = 1 << 20  # photos counted at a time

IdArray = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class CellCountsError(Exception):
    """A file of cell counts that is missing, damaged or something else."""


FORMAT = ArrayFormat("file of cell counts", "planet-cell-counts", 1, CellCountsError)


@dataclass(frozen=True, eq=False)
class CellCounts:
    """How many photos lie in each cell of one level, and where on average.

    Attributes:
        level: the S2 level of all the cells.
        cell_ids: uint64 (cells,), ascending, each once.
        counts: int64 (cells,), photos in each cell, at least 1.
        sums: float64 (cells, 3), the sum of the photos' unit vectors.
    """

    level: int
    cell_ids: IdArray
    counts: IntArray
    sums: FloatArray

    @classmethod
    def of(cls, lat: npt.ArrayLike, lng: npt.ArrayLike, level: int = FINE_LEVEL) -> CellCounts:
        """The counts of photos at (lat, lng), degrees, in cells of `level`.

        Raises:
            ValueError: coordinates not on the earth, or no such level.
        """
        lats, lngs = (values.ravel() for values in s2.check_coordinates(lat, lng))
        parts = [cls._of_block(lats[:0], lngs[:0], level)]
        for start in range(0, lats.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            parts.append(cls._of_block(lats[block], lngs[block], level))
        return cls.merge(parts)

    @classmethod
    def _of_block(cls, lat: FloatArray, lng: FloatArray, level: int) -> CellCounts:
        ids = s2.cell_ids(lat, lng, level)
        return _summed(level, ids, np.ones(ids.size, dtype=np.int64), geo.unit_vectors(lat, lng))

    @staticmethod
    def merge(parts: Iterable[CellCounts]) -> CellCounts:
        """The counts of several disjoint sets of photos together; cells and counts never depend on the order.

        Raises:
            ValueError: no counts at all, or counts of different levels.
        """
        everything = list(parts)
        if not everything:
            raise ValueError("there are no cell counts to merge")
        levels = sorted({part.level for part in everything})
        if len(levels) > 1:
            raise ValueError(
                f"cell counts of levels {', '.join(map(str, levels))} cannot be merged as they are: bring all"
                f" to level {levels[0]} first (CellCounts.at_level)"
            )
        if len(everything) == 1:
            return everything[0]
        return _summed(
            levels[0],
            np.concatenate([part.cell_ids for part in everything]),
            np.concatenate([part.counts for part in everything]),
            np.concatenate([part.sums for part in everything]),
        )

    def at_level(self, level: int) -> CellCounts:
        """The same photos in the larger cells of a level at or above this one.

        Raises:
            ValueError: a finer level, which these counts know nothing of.
        """
        if not 0 <= level <= self.level:
            raise ValueError(f"counts of level {self.level} hold levels 0 to {self.level}, not {level}")
        return _summed(level, s2.parents(self.cell_ids, level), self.counts, self.sums)

    def __len__(self) -> int:
        return int(self.cell_ids.size)

    @property
    def photos(self) -> int:
        """How many photos were counted."""
        return int(self.counts.sum())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the counts to one .npz file, at once or not at all."""
        arrays = {"cell_ids": self.cell_ids, "counts": self.counts, "sums": self.sums}
        FORMAT.save(path, {"level": np.array(self.level), **arrays})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CellCounts:
        """Reads what `save` wrote.

        Raises:
            CellCountsError: the file is missing, holds something else, is damaged, or of a newer format.
        """
        dtypes = {"level": np.int64, "cell_ids": np.uint64, "counts": np.int64, "sums": np.float64}
        arrays = FORMAT.load(path, dtypes)
        ids, counts, sums = arrays["cell_ids"], arrays["counts"], arrays["sums"]
        if (
            arrays["level"].shape != ()
            or ids.ndim != 1
            or (counts.shape, sums.shape) != (ids.shape, (ids.size, 3))
        ):
            raise CellCountsError(
                f"the file of cell counts {os.fspath(path)} is damaged: its arrays do not fit"
            )
        level = int(arrays["level"])
        in_order = bool(
            np.all(ids[:-1] < ids[1:]) and s2.is_valid(ids).all() and np.all(s2.levels(ids) == level)
        )
        if not in_order or np.any(counts < 1) or not np.isfinite(sums).all():
            raise CellCountsError(
                f"the file of cell counts {os.fspath(path)} is damaged: it holds impossible cells or counts"
            )
        return cls(level, ids, counts, sums)


class CountsStream:
    """Collects the counts of a stream of photos in memory that grows with its places, not its photos.

    Blocks are merged like the digits of a binary number: each cell takes part in few merges.
    """

    def __init__(self, level: int = FINE_LEVEL) -> None:
        self._parts: list[CellCounts] = [CellCounts.of([], [], level)]

    def add(self, part: CellCounts) -> None:
        """Adds the counts of some more photos."""
        self._parts.append(part)
        while len(self._parts) > 1 and 2 * len(self._parts[-1]) >= len(self._parts[-2]):
            self._parts[-2:] = [CellCounts.merge(self._parts[-2:])]

    def total(self) -> CellCounts:
        """The counts of all photos so far."""
        self._parts = [CellCounts.merge(self._parts)]
        return self._parts[0]


def _summed(level: int, ids: IdArray, counts: IntArray, sums: FloatArray) -> CellCounts:
    """One row for each different id, ascending."""
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    starts = np.flatnonzero(np.diff(ids, prepend=np.uint64(0)) != 0)  # no id is 0
    if not starts.size:
        return CellCounts(level, ids, counts, sums.reshape(-1, 3))
    return CellCounts(
        level,
        ids[starts],
        np.add.reduceat(counts[order], starts),
        np.add.reduceat(sums[order], starts, axis=0),
    )
