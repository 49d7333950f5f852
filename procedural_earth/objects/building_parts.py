"""Parts that houses are put together from: walls with windows, roofs with eaves, chimneys, porches, balconies.

The front of every building looks along +y. Colours WALL, ROOF and TRIM are slots that `Building.painted` fills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import CASTS_SHADOW, VISIBLE, Clue, Material, Mesh
from procedural_earth.objects.facades import door, window_sheet
from procedural_earth.objects.solids import Colour, Solid, linear

WALL, ROOF, TRIM = (-1.0, 1.0, 0.0), (-2.0, 1.0, 0.0), (-3.0, 1.0, 0.0)
DARK_WALL, PALE_ROOF = (-1.0, 0.7, 0.0), (-2.0, 1.15, 0.0)
STONE = linear(150, 144, 134)
TIMBER = linear(112, 82, 56)
CONCRETE = linear(172, 168, 160)
SOOT = linear(96, 66, 54)

BAY_M, STOREY_M = 2.7, 2.8


@dataclass(eq=False)
class Building:
    """A building before it is painted; the origin is the middle of its ground floor.

    Attributes:
        mesh: its colours hold slots. slot: (V,) 0 fixed, 1 wall, 2 roof, 3 trim. width_m, depth_m, height_m: size.
    """

    mesh: Mesh
    slot: npt.NDArray[np.int8]
    factor: npt.NDArray[np.float32]
    width_m: float
    depth_m: float
    height_m: float

    def painted(self, wall: Colour, roof: Colour, trim: Colour) -> Mesh:
        """The mesh in its colours."""
        table = np.array([(0, 0, 0), wall, roof, trim], np.float32)
        paint = table[self.slot] * self.factor[:, None]
        colours = np.where(self.slot[:, None] > 0, np.clip(paint, 0, 1), self.mesh.colours)
        return Mesh(**{**vars(self.mesh), "colours": colours})


def finished(
    solid: Solid, width: float, depth: float, height: float, *, ground: tuple[float, float] | None = None
) -> Building:
    """The building made of what the solid holds, on a footing that reaches into sloping ground."""
    across, deep = ground or (width, depth)
    if across > 0:
        solid.box((-across / 2, -deep / 2, -3.0), (across / 2, deep / 2, 0.03), STONE, Material.STONE)
    mesh = solid.mesh()
    slot = np.where(mesh.colours[:, 0] < 0, -mesh.colours[:, 0], 0).astype(np.int8)
    return Building(mesh, slot, mesh.colours[:, 1].copy(), width, depth, height)


def ring(width: float, depth: float, cx: float = 0.0, cy: float = 0.0) -> list[tuple[float, float]]:
    """Corners in the order front, left, back, right: side i runs from corner i to corner i + 1 as seen outside."""
    x, y = width / 2, depth / 2
    return [(cx + x, cy + y), (cx - x, cy + y), (cx - x, cy - y), (cx + x, cy - y)]


def walls(
    solid: Solid,
    width: float,
    depth: float,
    bottom: float,
    top: float,
    material: Material,
    windows: str | Sequence[str | None] | None,
    *,
    at: tuple[float, float] = (0.0, 0.0),
    colour: Colour = WALL,
    storeys: int | None = None,
) -> None:
    """Four walls with windows in bays; `windows` is one style or one a side (front, left, back, right)."""
    corners = ring(width, depth, *at)
    styles = [windows] * 4 if windows is None or isinstance(windows, str) else list(windows)
    count = storeys if storeys is not None else max(1, round((top - bottom) / STOREY_M))
    for side in range(4):
        a, b = corners[side], corners[(side + 1) % 4]
        solid.wall(a, b, bottom, top, colour, material)
        style = styles[side]
        if style is not None:
            windowed(solid, a, b, bottom, top, style, count)


def windowed(
    solid: Solid, a: tuple[float, float], b: tuple[float, float], bottom: float, top: float, style: str, storeys: int
) -> None:
    """Windows on one wall: a sheet of bays a hand's breadth before it."""
    length = float(np.hypot(b[0] - a[0], b[1] - a[1]))
    bays = max(1, int(length / BAY_M))
    out = np.array([b[1] - a[1], -(b[0] - a[0])]) / length
    shift = out * 0.03
    sheet = window_sheet(style)
    margin = (length - bays * BAY_M) / 2 if style != "ribbon" else 0.0
    along = (np.array(b) - np.array(a)) / length
    left, right = np.array(a) + along * margin + shift, np.array(b) - along * margin + shift
    corners = [(*left, bottom), (*right, bottom), (*right, top), (*left, top)]
    u, v = bays / 2, storeys / 2
    uv = [(0, v), (u, v), (u, 0), (0, 0)]
    solid.polygon(corners, (1, 1, 1), Material.PLAIN, texture=sheet, uv=uv, flags=VISIBLE)


