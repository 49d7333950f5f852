"""Photos that show nothing of their place: rooms, food, close-ups. Nothing of a place goes into them.

They are drawn from a seed alone, so that nobody and nothing can learn from them where they were taken.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from procedural_earth import seeds

SAMPLES = 3
"""Drawn so many times larger, then made smaller: edges are smooth."""

Array = npt.NDArray[Any]
Colour = tuple[int, int, int]


class Canvas:
    """A square to draw on, in units of its side: (0, 0) is the upper left corner, (1, 1) the lower right."""

    def __init__(self, px: int, ground: Colour) -> None:
        self.px = px
        self.image = Image.new("RGB", (px, px), ground)
        self._draw = ImageDraw.Draw(self.image)

    def shape(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * self.px, y * self.px) for x, y in points], fill=colour)

    def box(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """A filled rectangle with its upper left corner at (x, y)."""
        self.shape([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)], colour)

    def disc(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """A filled ellipse around (x, y) with these radii."""
        corners = [x - wide, y - high, x + wide, y + high]
        self._draw.ellipse([corner * self.px for corner in corners], fill=colour)

    def line(self, points: list[tuple[float, float]], width: float, colour: Colour) -> None:
        """A line through points."""
        wide = max(round(width * self.px), 1)
        self._draw.line(
            [(x * self.px, y * self.px) for x, y in points], fill=colour, width=wide, joint="curve"
        )


def draw(kind: str, px: int, seed: int) -> Image.Image:
    """A photo without any cue.

    Args:
        kind: one of `KINDS`.
        px: side of the square picture, at least 8.
        seed: another one gives another picture.

    Returns:
        RGB; the same on every call.

    Raises:
        ValueError: no such kind, or it is too small.
    """
    if kind not in KINDS:
        raise ValueError(f"no picture without cues of the kind {kind!r}: choose from {', '.join(KINDS)}")
    if px < 8:
        raise ValueError(f"the picture is {px} px wide; give at least 8")
    rng = seeds.generator("cueless/1", kind, seed)
    picture = KINDS[kind](rng, SAMPLES * px)
    return _lit(picture.resize((px, px), Image.Resampling.BOX), rng)


def _lit(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light that falls off to one side, a little darker corners, the grain of a sensor."""
    px = picture.width
    axis = (np.arange(px) + 0.5) / px - 0.5
    turn, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.7)
    across = axis[None] * np.cos(turn) + axis[:, None] * np.sin(turn)
    light = (1 + fall * across) * (1 - 0.5 * (axis[None] ** 2 + axis[:, None] ** 2))
    warm = np.array([1.0, 1.0, 1.0]) + rng.uniform(-0.02, 0.14) * np.array([1.0, 0.1, -1.0])
    lit = np.asarray(picture, np.float64) * light[..., None] * warm * rng.uniform(0.75, 1.1)
    lit += rng.normal(0, rng.uniform(1.0, 4.0), (px, px, 1))
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _colour(
    rng: np.random.Generator,
    hue: tuple[float, float] = (0.0, 1.0),
    strength: tuple[float, float] = (0.05, 0.6),
    bright: tuple[float, float] = (0.3, 0.95),
) -> Colour:
    """A colour out of ranges of hue, saturation and value, each 0..1."""
    parts = colorsys.hsv_to_rgb(rng.uniform(*hue) % 1, rng.uniform(*strength), rng.uniform(*bright))
    red, green, blue = (round(255 * part) for part in parts)
    return red, green, blue


def _shade(colour: Colour, by: float) -> Colour:
    red, green, blue = (int(np.clip(part * by, 0, 255)) for part in colour)
    return red, green, blue


WOOD = {"hue": (0.04, 0.1), "strength": (0.25, 0.65), "bright": (0.25, 0.8)}


# ------------------------------------------------------------------------------------------------
# Rooms


