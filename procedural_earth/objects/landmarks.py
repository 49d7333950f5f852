"""What towers over a settlement: churches, mosques, temples, pagodas, water towers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from procedural_earth.mesh import Material
from procedural_earth.objects import furniture
from procedural_earth.objects.building_parts import (
    ROOF,
    STONE,
    TRIM,
    WALL,
    Building,
    doorway,
    finished,
    gable_roof,
    hip_roof,
    new_solid,
    walls,
)
from procedural_earth.objects.solids import linear

GOLD, GREEN_DOME, RED = linear(206, 166, 70), linear(96, 142, 120), linear(166, 52, 40)
KINDS = ("church", "orthodox", "mosque", "pagoda", "temple", "water_tower", "silo")


def landmark_for(rng: np.random.Generator, region: str, script: str, town: float) -> str:
    """A landmark that is common in a region (`CountryCues.region`) of a script."""
    if script == "Arabic" or region in ("gulf", "middle_east", "north_africa", "sahel", "central_asia"):
        common = "mosque"
    elif script in ("Japanese", "Chinese", "Korean"):
        common = "pagoda"
    elif script in ("Thai", "Lao", "Khmer", "Burmese", "Devanagari", "Sinhala"):
        common = "temple"
    elif script in ("Cyrillic", "Georgian", "Armenian", "Greek", "Amharic"):
        common = "orthodox"
    else:
        common = "church"
    other = "water_tower" if town < 0.6 else "church" if common == "church" else common
    return common if rng.random() < 0.75 else other


@lru_cache(maxsize=16)
def landmark(kind: str) -> Building:
    """The landmark of that kind, unpainted.

    Raises:
        KeyError: no such kind.
    """
    return {
        "church": _church, "orthodox": _orthodox, "mosque": _mosque, "pagoda": _pagoda, "temple": _temple,
        "water_tower": _water_tower, "silo": _silo,
    }[kind]()  # fmt: skip


def _church() -> Building:
    s = new_solid()
    walls(s, 9, 18, 0, 7, Material.PLASTER, [None, "arched", None, "arched"], at=(0, -4), storeys=1)
    gable_roof(s, 9, 18, 7, 5.5, Material.ROOF_TILE, Material.PLASTER, along="y", at=(0, -4), overhang=0.4)
    walls(s, 4.6, 4.6, 0, 17, Material.PLASTER, [None, None, None, None], at=(0, 6))
    walls(s, 4.65, 4.65, 13, 16, Material.PLASTER, "arched", at=(0, 6), storeys=1)
    s.tube((0, 6, 17), (0, 6, 30), 3.1, ROOF, Material.ROOF_TILE, end_radius=0.05, sides=4)
    s.tube((0, 6, 30), (0, 6, 31.6), 0.06, GOLD, Material.METAL, sides=4)
    s.tube((-0.4, 6, 31.1), (0.4, 6, 31.1), 0.06, GOLD, Material.METAL, sides=4)
    doorway(s, 0, 8.3, 0.2, 0, 1.8)
    return finished(s, 9, 24, 30)


def _onion(s, x: float, y: float, z: float, r: float, colour=GOLD) -> None:  # type: ignore[no-untyped-def]
    shape = [(0.0, 0.75), (0.35, 1.0), (0.8, 0.95), (1.3, 0.5), (1.75, 0.16), (2.3, 0.02)]
    for (z0, r0), (z1, r1) in zip(shape, shape[1:], strict=False):
        s.tube((x, y, z + z0 * r), (x, y, z + z1 * r), r0 * r, colour, Material.METAL, end_radius=r1 * r, sides=12)
    s.tube((x, y, z + 2.2 * r), (x, y, z + 3.1 * r), 0.05, GOLD, Material.METAL, sides=4)
    s.tube((x - 0.35 * r, y, z + 2.8 * r), (x + 0.35 * r, y, z + 2.8 * r), 0.05, GOLD, Material.METAL, sides=4)


def _orthodox() -> Building:
    s = new_solid()
    walls(s, 12, 12, 0, 8, Material.PLASTER, "arched", storeys=1)
    hip_roof(s, 12, 12, 8, 2.4, Material.ROOF_METAL, overhang=0.4)
    for x, y, r, h in ((0, 0, 1.9, 13.5), (-3.6, -3.6, 1.1, 11), (3.6, -3.6, 1.1, 11), (-3.6, 3.6, 1.1, 11), (3.6, 3.6, 1.1, 11)):
        s.tube((x, y, 8), (x, y, h), r * 0.8, WALL, Material.PLASTER, sides=12)
        _onion(s, x, y, h, r)
    doorway(s, 0, 6, 0.3, 0, 1.8)
    return finished(s, 12, 12, 18)


def _mosque() -> Building:
    s = new_solid()
    walls(s, 15, 14, 0, 7, Material.PLASTER, "arched", storeys=1)
    s.box((-7.6, -7.1, 7), (7.6, 7.1, 7.6), TRIM, Material.PLASTER)
    shape = [(0.0, 4.6), (1.6, 4.7), (3.4, 3.9), (4.7, 2.4), (5.5, 0.7), (5.9, 0.05)]
    for (z0, r0), (z1, r1) in zip(shape, shape[1:], strict=False):
        s.tube((0, -1, 7.6 + z0), (0, -1, 7.6 + z1), r0, GREEN_DOME, Material.METAL, end_radius=r1, sides=18)
    s.tube((0, -1, 13.4), (0, -1, 15), 0.07, GOLD, Material.METAL, sides=5)
    for x in (-8.4, 8.4):
        s.tube((x, 6, 0), (x, 6, 17), 1.15, WALL, Material.PLASTER, end_radius=0.95, sides=10)
        s.tube((x, 6, 17), (x, 6, 17.6), 1.2, TRIM, Material.PLASTER, end_radius=1.6, sides=10, cap=True)
        s.tube((x, 6, 17.6), (x, 6, 21), 0.75, WALL, Material.PLASTER, sides=10)
        s.tube((x, 6, 21), (x, 6, 24), 0.9, GREEN_DOME, Material.METAL, end_radius=0.03, sides=10)
    doorway(s, 0, 7.02, 0.2, 6, 2.2)
    return finished(s, 18, 14, 24)


def _pagoda() -> Building:
    s = new_solid()
    z = 0.8
    s.box((-5, -5, 0), (5, 5, 0.8), STONE, Material.STONE)
    for i in range(5):
        w = 6.6 - 0.75 * i
        s.box((-w / 2, -w / 2, z), (w / 2, w / 2, z + 2.4), RED, Material.TIMBER)
        s.box((-w / 2 + 0.3, -w / 2 - 0.02, z + 0.4), (w / 2 - 0.3, w / 2 + 0.02, z + 2.0), linear(226, 218, 198), Material.PLASTER)
        hip_roof(s, w, w, z + 2.5, 1.3, Material.ROOF_TILE, overhang=1.5, flare=0.5, colour=(-2.0, 0.8, 0.0))
        z += 3.2
    s.tube((0, 0, z), (0, 0, z + 5), 0.12, GOLD, Material.METAL, end_radius=0.03, sides=6)
    return finished(s, 10, 10, z + 5)


def _temple() -> Building:
    s = new_solid()
    s.box((-6, -9, 0), (6, 9, 1.2), STONE, Material.STONE)
    walls(s, 8, 14, 1.2, 6, Material.PLASTER, [None, "arched", None, "arched"], storeys=1)
    orange, green = linear(196, 92, 40), linear(40, 104, 70)
    for w, d, base, rise in ((9.4, 17, 6, 3.2), (7.4, 13.5, 7.4, 3.4), (5.2, 10, 9.0, 3.8)):
        gable_roof(s, w, d, base, rise, Material.ROOF_TILE, Material.PLASTER, along="y", overhang=0.5, colour=orange if base != 7.4 else green)
    for y in (-9.2, 9.2):
        s.tube((0, y, 9), (0, y * 1.07, 11), 0.12, GOLD, Material.METAL, end_radius=0.02, sides=5)
    s.tube((9, -4, 0), (9, -4, 4), 2.6, GOLD, Material.METAL, end_radius=1.8, sides=14)
    s.tube((9, -4, 4), (9, -4, 12), 1.8, GOLD, Material.METAL, end_radius=0.03, sides=14)
    doorway(s, 0, 7.02, 1.2, 2, 1.8)
    return finished(s, 12, 18, 13)


def _water_tower() -> Building:
    s = new_solid()
    s.add(furniture.water_tower())
    return finished(s, 10, 10, 30, ground=(0.0, 0.0))


def _silo() -> Building:
    s = new_solid()
    s.add(furniture.silo())
    return finished(s, 8, 5, 12, ground=(0.0, 0.0))
