"""Which cell each pixel of a world map lies in, and where cells too small for pixels go. numpy only.

Two projections: `plate-carree` for figures (twice as wide as high, 180 degrees to 180 degrees, pole to
pole) and `web-mercator` for slippy maps (a square that ends at latitude 85.0511; EPSG:3857). A pixel belongs
to the cell that holds its centre. A cell of a few pixels or none would hardly be seen on a whole world: it
gets a square spot around its centre instead (`spot_px`, 5 pixels on a map 2048 wide), which carries all of
its probability.
"""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from planet_core import geo, s2
from planet_core.array_files import ArrayFormat
from planet_core.partition import Partition

PROJECTIONS = ("plate-carree", "web-mercator")
MERCATOR_LIMIT = float(np.degrees(np.arctan(np.sinh(np.pi))))
"""The latitude at which Web Mercator is a square: 85.0511."""
WIDTHS = (16, 16384)
_KEPT = 4  # rasters kept for each partition: one of 2048 x 1024 takes 8 MiB

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class RasterError(Exception):
    """A raster file that is missing, damaged or something else."""


FORMAT = ArrayFormat("cell raster", "planet-cell-raster", 1, RasterError)


@dataclass(frozen=True, eq=False)
class CellRaster:
    """A world map whose pixels are cells.

    Attributes:
        projection: `plate-carree` or `web-mercator`.
        index: int32 (height, width), the class of the cell at each pixel's centre, -1 for none; row 0 is in
            the north, column 0 begins at longitude -180.
        row_area_km2: (height,), the area on the earth of a pixel of each row.
        cell_area_km2: (cells,), over how much of the map a cell's probability is spread: the area of its
            pixels; its true area where the map's edge cuts it; inf for cells that have spots or are not on
            the map.
        spot_pixels: (n,), the pixels under any spot, as indices of the flat map, ascending.
        spot_cells, spot_slots, spot_weights: (m,), one entry a pixel of each spot: the class, the pixel as a
            position in `spot_pixels`, and one by the area of the whole spot in km2.
    """

    projection: str
    index: npt.NDArray[np.int32]
    row_area_km2: FloatArray
    cell_area_km2: FloatArray
    spot_pixels: IntArray
    spot_cells: IntArray
    spot_slots: IntArray
    spot_weights: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.index.shape[0], self.index.shape[1]

    @cached_property
    def _spots_of_cells(self) -> IntArray:
        return self.index.ravel()[self.spot_pixels].astype(np.int64)

    def cell_densities(self, probabilities: FloatArray) -> FloatArray:
        """Probability per km2 of each cell, and 0 for no cell at the end, (cells + 1,); without spots."""
        return np.append(probabilities / self.cell_area_km2, 0.0)

    def spot_densities(self, probabilities: FloatArray) -> FloatArray:
        """Probability per km2 of each of the `spot_pixels`: their spots and the cell below them."""
        weights = probabilities[self.spot_cells] * self.spot_weights
        spots = np.bincount(self.spot_slots, weights, minlength=self.spot_pixels.size)
        return np.asarray(spots + self.cell_densities(probabilities)[self._spots_of_cells])

    def density(self, probabilities: FloatArray) -> npt.NDArray[np.float32]:
        """Probability per km2 at each pixel, float32 (height, width).

        Times the pixels' area it sums to the probability of all cells on the map.

        Args:
            probabilities: (cells,), of the partition that the raster was made of.
        """
        values = self.cell_densities(probabilities).astype(np.float32)[self.index]
        values.ravel()[self.spot_pixels] = self.spot_densities(probabilities)
        return values


def spot_px(width: int) -> int:
    """The side of a small cell's spot on a map of that width, in pixels: odd, at least 3."""
    return max(3, 2 * (width // 800) + 1)


def row_edges(projection: str, height: int) -> FloatArray:
    """Latitudes of the edges of a map's rows in degrees, from north to south, (height + 1,)."""
    return _row_lat(projection, np.arange(height + 1) / height)


def _row_lat(projection: str, down: FloatArray) -> FloatArray:
    """Latitude in degrees at a share 0..1 of the way down the map."""
    if projection == "plate-carree":
        return np.asarray(90.0 - 180.0 * down)
    return np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * down))))


