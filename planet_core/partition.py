"""The classes: an adaptive partition of the earth into S2 cells (paper section 3, figure 2). numpy only.

Start at the six faces, split every cell that holds more than `max_photos` (the paper's t1) photos into its
four children, then drop cells with fewer than `min_photos` (t2). Cells are intervals of the sorted leaf ids
of the photos, so a whole level of the tree is counted by two binary searches, and lookup is one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from planet_core import geo, s2
from planet_core.files import atomic_file

FORMAT = "planet-partition"
FORMAT_VERSION = 1

IdArray = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class PartitionError(Exception):
    """A partition file that is missing, damaged or something else."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Disjoint S2 cells, sorted by id; the class of a photo is the index of its cell.

    Attributes:
        cell_ids: uint64 (cells,), ascending, disjoint.
        counts: int64 (cells,), photos that were counted in each cell.
        centroid_lat, centroid_lng: float64 (cells,), degrees; see `centroids`.
    """

    cell_ids: IdArray
    counts: IntArray
    centroid_lat: FloatArray
    centroid_lng: FloatArray

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
        if max_photos < 1 or min_photos < 1:
            raise ValueError(f"max_photos ({max_photos}) and min_photos ({min_photos}) must be at least 1")
        leaves = np.sort(s2.cell_ids(lat, lng).ravel())
        done: list[IdArray] = []
        cells = s2.face_cells()
        for level in range(max_level + 1):
            counts = _count(leaves, cells)
            split = (counts > max_photos) & (level < max_level)
            done.append(cells[~split & (counts >= min_photos)])
            if not split.any():
                break
            cells = s2.children(cells[split]).ravel()
        return cls._of_cells(np.sort(np.concatenate(done)), lat, lng)

    @classmethod
    def at_level(cls, lat: npt.ArrayLike, lng: npt.ArrayLike, level: int, min_photos: int) -> Partition:
        """The cells of one level with at least `min_photos` photos (level 4 in the paper's small model).

        Raises:
            ValueError: coordinates not on the earth, no such level, or a threshold below 1.
        """
        if min_photos < 1:
            raise ValueError(f"min_photos must be at least 1, not {min_photos}")
        cells, counts = np.unique(s2.cell_ids(lat, lng, level), return_counts=True)
        return cls._of_cells(cells[counts >= min_photos], lat, lng)

    @classmethod
    def _of_cells(cls, cells: IdArray, lat: npt.ArrayLike, lng: npt.ArrayLike) -> Partition:
        center_lat, center_lng = s2.centers(cells)
        empty = cls(cells, np.zeros(cells.size, dtype=np.int64), center_lat, center_lng)
        return empty.recount(lat, lng)

    def recount(self, lat: npt.ArrayLike, lng: npt.ArrayLike) -> Partition:
        """The same cells, with counts and centroids of these photos alone (say, of the training side).

        A cell without a photo keeps its centre as its centroid.
        """
        lats, lngs = s2.check_coordinates(lat, lng)
        classes = self.lookup(lats, lngs).ravel()
        inside = classes >= 0
        counts = np.bincount(classes[inside], minlength=len(self)).astype(np.int64)
        vectors = geo.unit_vectors(lats.ravel()[inside], lngs.ravel()[inside])  # (photos, 3)
        sums = [np.bincount(classes[inside], weights=axis, minlength=len(self)) for axis in vectors.T]
        mean_lat, mean_lng = geo.vectors_to_degrees(np.stack(sums, axis=-1).astype(np.float64))
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
        leaves = s2.cell_ids(lat, lng)
        if not len(self):
            return np.full(leaves.shape, -1, dtype=np.int64)
        first, last = self._ranges
        index = np.searchsorted(first, leaves, side="right") - 1
        inside = (index >= 0) & (leaves <= last[np.maximum(index, 0)])
        return np.where(inside, index, -1)

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
        with atomic_file(path) as file:
            np.savez_compressed(
                file,
                header=np.array(json.dumps({"format": FORMAT, "version": FORMAT_VERSION})),
                cell_ids=self.cell_ids,
                counts=self.counts,
                centroid_lat=self.centroid_lat,
                centroid_lng=self.centroid_lng,
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Partition:
        """Reads what `save` wrote.

        Raises:
            PartitionError: the file is missing, is not a partition, is damaged, or of a newer format.
        """
        file = Path(path)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise PartitionError(f"cannot read the partition {file}: {error.strerror}") from error
        partition = _read_arrays(file, data)
        problem = partition._problem()
        if problem:
            raise PartitionError(f"the partition {file} is damaged: {problem}")
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


def _count(sorted_leaves: IdArray, cells: IdArray) -> IntArray:
    """How many of the sorted leaf ids lie in each cell."""
    first = np.searchsorted(sorted_leaves, s2.range_min(cells), side="left")
    last = np.searchsorted(sorted_leaves, s2.range_max(cells), side="right")
    return np.asarray(last - first, dtype=np.int64)


def _read_arrays(file: Path, data: bytes) -> Partition:
    foreign = f"{file} is not a partition (an .npz file written by Partition.save)"
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            if not hasattr(archive, "files") or "header" not in archive.files:
                raise PartitionError(foreign)
            header = json.loads(str(archive["header"]))
            if header.get("format") != FORMAT:
                raise PartitionError(foreign)
            if header.get("version") != FORMAT_VERSION:
                raise PartitionError(
                    f"{file} has partition format {header.get('version')}, this program reads"
                    f" {FORMAT_VERSION}"
                )
            return Partition(
                archive["cell_ids"].astype(np.uint64),
                archive["counts"].astype(np.int64),
                archive["centroid_lat"].astype(np.float64),
                archive["centroid_lng"].astype(np.float64),
            )
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError) as error:
        if data[:2] == b"PK":
            raise PartitionError(f"the partition {file} is damaged: {error}") from error
        raise PartitionError(foreign) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise PartitionError(foreign) from error
