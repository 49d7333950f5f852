"""Families of houses: how people build in a part of the world, from one-room houses to towers.

A family's house is built once per size and variant and kept; it is painted anew for every place it stands at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from procedural_earth.mesh import Material
from procedural_earth.objects.building_parts import (
    CONCRETE,
    DARK_WALL,
    ROOF,
    STONE,
    TIMBER,
    TRIM,
    WALL,
    Building,
    balcony,
    chimney,
    doorway,
    finished,
    flat_roof,
    gable_roof,
    hip_roof,
    new_solid,
    porch,
    railing,
    ring,
    shed_roof,
    walls,
    windowed,
)
from procedural_earth.objects.facades import shopfront
from procedural_earth.objects.solids import Solid, linear

Generator = np.random.Generator
Maker = Callable[[Generator, str], Building]
SIZES = ("small", "large", "shop")
VARIANTS = 4


def _front_shop(solid: Solid, width: float, depth: float, top: float, number: int, stripes: bool = True) -> None:
    """Shop windows along the front's ground floor and an awning above them."""
    count = max(1, int(width / 5.2))
    each = width / count
    y = depth / 2 + 0.04
    for i in range(count):
        x1 = width / 2 - i * each
        corners = [(x1 - 0.12, y, 0.05), (x1 - each + 0.12, y, 0.05), (x1 - each + 0.12, y, 2.55), (x1 - 0.12, y, 2.55)]
        uv = [(0, 1), (1, 1), (1, 0), (0, 0)]
        solid.polygon(corners, texture=shopfront(number + i), uv=uv, material=Material.PLAIN)
    if stripes:
        paints = ((174, 44, 40), (38, 90, 66), (40, 72, 122), (196, 150, 50))
        cloth, pale = linear(*paints[number % 4]), linear(232, 228, 216)
        bands = max(4, int(width / 0.5))
        for k in range(bands):
            x = width / 2 - (k + np.array([0, 1])) * width / bands
            colour = cloth if k % 2 else pale
            low, high, out = 2.5, 2.95, y + 1.25
            solid.polygon([(x[0], out, low), (x[1], out, low), (x[1], y, high), (x[0], y, high)], colour, Material.FABRIC)
            solid.polygon([(x[0], out, low - 0.18), (x[1], out, low - 0.18), (x[1], out, low), (x[0], out, low)],
                          colour, Material.FABRIC)
    solid.box((-width / 2, depth / 2 - 0.05, 2.96 if top > 3.4 else 2.6), (width / 2, y + 0.1, 3.5 if top > 3.4 else top),
              TRIM, Material.TIMBER)


def european_gable_brick(rng: Generator, size: str) -> Building:
    s = new_solid()
    storeys = 1 + int(size != "small") + int(size == "shop" and rng.random() < 0.6)
    w, d, h = rng.uniform(8.5, 12), rng.uniform(7.5, 9.5), 2.8 * storeys + 0.4
    material = Material.BRICK if rng.random() < 0.6 else Material.PLASTER
    s.box((-w / 2 - 0.05, -d / 2 - 0.05, 0), (w / 2 + 0.05, d / 2 + 0.05, 0.4), STONE, Material.STONE)
    walls(s, w, d, 0.4 if size != "shop" else 3.2, h, material, "casement",
          storeys=storeys if size != "shop" else storeys - 1)
    along = "y" if rng.random() < 0.35 else "x"
    rise = (d if along == "x" else w) / 2 * rng.uniform(0.85, 1.15)
    gable_roof(s, w, d, h, rise, Material.ROOF_TILE, material, along=along)
    ridge = h + rise
    chimney(s, w * 0.25 if along == "x" else 0.6, 0.4 if along == "x" else -d * 0.2, h, ridge + 0.7)
    if size == "shop":
        walls(s, w, d, 0, 3.2, material, [None, "casement", None, "casement"], storeys=1)
        _front_shop(s, w, d, h, int(rng.integers(8)))
    else:
        doorway(s, rng.uniform(-0.2, 0.2) * w, d / 2, 0.4, int(rng.integers(7)))
        if along == "x":
            _dormers(s, rng, w, d, h, rise)
        else:
            windowed(s, (1.6, d / 2), (-1.6, d / 2), h + 0.2, h + 2.6, "casement", 1)
        if size == "large":
            _garage(s, w, d, rng)
    return finished(s, w, d, ridge)