def doorway(solid: Solid, x: float, y: float, bottom: float, number: int, width: float = 1.0) -> None:
    """A door in the front wall at y, with a step."""
    face = y + 0.05
    corners = [(x + width / 2, face, bottom), (x - width / 2, face, bottom),
               (x - width / 2, face, bottom + 2.1), (x + width / 2, face, bottom + 2.1)]
    uv = [(0, 1), (1, 1), (1, 0), (0, 0)]
    solid.polygon(corners, texture=door(number), uv=uv, flags=VISIBLE, material=Material.PLAIN)
    solid.box((x - width * 0.8, y, 0), (x + width * 0.8, y + 0.5, max(bottom, 0.12)), STONE, Material.STONE)


def gable_roof(
    solid: Solid,
    width: float,
    depth: float,
    base: float,
    rise: float,
    material: Material,
    wall: Material,
    *,
    overhang: float = 0.45,
    along: str = "x",
    at: tuple[float, float] = (0.0, 0.0),
    colour: Colour = ROOF,
) -> None:
    """A saddle roof with eaves, a soffit and barge boards; its ridge runs along x or y."""
    turn = along == "y"
    half_ridge, half_span = ((depth if turn else width) / 2, (width if turn else depth) / 2)
    slope = rise / half_span
    out = half_ridge + overhang
    eave, low = half_span + overhang, base - overhang * slope
    top = base + rise
    thick = 0.16

    def at3(r: float, s: float, z: float) -> tuple[float, float, float]:
        x, y = (s, r) if turn else (r, s)
        return (x + at[0], y + at[1], z)

    def poly(corners: list[tuple[float, float, float]], colour: Colour, material: Material) -> None:
        solid.polygon(corners[::-1] if turn else corners, colour, material)

    for sign in (1, -1):
        slope_corners = [at3(sign * out, sign * eave, low), at3(-sign * out, sign * eave, low),
                         at3(-sign * out, 0, top), at3(sign * out, 0, top)]
        poly(slope_corners, colour, material)
        under = [(x, y, z - thick) for x, y, z in slope_corners]
        poly(under[::-1], TRIM, Material.TIMBER)
        poly([under[0], under[1], slope_corners[1], slope_corners[0]], TRIM, Material.TIMBER)
        end = sign * half_ridge
        poly([at3(end, -sign * half_span, base), at3(end, sign * half_span, base), at3(end, 0, top - thick * 0.5)],
             WALL, wall)
        for part in (1, -1):
            board = [at3(sign * out, part * eave, low - thick), at3(sign * out, part * eave, low + 0.02),
                     at3(sign * out, 0, top + 0.02), at3(sign * out, 0, top - thick)]
            poly(board if sign * part < 0 else board[::-1], TRIM, Material.TIMBER)


def hip_roof(
    solid: Solid,
    width: float,
    depth: float,
    base: float,
    rise: float,
    material: Material,
    *,
    overhang: float = 0.5,
    at: tuple[float, float] = (0.0, 0.0),
    flare: float = 0.0,
    colour: Colour = ROOF,
) -> None:
    """A hipped roof with eaves; `flare` lifts the eaves' corners, as on temples."""
    slope = rise / (min(width, depth) / 2)
    x, y = width / 2 + overhang, depth / 2 + overhang
    low, top = base - overhang * slope, base + rise
    ridge = max(0.0, (width - depth) / 2)
    deep = max(0.0, (depth - width) / 2)
    cx, cy = at
    corners = [(cx + x, cy + y, low + flare), (cx - x, cy + y, low + flare),
               (cx - x, cy - y, low + flare), (cx + x, cy - y, low + flare)]
    tops = [(cx + ridge, cy + deep, top), (cx - ridge, cy + deep, top),
            (cx - ridge, cy - deep, top), (cx + ridge, cy - deep, top)]
    for i in range(4):
        j = (i + 1) % 4
        middle = tuple((np.array(corners[i]) + np.array(corners[j])) / 2 - np.array([0, 0, flare]))
        if flare:
            solid.polygon([corners[i], middle, tops[j], tops[i]], colour, material)
            solid.polygon([middle, corners[j], tops[j]], colour, material)
        else:
            solid.polygon([corners[i], corners[j], tops[j], tops[i]], colour, material)
        under = [(*corners[i][:2], corners[i][2] - 0.18), (*corners[j][:2], corners[j][2] - 0.18)]
        solid.polygon([under[0], under[1], corners[j], corners[i]], TRIM, Material.TIMBER)
    solid.polygon([(c[0], c[1], low - 0.18 + flare) for c in corners[::-1]], TRIM, Material.TIMBER)


