"""Flags of plain layouts, drawn from the facts' layout and colours; emblems are left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from procedural_earth.mesh import Clue, Material, Mesh
from procedural_earth.objects.palette import RGB
from procedural_earth.objects.solids import Solid, linear
from procedural_earth.objects.textures import BOOK

Colours = Sequence[RGB]
_W, _H = 360, 240

FLAG_COLOURS: dict[str, RGB] = {
    "red": (200, 28, 40), "white": (246, 246, 242), "blue": (26, 72, 160), "green": (16, 120, 66),
    "yellow": (250, 206, 32), "black": (24, 24, 26), "light_blue": (96, 172, 226), "dark_blue": (16, 36, 104),
    "orange": (238, 124, 30), "maroon": (128, 24, 48), "brown": (120, 78, 48), "grey": (150, 152, 154),
}  # fmt: skip


def _bands(draw: ImageDraw.ImageDraw, colours: Colours, box: tuple[float, float, float, float], level: bool) -> None:
    x0, y0, x1, y1 = box
    for i, colour in enumerate(colours):
        a, b = i / len(colours), (i + 1) / len(colours)
        part = (x0, y0 + (y1 - y0) * a, x1, y0 + (y1 - y0) * b) if level else (x0 + (x1 - x0) * a, y0, x0 + (x1 - x0) * b, y1)
        draw.rectangle(part, fill=colour)


def _horizontal(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    _bands(draw, c, (0, 0, _W, _H), True)


def _vertical(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    _bands(draw, c, (0, 0, _W, _H), False)


def _plain(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    draw.rectangle((0, 0, _W, _H), fill=c[0])
    if len(c) > 1:
        draw.regular_polygon((_W / 2, _H / 2, _H * 0.22), 5, fill=c[1])


def _emblem_bands(level: bool) -> Callable[[ImageDraw.ImageDraw, Colours], None]:
    def painter(draw: ImageDraw.ImageDraw, c: Colours) -> None:
        stripes, emblem = (c[:-1], c[-1]) if len(c) > 3 else (c, None)
        _bands(draw, stripes, (0, 0, _W, _H), level)
        if emblem is not None:
            draw.ellipse((_W / 2 - 30, _H / 2 - 30, _W / 2 + 30, _H / 2 + 30), fill=emblem)

    return painter


def _triangle(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    _bands(draw, c[1:] or c, (0, 0, _W, _H), True)
    draw.polygon([(0, 0), (_W * 0.42, _H / 2), (0, _H)], fill=c[0])


def _hoist(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    _bands(draw, c[1:] or c, (_W * 0.28, 0, _W, _H), True)
    draw.rectangle((0, 0, _W * 0.28, _H), fill=c[0])


def _canton(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    _bands(draw, c[1:] or c, (0, 0, _W, _H), True)
    draw.rectangle((0, 0, _W * 0.42, _H * 0.54), fill=c[0])


def _cross(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    draw.rectangle((0, 0, _W, _H), fill=c[0])
    for colour, wide in zip(c[1:3], (0.2, 0.1) if len(c) > 2 else (0.16,), strict=False):
        half = _H * wide / 2
        draw.rectangle((0, _H / 2 - half, _W, _H / 2 + half), fill=colour)
        draw.rectangle((_W * 0.36 - half, 0, _W * 0.36 + half, _H), fill=colour)


def _centred_cross(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    draw.rectangle((0, 0, _W, _H), fill=c[0])
    draw.rectangle((0, _H * 0.41, _W, _H * 0.59), fill=c[1])
    draw.rectangle((_W / 2 - _H * 0.09, 0, _W / 2 + _H * 0.09, _H), fill=c[1])


def _saltire(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    draw.rectangle((0, 0, _W, _H), fill=c[0])
    draw.line((0, 0, _W, _H), fill=c[-1], width=36)
    draw.line((0, _H, _W, 0), fill=c[-1], width=36)


def _diagonal(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    draw.rectangle((0, 0, _W, _H), fill=c[0])
    draw.polygon([(_W, 0), (_W, _H), (0, _H)], fill=c[-1])
    if len(c) > 2:
        draw.line((0, _H, _W, 0), fill=c[1], width=54)


def _disc(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    draw.rectangle((0, 0, _W, _H), fill=c[0])
    draw.ellipse((_W / 2 - 70, _H / 2 - 70, _W / 2 + 70, _H / 2 + 70), fill=c[-1])


def _jack(draw: ImageDraw.ImageDraw, c: Colours, box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    field, light, cross = (c[0], c[1], c[2]) if len(c) > 2 else (FLAG_COLOURS["dark_blue"], FLAG_COLOURS["white"], FLAG_COLOURS["red"])
    draw.rectangle(box, fill=field)
    for colour, wide in ((light, 0.2), (cross, 0.07)):
        draw.line((x0, y0, x1, y1), fill=colour, width=max(2, int(h * wide)))
        draw.line((x0, y1, x1, y0), fill=colour, width=max(2, int(h * wide)))
    for colour, wide in ((light, 0.34), (cross, 0.2)):
        half = h * wide / 2
        draw.rectangle((x0, y0 + h / 2 - half, x1, y0 + h / 2 + half), fill=colour)
        draw.rectangle((x0 + w / 2 - half, y0, x0 + w / 2 + half, y1), fill=colour)


def _union(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    _jack(draw, c, (0, 0, _W, _H))


def _union_canton(draw: ImageDraw.ImageDraw, c: Colours) -> None:
    draw.rectangle((0, 0, _W, _H), fill=c[0])
    _jack(draw, (), (0, 0, _W * 0.46, _H * 0.5))
    star = c[-1] if len(c) > 1 else FLAG_COLOURS["white"]
    for x, y in ((0.74, 0.22), (0.74, 0.78), (0.62, 0.48), (0.86, 0.42)):
        draw.regular_polygon((_W * x, _H * y, 13), 5, fill=star)


LAYOUTS: dict[str, Callable[[ImageDraw.ImageDraw, Colours], None]] = {
    "horizontal": _horizontal, "vertical": _vertical, "plain_emblem": _plain, "triangle": _triangle, "hoist": _hoist,
    "horizontal_emblem": _emblem_bands(True), "vertical_emblem": _emblem_bands(False), "canton": _canton,
    "cross": _cross, "england": _centred_cross, "saltire": _saltire, "diagonal": _diagonal, "disc": _disc,
    "union": _union, "union_canton": _union_canton,
}  # fmt: skip


def flag_texture(layout: str, names: tuple[str, ...]) -> int:
    """Index of the flag's texture; -1 where the layout is none that is known."""
    colours = [FLAG_COLOURS.get(name, FLAG_COLOURS["grey"]) for name in names]
    painter = LAYOUTS.get(layout)
    if painter is None or len(colours) < (1 if layout in ("plain_emblem", "union_canton") else 2):
        return -1

    def make() -> npt.NDArray[np.uint8]:
        image = Image.new("RGBA", (_W, _H), (*colours[0], 255))
        painter(ImageDraw.Draw(image), colours)
        return np.asarray(image.resize((_W // 2, _H // 2), Image.Resampling.BOX))

    return BOOK.index(("flag", layout, names), make)


def flagpole(layout: str, names: tuple[str, ...], height: float = 7.0) -> Mesh:
    """A flag on its pole, waving towards +x; an unknown layout leaves the pole bare."""
    solid = Solid(Clue.FLAG, Material.FABRIC)
    steel = linear(206, 208, 208)
    solid.tube((0, 0, 0), (0, 0, height), 0.05, steel, Material.METAL, end_radius=0.03, sides=7)
    solid.tube((0, 0, height), (0, 0, height + 0.12), 0.06, linear(214, 178, 76), Material.METAL, end_radius=0.01, sides=6)
    texture = flag_texture(layout, names)
    if texture < 0:
        return solid.mesh()
    long, tall, steps = 1.8, 1.2, 9
    for i in range(steps):
        a, b = i / steps, (i + 1) / steps
        points, normals = [], []
        for t in (a, b):
            y = 0.16 * math.sin(t * 7.0) * t**0.6
            slope = 0.16 * 7.0 * math.cos(t * 7.0) / long
            points.append((0.05 + t * long * 0.93, y, -0.12 * t))
            normals.append((slope / math.hypot(slope, 1), -1 / math.hypot(slope, 1), 0.0))
        (x0, y0, d0), (x1, y1, d1) = points
        low, high = height - 0.1 - tall, height - 0.1
        corners = [(x0, y0, low + d0), (x1, y1, low + d1), (x1, y1, high + d1), (x0, y0, high + d0)]
        solid.polygon(corners, texture=texture, uv=[(a, 1), (b, 1), (b, 0), (a, 0)],
                      normals=[normals[0], normals[1], normals[1], normals[0]])
    return solid.mesh()