def _dormers(s: Solid, rng: Generator, w: float, d: float, h: float, rise: float) -> None:
    for x in (-w * 0.24, w * 0.24):
        y0, z = d / 2 * 0.72, h + rise * 0.24
        s.box((x - 0.85, y0 - 2, z), (x + 0.85, y0, z + 1.3), WALL, Material.PLASTER)
        windowed(s, (x + 1.35, y0), (x - 1.35, y0), z - 0.7, z + 1.8, "casement", 1)
        s.polygon([(x + 1.0, y0 + 0.2, z + 1.3), (x, y0 + 0.2, z + 2.0), (x, y0 - 2.6, z + 2.0), (x + 1.0, y0 - 2.6, z + 1.3)],
                  ROOF, Material.ROOF_TILE)
        s.polygon([(x - 1.0, y0 + 0.2, z + 1.3), (x, y0 + 0.2, z + 2.0), (x, y0 - 2.6, z + 2.0), (x - 1.0, y0 - 2.6, z + 1.3)],
                  ROOF, Material.ROOF_TILE)
        s.polygon([(x + 0.85, y0, z + 1.3), (x - 0.85, y0, z + 1.3), (x, y0, z + 1.95)], WALL, Material.PLASTER)


def _garage(s: Solid, w: float, d: float, rng: Generator) -> None:
    side = 1 if rng.random() < 0.5 else -1
    x = side * (w / 2 + 1.7)
    s.box((x - 1.7, -d / 2 + 1, 0), (x + 1.7, d / 2 - 1, 2.7), WALL, Material.PLASTER)
    s.box((x - 1.85, -d / 2 + 0.8, 2.7), (x + 1.85, d / 2 - 0.8, 2.95), ROOF, Material.PLAIN)
    y = d / 2 - 0.97
    for k in range(5):
        s.polygon([(x + 1.25, y, 0.05 + 0.44 * k), (x - 1.25, y, 0.05 + 0.44 * k), (x - 1.25, y, 0.46 + 0.44 * k),
                   (x + 1.25, y, 0.46 + 0.44 * k)], linear(206, 204, 198), Material.PLAIN)


def british_terrace(rng: Generator, size: str) -> Building:
    s = new_solid()
    houses = 3 if size == "small" else 4
    each, d, h = 5.2, 8.5, 5.9
    w = houses * each
    walls(s, w, d, 0, h, Material.BRICK, [None, None, "sash", None], storeys=2)
    gable_roof(s, w, d, h, 2.9, Material.ROOF_TILE, Material.BRICK, overhang=0.22)
    for i in range(houses):
        x = w / 2 - (i + 0.5) * each
        chimney(s, x - each / 2, 0.0, h, h + 4.1, linear(140, 84, 62))
        windowed(s, (x + each / 2, d / 2), (x - each / 2, d / 2), 3.0, 5.7, "sash", 1)
        if size == "shop":
            continue
        doorway(s, x - 1.5, d / 2, 0.2, int(rng.integers(7)))
        bx = x + 0.9
        s.polygon([(bx + 1.3, d / 2, 0), (bx + 0.7, d / 2 + 0.75, 0), (bx + 0.7, d / 2 + 0.75, 2.9), (bx + 1.3, d / 2, 2.9)], TRIM)
        s.polygon([(bx - 0.7, d / 2 + 0.75, 0), (bx - 1.3, d / 2, 0), (bx - 1.3, d / 2, 2.9), (bx - 0.7, d / 2 + 0.75, 2.9)], TRIM)
        s.wall((bx + 0.7, d / 2 + 0.75), (bx - 0.7, d / 2 + 0.75), 0, 2.9, WALL, Material.BRICK)
        windowed(s, (bx + 1.35, d / 2 + 0.76), (bx - 1.35, d / 2 + 0.76), 0.1, 2.9, "sash", 1)
        s.polygon([(bx + 1.4, d / 2, 3.2), (bx + 0.8, d / 2 + 0.9, 2.9), (bx - 0.8, d / 2 + 0.9, 2.9), (bx - 1.4, d / 2, 3.2)],
                  ROOF, Material.ROOF_TILE)
    if size == "shop":
        _front_shop(s, w, d, h, int(rng.integers(8)), stripes=False)
    return finished(s, w, d, h + 2.9)