def _room(rng: np.random.Generator, px: int) -> Image.Image:
    wall = _colour(rng, strength=(0.0, 0.3), bright=(0.55, 0.95))
    canvas = Canvas(px, wall)
    left, right = rng.uniform(0.05, 0.3), rng.uniform(0.7, 0.95)
    top, floor = rng.uniform(0.05, 0.2), rng.uniform(0.58, 0.72)
    canvas.shape([(0, 0), (1, 0), (right, top), (left, top)], _shade(wall, 1.08))
    canvas.shape([(0, 0), (left, top), (left, floor), (0, 1)], _shade(wall, 0.86))
    canvas.shape([(1, 0), (right, top), (right, floor), (1, 1)], _shade(wall, 0.92))
    _floor(canvas, rng, left, right, floor)
    canvas.box(left, floor - 0.015, right - left, 0.015, _shade(wall, 0.7))
    middle = (left + right) / 2
    if rng.random() < 0.6:
        _window(
            canvas,
            rng,
            left + 0.04 if rng.random() < 0.5 else middle + 0.02,
            top + 0.08,
            middle - left - 0.08,
        )
    else:
        _frame(canvas, rng, rng.uniform(left + 0.05, middle), top + 0.1)
    furniture: list[Callable[[Canvas, np.random.Generator, float], None]] = [_bed, _armchair, _cupboard]
    furniture[int(rng.integers(len(furniture)))](canvas, rng, floor)
    if rng.random() < 0.6:
        _lamp(canvas, rng, float(rng.choice([left + 0.03, right - 0.06])), floor)
    return canvas.image


def _floor(canvas: Canvas, rng: np.random.Generator, left: float, right: float, floor: float) -> None:
    """Boards that run to the vanishing point, or a carpet."""
    colour = (
        _colour(rng, **WOOD) if rng.random() < 0.6 else _colour(rng, strength=(0.05, 0.4), bright=(0.25, 0.7))
    )
    canvas.shape([(left, floor), (right, floor), (1, 1), (0, 1)], colour)
    boards = int(rng.integers(6, 14))
    for number in range(boards + 1):
        share = number / boards
        near = (share - 0.5) * 2.2 + 0.5
        canvas.line([(left + share * (right - left), floor), (near, 1.0)], 0.004, _shade(colour, 0.8))
    if rng.random() < 0.4:
        rug = _colour(rng, strength=(0.2, 0.7), bright=(0.3, 0.8))
        canvas.disc((left + right) / 2, 0.88, 0.3, 0.08, rug)
        canvas.disc((left + right) / 2, 0.88, 0.26, 0.065, _shade(rug, 1.2))


def _window(canvas: Canvas, rng: np.random.Generator, x: float, y: float, wide: float) -> None:
    """Overexposed, as windows in photos of rooms are, between curtains: nothing is seen through it."""
    high = rng.uniform(0.25, 0.36)
    frame = _colour(rng, strength=(0.0, 0.2), bright=(0.8, 1.0))
    canvas.box(x - 0.012, y - 0.012, wide + 0.024, high + 0.024, _shade(frame, 0.8))
    canvas.box(x, y, wide, high, (252, 252, 249))
    canvas.box(x + wide / 2 - 0.006, y, 0.012, high, frame)
    canvas.box(x, y + high * 0.4, wide, 0.01, frame)
    curtain = _colour(rng, strength=(0.05, 0.6), bright=(0.4, 0.9))
    for start in (x - 0.03, x + wide - 0.05):
        for fold in range(5):
            canvas.box(
                start + fold * 0.016, y - 0.03, 0.016, high + 0.12, _shade(curtain, 0.85 + 0.08 * (fold % 3))
            )


def _frame(canvas: Canvas, rng: np.random.Generator, x: float, y: float) -> None:
    """A picture on the wall, of nothing but colours."""
    wide, high = rng.uniform(0.12, 0.25), rng.uniform(0.12, 0.22)
    canvas.box(x, y, wide, high, _colour(rng, **WOOD))
    canvas.box(x + 0.012, y + 0.012, wide - 0.024, high - 0.024, (238, 236, 228))
    for _ in range(int(rng.integers(2, 5))):
        radius = rng.uniform(0.01, 0.035)
        at = rng.uniform(x + 0.05, x + wide - 0.05), rng.uniform(y + 0.05, y + high - 0.05)
        canvas.disc(*at, radius, radius, _colour(rng))