def flat_roof(
    solid: Solid, width: float, depth: float, base: float, material: Material, *, parapet: float = 0.5,
    at: tuple[float, float] = (0.0, 0.0),
) -> None:
    """A flat roof behind a parapet."""
    outer, inner = ring(width, depth, *at), ring(width - 0.44, depth - 0.44, *at)
    top = base + parapet
    solid.polygon([(x, y, base + 0.05) for x, y in outer], ROOF, Material.PLAIN)
    for i in range(4):
        j = (i + 1) % 4
        solid.wall(outer[i], outer[j], base, top, WALL, material)
        solid.wall(inner[j], inner[i], base, top, DARK_WALL, material)
        solid.polygon([(*outer[i], top), (*outer[j], top), (*inner[j], top), (*inner[i], top)], TRIM, Material.PLAIN)


def shed_roof(
    solid: Solid, width: float, depth: float, low: float, high: float, material: Material, wall: Material,
    overhang: float = 0.35,
) -> None:
    """One slope, high at the front."""
    x, y = width / 2 + overhang, depth / 2 + overhang
    slope = (high - low) / depth
    f, b = high + overhang * slope, low - overhang * slope
    sheet = [(x, y, f), (-x, y, f), (-x, -y, b), (x, -y, b)]
    solid.polygon(sheet, ROOF, material)
    solid.polygon([(p, q, r - 0.08) for p, q, r in sheet[::-1]], ROOF, material)
    solid.polygon([(x, y, f - 0.08), (-x, y, f - 0.08), (-x, y, f), (x, y, f)], ROOF, material)
    a, c = width / 2, depth / 2
    solid.wall((a, c), (-a, c), low, high, WALL, wall)
    for sign in (1, -1):
        tri = [(sign * a, -c, low), (sign * a, c, low), (sign * a, c, high)]
        solid.polygon(tri if sign > 0 else tri[::-1], WALL, wall)


def chimney(solid: Solid, x: float, y: float, base: float, top: float, colour: Colour = SOOT) -> None:
    solid.box((x - 0.32, y - 0.26, base), (x + 0.32, y + 0.26, top), colour, Material.BRICK)
    solid.box((x - 0.38, y - 0.32, top), (x + 0.38, y + 0.32, top + 0.12), STONE, Material.STONE)
    for dx in (-0.15, 0.15):
        solid.tube((x + dx, y, top + 0.1), (x + dx, y, top + 0.45), 0.1, linear(150, 92, 66), sides=6)


def porch(
    solid: Solid, x: float, width: float, front: float, deep: float, floor: float, top: float, material: Material
) -> None:
    """A roofed porch on posts before the front wall."""
    x0, x1, y1 = x - width / 2, x + width / 2, front + deep
    solid.box((x0, front, 0), (x1, y1, floor), STONE, Material.STONE)
    posts = max(2, int(width / 2.4) + 1)
    for px in np.linspace(x0 + 0.12, x1 - 0.12, posts):
        solid.box((px - 0.07, y1 - 0.2, floor), (px + 0.07, y1 - 0.06, top), TRIM, Material.TIMBER)
    solid.box((x0, y1 - 0.22, top - 0.18), (x1, y1 - 0.04, top), TRIM, Material.TIMBER)
    high = top + 0.28 * deep
    sheet = [(x1 + 0.25, y1 + 0.25, top - 0.05), (x0 - 0.25, y1 + 0.25, top - 0.05),
             (x0 - 0.25, front, high), (x1 + 0.25, front, high)]
    solid.polygon(sheet, ROOF, material)
    solid.polygon([(p, q, r - 0.1) for p, q, r in sheet[::-1]], TRIM, Material.TIMBER)


def railing(solid: Solid, a: tuple[float, float], b: tuple[float, float], floor: float, colour: Colour = TRIM) -> None:
    """A rail with balusters between two points."""
    length = float(np.hypot(b[0] - a[0], b[1] - a[1]))
    solid.tube((*a, floor + 0.95), (*b, floor + 0.95), 0.04, colour, sides=4)
    for t in np.linspace(0, 1, max(3, int(length / 0.35) + 1)):
        x, y = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t
        solid.tube((x, y, floor), (x, y, floor + 0.95), 0.022, colour, sides=3)


def balcony(solid: Solid, x: float, width: float, front: float, floor: float, deep: float = 1.1) -> None:
    x0, x1, y1 = x - width / 2, x + width / 2, front + deep
    solid.box((x0, front, floor - 0.16), (x1, y1, floor), CONCRETE, Material.PLASTER, bottom=True)
    iron = linear(46, 46, 50)
    railing(solid, (x0, y1), (x1, y1), floor, iron)
    railing(solid, (x0, front), (x0, y1), floor, iron)
    railing(solid, (x1, front), (x1, y1), floor, iron)


def new_solid() -> Solid:
    return Solid(Clue.BUILDING, Material.PLASTER)


SHADOWLESS = VISIBLE
SHADOWED = VISIBLE | CASTS_SHADOW
