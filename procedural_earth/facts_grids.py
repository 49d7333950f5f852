"""The packed rasters, loaded on first use: climate, relief, sea, haze, ground colour, countries.

Every function takes arrays (or numbers) of latitudes and longitudes in degrees, of one shape, and returns an
array of that shape. Rows run from north to south, columns from 180 degrees west.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Degrees = npt.ArrayLike
PACKED = Path(__file__).parent / "packed"
RELIEF_STEP_M, RELIEF_LOWEST_M, RELIEF_SEA = 28, -450, 255
LOWEST_COAST_M = np.float32(2)
EARTH_RADIUS_KM = 6371.0088


@cache
def packed(name: str) -> dict[str, Array]:
    """The arrays of `packed/NAME.npz`, read once a process."""
    with np.load(PACKED / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def _cells(lat: Degrees, lng: Degrees, rows: int, columns: int) -> tuple[Array, Array]:
    row = np.floor((90.0 - np.asarray(lat, np.float64)) * (rows / 180.0)).astype(np.int64)
    column = np.floor((np.asarray(lng, np.float64) + 180.0) * (columns / 360.0)).astype(np.int64)
    return np.clip(row, 0, rows - 1), column % columns


def koeppen_number(lat: Degrees, lng: Degrees) -> Array:
    """Koeppen class numbers 1..31; at sea that of the nearest land. Names: `packed("climate")["names"]`."""
    grid = packed("climate")["grid"]
    return np.asarray(grid[_cells(lat, lng, *grid.shape)])


def is_sea(lat: Degrees, lng: Degrees) -> Array:
    """bool: whether the cell of 1/120 degree is sea. Lakes are land here, and so is the ice of Antarctica."""
    land = packed("land")
    row, column = _cells(lat, lng, 21600, 43200)
    value = land["table"][row // 60, column // 60]
    bit = (row % 60) * 60 + column % 60
    byte = land["mixed"][np.maximum(-1 - value, 0), bit // 8]
    return np.asarray(np.where(value >= 0, value, (byte >> (7 - bit % 8).astype(np.uint8)) & 1) == 1)


def is_lake(lat: Degrees, lng: Degrees) -> Array:
    """bool: in one of the world's largest lakes, the Caspian Sea among them, to some 10 km."""
    share = packed("land")["lakes"]
    rows, columns = share.shape
    y = np.clip((90.0 - np.asarray(lat, np.float64)) * (rows / 180.0) - 0.5, 0, rows - 1)
    x = (np.asarray(lng, np.float64) + 180.0) * (columns / 360.0) - 0.5
    return np.asarray(_bilinear(share, y, x) > 170)


def _bilinear(grid: Array, y: Array, x: Array) -> Array:
    """Between the middles of cells; columns wrap round, `y` is within 0..rows - 1."""
    rows, columns = grid.shape
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    down, right = y - top, x - left
    low = np.minimum(top + 1, rows - 1)
    left, after = left % columns, (left + 1) % columns
    upper = grid[top, left] * (1 - right) + grid[top, after] * right
    lower = grid[low, left] * (1 - right) + grid[low, after] * right
    return np.asarray(upper * (1 - down) + lower * down)


def country_number(lat: Degrees, lng: Degrees) -> Array:
    """Index into `packed("countries")["codes"]`; 0 where no country is within half a degree."""
    grid = packed("countries")
    row, column = _cells(lat, lng, 10800, 21600)
    value = grid["table"][row // 30, column // 30]
    inside = grid["mixed"][np.maximum(-1 - value, 0), row % 30, column % 30]
    return np.asarray(np.where(value >= 0, value, inside))


@cache
def _metres() -> Array:
    code = packed("relief")["code"]
    metres = code.astype(np.int16) * RELIEF_STEP_M + RELIEF_LOWEST_M
    metres[code == RELIEF_SEA] = 0
    return metres


def elevation_m(lat: Degrees, lng: Degrees) -> npt.NDArray[np.float32]:
    """Metres above the sea, between cells of 5 arc minutes bilinearly; 0 at sea (`is_sea`), not on land."""
    grid = _metres()
    rows, columns = grid.shape
    y = np.clip((90.0 - np.asarray(lat, np.float64)) * (rows / 180.0) - 0.5, 0, rows - 1)
    x = (np.asarray(lng, np.float64) + 180.0) * (columns / 360.0) - 0.5
    metres = _bilinear(grid, y, x).astype(np.float32)
    # flat coasts lie between steps of 28 m around the sea's level
    metres = np.where(np.abs(metres) < LOWEST_COAST_M, LOWEST_COAST_M, metres)
    return np.asarray(np.where(is_sea(lat, lng), np.float32(0), metres), dtype=np.float32)


def turbidity(lat: Degrees, lng: Degrees) -> npt.NDArray[np.float32]:
    """Linke turbidity, shape (..., 12): clear dry mountain air is about 2, hazy tropical air above 6."""
    code = packed("haze")["code"]
    return np.asarray(code[_cells(lat, lng, 180, 360)] / np.float32(20), dtype=np.float32)


def ground_rgb(lat: Degrees, lng: Degrees) -> npt.NDArray[np.uint8]:
    """Colour of the land from above, sRGB, shape (..., 3), over a quarter of a degree."""
    srgb = packed("ground")["srgb"]
    return np.asarray(srgb[_cells(lat, lng, *srgb.shape[:2])])


def wrap_lng(lng: Degrees) -> Array:
    """Longitudes into -180 <= lng < 180."""
    return np.asarray((np.asarray(lng, np.float64) + 180.0) % 360.0 - 180.0)


def offset(lat: Degrees, lng: Degrees, east_km: Degrees, north_km: Degrees) -> tuple[Array, Array]:
    """The places that lie so far east and north, as on a plane: right to 1 % within 100 km below 80
    degrees."""
    degree_km = np.pi * EARTH_RADIUS_KM / 180
    shrink = np.maximum(np.cos(np.radians(np.asarray(lat, np.float64))), 0.01)
    north = np.clip(np.asarray(lat, np.float64) + np.asarray(north_km) / degree_km, -90, 90)
    return north, wrap_lng(np.asarray(lng, np.float64) + np.asarray(east_km) / (degree_km * shrink))


COAST_RINGS_KM = np.array([1, 1.5, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50])
COAST_BEARINGS = np.radians(np.arange(0, 360, 10))


def coast(lat: float, lng: float) -> tuple[float, float | None]:
    """Distance to the nearest sea (from the sea: to the nearest land) in km, and its bearing in degrees.

    Looked for on rings up to 50 km away, so exact to the step between two rings; (inf, None) where there is
    none. The bearing is the middle of the directions in which that ring meets the other element.
    """
    east = COAST_RINGS_KM[:, None] * np.sin(COAST_BEARINGS)
    north = COAST_RINGS_KM[:, None] * np.cos(COAST_BEARINGS)
    other = is_sea(*offset(lat, lng, east, north)) != is_sea(lat, lng)
    rings = np.flatnonzero(other.any(axis=1))
    if not len(rings):
        return float("inf"), None
    hits = COAST_BEARINGS[other[rings[0]]]
    x, y = float(np.sin(hits).sum()), float(np.cos(hits).sum())
    if np.hypot(x, y) < 1e-6:
        x, y = float(np.sin(hits[0])), float(np.cos(hits[0]))
    return float(COAST_RINGS_KM[rings[0]]), float(np.degrees(np.arctan2(x, y)) % 360)