def nordic_timber(rng: Generator, size: str) -> Building:
    s = new_solid()
    storeys = 1 if size == "small" else 2
    w, d, h = rng.uniform(7.5, 11), rng.uniform(6.5, 8.5), 2.7 * storeys + 0.6
    s.box((-w / 2, -d / 2, 0), (w / 2, d / 2, 0.6), STONE, Material.STONE)
    walls(s, w, d, 0.6, h, Material.TIMBER, "nordic", storeys=storeys)
    rise = d / 2 * rng.uniform(0.75, 1.0)
    gable_roof(s, w, d, h, rise, Material.ROOF_TILE if rng.random() < 0.5 else Material.ROOF_METAL, Material.TIMBER,
               overhang=0.5)
    for x, y in ring(w, d):
        s.box((x - 0.09, y - 0.09, 0.55), (x + 0.09, y + 0.09, h), TRIM, Material.TIMBER)
    chimney(s, -w * 0.18, -0.3, h, h + rise + 0.6)
    if size == "shop":
        _front_shop(s, w, d, h, int(rng.integers(8)), stripes=False)
    else:
        porch(s, 0.0, rng.uniform(2.2, 3.4), d / 2, 1.6, 0.55, 2.75, Material.ROOF_METAL)
        doorway(s, 0.0, d / 2, 0.58, int(rng.integers(7)))
        if storeys == 2 and rng.random() < 0.6:
            gable_roof(s, 3.0, d / 2 + 0.6, h, 1.9, Material.ROOF_TILE, Material.TIMBER, along="y", at=(0.0, d / 4))
    return finished(s, w, d, h + rise)


def mediterranean_plaster(rng: Generator, size: str) -> Building:
    s = new_solid()
    storeys = 1 + int(size != "small") + int(rng.random() < 0.4)
    w, d, h = rng.uniform(8, 12.5), rng.uniform(8, 10), 3.0 * storeys
    low = 3.2 if size == "shop" else 0.0
    walls(s, w, d, low, h, Material.PLASTER, "shutters", storeys=storeys - int(size == "shop"))
    hip_roof(s, w, d, h, min(w, d) / 2 * 0.42, Material.ROOF_TILE, overhang=0.45)
    if rng.random() < 0.55:
        lw, ld, lh = w * 0.42, d * 0.7, h * 0.62
        x = (w + lw) / 2 * (1 if rng.random() < 0.5 else -1)
        walls(s, lw, ld, 0, lh, Material.PLASTER, ["shutters", "shutters", None, "shutters"], at=(x, -0.5), storeys=1)
        hip_roof(s, lw, ld, lh, 0.9, Material.ROOF_TILE, at=(x, -0.5), overhang=0.35)
    if size == "shop":
        walls(s, w, d, 0, 3.2, Material.PLASTER, [None, "shutters", None, "shutters"], storeys=1)
        _front_shop(s, w, d, h, int(rng.integers(8)))
    else:
        doorway(s, 0.0, d / 2, 0.12, int(rng.integers(7)), 1.2)
    if storeys > 1:
        balcony(s, 0.0, 2.6, d / 2, low + (0.1 if low else 3.0))
    chimney(s, w * 0.22, -d * 0.15, h, h + 1.9, linear(226, 216, 198))
    return finished(s, w, d, h + 2)


