"""Windows, doors and shopfronts, drawn as textures that lie on the walls; where they are clear the wall
shows.

A window sheet holds two by two bays of one storey each, all a little different, and repeats over the wall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from procedural_earth.objects.textures import BOOK

RGB = tuple[int, int, int]
Pixels = npt.NDArray[np.uint8]

_BAY = 160


@dataclass(frozen=True)
class WindowStyle:
    """A window in its bay; lengths are shares of the bay (0..1).

    Attributes:
        width, sill, head: size and place; v is up from the floor. frame: colours to choose from.
        panes: columns and rows of glazing bars. shutters: colours of open shutters, () for none.
        surround: colour of the surround or None. bars: iron grille. arch: rounded head. balcony: "" | rail
        | loggia.
        lintel: whether a lintel stone or board stands above.
    """

    width: float = 0.4
    sill: float = 0.3
    head: float = 0.8
    frame: tuple[RGB, ...] = ((240, 240, 236),)
    panes: tuple[int, int] = (2, 1)
    shutters: tuple[RGB, ...] = ()
    surround: RGB | None = None
    bars: bool = False
    arch: bool = False
    balcony: str = ""
    lintel: bool = False
    unit: bool = False


WHITE, CREAM, BROWN, DARK = (240, 240, 236), (230, 222, 204), (92, 62, 42), (52, 54, 58)
ALU = (176, 180, 184)

WINDOWS: dict[str, WindowStyle] = {
    "casement": WindowStyle(0.42, 0.3, 0.8, (WHITE, WHITE, BROWN), (2, 1), surround=(226, 222, 212)),
    "shutters": WindowStyle(
        0.3,
        0.26,
        0.84,
        (WHITE, BROWN),
        (2, 2),
        ((52, 84, 62), (84, 104, 116), (112, 66, 44), (78, 112, 132)),
        (236, 230, 216),
    ),
    "nordic": WindowStyle(0.42, 0.34, 0.8, (WHITE,), (2, 2), surround=(246, 246, 242)),
    "double_hung": WindowStyle(
        0.32, 0.3, 0.82, (WHITE,), (1, 2), ((44, 56, 68), (60, 76, 60), (96, 46, 42)), (244, 244, 240)
    ),
    "sash": WindowStyle(0.36, 0.26, 0.82, (WHITE,), (2, 2), surround=(228, 220, 200), lintel=True),
    "sliding": WindowStyle(0.6, 0.28, 0.8, (ALU, DARK), (2, 1), balcony="rail", unit=True),
    "louvre": WindowStyle(0.44, 0.34, 0.78, (BROWN, WHITE, (74, 104, 98)), (2, 5)),
    "small": WindowStyle(0.24, 0.42, 0.74, (BROWN, (58, 96, 120)), (2, 2), lintel=True),
    "bars": WindowStyle(0.34, 0.26, 0.84, (WHITE, BROWN, DARK), (2, 2), surround=(240, 236, 224), bars=True),
    "tin": WindowStyle(0.34, 0.38, 0.76, (DARK, (64, 96, 132), BROWN), (2, 1), bars=True),
    "modern": WindowStyle(0.78, 0.16, 0.9, (DARK, ALU), (2, 1)),
    "ribbon": WindowStyle(1.0, 0.3, 0.88, (ALU,), (3, 1)),
    "panel": WindowStyle(0.5, 0.3, 0.8, (WHITE, BROWN, WHITE), (2, 1), balcony="loggia"),
    "arched": WindowStyle(0.36, 0.24, 0.86, (BROWN, DARK), (2, 3), surround=(232, 224, 206), arch=True),
}


def window_sheet(style: str) -> int:
    """Index of the texture with 2 x 2 bays of that style; u, v advance by one every two bays and storeys."""

    def make() -> Pixels:
        rng = np.random.Generator(np.random.PCG64(sum(map(ord, style))))
        sheet = Image.new("RGBA", (2 * _BAY, 2 * _BAY), (200, 196, 188, 0))
        for column in range(2):
            for row in range(2):
                bay = _window(rng, WINDOWS[style], row * 2 + column)
                sheet.alpha_composite(bay, (column * _BAY, row * _BAY))
        return np.asarray(sheet)

    return BOOK.index(("windows", style), make, repeat=True)


def _window(rng: np.random.Generator, style: WindowStyle, number: int) -> Image.Image:
    """One bay at twice its size, shrunk."""
    size = _BAY * 2
    image = Image.new("RGBA", (size, size), (200, 196, 188, 0))
    draw = ImageDraw.Draw(image)
    half = style.width * size / 2
    x0, x1 = size / 2 - half, size / 2 + half
    y0, y1 = size * (1 - style.head), size * (1 - style.sill)
    frame = style.frame[int(rng.integers(len(style.frame)))]
    if style.surround is not None:
        _surround(draw, style, (x0, y0, x1, y1), size)
    if style.lintel:
        draw.rectangle((x0 - 14, y0 - 20, x1 + 14, y0), fill=(206, 198, 180, 255))
    image.alpha_composite(_glass(rng, style, frame, (x0, y0, x1, y1), size))
    draw = ImageDraw.Draw(image)
    # the sill, and its shadow on the wall
    if style.width < 0.95:
        draw.rectangle((x0 - 9, y1 + 8, x1 + 9, y1 + 20), fill=(40, 38, 36, 70))
        draw.rectangle((x0 - 10, y1, x1 + 10, y1 + 9), fill=(222, 218, 208, 255))
    if style.shutters:
        _shutters(draw, style.shutters[number % len(style.shutters)], (x0, y0, x1, y1))
    if style.bars:
        _bars(draw, (x0, y0, x1, y1))
    if style.balcony:
        _balcony(draw, style.balcony, (x0, y0, x1, y1), size, number)
    if style.unit and number % 2:
        draw.rectangle((size * 0.83, size * 0.68, size * 0.98, size * 0.82), fill=(214, 214, 208, 255))
        draw.ellipse((size * 0.855, size * 0.695, size * 0.935, size * 0.805), fill=(120, 122, 122, 255))
    return image.resize((_BAY, _BAY), Image.Resampling.BOX)


def _surround(draw: ImageDraw.ImageDraw, style: WindowStyle, box: tuple[float, ...], size: int) -> None:
    x0, y0, x1, y1 = box
    fill = (*(style.surround or WHITE), 255)
    if style.arch:
        radius = (x1 - x0) / 2
        draw.ellipse((x0 - 14, y0 - 14, x1 + 14, y0 + 2 * radius + 14), fill=fill)
        draw.rectangle((x0 - 14, y0 + radius, x1 + 14, y1 + 12), fill=fill)
    else:
        draw.rectangle((x0 - 13, y0 - 15, x1 + 13, y1 + 12), fill=fill)


def _glass(
    rng: np.random.Generator, style: WindowStyle, frame: RGB, box: tuple[float, ...], size: int
) -> Image.Image:
    x0, y0, x1, y1 = (int(v) for v in box)
    width, height = max(x1 - x0, 8), max(y1 - y0, 8)
    v = np.linspace(0, 1, height)[:, None]
    u = np.linspace(0, 1, width)[None]
    sky, room = np.array([136, 158, 178.0]), np.array([38, 44, 52.0])
    reflect = np.clip(0.85 - 1.1 * v + 0.25 * np.sin(u * 5 + rng.uniform(0, 6)), 0, 1) ** 1.5
    colour = room + (sky - room) * reflect[..., None] * rng.uniform(0.55, 1.0)
    curtain = rng.random()
    if curtain < 0.6:
        edge = rng.uniform(0.14, 0.34)
        cloth = (
            np.array([226, 220, 206.0]) * (0.82 + 0.14 * np.sin(u * 55))[..., None] * np.ones((height, 1, 1))
        )
        hung = (u < edge) | (u > 1 - edge) if curtain < 0.4 else (v < edge * 1.6) & (u >= 0)
        colour = np.where((hung & (v >= 0))[..., None], cloth * 0.72, colour)
    colour *= (1 - 0.45 * np.exp(-v * 16))[..., None]  # the reveal's shade under the head
    glass = Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8)).convert("RGBA")
    draw = ImageDraw.Draw(glass)
    fill = (*frame, 255)
    columns, rows = style.panes
    bar = 9
    draw.rectangle((0, 0, width - 1, height - 1), outline=fill, width=bar)
    for i in range(1, columns):
        draw.rectangle((width * i / columns - 4, 0, width * i / columns + 4, height), fill=fill)
    for i in range(1, rows):
        draw.rectangle((0, height * i / rows - 3, width, height * i / rows + 3), fill=fill)
    whole = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    if style.arch:
        mask = Image.new("L", glass.size, 0)
        ImageDraw.Draw(mask).ellipse((0, 0, width, width), fill=255)
        ImageDraw.Draw(mask).rectangle((0, width // 2, width, height), fill=255)
        whole.paste(glass, (x0, y0), mask)
    else:
        whole.paste(glass, (x0, y0))
    return whole


def _shutters(draw: ImageDraw.ImageDraw, colour: RGB, box: tuple[float, ...]) -> None:
    x0, y0, x1, y1 = box
    wide = (x1 - x0) * 0.52
    for left in (x0 - wide - 4, x1 + 4):
        draw.rectangle((left + 5, y0 + 4, left + wide + 5, y1 + 6), fill=(30, 28, 26, 90))
        draw.rectangle((left, y0 - 2, left + wide, y1 + 2), fill=(*colour, 255))
        dark = tuple(int(c * 0.68) for c in colour)
        y = y0 + 10
        while y < y1 - 8:
            draw.line((left + 7, y, left + wide - 7, y), fill=(*dark, 255), width=3)
            y += 9


def _bars(draw: ImageDraw.ImageDraw, box: tuple[float, ...]) -> None:
    x0, y0, x1, y1 = box
    iron = (34, 34, 36, 255)
    for i in range(7):
        x = x0 + (x1 - x0) * i / 6
        draw.line((x, y0 - 4, x, y1 + 4), fill=iron, width=4)
    for t in (0.15, 0.5, 0.85):
        draw.line((x0 - 4, y0 + (y1 - y0) * t, x1 + 4, y0 + (y1 - y0) * t), fill=iron, width=5)


def _balcony(draw: ImageDraw.ImageDraw, kind: str, box: tuple[float, ...], size: int, number: int) -> None:
    if kind == "rail" and number % 2 == 0:
        draw.rectangle((size * 0.08, size * 0.62, size * 0.92, size * 0.66), fill=(196, 198, 198, 255))
        for i in range(24):
            x = size * (0.09 + 0.82 * i / 23)
            draw.line((x, size * 0.66, x, size * 0.95), fill=(186, 188, 190, 255), width=4)
        draw.rectangle((size * 0.05, size * 0.94, size * 0.95, size * 0.99), fill=(170, 168, 162, 255))
    if kind == "loggia" and number in (1, 2):
        colour = ((148, 166, 176), (176, 150, 118))[number - 1]
        draw.rectangle((size * 0.06, size * 0.14, size * 0.94, size * 0.96), fill=(84, 92, 98, 255))
        for i in range(4):
            x = size * (0.08 + 0.215 * i)
            draw.rectangle(
                (x, size * 0.17, x + size * 0.195, size * 0.56),
                fill=(112, 132, 146, 255),
                outline=(226, 224, 218, 255),
                width=6,
            )
        draw.rectangle((size * 0.05, size * 0.58, size * 0.95, size * 0.97), fill=(*colour, 255))
        for i in range(1, 8):
            x = size * (0.05 + 0.1125 * i)
            dark = tuple(int(c * 0.84) for c in colour)
            draw.line((x, size * 0.58, x, size * 0.97), fill=(*dark, 255), width=3)


DOORS: tuple[RGB, ...] = (
    (108, 66, 40),
    (58, 82, 64),
    (140, 40, 36),
    (50, 70, 98),
    (232, 230, 222),
    (74, 60, 52),
    (64, 116, 128),
)


def door(number: int) -> int:
    """Index of a door's texture, 1 m by 2.1 m."""

    def make() -> Pixels:
        rng = np.random.Generator(np.random.PCG64(900 + number))
        image = Image.new("RGBA", (200, 420), (216, 210, 196, 255))
        draw = ImageDraw.Draw(image)
        colour = DOORS[number % len(DOORS)]
        dark = tuple(int(c * 0.62) for c in colour)
        draw.rectangle((18, 18, 181, 420), fill=dark)
        draw.rectangle((24, 24, 175, 412), fill=colour)
        if number % 3 == 0:
            for row in range(3):
                for column in range(2):
                    x, y = 36 + 68 * column, 44 + 118 * row
                    draw.rectangle((x, y, x + 56, y + 100), outline=dark, width=5)
        elif number % 3 == 1:
            draw.rectangle((44, 48, 156, 190), fill=(70, 86, 98), outline=dark, width=5)
            draw.rectangle((44, 220, 156, 390), outline=dark, width=5)
        else:
            for x in range(36, 176, 20):
                draw.line((x, 26, x, 412), fill=dark, width=3)
        draw.ellipse((152, 216, 168, 232), fill=(206, 186, 120))
        shade = np.asarray(image).astype(np.float64)
        shade[:, :, :3] *= (1 - 0.35 * np.exp(-np.linspace(0, 12, 420)))[:, None, None]
        shade[:, :, :3] += rng.normal(0, 2, shade.shape[:2])[..., None]
        out = Image.fromarray(np.clip(shade, 0, 255).astype(np.uint8)).resize(
            (100, 210), Image.Resampling.BOX
        )
        return np.asarray(out)

    return BOOK.index(("door", number), make)