def _rows_of_lat(projection: str, lat: FloatArray, height: int) -> IntArray:
    """The row of each latitude; below 0 or from `height` on beyond the map."""
    if projection == "plate-carree":
        down = (90.0 - lat) / 180.0
    else:
        steep = np.clip(np.radians(lat), -1.57, 1.57)
        down = 0.5 - np.arcsinh(np.tan(steep)) / (2 * np.pi)
    row = np.floor(down * height).astype(np.int64)
    return np.minimum(row, height - 1) if projection == "plate-carree" else row


def make_raster(partition: Partition, width: int, projection: str) -> CellRaster:
    """Computes a raster; `raster_of` keeps it.

    Raises:
        ValueError: an unknown projection, or a width that is not within `WIDTHS`.
    """
    height = _height(width, projection)
    edges = row_edges(projection, height)
    lat = _row_lat(projection, (np.arange(height) + 0.5) / height)
    lng = -180.0 + (np.arange(width) + 0.5) * (360.0 / width)
    index = np.empty((height, width), dtype=np.int32)
    rows_at_once = max(1, (1 << 18) // width)
    for top in range(0, height, rows_at_once):
        rows = slice(top, top + rows_at_once)
        index[rows] = partition.lookup(lat[rows, None], lng[None])
    row_area = np.abs(np.diff(np.sin(np.radians(edges)))) * (2 * np.pi / width) * geo.EARTH_RADIUS_KM**2
    return _with_spots(partition, projection, index, row_area)


def _height(width: int, projection: str) -> int:
    if projection not in PROJECTIONS:
        raise ValueError(f"unknown projection {projection!r}; there are {' and '.join(PROJECTIONS)}")
    if not WIDTHS[0] <= width <= WIDTHS[1] or width % 2:
        raise ValueError(
            f"a map must be an even number of pixels wide, {WIDTHS[0]} to {WIDTHS[1]}, not {width}"
        )
    return width // 2 if projection == "plate-carree" else width


def _with_spots(
    partition: Partition, projection: str, index: npt.NDArray[np.int32], row_area: FloatArray
) -> CellRaster:
    height, width = index.shape
    cells = len(partition)
    pixels, area = np.zeros(cells + 1, dtype=np.int64), np.zeros(cells + 1)
    for row, pixel_area in zip(index, row_area.tolist(), strict=True):
        found, counts = np.unique(row, return_counts=True)
        pixels[found] += counts
        area[found] += counts * pixel_area
    pixels, area = pixels[:-1], area[:-1]  # the last is of pixels in no cell

    lat, lng = partition.centers()
    row = _rows_of_lat(projection, lat, height)
    on_map = (row >= 0) & (row < height)
    small = on_map & (pixels < spot_px(width) ** 2)
    cut = _cut(partition, projection) & ~small
    area[cut] = areas_km2(partition.cell_ids[cut])
    area[small | (area == 0)] = np.inf
    return CellRaster(projection, index, row_area, area, *_spots(small, row, lng, row_area, width))


def _cut(partition: Partition, projection: str) -> npt.NDArray[np.bool_]:
    """Which cells reach beyond the edge of the map."""
    if projection == "plate-carree":
        return np.zeros(len(partition), dtype=bool)
    corners, _ = s2.vertices(partition.cell_ids)
    farthest = np.maximum(np.abs(corners).max(axis=-1, initial=0.0), np.abs(partition.centers()[0]))
    return np.asarray(farthest > MERCATOR_LIMIT)


def _spots(
    small: npt.NDArray[np.bool_], row: IntArray, lng: FloatArray, row_area: FloatArray, width: int
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """(pixels, cells, slots, weights) of the spots of the small cells, see `CellRaster`."""
    cells = np.flatnonzero(small)
    reach = np.arange(spot_px(width)) - spot_px(width) // 2
    column = np.floor((lng[cells] + 180.0) * (width / 360.0)).astype(np.int64)
    columns = (column[:, None, None] + reach) % width  # around the world
    rows = row[cells, None, None] + reach[:, None]
    rows, columns = np.broadcast_arrays(rows, columns)  # (cells, spot_px, spot_px)
    inside = (rows >= 0) & (rows < row_area.size)
    area = np.where(inside, row_area[np.clip(rows, 0, row_area.size - 1)], 0.0)
    weight = np.broadcast_to(1.0 / area.sum(axis=(1, 2), keepdims=True), area.shape)
    owner = np.broadcast_to(cells[:, None, None], area.shape)
    pixels, slots = np.unique(rows[inside] * width + columns[inside], return_inverse=True)
    return pixels, owner[inside], slots.astype(np.int64), weight[inside]


# ------------------------------------------------------------------------------------------------
# Areas


def areas_km2(cell_ids: npt.NDArray[np.uint64]) -> FloatArray:
    """The area of each cell; below level 18 the mean of the level, as corners in float64 say no more."""
    lat, lng = s2.vertices(cell_ids)
    a, b, c, d = np.moveaxis(geo.unit_vectors(lat, lng), -2, 0)
    exact = _triangle(a, b, c) + _triangle(a, c, d)
    levels = s2.levels(cell_ids)
    mean = 4 * np.pi / 6 / 4.0**levels
    return np.asarray(np.where(levels > 18, mean, exact) * geo.EARTH_RADIUS_KM**2)


def _triangle(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """Solid angle of spherical triangles of unit vectors (van Oosterom and Strackee)."""
    triple = np.abs(np.sum(a * np.cross(b - a, c - a), axis=-1))  # differences: no cancellation in small ones
    rest = 1 + np.sum(a * b, axis=-1) + np.sum(b * c, axis=-1) + np.sum(c * a, axis=-1)
    return np.asarray(2 * np.arctan2(triple, rest))


# ------------------------------------------------------------------------------------------------
# Kept in memory, and on disk if wanted

_rasters: WeakKeyDictionary[Partition, dict[tuple[str, int], CellRaster]] = WeakKeyDictionary()
_lock = threading.Lock()


def raster_of(
    partition: Partition,
    width: int = 2048,
    projection: str = "plate-carree",
    cache_dir: str | os.PathLike[str] | None = None,
) -> CellRaster:
    """The raster of a partition, computed once and kept as long as the partition lives.

    The last few rasters of a partition are kept in memory. Safe to call from several threads.

    Args:
        cache_dir: a folder in which rasters are kept as .npz as well, named by the partition's digest, for
            the next process; a file there that is damaged or of another partition is written anew.

    Raises:
        ValueError: an unknown projection, or a width that is not within `WIDTHS` or odd.
        OSError: the raster cannot be written to `cache_dir`.
    """
    _height(width, projection)
    key = (projection, width)
    with _lock:
        kept = _rasters.setdefault(partition, {})
        if key not in kept:
            raster = _from_disk(partition, width, projection, cache_dir)
            while len(kept) >= _KEPT:
                kept.pop(next(iter(kept)))
            kept[key] = raster
        return kept[key]


def raster_file(partition: Partition, width: int, projection: str, cache_dir: str | os.PathLike[str]) -> Path:
    """Where `raster_of` keeps a raster."""
    return Path(cache_dir) / f"cells-{partition.digest[:32]}-{projection}-{width}.npz"


def _from_disk(
    partition: Partition, width: int, projection: str, cache_dir: str | os.PathLike[str] | None
) -> CellRaster:
    if cache_dir is None:
        return make_raster(partition, width, projection)
    path = raster_file(partition, width, projection, cache_dir)
    shape = (_height(width, projection), width)
    try:
        arrays = FORMAT.load(path, {"index": np.int32, "row_area_km2": np.float64, "sha256": np.uint8})
        index, row_area = arrays["index"], arrays["row_area_km2"]
        if index.shape == shape and arrays["sha256"].tobytes() == _checksum(partition, index, row_area):
            return _with_spots(partition, projection, index, row_area)
    except RasterError:
        pass  # no such file yet, or a damaged one
    raster = make_raster(partition, width, projection)
    checksum = np.frombuffer(_checksum(partition, raster.index, raster.row_area_km2), dtype=np.uint8)
    FORMAT.save(path, {"index": raster.index, "row_area_km2": raster.row_area_km2, "sha256": checksum.copy()})
    return raster


def _checksum(partition: Partition, index: npt.NDArray[np.int32], row_area: FloatArray) -> bytes:
    digest = hashlib.sha256(partition.digest.encode())
    for array in (index, row_area):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