def north_american_clapboard(rng: Generator, size: str) -> Building:
    s = new_solid()
    storeys = 1 if size == "small" else 2
    w, d, h = rng.uniform(10, 14), rng.uniform(8, 9.5), 2.7 * storeys + 0.5
    if size == "shop":
        walls(s, w, d, 0, 6.2, Material.BRICK, ["double_hung", None, None, None], storeys=2)
        _front_shop(s, w, d, 6.2, int(rng.integers(8)))
        flat_roof(s, w, d, 6.2, Material.BRICK, parapet=0.9)
        s.box((-w / 2 - 0.1, d / 2, 6.7), (w / 2 + 0.1, d / 2 + 0.35, 7.15), TRIM, Material.TIMBER)
        return finished(s, w, d, 7.1)
    s.box((-w / 2, -d / 2, 0), (w / 2, d / 2, 0.5), STONE, Material.STONE)
    walls(s, w, d, 0.5, h, Material.TIMBER, "double_hung", storeys=storeys)
    rise = d / 2 * rng.uniform(0.55, 0.8)
    gable_roof(s, w, d, h, rise, Material.ROOF_TILE, Material.TIMBER, overhang=0.4)
    ww = w * 0.4
    gx = -w * 0.28 if rng.random() < 0.5 else w * 0.28
    walls(s, ww, 2.4, 0.5, h, Material.TIMBER, ["double_hung", None, None, None], at=(gx, d / 2 + 0.8), storeys=storeys)
    gable_roof(s, ww, d * 0.7, h, ww / 2 * 0.8, Material.ROOF_TILE, Material.TIMBER, along="y", at=(gx, d * 0.15 + 1.0))
    px = -gx * 0.9
    porch(s, px, w * 0.5, d / 2, 2.0, 0.5, 2.8, Material.ROOF_TILE)
    doorway(s, px, d / 2, 0.52, int(rng.integers(7)))
    railing(s, (px - w * 0.24, d / 2 + 1.9), (px - 0.8, d / 2 + 1.9), 0.5)
    chimney(s, w * 0.42, -0.5, h, h + rise + 0.6)
    return finished(s, w, d + 2, h + rise, ground=(w, d))


def east_asian(rng: Generator, size: str) -> Building:
    s = new_solid()
    w, d = rng.uniform(8.5, 11), rng.uniform(7.5, 9)
    storeys = 1 if size == "small" and rng.random() < 0.4 else 2
    h1 = 2.9
    low = [None, "sliding", "sliding", "sliding"] if size == "shop" else "sliding"
    s.box((-w / 2, -d / 2, 0), (w / 2, d / 2, 0.35), STONE, Material.STONE)
    walls(s, w, d, 0.35, h1, Material.PLASTER, low, storeys=1)
    if storeys == 2:
        uw, ud, y = w * 0.78, d * 0.8, -0.4
        _skirt(s, w, d, uw, ud, h1, y)
        walls(s, uw, ud, h1, h1 + 2.8, Material.PLASTER, "sliding", at=(0, y), storeys=1)
        _irimoya(s, uw, ud, h1 + 2.8, y)
        balcony(s, 0.0, uw * 0.6, y + ud / 2, h1 + 0.35, 1.0)
        top = h1 + 5.4
    else:
        _irimoya(s, w, d, h1, 0.0)
        top = h1 + 2.6
    if size == "shop":
        _front_shop(s, w, d, h1 + 1, int(rng.integers(8)), stripes=False)
    else:
        s.box((-1.4, d / 2, 0.1), (1.4, d / 2 + 1.3, 0.3), STONE, Material.STONE)
        doorway(s, 0.0, d / 2 + 0.02, 0.35, int(rng.integers(7)), 1.6)
        gable_roof(s, 3.0, 1.6, 2.55, 0.7, Material.ROOF_TILE, Material.PLASTER, along="y", at=(0.0, d / 2 + 0.7), overhang=0.25)
        for x in (-1.3, 1.3):
            s.box((x - 0.07, d / 2 + 1.25, 0), (x + 0.07, d / 2 + 1.4, 2.6), TIMBER, Material.TIMBER)
    return finished(s, w, d, top)


def _skirt(s: Solid, w: float, d: float, uw: float, ud: float, h: float, y: float) -> None:
    """A lean-to roof around the upper storey."""
    outer, inner = ring(w + 1.3, d + 1.3), ring(uw - 0.1, ud - 0.1, 0, y)
    for i in range(4):
        j = (i + 1) % 4
        s.polygon([(*outer[i], h - 0.25), (*outer[j], h - 0.25), (*inner[j], h + 0.75), (*inner[i], h + 0.75)], ROOF, Material.ROOF_TILE)
        s.polygon([(*outer[i], h - 0.4), (*outer[j], h - 0.4), (*outer[j], h - 0.25), (*outer[i], h - 0.25)], TRIM, Material.TIMBER)
    s.polygon([(*p, h - 0.4) for p in outer[::-1]], TRIM, Material.TIMBER)