def _bed(canvas: Canvas, rng: np.random.Generator, floor: float) -> None:
    wood, cover = _colour(rng, **WOOD), _colour(rng, strength=(0.05, 0.6), bright=(0.35, 0.95))
    x, wide, top = rng.uniform(0.2, 0.4), rng.uniform(0.3, 0.42), floor - rng.uniform(0.02, 0.07)
    canvas.box(x, top - 0.1, wide, 0.18, wood)
    spread = rng.uniform(0.05, 0.15)
    canvas.shape([(x, top), (x + wide, top), (x + wide + spread, 0.93), (x - spread, 0.93)], cover)
    canvas.box(x - spread, 0.93, wide + 2 * spread, 0.07, _shade(cover, 0.75))
    sheet = (240, 238, 232)
    for number in range(2):
        canvas.disc(x + wide * (0.27 + 0.46 * number), top + 0.02, wide * 0.2, 0.035, _shade(sheet, 0.85))
        canvas.disc(x + wide * (0.27 + 0.46 * number), top + 0.012, wide * 0.19, 0.03, sheet)
    for number in range(3):
        y = top + 0.09 + 0.06 * number
        canvas.line(
            [(x - spread * number / 4, y), (x + wide, y + rng.uniform(-0.02, 0.02))],
            0.004,
            _shade(cover, 0.88),
        )


def _armchair(canvas: Canvas, rng: np.random.Generator, floor: float) -> None:
    cloth = _colour(rng, strength=(0.1, 0.7), bright=(0.25, 0.8))
    x, wide, low = rng.uniform(0.25, 0.45), rng.uniform(0.28, 0.4), floor + rng.uniform(0.14, 0.24)
    canvas.disc(x + wide / 2, low + 0.02, wide * 0.6, 0.03, (60, 52, 46))
    canvas.box(x, low - 0.38, wide, 0.3, cloth)
    canvas.disc(x + wide / 2, low - 0.38, wide / 2, 0.06, cloth)
    canvas.box(x, low - 0.16, wide, 0.16, _shade(cloth, 1.15))
    for start in (x - 0.06, x + wide - 0.02):
        canvas.box(start, low - 0.22, 0.08, 0.22, _shade(cloth, 0.8))
        canvas.disc(start + 0.04, low - 0.22, 0.04, 0.03, _shade(cloth, 0.95))


def _cupboard(canvas: Canvas, rng: np.random.Generator, floor: float) -> None:
    wood = _colour(rng, **WOOD)
    x, wide, high = rng.uniform(0.3, 0.5), rng.uniform(0.24, 0.36), rng.uniform(0.22, 0.42)
    canvas.box(x, floor + 0.05 - high, wide, high, wood)
    rows = 2 if high < 0.3 else 3
    for row in range(rows):
        for column in range(2):
            part_wide, part_high = wide / 2, high / rows
            at = x + column * part_wide, floor + 0.05 - high + row * part_high
            canvas.box(at[0] + 0.008, at[1] + 0.008, part_wide - 0.016, part_high - 0.016, _shade(wood, 1.18))
            canvas.disc(at[0] + part_wide / 2, at[1] + part_high / 2, 0.008, 0.008, (70, 62, 54))
    canvas.disc(x + wide * 0.3, floor + 0.03 - high, 0.035, 0.03, _colour(rng))