def shopfront(number: int) -> int:
    """Index of a shop's ground floor (glass, wares, door), 5 m by 2.6 m, without its lettering."""

    def make() -> Pixels:
        rng = np.random.Generator(np.random.PCG64(300 + number))
        width, height = 640, 332
        image = Image.new("RGBA", (width, height), (60, 62, 64, 255))
        draw = ImageDraw.Draw(image)
        frame = ((74, 60, 48), (44, 60, 70), (186, 186, 180), (120, 40, 36), (40, 74, 58))[number % 5]
        draw.rectangle((0, 0, width, height), fill=frame)
        door_left = (430, 40, 470)[number % 3]
        if number % 4 == 3:
            _roller(draw, width, height)
        else:
            panes = (
                [(24, door_left - 14), (door_left + 140, width - 24)]
                if door_left > 100
                else [(170, 392), (404, 616)]
            )
            for left, right in panes:
                if right - left > 40:
                    _shop_window(rng, image, (left, 36, right, height - 52))
            draw.rectangle((door_left, 36, door_left + 124, height), fill=tuple(int(c * 0.8) for c in frame))
            draw.rectangle((door_left + 14, 50, door_left + 110, height - 40), fill=(74, 88, 96))
            draw.rectangle((door_left + 98, 170, door_left + 104, 220), fill=(206, 200, 186))
        draw.rectangle((0, height - 34, width, height), fill=(112, 108, 102))
        soft = image.filter(ImageFilter.GaussianBlur(0.8)).resize((480, 250), Image.Resampling.LANCZOS)
        return np.asarray(soft)

    return BOOK.index(("shopfront", number), make)