def _irimoya(s: Solid, w: float, d: float, h: float, y: float) -> None:
    """The hip-and-gable roof of East Asia, with its heavy ridge."""
    lower = 0.95
    outer, inner = ring(w + 1.5, d + 1.5, 0, y), ring(w - 1.0, d - 2.6, 0, y)
    for i in range(4):
        j = (i + 1) % 4
        s.polygon([(*outer[i], h - 0.2), (*outer[j], h - 0.2), (*inner[j], h + lower), (*inner[i], h + lower)], ROOF, Material.ROOF_TILE)
        s.polygon([(*outer[i], h - 0.36), (*outer[j], h - 0.36), (*outer[j], h - 0.2), (*outer[i], h - 0.2)], TRIM, Material.TIMBER)
    s.polygon([(*p, h - 0.36) for p in outer[::-1]], TRIM, Material.TIMBER)
    rise = (d - 2.6) / 2 * 0.75
    gable_roof(s, w - 1.0, d - 2.6, h + lower, rise, Material.ROOF_TILE, Material.PLASTER, overhang=0.3, at=(0.0, y))
    z = h + lower + rise
    s.box((-w / 2 + 0.1, y - 0.16, z - 0.05), (w / 2 - 0.1, y + 0.16, z + 0.3), (-2.0, 0.85, 0.0), Material.ROOF_TILE)


def southeast_asian_stilt(rng: Generator, size: str) -> Building:
    s = new_solid()
    if size == "shop":
        return _shophouse(rng, "louvre", Material.PLASTER)
    w, d = rng.uniform(7, 10), rng.uniform(6.5, 8.5)
    floor = rng.uniform(1.5, 2.3)
    h = floor + 2.7
    for x in np.linspace(-w / 2 + 0.2, w / 2 - 0.2, 4):
        for y in np.linspace(-d / 2 + 0.2, d / 2 + 1.6, 4):
            s.box((x - 0.1, y - 0.1, -2.5), (x + 0.1, y + 0.1, floor), CONCRETE if rng.random() < 0.3 else TIMBER, Material.TIMBER)
    s.box((-w / 2, -d / 2, floor - 0.2), (w / 2, d / 2 + 1.8, floor), TIMBER, Material.TIMBER, bottom=True)
    walls(s, w, d, floor, h, Material.TIMBER, "louvre", storeys=1)
    rise = d / 2 * rng.uniform(0.6, 0.95)
    gable_roof(s, w, d + 1.6, h, rise, Material.ROOF_METAL, Material.TIMBER, overhang=0.8, at=(0, 0.8))
    railing(s, (w / 2, d / 2 + 1.75), (1.0, d / 2 + 1.75), floor)
    railing(s, (-0.6, d / 2 + 1.75), (-w / 2, d / 2 + 1.75), floor)
    for k in range(8):
        z, y = floor * (1 - k / 8), d / 2 + 1.8 + 0.28 * k
        s.box((-0.5, y, z - 0.18), (0.9, y + 0.3, z - 0.1), TIMBER, Material.TIMBER, bottom=True)
    doorway(s, 0.2, d / 2, floor, int(rng.integers(7)))
    if size == "large":
        walls(s, 3.6, d * 0.8, 0, h - 0.6, Material.PLASTER, "louvre", at=(w / 2 + 1.9, 0), storeys=1)
        gable_roof(s, 3.6, d * 0.8, h - 0.6, 1.4, Material.ROOF_METAL, Material.PLASTER, along="y", at=(w / 2 + 1.9, 0))
    return finished(s, w, d + 2, h + rise, ground=(0.0, 0.0))


def _shophouse(rng: Generator, window: str, material: Material) -> Building:
    """A row of narrow shops with dwellings above, as towns from Cairo to Manila have."""
    s = new_solid()
    units, storeys = int(rng.integers(2, 4)), int(rng.integers(2, 5))
    w, d, h = units * 4.4, 10.0, 3.3 + 3.0 * (storeys - 1)
    walls(s, w, d, 3.3, h, material, [window, None, window, None], storeys=storeys - 1)
    walls(s, w, d, 0, 3.3, material, None)
    _front_shop(s, w, d, h, int(rng.integers(8)), stripes=bool(rng.random() < 0.5))
    flat_roof(s, w, d, h, material, parapet=0.8)
    _rooftop(s, rng, w, d, h)
    for i in range(units):
        x = w / 2 - (i + 0.5) * 4.4
        for k in range(1, storeys):
            if rng.random() < 0.55:
                balcony(s, x, 3.2, d / 2, 3.3 + 3.0 * (k - 1) + 0.1, 0.9)
    return finished(s, w, d, h + 0.8)