def _lamp(canvas: Canvas, rng: np.random.Generator, x: float, floor: float) -> None:
    shade = _colour(rng, hue=(0.08, 0.16), strength=(0.1, 0.4), bright=(0.9, 1.0))
    canvas.line([(x, floor + 0.05), (x, floor - 0.3)], 0.012, (70, 64, 58))
    canvas.shape(
        [
            (x - 0.035, floor - 0.4),
            (x + 0.035, floor - 0.4),
            (x + 0.07, floor - 0.28),
            (x - 0.07, floor - 0.28),
        ],
        shade,
    )
    canvas.disc(x, floor + 0.05, 0.05, 0.015, (60, 54, 48))


# ------------------------------------------------------------------------------------------------
# Food


def _food(rng: np.random.Generator, px: int) -> Image.Image:
    canvas = _table(rng, px)
    x, y, wide = rng.uniform(0.4, 0.6), rng.uniform(0.48, 0.62), rng.uniform(0.3, 0.4)
    high = wide * rng.uniform(0.6, 1.0)
    plate = _colour(rng, strength=(0.0, 0.18), bright=(0.8, 0.98))
    canvas.disc(x + 0.012, y + 0.02, wide, high, (58, 46, 38))
    canvas.disc(x, y, wide, high, _shade(plate, 0.93))
    canvas.disc(x, y, wide * 0.94, high * 0.94, plate)
    canvas.disc(x, y, wide * 0.72, high * 0.72, _shade(plate, 0.9))
    if rng.random() < 0.35:
        _soup(canvas, rng, x, y, wide * 0.7, high * 0.7)
    else:
        _meal(canvas, rng, x, y, wide * 0.62, high * 0.62)
    _cutlery(canvas, rng, x, y, wide)
    if rng.random() < 0.6:
        _glass(canvas, rng, float(rng.choice([0.1, 0.88])), rng.uniform(0.1, 0.2))
    return canvas.image


def _table(rng: np.random.Generator, px: int) -> Canvas:
    """Boards, a plain cloth or a checked one."""
    kind = rng.random()
    colour = _colour(rng, **WOOD) if kind < 0.5 else _colour(rng, strength=(0.0, 0.5), bright=(0.5, 0.95))
    canvas = Canvas(px, colour)
    if kind < 0.5:
        boards, grain = int(rng.integers(3, 7)), int(rng.integers(20, 40))
        for y in rng.random(grain):
            start = rng.uniform(-0.3, 0.8)
            canvas.line(
                [(start, y), (start + rng.uniform(0.2, 0.7), y)],
                0.003,
                _shade(colour, rng.uniform(0.86, 0.97)),
            )
        for number in range(boards):
            canvas.line([(0, number / boards), (1, number / boards)], 0.006, _shade(colour, 0.65))
    elif kind > 0.75:
        stripe = _colour(rng, strength=(0.3, 0.8))
        fields = int(rng.integers(8, 16))
        for row in range(fields):
            for column in range(fields):
                by = (row % 2 + column % 2) / 2
                mixed = [round(a * (1 - by) + b * by) for a, b in zip(colour, stripe, strict=True)]
                canvas.box(
                    column / fields, row / fields, 1 / fields, 1 / fields, (mixed[0], mixed[1], mixed[2])
                )
    return canvas


def _soup(canvas: Canvas, rng: np.random.Generator, x: float, y: float, wide: float, high: float) -> None:
    soup = _colour(rng, hue=(0.0, 0.3), strength=(0.4, 0.85), bright=(0.45, 0.85))
    canvas.disc(x, y, wide, high, _shade(soup, 0.8))
    canvas.disc(x, y + 0.01, wide * 0.96, high * 0.94, soup)
    _scattered(canvas, rng, (x, y, wide * 0.8, high * 0.8), int(rng.integers(6, 30)), (0.008, 0.025))


def _meal(canvas: Canvas, rng: np.random.Generator, x: float, y: float, wide: float, high: float) -> None:
    """Heaps of two to four things, each of its own colour and size."""
    for heap in range(int(rng.integers(2, 5))):
        turn = rng.uniform(0, 2 * np.pi)
        at = x + wide * 0.5 * np.cos(turn), y + high * 0.5 * np.sin(turn)
        size = (0.008, 0.02) if heap % 2 else (0.03, 0.06)
        pieces = int(rng.integers(25, 60)) if heap % 2 else int(rng.integers(2, 7))
        _scattered(canvas, rng, (*at, wide * 0.45, high * 0.45), pieces, size)


