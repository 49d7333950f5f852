"""Street furniture: poles and wires, lamps, bollards, rails, fences, shelters, boxes, bales, turbines.

Meshes stand at the origin; fences and rails run along +y over their panel's length.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import VISIBLE, Clue, Material, Mesh, Wires
from procedural_earth.objects.palette import named
from procedural_earth.objects.solids import Colour, Solid, instances, linear
from procedural_earth.objects.vegetation import crossed

Array = npt.NDArray[np.float64]

WOOD, CONCRETE, STEEL = linear(98, 78, 60), linear(166, 162, 154), linear(150, 154, 158)
CERAMIC, DARK, PALE = linear(196, 200, 196), linear(44, 46, 48), linear(224, 222, 214)
STONE = linear(146, 140, 130)


@lru_cache(maxsize=32)
def utility_pole(kind: str, style: int = 0, transformer: bool = False) -> Mesh:
    """A pole for wires, 8.6 m: "wood", "concrete" or "metal"; its cross-arms lie along x.

    `style` 0 has one arm, 1 two, 2 a bracket with stacked insulators.
    """
    s = Solid(Clue.POLE, Material.TIMBER if kind == "wood" else Material.METAL)
    if kind == "wood":
        s.tube((0, 0, 0), (0, 0, 8.6), 0.15, WOOD, Material.TIMBER, end_radius=0.11, sides=9)
    elif kind == "concrete":
        s.tube((0, 0, 0), (0, 0, 8.6), 0.19, CONCRETE, Material.PLASTER, end_radius=0.11, sides=10)
        for z in np.arange(1.8, 8, 0.6):
            side = 0.17 if int(z / 0.6) % 2 else -0.17
            s.tube((side * 0.4, 0, z), (side * 1.5, 0, z), 0.012, STEEL, sides=3)
    else:
        s.tube((0, 0, 0), (0, 0, 8.6), 0.13, STEEL, Material.METAL, end_radius=0.08, sides=8)
    arm = WOOD if kind == "wood" else STEEL
    for level in range(2 if style == 1 else 1 if style == 0 else 0):
        z = 8.25 - 0.75 * level
        s.box((-1.05, 0.06, z - 0.05), (1.05, 0.16, z + 0.05), arm, bottom=True)
        for x in (-0.95, -0.35, 0.35, 0.95):
            s.tube(
                (x, 0.11, z + 0.05),
                (x, 0.11, z + 0.22),
                0.035,
                CERAMIC,
                Material.PLAIN,
                sides=6,
                end_radius=0.05,
            )
        for x in (-0.6, 0.6):
            s.tube((x, 0.1, z - 0.03), (0, 0.1, z - 0.55), 0.018, STEEL, sides=3)
    if style == 2:
        for z in (8.3, 7.9, 7.5):
            s.tube((0, 0, z), (0.28, 0, z), 0.02, STEEL, sides=4)
            s.tube((0.28, 0, z - 0.05), (0.28, 0, z + 0.13), 0.045, CERAMIC, Material.PLAIN, sides=6)
    if transformer:
        s.tube(
            (-0.42, 0, 6.1), (-0.42, 0, 7.0), 0.3, linear(128, 134, 136), Material.METAL, sides=10, cap=True
        )
        s.box((-0.3, -0.05, 6.4), (0, 0.05, 6.7), STEEL)
    return s.mesh()


def wire_offsets(style: int) -> list[tuple[float, float]]:
    """Where wires hang on a pole of that style: across it and height."""
    if style == 2:
        return [(0.28, 8.4), (0.28, 8.0), (0.28, 7.6), (0.1, 6.3)]
    upper = [(x, 8.45) for x in (-0.95, -0.35, 0.35, 0.95)]
    return upper + ([(-0.95, 7.7), (0.95, 7.7)] if style == 1 else []) + [(0.12, 6.4)]


def wires(feet: Array, across: Array, style: int, rng: np.random.Generator) -> Wires:
    """Wires between poles in a row, sagging.

    Args:
        feet: (N, 3) feet of the poles. across: (N, 2) unit vectors along their arms.
    """
    if len(feet) < 2:
        return Wires()
    t = np.linspace(0, 1, 9)
    starts, ends, radii = [], [], []
    spans = np.linalg.norm(np.diff(feet[:, :2], axis=0), axis=1)
    for offset, height in wire_offsets(style):
        hung = feet + np.concatenate([across * offset, np.full((len(feet), 1), height)], axis=1)
        sag = spans * rng.uniform(0.014, 0.024)
        line = hung[:-1, None] * (1 - t)[None, :, None] + hung[1:, None] * t[None, :, None]
        line[..., 2] -= (4 * sag)[:, None] * (t * (1 - t))[None]
        starts.append(line[:, :-1].reshape(-1, 3))
        ends.append(line[:, 1:].reshape(-1, 3))
        radii.append(np.full(len(starts[-1]), 0.022 if height < 7 else 0.011))
    count = sum(len(part) for part in starts)
    return Wires(
        np.concatenate(starts).astype(np.float32),
        np.concatenate(ends).astype(np.float32),
        np.concatenate(radii).astype(np.float32),
        np.tile(np.array([[0.02, 0.02, 0.022]], np.float32), (count, 1)),
        np.full(count, int(Clue.POLE), np.uint8),
    )


@lru_cache(maxsize=8)
def street_lamp(style: int) -> Mesh:
    """A lamp 6.5 m high that reaches towards +y (over the road); style 2 is a short lantern."""
    s = Solid(Clue.OTHER, Material.METAL)
    glass = linear(236, 232, 214)
    if style == 2:
        s.tube((0, 0, 0), (0, 0, 3.4), 0.07, DARK, end_radius=0.045, sides=8)
        s.tube((0, 0, 3.4), (0, 0, 3.8), 0.1, glass, Material.GLASS, end_radius=0.17, sides=6)
        s.tube((0, 0, 3.8), (0, 0, 4.02), 0.2, DARK, end_radius=0.03, sides=6)
        return s.mesh()
    s.tube((0, 0, 0), (0, 0, 6.3), 0.08, STEEL, end_radius=0.05, sides=8)
    if style == 0:
        curve = [(0.0, 6.3), (0.25, 6.75), (0.8, 7.0), (1.5, 7.02)]
    else:
        curve = [(0.0, 6.3), (0.0, 6.45), (1.2, 6.6)]
    for (y0, z0), (y1, z1) in pairwise(curve):
        s.tube((0, y0, z0), (0, y1, z1), 0.04, STEEL, sides=6)
    y, z = curve[-1]
    s.box((-0.12, y - 0.15, z - 0.06), (0.12, y + 0.5, z + 0.06), linear(120, 124, 126), bottom=True)
    s.polygon(
        [(0.1, y, z - 0.065), (0.1, y + 0.45, z - 0.065), (-0.1, y + 0.45, z - 0.065), (-0.1, y, z - 0.065)],
        glass,
        Material.GLASS,
    )
    return s.mesh()


@lru_cache(maxsize=64)
def bollard(style: str) -> Mesh:
    """A delineator one metre high facing -y, of a style "body|band|reflector" of the facts.

    Band is COLOUR-slant, -ring, -cap or none; reflector a colour or none.
    """
    parts = [*style.split("|"), "none", "none"][:3]
    s = Solid(Clue.BOLLARD, Material.PLAIN)
    body = linear(*named(parts[0]))
    w, d, h = 0.06, 0.05, 1.02
    s.box((-w, -d, 0), (w, d, h), body)
    s.polygon([(w, -d, h), (w, d, h + 0.04), (-w, d, h + 0.04), (-w, -d, h)], body)
    colour, _, kind = parts[1].partition("-")
    ink = linear(*named(colour))
    out = 0.004
    if kind == "slant":
        for y in (-d - out, d + out):
            s.polygon([(-w - out, y, 0.70), (w + out, y, 0.76), (w + out, y, 1.0), (-w - out, y, 0.94)], ink)
        for x, z in ((-w - out, 0.70), (w + out, 0.76)):
            s.polygon([(x, -d, z), (x, d, z), (x, d, z + 0.24), (x, -d, z + 0.24)], ink)
    elif kind in ("ring", "cap"):
        low, high = (0.7, 0.92) if kind == "ring" else (0.86, h + 0.05)
        s.box((-w - out, -d - out, low), (w + out, d + out, high), ink)
    if parts[2] != "none":
        shine = linear(214, 218, 222) if parts[2] == "silver" else linear(*named(parts[2]))
        for y in (-d - 2 * out, d + 2 * out):
            s.polygon(
                [(-0.028, y, 0.76), (0.028, y, 0.76), (0.028, y, 0.92), (-0.028, y, 0.92)],
                shine,
                Material.METAL,
            )
    return s.mesh()


@lru_cache(maxsize=4)
def guard_rail(length: float = 4.0) -> Mesh:
    """A steel rail along +y, its face towards -x."""
    s = Solid(Clue.OTHER, Material.METAL)
    steel = linear(168, 172, 174)
    face = [(0.0, 0.46), (-0.05, 0.52), (0.0, 0.6), (-0.05, 0.7), (0.0, 0.76)]
    for (x0, z0), (x1, z1) in pairwise(face):
        s.polygon([(x0, 0, z0), (x0, length, z0), (x1, length, z1), (x1, 0, z1)], steel)
    for y in (0.5, length - 1.5):
        s.box((0.01, y - 0.05, 0), (0.12, y + 0.05, 0.74), steel)
    return s.mesh()


FENCES = ("wire", "rail", "picket", "stone_wall", "hedge", "wall", "bamboo")


@lru_cache(maxsize=32)
def fence(kind: str, length: float = 3.0, snowy: bool = False) -> Mesh:
    """A panel of a fence along +y: one of FENCES; a hedge may carry snow."""
    s = Solid(Clue.OTHER, Material.TIMBER)
    grey, white = linear(124, 112, 98), linear(232, 230, 224)
    if kind == "wire":
        s.tube((0, 0, 0), (0, 0, 1.25), 0.05, grey, sides=5, cap=True)
        for z in (0.35, 0.7, 1.05):
            s.polygon(
                [(0, 0, z), (0, length, z), (0, length, z + 0.018), (0, 0, z + 0.018)],
                linear(120, 120, 120),
                Material.METAL,
                flags=VISIBLE,
            )
    elif kind == "rail":
        s.box((-0.06, -0.06, 0), (0.06, 0.06, 1.2), grey)
        for z in (0.4, 0.95):
            s.box((-0.03, 0, z), (0.03, length, z + 0.12), grey, bottom=True)
    elif kind in ("picket", "bamboo"):
        colour = white if kind == "picket" else linear(176, 154, 98)
        for y in np.arange(0.07, length, 0.15):
            s.box((-0.012, y - 0.045, 0.06), (0.012, y + 0.045, 0.98 + 0.03 * (int(y * 20) % 2)), colour)
        for z in (0.25, 0.78):
            s.box((0.012, 0, z), (0.05, length, z + 0.07), colour, bottom=True)
    elif kind == "stone_wall":
        _stone_wall(s, length)
    elif kind == "hedge":
        return _hedge(length, snowy)
    else:
        s.box((-0.12, 0, -0.2), (0.12, length, 1.5), PALE, Material.PLASTER)
        s.box((-0.17, 0, 1.5), (0.17, length, 1.6), STONE, Material.STONE)
    return s.mesh()


def _stone_wall(s: Solid, length: float) -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    y = 0.0
    while y < length:
        w = min(float(rng.uniform(0.5, 0.9)), length - y)
        top, tone = float(rng.uniform(0.85, 1.05)), float(rng.uniform(0.85, 1.1))
        s.box(
            (-0.24, y, -0.2),
            (0.24, y + w, top),
            (STONE[0] * tone, STONE[1] * tone, STONE[2] * tone),
            Material.STONE,
        )
        y += w


def _hedge(length: float, snowy: bool) -> Mesh:
    bush = crossed("shrub", 0, "snow" if snowy else "green")
    count = max(2, int(length / 0.6))
    y = (np.arange(count) + 0.5) * length / count
    places = np.stack([np.zeros(count), y, np.full(count, -0.05)], axis=1)
    turned = np.arange(count) * 47.0
    return instances(bush, places, turned, np.tile([[1.0, 1.0, 1.35]], (count, 1)))


@lru_cache(maxsize=8)
def bus_shelter() -> Mesh:
    """A glass shelter, open towards +y."""
    s = Solid(Clue.OTHER, Material.METAL)
    frame, glass = linear(84, 90, 94), linear(150, 168, 176)
    for x in (-1.7, 1.7):
        for y in (-0.6, 0.5):
            s.box((x - 0.04, y - 0.04, 0), (x + 0.04, y + 0.04, 2.4), frame)
    s.box((-1.95, -0.8, 2.4), (1.95, 0.85, 2.5), frame, bottom=True)
    for x in (-1.7, 0.0):
        s.polygon(
            [(x + 0.08, -0.6, 0.3), (x + 1.62, -0.6, 0.3), (x + 1.62, -0.6, 2.2), (x + 0.08, -0.6, 2.2)],
            glass,
            Material.GLASS,
        )
    s.box((-1.3, -0.5, 0.42), (1.3, -0.12, 0.48), linear(132, 96, 62), Material.TIMBER, bottom=True)
    for x in (-1.1, 1.1):
        s.box((x - 0.03, -0.4, 0), (x + 0.03, -0.2, 0.42), frame)
    return s.mesh()


@lru_cache(maxsize=4)
def bench() -> Mesh:
    s = Solid(Clue.OTHER, Material.TIMBER)
    slat = linear(128, 92, 58)
    for y in (0.0, 0.14, 0.28):
        s.box((-0.8, y, 0.43), (0.8, y + 0.11, 0.47), slat, bottom=True)
    for z in (0.6, 0.76):
        s.box((-0.8, -0.08, z), (0.8, -0.04, z + 0.11), slat, bottom=True)
    for x in (-0.65, 0.65):
        s.box((x - 0.03, -0.06, 0), (x + 0.03, 0.36, 0.43), DARK, Material.METAL)
        s.box((x - 0.03, -0.05, 0.43), (x + 0.03, -0.01, 0.88), DARK, Material.METAL)
    return s.mesh()


@lru_cache(maxsize=16)
def bin_() -> Mesh:
    """A wheeled bin."""
    colour = linear(58, 84, 66)
    s = Solid(Clue.OTHER, Material.PLAIN)
    s.tube((0, 0, 0.05), (0, 0, 0.95), 0.24, colour, end_radius=0.32, sides=8)
    s.tube((0, 0, 0.95), (0, 0, 1.03), 0.34, colour, end_radius=0.28, sides=8, cap=True)
    return s.mesh()


def _post_box(s: Solid, colour: Colour) -> None:
    s.tube((0, 0, 0), (0, 0, 1.35), 0.24, colour, Material.METAL, sides=12)
    s.tube((0, 0, 1.35), (0, 0, 1.55), 0.28, colour, Material.METAL, end_radius=0.05, sides=12)
    s.box((-0.13, 0.2, 1.1), (0.13, 0.255, 1.15), DARK)


def _phone_box(s: Solid) -> None:
    red, glass = linear(176, 26, 30), linear(120, 140, 148)
    s.box((-0.45, -0.45, 0), (0.45, 0.45, 2.3), red, Material.METAL)
    s.box((-0.5, -0.5, 2.3), (0.5, 0.5, 2.42), red, Material.METAL)
    s.box((-0.36, -0.36, 2.42), (0.36, 0.36, 2.5), red, Material.METAL)
    for turn in range(4):
        c, n = np.cos(turn * np.pi / 2), np.sin(turn * np.pi / 2)
        for i in range(3):
            for k in range(6):
                x0, z0 = -0.33 + 0.23 * i, 0.42 + 0.28 * k
                pane = [
                    (x0, 0.455, z0),
                    (x0 + 0.19, 0.455, z0),
                    (x0 + 0.19, 0.455, z0 + 0.23),
                    (x0, 0.455, z0 + 0.23),
                ]
                s.polygon([(x * c - y * n, x * n + y * c, z) for x, y, z in pane], glass, Material.GLASS)


def _hydrant(s: Solid) -> None:
    colour = linear(196, 40, 32)
    s.tube((0, 0, 0), (0, 0, 0.62), 0.12, colour, Material.METAL, sides=9)
    s.tube((0, 0, 0.62), (0, 0, 0.8), 0.14, colour, Material.METAL, end_radius=0.03, sides=9)
    s.tube((-0.22, 0, 0.45), (0.22, 0, 0.45), 0.06, linear(210, 206, 196), Material.METAL, sides=7)


def _vending(s: Solid) -> None:
    rng = np.random.Generator(np.random.PCG64(8))
    s.box((-0.55, -0.4, 0), (0.55, 0.35, 1.85), linear(206, 212, 216), Material.METAL)
    s.box((-0.47, 0.35, 0.85), (0.47, 0.36, 1.75), linear(34, 40, 46))
    for k in range(3):
        for i in range(7):
            x, z = -0.42 + 0.125 * i, 0.9 + 0.29 * k
            colour = linear(*(float(v) for v in rng.integers(60, 240, 3)))
            s.box((x, 0.36, z), (x + 0.08, 0.38, z + 0.2), colour)
    s.box((-0.4, 0.35, 0.2), (0.4, 0.37, 0.42), DARK)


def _torii(s: Solid) -> None:
    red = linear(196, 62, 40)
    for x in (-1.7, 1.7):
        s.tube((x * 1.05, 0, 0), (x, 0, 3.6), 0.17, red, sides=9)
    s.box((-2.1, -0.1, 2.8), (2.1, 0.1, 3.05), red, bottom=True)
    s.box((-2.5, -0.16, 3.55), (2.5, 0.16, 3.78), red, bottom=True)
    s.box((-2.7, -0.22, 3.78), (2.7, 0.22, 3.95), DARK, bottom=True)


def _shrine(s: Solid) -> None:
    s.box((-0.3, -0.3, 0), (0.3, 0.3, 1.1), PALE, Material.PLASTER)
    s.box((-0.42, -0.4, 1.1), (0.42, 0.4, 1.75), PALE, Material.PLASTER)
    s.box((-0.25, 0.4, 1.18), (0.25, 0.41, 1.62), linear(60, 70, 90))
    for sign in (1, -1):
        s.polygon(
            [(sign * 0.55, 0.5, 1.7), (0, 0.5, 2.15), (0, -0.5, 2.15), (sign * 0.55, -0.5, 1.7)],
            linear(158, 82, 58),
            Material.ROOF_TILE,
        )


def _spirit_house(s: Solid) -> None:
    gold, red = linear(208, 162, 54), linear(160, 44, 36)
    s.tube((0, 0, 0), (0, 0, 1.1), 0.12, PALE, sides=8)
    s.box((-0.5, -0.4, 1.1), (0.5, 0.4, 1.2), gold, bottom=True)
    s.box((-0.3, -0.25, 1.2), (0.3, 0.25, 1.6), red)
    for scale, z in ((1.0, 1.6), (0.6, 1.85)):
        for sign in (1, -1):
            s.polygon(
                [
                    (sign * 0.5 * scale, 0.45 * scale, z),
                    (0, 0.45 * scale, z + 0.4),
                    (0, -0.45 * scale, z + 0.4),
                    (sign * 0.5 * scale, -0.45 * scale, z),
                ],
                gold,
                Material.ROOF_TILE,
            )
    s.tube((0, 0, 2.2), (0, 0, 2.7), 0.04, gold, end_radius=0.005, sides=5)


def _ger(s: Solid) -> None:
    felt = linear(232, 228, 218)
    s.tube((0, 0, 0), (0, 0, 1.6), 3.0, felt, Material.FABRIC, sides=18)
    s.tube((0, 0, 1.6), (0, 0, 2.7), 3.1, felt, Material.FABRIC, end_radius=0.5, sides=18, cap=True)
    s.box((-0.45, 2.96, 0), (0.45, 3.04, 1.5), linear(186, 92, 40), Material.TIMBER)


def _prayer_flags(s: Solid) -> None:
    paints = ((36, 92, 180), (240, 240, 236), (190, 40, 40), (40, 130, 70), (240, 200, 50))
    s.tube((0, 0, 0), (0, 0, 4.2), 0.05, WOOD, sides=5)
    s.tube((7, 0, 0), (7, 0, 4.2), 0.05, WOOD, sides=5)
    for i in range(20):
        x = 0.15 + i * 0.34
        z = 4.1 - 0.9 * 4 * (x / 7) * (1 - x / 7)
        s.polygon(
            [(x, 0, z - 0.3), (x + 0.27, 0.05, z - 0.31), (x + 0.27, 0, z), (x, 0, z)],
            linear(*paints[i % 5]),
            Material.FABRIC,
        )


def _orelhao(s: Solid) -> None:
    s.tube((0, -0.2, 0), (0, -0.2, 1.5), 0.05, DARK, sides=6)
    rings = np.linspace(0, np.pi, 9)
    for a, b in pairwise(rings):
        p = [
            (0.45 * np.cos(a), -0.25, 1.5 + 0.55 * np.sin(a)),
            (0.45 * np.cos(b), -0.25, 1.5 + 0.55 * np.sin(b)),
        ]
        q = [(0.52 * np.cos(b), 0.4, 1.5 + 0.62 * np.sin(b)), (0.52 * np.cos(a), 0.4, 1.5 + 0.62 * np.sin(a))]
        s.polygon([*p, *q], linear(226, 140, 36))


RARE = {
    "fire_hydrant": _hydrant, "vending_machine": _vending, "torii": _torii,
    "roadside_shrine": _shrine, "spirit_house": _spirit_house, "ger_tent": _ger, "prayer_flags":
    _prayer_flags,
    "orelhao_phone": _orelhao,
}  # fmt: skip


@lru_cache(maxsize=32)
def rarity(name: str) -> Mesh | None:
    """A thing that belongs to few countries, by its name in the facts.

    None where it is none that stands still.
    """
    s = Solid(Clue.OTHER, Material.PLAIN)
    if name.endswith("_post_box"):
        _post_box(s, linear(*named(name.removesuffix("_post_box"))))
    elif name == "red_phone_box":
        _phone_box(s)
    elif name in RARE:
        RARE[name](s)
    else:
        return None
    return s.mesh()


@lru_cache(maxsize=4)
def hay_bale(wrapped: bool = False) -> Mesh:
    s = Solid(Clue.OTHER, Material.PLAIN if wrapped else Material.THATCH)
    colour = linear(226, 230, 222) if wrapped else linear(196, 166, 98)
    s.tube((-0.6, 0, 0.62), (0.6, 0, 0.62), 0.64, colour, sides=14, cap=True)
    s.polygon(
        [(-0.6, 0.64 * np.cos(a), 0.62 + 0.64 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 14)[:-1]],
        colour,
    )
    return s.mesh()


@lru_cache(maxsize=8)
def wind_turbine(phase: int = 0) -> Mesh:
    """A turbine of 90 m, facing +y."""
    s = Solid(Clue.OTHER, Material.METAL)
    white = linear(236, 238, 238)
    s.tube((0, 0, -4), (0, 0, 90), 2.1, white, end_radius=1.2, sides=10)
    s.box((-1.5, -4, 88.8), (1.5, 3, 92), white, bottom=True)
    for k in range(3):
        angle = np.deg2rad(phase * 29 + k * 120)
        x, z = np.cos(angle), np.sin(angle)
        tip = (x * 42, 3.6, 90.4 + z * 42)
        root = (x * 3, 3.6, 90.4 + z * 3)
        side = np.array([-z, 0, x])
        s.polygon(
            [
                np.array(root) - side * 0.8,
                np.array(root) + side * 1.5,
                np.array(tip) + side * 0.2,
                np.array(tip) - side * 0.1,
            ],
            white,
        )
    return s.mesh()


@lru_cache(maxsize=8)
def water_tower() -> Mesh:
    s = Solid(Clue.BUILDING, Material.METAL)
    white = linear(224, 228, 228)
    for k in range(6):
        a = k * np.pi / 3
        s.tube(
            (5 * np.cos(a), 5 * np.sin(a), 0), (3.6 * np.cos(a), 3.6 * np.sin(a), 22), 0.28, white, sides=6
        )
    s.tube((0, 0, 0), (0, 0, 22), 0.7, white, sides=8)
    for z0, z1, r0, r1 in ((20, 23, 2.0, 5.0), (23, 27, 5.0, 5.0), (27, 29.5, 5.0, 0.4)):
        s.tube((0, 0, z0), (0, 0, z1), r0, white, end_radius=r1, sides=16)
    return s.mesh()


@lru_cache(maxsize=8)
def silo() -> Mesh:
    s = Solid(Clue.BUILDING, Material.METAL)
    for x, h in ((0, 12.0), (5.2, 10.0)):
        s.tube((x, 0, 0), (x, 0, h), 2.3, linear(186, 190, 190), Material.ROOF_METAL, sides=16)
        s.tube((x, 0, h), (x, 0, h + 1.6), 2.4, linear(166, 170, 172), end_radius=0.2, sides=16)
    return s.mesh()


@lru_cache(maxsize=8)
def rock(variant: int) -> Mesh:
    """A boulder about a metre across."""
    rng = np.random.Generator(np.random.PCG64(40 + variant))
    s = Solid(Clue.TERRAIN, Material.ROCK)
    rings = []
    for z in np.linspace(-0.35, 0.55, 6):
        r = np.sqrt(max(0.0, 1 - (z / 0.62) ** 2)) * 0.6
        angle = np.linspace(0, 2 * np.pi, 10)
        wobble = 1 + 0.22 * rng.normal(0, 1, 10)
        wobble[-1] = wobble[0]
        rings.append(
            [(np.cos(a) * r * w, np.sin(a) * r * w * 0.8, z) for a, w in zip(angle, wobble, strict=True)]
        )
    grid = np.asarray(rings)
    for i in range(5):
        for j in range(9):
            s.polygon([grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j]], linear(142, 136, 128))
    return s.mesh()