def _rooftop(s: Solid, rng: Generator, w: float, d: float, h: float) -> None:
    """A water tank, a stair head, a dish."""
    x, y = rng.uniform(-0.3, 0.3) * w, rng.uniform(-0.3, 0.1) * d
    s.box((x - 1.4, y - 1.3, h), (x + 1.4, y + 1.3, h + 2.3), WALL, Material.PLASTER)
    tank = linear(36, 38, 40) if rng.random() < 0.5 else linear(70, 110, 150)
    s.tube((-x * 0.8 + 1, y + 1.8, h + 0.5), (-x * 0.8 + 1, y + 1.8, h + 1.9), 0.65, tank, sides=10, cap=True)
    s.tube((-x, -y, h), (-x, -y, h + 1.4), 0.03, linear(90, 90, 90), Material.METAL, sides=4)
    s.tube((-x, -y, h + 1.2), (-x + 0.1, -y + 0.12, h + 1.25), 0.42, linear(206, 206, 204), sides=9, cap=True)


def african_tin(rng: Generator, size: str) -> Building:
    s = new_solid()
    w, d, h = rng.uniform(6, 10), rng.uniform(5, 7.5), rng.uniform(2.6, 3.0)
    style = [None, "tin", "tin", "tin"] if size == "shop" else "tin"
    walls(s, w, d, 0, h, Material.PLASTER, style, storeys=1)
    s.box((-w / 2 - 0.04, -d / 2 - 0.04, 0), (w / 2 + 0.04, d / 2 + 0.04, 0.45), DARK_WALL, Material.PLASTER)
    if size == "small" and rng.random() < 0.5:
        shed_roof(s, w, d, h, h + 0.8, Material.ROOF_METAL, Material.PLASTER)
        top = h + 0.8
    elif rng.random() < 0.4:
        hip_roof(s, w, d, h, 1.5, Material.ROOF_METAL, overhang=0.5)
        top = h + 1.5
    else:
        gable_roof(s, w, d, h, d * 0.22, Material.ROOF_METAL, Material.PLASTER, overhang=0.4)
        top = h + d * 0.22
    if size == "shop":
        _front_shop(s, w, d, h, int(rng.integers(8)), stripes=False)
        porch(s, 0, w, d / 2, 2.0, 0.12, 2.4, Material.ROOF_METAL)
    else:
        doorway(s, rng.uniform(-0.2, 0.2) * w, d / 2, 0.1, int(rng.integers(7)))
        if size == "large":
            porch(s, 0, w * 0.6, d / 2, 1.8, 0.15, 2.4, Material.ROOF_METAL)
    return finished(s, w, d, top)


def round_thatch(rng: Generator, size: str) -> Building:
    """A round hut under a cone of thatch."""
    s = new_solid()
    radius, h = rng.uniform(2.0, 3.0), 2.1
    s.tube((0, 0, 0), (0, 0, h), radius, WALL, Material.PLASTER, sides=16)
    s.tube((0, 0, h - 0.35), (0, 0, h + radius * 0.95), radius + 0.65, ROOF, Material.THATCH, end_radius=0.06, sides=16)
    s.tube((0, 0, h - 0.5), (0, 0, h - 0.35), radius + 0.5, (-2.0, 0.7, 0.0), Material.THATCH, end_radius=radius + 0.65, sides=16)
    doorway(s, 0, radius * 0.99, 0.05, int(rng.integers(7)), 0.9)
    return finished(s, radius * 2, radius * 2, h + radius, ground=(radius * 1.3, radius * 1.3))