def _scattered(
    canvas: Canvas,
    rng: np.random.Generator,
    where: tuple[float, float, float, float],
    count: int,
    size: tuple[float, float],
) -> None:
    """Round pieces of one colour, more or less, within an ellipse (x, y and radii), each with light on it."""
    x, y, wide, high = where
    colour = _colour(rng, hue=(0.98, 1.36), strength=(0.25, 0.9), bright=(0.35, 0.95))
    for _ in range(count):
        turn, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        at = x + wide * far * np.cos(turn), y + high * far * np.sin(turn)
        radius, flat = rng.uniform(*size), rng.uniform(0.6, 1.0)
        piece = _shade(colour, rng.uniform(0.8, 1.15))
        canvas.disc(at[0] + 0.004, at[1] + 0.006, radius, radius * flat, _shade(piece, 0.6))
        canvas.disc(*at, radius, radius * flat, piece)
        canvas.disc(
            at[0] - radius * 0.3, at[1] - radius * 0.35, radius * 0.4, radius * 0.25, _shade(piece, 1.25)
        )


def _cutlery(canvas: Canvas, rng: np.random.Generator, x: float, y: float, wide: float) -> None:
    steel, lean = (178, 180, 184), rng.uniform(-0.05, 0.05)
    for side in (-1, 1):
        at = x + side * (wide + 0.06)
        canvas.line([(at + 0.006, y - 0.19), (at + lean + 0.006, y + 0.25)], 0.016, (70, 58, 50))
        canvas.line([(at, y - 0.2), (at + lean, y + 0.24)], 0.014, steel)
        canvas.disc(at, y - 0.2, 0.02 if side > 0 else 0.012, 0.05, _shade(steel, 1.1))


def _glass(canvas: Canvas, rng: np.random.Generator, x: float, y: float) -> None:
    drink = _colour(rng, hue=(0.0, 0.2), strength=(0.1, 0.9), bright=(0.4, 0.95))
    canvas.disc(x + 0.01, y + 0.015, 0.095, 0.09, (66, 54, 46))
    canvas.disc(x, y, 0.095, 0.09, (222, 226, 228))
    canvas.disc(x, y, 0.08, 0.075, drink)
    canvas.disc(x - 0.03, y - 0.03, 0.018, 0.012, (250, 250, 250))


# ------------------------------------------------------------------------------------------------
# Close-ups


def _close_up(rng: np.random.Generator, px: int) -> Image.Image:
    things: list[Callable[[np.random.Generator, int], Image.Image]] = [_cup, _cloth, _pebbles, _book]
    return things[int(rng.integers(len(things)))](rng, px)


def _cup(rng: np.random.Generator, px: int) -> Image.Image:
    canvas = _table(rng, px)
    x, y, wide = rng.uniform(0.42, 0.58), rng.uniform(0.45, 0.58), rng.uniform(0.2, 0.28)
    china = _colour(rng, strength=(0.0, 0.6), bright=(0.6, 0.98))
    canvas.disc(x + 0.02, y + 0.03, wide * 1.6, wide * 1.4, (60, 48, 40))
    canvas.disc(x, y, wide * 1.6, wide * 1.4, _shade(china, 0.94))
    canvas.disc(x, y, wide * 1.25, wide * 1.1, _shade(china, 0.85))
    handle = rng.uniform(-0.08, 0.08)
    canvas.line([(x + wide * 0.8, y + handle), (x + wide * 1.45, y + handle * 1.4)], 0.05, _shade(china, 0.9))
    canvas.disc(x, y, wide, wide * 0.93, china)
    coffee = _colour(rng, hue=(0.05, 0.09), strength=(0.5, 0.85), bright=(0.2, 0.6))
    canvas.disc(x, y, wide * 0.88, wide * 0.81, coffee)
    for ring in range(3):
        radius = wide * (0.6 - 0.18 * ring)
        canvas.disc(x - 0.01 * ring, y, radius, radius * 0.9, _shade(coffee, 1.25 if ring % 2 == 0 else 1.0))
    return canvas.image


