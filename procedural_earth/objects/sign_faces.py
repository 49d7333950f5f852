"""Faces of signs, drawn at four times their size and shrunk.

Warnings, limits, towns, directions, number plates.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from procedural_earth.objects.lettering import fit, readable, write
from procedural_earth.objects.palette import RGB, named

Pixels = npt.NDArray[np.uint8]
WHITE, BLACK, RED, YELLOW, BLUE, GREEN = (
    named(name) for name in ("white", "black", "red", "yellow", "blue", "green")
)
PICTOGRAMS = (
    "curve_left",
    "curve_right",
    "cattle",
    "crossing",
    "children",
    "bumps",
    "falling_rocks",
    "junction",
)

_BIG = 4


def _rounded(size: tuple[int, int], fill: RGB, border: RGB | None, radius: float, line: float) -> Image.Image:
    image = Image.new("RGBA", size, (*(border or fill), 0))
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius, fill=(*fill, 255))
    if border is not None:
        gap = line * 0.8
        box = (gap, gap, width - 1 - gap, height - 1 - gap)
        draw.rounded_rectangle(box, max(radius - gap, 0), outline=(*border, 255), width=max(1, int(line)))
    return image


def _done(image: Image.Image, big: int = _BIG) -> Pixels:
    small = image.resize((max(1, image.width // big), max(1, image.height // big)), Image.Resampling.BOX)
    return np.asarray(small)


def warning(style: str, pictogram: str) -> Pixels:
    """A warning sign, 128 x 128: "vienna-white", "vienna-yellow" triangle or "diamond-yellow".

    "blank" is grey.
    """
    size = 128 * _BIG
    if "diamond" in style:
        image = _diamond(size)
        middle, reach = (size / 2, size / 2), size * 0.26
    else:
        image = _triangle(size, named("yellow") if "yellow" in style else WHITE)
        middle, reach = (size / 2, size * 0.6), size * 0.2
    if pictogram:
        _pictogram(ImageDraw.Draw(image), pictogram, middle, reach)
    return _done(image)


def _triangle(size: int, fill: RGB) -> Image.Image:
    image = Image.new("RGBA", (size, size), (*RED, 0))
    draw = ImageDraw.Draw(image)
    corners = [(size * 0.5, size * 0.1), (size * 0.95, size * 0.9), (size * 0.05, size * 0.9)]
    draw.polygon(corners, fill=(*RED, 255))
    for x, y in corners:
        inner = (x + (size * 0.5 - x) * 0.1, y + (size * 0.62 - y) * 0.1)
        r = size * 0.05
        draw.ellipse((inner[0] - r, inner[1] - r, inner[0] + r, inner[1] + r), fill=(*RED, 255))
    centre = (size * 0.5, size * 0.635)
    draw.polygon(
        [(centre[0] + (x - centre[0]) * 0.72, centre[1] + (y - centre[1]) * 0.72) for x, y in corners],
        fill=(*fill, 255),
    )
    return image


def _diamond(size: int) -> Image.Image:
    square = _rounded((int(size * 0.68),) * 2, YELLOW, BLACK, size * 0.05, size * 0.014)
    image = Image.new("RGBA", (size, size), (*YELLOW, 0))
    turned = square.rotate(45, expand=True, resample=Image.Resampling.BICUBIC)
    image.alpha_composite(turned.resize((size, size), Image.Resampling.LANCZOS))
    return image


def _pictogram(draw: ImageDraw.ImageDraw, name: str, middle: tuple[float, float], r: float) -> None:
    x, y = middle
    ink = (*BLACK, 255)

    def p(u: float, v: float) -> tuple[float, float]:
        return (x + u * r, y + v * r)

    wide = int(r * 0.28)
    if name.startswith("curve"):
        side = -1 if name.endswith("left") else 1
        draw.line(
            [p(-0.4 * side, 0.9), p(-0.4 * side, 0.1), p(0.3 * side, -0.45)],
            fill=ink,
            width=wide,
            joint="curve",
        )
        draw.polygon([p(0.75 * side, -0.85), p(0.62 * side, -0.12), p(0.05 * side, -0.72)], fill=ink)
    elif name == "junction":
        draw.line([p(0, 0.9), p(0, -0.9)], fill=ink, width=int(wide * 1.2))
        draw.line([p(-0.75, 0.15), p(0.75, 0.15)], fill=ink, width=int(wide * 0.8))
    elif name == "bumps":
        draw.chord([*p(-1, -0.2), *p(0, 0.8)], 180, 360, fill=ink)
        draw.chord([*p(0, -0.2), *p(1, 0.8)], 180, 360, fill=ink)
        draw.rectangle([*p(-1, 0.3), *p(1, 0.5)], fill=ink)
    elif name == "falling_rocks":
        draw.polygon([p(-0.95, 0.9), p(-0.95, -0.8), p(-0.5, -0.2), p(-0.3, 0.9)], fill=ink)
        for u, v, s in ((0.1, -0.5, 0.2), (0.5, 0.0, 0.26), (0.15, 0.4, 0.18), (0.65, 0.65, 0.24)):
            draw.regular_polygon((*p(u, v), r * s), 5, fill=ink)
    elif name == "cattle":
        draw.rounded_rectangle([*p(-0.75, -0.3), *p(0.5, 0.35)], r * 0.15, fill=ink)
        draw.rounded_rectangle([*p(0.4, -0.6), *p(0.95, -0.1)], r * 0.12, fill=ink)
        draw.line([p(0.85, -0.55), p(1.0, -0.8)], fill=ink, width=int(r * 0.1))
        for u in (-0.65, -0.4, 0.15, 0.4):
            draw.rectangle([*p(u - 0.07, 0.3), *p(u + 0.07, 0.9)], fill=ink)
    else:
        _walker(draw, p, ink, -0.3 if name == "children" else 0.0, r)
        if name == "children":
            _walker(draw, lambda u, v: p(u * 0.8, v * 0.8 + 0.2), ink, 0.6, r * 0.8)


def _walker(draw: ImageDraw.ImageDraw, p, ink, shift: float, r: float) -> None:  # type: ignore[no-untyped-def]
    wide = max(2, int(r * 0.2))
    head = p(shift, -0.78)
    draw.ellipse([head[0] - r * 0.17, head[1] - r * 0.17, head[0] + r * 0.17, head[1] + r * 0.17], fill=ink)
    draw.line([p(shift, -0.5), p(shift, 0.15)], fill=ink, width=int(wide * 1.4))
    draw.line([p(shift, 0.1), p(shift - 0.32, 0.9)], fill=ink, width=wide)
    draw.line([p(shift, 0.1), p(shift + 0.34, 0.85)], fill=ink, width=wide)
    draw.line([p(shift, -0.4), p(shift + 0.4, 0.0)], fill=ink, width=int(wide * 0.8))


def speed_limit(value: int, style: str) -> Pixels:
    """A limit, 128 x 128 (round) or 112 x 144 (American style, `style` "diamond-yellow")."""
    if "diamond" in style:
        image = _rounded((112 * _BIG, 144 * _BIG), WHITE, BLACK, 30, 10)
        _centre(image, write("SPEED", "Latin", 80, BLACK), (0.5, 0.17), (0.74, 0.13))
        _centre(image, write("LIMIT", "Latin", 80, BLACK), (0.5, 0.36), (0.74, 0.13))
        _centre(image, write(str(value), "Latin", 200, BLACK, 700), (0.5, 0.7), (0.72, 0.4))
        return _done(image)
    size = 128 * _BIG
    image = Image.new("RGBA", (size, size), (*RED, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, size - 8, size - 8), fill=(*RED, 255))
    gap = size * 0.12
    draw.ellipse((gap, gap, size - gap, size - gap), fill=(*WHITE, 255))
    _centre(image, write(str(value), "Latin", 240, BLACK, 700), (0.5, 0.5), (0.58, 0.4))
    return _done(image)


def stop(word: str, script: str) -> Pixels:
    """A stop sign with its word, 128 x 128."""
    size = 128 * _BIG
    image = Image.new("RGBA", (size, size), (*RED, 0))
    draw = ImageDraw.Draw(image)
    for radius, fill in ((0.5, WHITE), (0.47, RED)):
        points = [
            (size / 2 + size * radius * math.cos(a), size / 2 + size * radius * math.sin(a))
            for a in (np.arange(8) + 0.5) * math.pi / 4
        ]
        draw.polygon(points, fill=(*fill, 255))
    if word:
        _centre(image, write(word, script, 160, WHITE, 700), (0.5, 0.5), (0.76, 0.3))
    return _done(image)


def give_way() -> Pixels:
    """A triangle on its point, 128 x 128."""
    return np.ascontiguousarray(
        np.asarray(_triangle(128 * _BIG, WHITE).resize((128, 128), Image.Resampling.BOX))[::-1]
    )


def _centre(image: Image.Image, text: Image.Image, at: tuple[float, float], box: tuple[float, float]) -> None:
    small = fit(text, int(image.width * box[0]), int(image.height * box[1]))
    left = int(image.width * at[0] - small.width / 2)
    top = int(image.height * at[1] - small.height / 2)
    image.alpha_composite(small, (max(left, 0), max(top, 0)))


@lru_cache(maxsize=16)  # few places name the same towns
def town_sign(
    local_name: str, name: str, script: str, background: str, text: str, *, lettering: bool = True
) -> tuple[Pixels, float]:
    """A town's entry sign and its width over its height.

    The name stands in its own script, with the Latin one below where they differ; without `lettering` it is
    blank.
    """
    if not lettering:
        local_name, name, script = "", "Somewhere", "Latin"  # a blank sign must not tell the name by its size
    fill, ink = named(background), named(text)
    shown, used = readable(local_name or name, name, script)
    two = used != "Latin" and shown != name
    main = write(shown, used, 64, ink, 650)
    height = 96 if not two else 124
    room = 0.5 if not two else 0.4
    wide = main.width * (height * room / max(main.height, 1)) * (0.85 if used == "Latin" else 1.0)
    width = int(np.clip(wide + 0.5 * height, 1.9 * height, 4.4 * height))
    image = _rounded((width, height), fill, ink, height * 0.1, height * 0.025)
    if lettering:
        _centre(image, main, (0.5, 0.5 if not two else 0.37), (0.84, room))
        if two:
            _centre(image, write(name, "Latin", 34, ink, 550), (0.5, 0.77), (0.8, 0.2))
    return np.asarray(image), width / height


@lru_cache(maxsize=16)  # few places name the same towns
def direction_sign(
    rows: tuple[tuple[str, str, str, int], ...], background: str, text: str, *, lettering: bool = True
) -> tuple[Pixels, float]:
    """A board with distances: rows of local name, Latin name, script and kilometres; and its aspect."""
    fill, ink = named(background), named(text)
    line = 52
    width, height = 252, line * len(rows) + 14
    image = _rounded((width, height), fill, ink, line * 0.16, line * 0.05)
    if lettering:
        for i, (local, name, script, km) in enumerate(rows):
            shown, used = readable(local or name, name, script)
            y = (7 + line * (i + 0.5)) / height
            label = fit(write(shown, used, 38, ink, 600), int(width * 0.66), int(line * 0.56))
            number = fit(write(str(km), "Latin", 38, ink, 600), int(width * 0.18), int(line * 0.48))
            image.alpha_composite(label, (int(width * 0.06), int(height * y - label.height / 2)))
            image.alpha_composite(
                number, (int(width * 0.94) - number.width, int(height * y - number.height / 2))
            )
    return np.asarray(image), width / height


def name_board(
    text: str, script: str, fallback: str, fill: RGB, ink: RGB, *, lettering: bool = True, aspect: float = 5.0
) -> Pixels:
    """A shop's fascia or a street's name plate, 56 pixels high."""
    height = 56 * 2
    image = Image.new("RGBA", (int(height * aspect), height), (*fill, 255))
    if lettering and text:
        shown, used = readable(text, fallback, script)
        _centre(image, write(shown, used, 84, ink, 650), (0.5, 0.5), (0.86, 0.58))
    return _done(image, 2)


def number_plate(text: str, background: str, aspect: float = 4.6, band: bool = False) -> Pixels:
    """A number plate; `band` draws the blue strip of European plates."""
    height = 30 * _BIG
    width = int(height * aspect)
    fill = named(background)
    ink = WHITE if sum(fill) < 300 else BLACK
    image = _rounded((width, height), fill, ink, height * 0.12, height * 0.05)
    if band:
        ImageDraw.Draw(image).rectangle((5, 5, width * 0.09, height - 5), fill=(*BLUE, 255))
    if text:
        _centre(image, write(text, "Latin", 110, ink, 650), (0.54 if band else 0.5, 0.5), (0.8, 0.62))
    return _done(image)