def adobe_flat(rng: Generator, size: str) -> Building:
    if size == "shop":
        return _shophouse(rng, "bars", Material.PLASTER)
    s = new_solid()
    w, d = rng.uniform(8, 12), rng.uniform(7, 10)
    h = 3.2
    walls(s, w, d, 0, h, Material.PLASTER, "small", storeys=1)
    flat_roof(s, w, d, h, Material.PLASTER, parapet=0.45)
    top = h
    if size == "large":
        uw, ud, x = w * 0.6, d * 0.7, w * 0.18
        walls(s, uw, ud, h, h + 3, Material.PLASTER, "arched", at=(x, -0.6), storeys=1)
        flat_roof(s, uw, ud, h + 3, Material.PLASTER, parapet=0.5, at=(x, -0.6))
        top = h + 3
    for x in np.arange(-w / 2 + 0.6, w / 2, 0.9):
        s.tube((x, d / 2, h - 0.25), (x, d / 2 + 0.35, h - 0.25), 0.07, TIMBER, Material.TIMBER, sides=5, cap=True)
    doorway(s, rng.uniform(-0.25, 0.25) * w, d / 2, 0.1, int(rng.integers(7)), 1.2)
    wall = linear(198, 174, 140)
    for a, b in (((w / 2, d / 2), (w / 2, d / 2 + 4)), ((-w / 2, d / 2), (-w / 2, d / 2 + 4))):
        s.box((a[0] - 0.15, a[1], 0), (a[0] + 0.15, b[1], 1.7), WALL, Material.PLASTER)
    s.box((-w / 2 - 0.15, d / 2 + 3.8, 0), (-1.4, d / 2 + 4.1, 1.7), WALL, Material.PLASTER)
    s.box((1.4, d / 2 + 3.8, 0), (w / 2 + 0.15, d / 2 + 4.1, 1.7), WALL, Material.PLASTER)
    s.box((-1.3, d / 2 + 3.9, 0), (1.3, d / 2 + 4.0, 1.9), linear(70, 96, 110), Material.METAL)
    s.tube((-w * 0.3, -d * 0.2, h), (-w * 0.3, -d * 0.2, h + 1.1), 0.55, wall, sides=10, cap=True)
    return finished(s, w, d + 8, top + 0.5, ground=(w, d))


def latin_colour(rng: Generator, size: str) -> Building:
    s = new_solid()
    storeys = 1 if size == "small" else 2
    w, d, h = rng.uniform(7, 11), rng.uniform(8, 10), 3.4 * storeys
    style = [None, None, "bars", None] if size == "shop" else ["bars", None, "bars", None]
    walls(s, w, d, 0, 3.4, Material.PLASTER, style, storeys=1)
    s.box((-w / 2 - 0.03, -d / 2 - 0.03, 0), (w / 2 + 0.03, d / 2 + 0.03, 0.8), DARK_WALL, Material.PLASTER)
    if storeys == 2:
        walls(s, w, d, 3.4, h, Material.PLASTER, ["arched", None, "bars", None], storeys=1)
        balcony(s, 0.0, w * 0.7, d / 2, 3.45, 0.9)
        s.box((-w / 2 - 0.06, d / 2 - 0.02, 3.2), (w / 2 + 0.06, d / 2 + 0.12, 3.42), TRIM, Material.PLASTER)
    if rng.random() < 0.5:
        flat_roof(s, w, d, h, Material.PLASTER, parapet=0.8)
        s.box((-w / 2 - 0.1, d / 2 - 0.1, h + 0.55), (w / 2 + 0.1, d / 2 + 0.22, h + 0.8), TRIM, Material.PLASTER)
        _rooftop(s, rng, w, d, h)
    else:
        gable_roof(s, w, d, h, d * 0.2, Material.ROOF_TILE, Material.PLASTER, overhang=0.55)
    if size == "shop":
        _front_shop(s, w, d, h, int(rng.integers(8)), stripes=bool(rng.random() < 0.4))
    else:
        doorway(s, -w * 0.28, d / 2, 0.1, int(rng.integers(7)), 1.2)
    return finished(s, w, d, h + 1)


def modern_block(rng: Generator, size: str) -> Building:
    s = new_solid()
    storeys = {"small": int(rng.integers(4, 7)), "large": int(rng.integers(9, 22)), "shop": int(rng.integers(3, 6))}[size]
    w, d = rng.uniform(14, 22), rng.uniform(12, 16)
    h = 3.6 + 3.1 * (storeys - 1)
    style = str(rng.choice(["modern", "ribbon", "sliding"]))
    walls(s, w, d, 3.6, h, Material.PLASTER, style, storeys=storeys - 1)
    walls(s, w, d, 0, 3.6, Material.STONE, None, colour=linear(120, 118, 114))
    _front_shop(s, w, d, h, int(rng.integers(8)), stripes=False)
    flat_roof(s, w, d, h, Material.PLASTER, parapet=1.0)
    s.box((-3, -3, h), (3, 2, h + 2.8), CONCRETE, Material.PLASTER)
    if style != "ribbon":
        for k in range(1, storeys):
            z = 3.6 + 3.1 * (k - 1)
            s.box((-w / 2, d / 2, z - 0.1), (w / 2, d / 2 + 0.12, z + 0.1), TRIM, Material.PLASTER)
        for x in (-w / 4, w / 4):
            for k in range(1, storeys):
                z = 3.6 + 3.1 * (k - 1)
                s.box((x - 1.6, d / 2, z - 0.08), (x + 1.6, d / 2 + 1.1, z + 0.08), CONCRETE, Material.PLASTER, bottom=True)
                s.box((x - 1.6, d / 2 + 1.04, z), (x + 1.6, d / 2 + 1.1, z + 1.0), linear(120, 140, 150), Material.GLASS)
    return finished(s, w, d, h + 1)