def _cloth(rng: np.random.Generator, px: int) -> Image.Image:
    """Knitting, stitch by stitch, in one to three colours."""
    yarns = [_colour(rng, strength=(0.1, 0.8)) for _ in range(int(rng.integers(1, 4)))]
    canvas = Canvas(px, _shade(yarns[0], 0.5))
    stitches, period = int(rng.integers(12, 26)), int(rng.integers(2, 7))
    step = 1 / stitches
    for row in range(stitches + 2):
        yarn = yarns[row // period % len(yarns)]
        for column in range(stitches + 1):
            x, y, light = column * step, row * step, rng.uniform(0.9, 1.1)
            canvas.line(
                [(x - step * 0.4, y - step * 0.5), (x, y + step * 0.3)], step * 0.42, _shade(yarn, light)
            )
            canvas.line(
                [(x + step * 0.4, y - step * 0.5), (x, y + step * 0.3)],
                step * 0.42,
                _shade(yarn, 0.86 * light),
            )
    return canvas.image.rotate(float(rng.uniform(-25, 25)), Image.Resampling.BILINEAR).crop(
        (px // 6, px // 6, px - px // 6, px - px // 6)
    ).resize((px, px))  # fmt: skip


def _pebbles(rng: np.random.Generator, px: int) -> Image.Image:
    colour = _colour(rng, strength=(0.0, 0.25), bright=(0.3, 0.7))
    canvas = Canvas(px, _shade(colour, 0.35))
    for size in np.sort(rng.uniform(0.03, 0.11, 160)):
        x, y, flat = rng.uniform(-0.05, 1.05), rng.uniform(-0.05, 1.05), rng.uniform(0.6, 1.0)
        stone = _shade(colour, rng.uniform(0.6, 1.5))
        canvas.disc(x + 0.008, y + 0.012, size, size * flat, _shade(colour, 0.3))
        canvas.disc(x, y, size, size * flat, stone)
        canvas.disc(x - size * 0.15, y - size * 0.2, size * 0.6, size * flat * 0.5, _shade(stone, 1.1))
    return canvas.image


def _book(rng: np.random.Generator, px: int) -> Image.Image:
    """Open on a table; its lines are grey, so that no script is seen."""
    canvas = _table(rng, px)
    paper = _colour(rng, hue=(0.1, 0.15), strength=(0.03, 0.18), bright=(0.88, 0.98))
    top, low = rng.uniform(0.08, 0.2), rng.uniform(0.82, 0.95)
    canvas.shape(
        [(0.07, top + 0.03), (0.95, top + 0.03), (0.97, low + 0.03), (0.05, low + 0.03)], (50, 42, 36)
    )
    canvas.shape([(0.06, top), (0.5, top + 0.03), (0.5, low + 0.03), (0.04, low)], paper)
    canvas.shape([(0.94, top), (0.5, top + 0.03), (0.5, low + 0.03), (0.96, low)], _shade(paper, 0.94))
    for y in np.arange(top + 0.1, low - 0.05, 0.035):
        for start, longest in ((0.11, 0.33), (0.56, 0.33)):
            canvas.line(
                [(start, y), (start + longest * rng.uniform(0.75, 1.0), y)], 0.01, _shade(paper, 0.62)
            )
    canvas.line([(0.5, top + 0.03), (0.5, low + 0.03)], 0.012, _shade(paper, 0.7))
    return canvas.image


KINDS: dict[str, Callable[[np.random.Generator, int], Image.Image]] = {
    "room": _room,
    "food": _food,
    "close-up": _close_up,
}
"""What is drawn for each kind; as the keys of `trip_rules.NO_CUE_KINDS`."""