def _roller(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    for y in range(24, height - 34, 9):
        tone = 168 if (y // 9) % 2 else 150
        draw.rectangle((22, y, width // 2 - 12, y + 9), fill=(tone, tone + 2, tone + 2))
        draw.rectangle((width // 2 + 12, y, width - 22, y + 9), fill=(tone, tone, tone - 6))


def _shop_window(rng: np.random.Generator, image: Image.Image, box: tuple[int, int, int, int]) -> None:
    x0, y0, x1, y1 = box
    draw = ImageDraw.Draw(image)
    for y in range(y0, y1):
        t = (y - y0) / (y1 - y0)
        warm = np.array([112, 104, 90]) * (1 - t) + np.array([58, 54, 50]) * t
        draw.line((x0, y, x1, y), fill=tuple(int(v) for v in warm))
    for shelf in (0.52, 0.76, 0.98):
        y = int(y0 + (y1 - y0) * shelf)
        x = x0 + 8
        while x < x1 - 14:
            w, h = int(rng.integers(8, 24)), int(rng.integers(14, 44))
            hue = rng.integers(60, 230, 3)
            # behind glass and in the shade wares lose most of their colour
            muted = 0.22 * hue + 0.22 * hue.mean() + np.array([34, 31, 26])
            draw.rectangle((x, y - h, min(x + w, x1 - 6), y), fill=tuple(int(v) for v in muted))
            x += w + int(rng.integers(2, 10))
        draw.rectangle((x0, y, x1, y + 4), fill=(104, 96, 84))
    glare = Image.new("RGBA", image.size, (0, 0, 0, 0))
    slant = (x1 - x0) * 0.3
    ImageDraw.Draw(glare).polygon(
        [(x0 + slant, y0), (x0 + 2 * slant, y0), (x0 + slant, y1), (x0, y1)], fill=(200, 216, 230, 60)
    )
    image.alpha_composite(glare)
    ImageDraw.Draw(image).rectangle((x0, y0, x1, y1), outline=(214, 212, 206), width=5)