def soviet_panel(rng: Generator, size: str) -> Building:
    s = new_solid()
    storeys = 5 if size != "large" else 9
    w, d, h = (32.0 if size != "shop" else 22.0), 11.5, 0.7 + 2.75 * storeys
    s.box((-w / 2, -d / 2, 0), (w / 2, d / 2, 0.7), CONCRETE, Material.PLASTER)
    walls(s, w, d, 0.7, h, Material.PLASTER, ["panel", None, "panel", None], storeys=storeys)
    flat_roof(s, w, d, h, Material.PLASTER, parapet=0.5)
    seam = (-1.0, 0.72, 0.0)
    for k in range(1, storeys):
        z = 0.7 + 2.75 * k
        s.polygon([(w / 2, d / 2 + 0.015, z - 0.03), (-w / 2, d / 2 + 0.015, z - 0.03), (-w / 2, d / 2 + 0.015, z + 0.03),
                   (w / 2, d / 2 + 0.015, z + 0.03)], seam)
    for x in np.arange(-w / 2 + 5.4, w / 2 - 2, 10.8):
        s.box((x - 1.5, d / 2, 2.6), (x + 1.5, d / 2 + 1.6, 2.8), CONCRETE, Material.PLASTER, bottom=True)
        doorway(s, float(x), d / 2 + 0.02, 0.2, 5, 1.4)
    if size == "shop":
        _front_shop(s, w, d, h, int(rng.integers(8)), stripes=False)
    return finished(s, w, d, h + 0.5)


def barn(rng: Generator, size: str) -> Building:
    s = new_solid()
    w, d, h = rng.uniform(12, 18), rng.uniform(9, 12), rng.uniform(3.6, 4.8)
    walls(s, w, d, 0, h, Material.TIMBER, None)
    gable_roof(s, w, d, h, d * 0.36, Material.ROOF_METAL, Material.TIMBER, overhang=0.5)
    s.box((-1.9, d / 2, 0), (1.9, d / 2 + 0.08, 3.3), DARK_WALL, Material.TIMBER)
    for a, b in (((-1.8, 0.1), (1.8, 3.2)), ((-1.8, 3.2), (1.8, 0.1))):
        s.tube((a[0], d / 2 + 0.12, a[1]), (b[0], d / 2 + 0.12, b[1]), 0.07, TRIM, sides=4)
    return finished(s, w, d, h + d * 0.36)


FAMILIES: dict[str, Maker] = {
    "european_gable_brick": european_gable_brick,
    "british_terrace": british_terrace,
    "nordic_timber": nordic_timber,
    "mediterranean_plaster": mediterranean_plaster,
    "north_american_clapboard": north_american_clapboard,
    "east_asian": east_asian,
    "southeast_asian_stilt": southeast_asian_stilt,
    "african_tin": african_tin,
    "round_thatch": round_thatch,
    "adobe_flat": adobe_flat,
    "latin_colour": latin_colour,
    "modern_block": modern_block,
    "soviet_panel": soviet_panel,
    "barn": barn,
}
NEUTRAL = "latin_colour"
"""The one family of a world without the clue of buildings."""


@lru_cache(maxsize=512)
def building(family: str, size: str, variant: int) -> Building:
    """A building of that family, unpainted; built once.

    Raises:
        KeyError: no such family.
    """
    seed = np.random.SeedSequence([sorted(FAMILIES).index(family), SIZES.index(size), variant])
    return FAMILIES[family](np.random.Generator(np.random.PCG64(seed)), size)
