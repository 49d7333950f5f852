"""`python -m procedural_earth hero_picture`: draw the picture of the game's first page.

A coast that is on no map of the game, so that it gives no round away.
"""

from __future__ import annotations

import argparse
import datetime
import io
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from planet_core.files import atomic_file
from planet_core.stopping import UserError
from procedural_earth.clues import HERO
from procedural_earth.rendering import render_view

QUALITY = 80


@dataclass(frozen=True)
class Cut:
    """What is cut out of a square view, as shares of its side, and how wide the files of it are.

    Attributes:
        widths: pixels; the largest is cut out, the others are made of it.
    """

    name: str
    heading: float
    pitch: float
    fov: float
    left: float
    top: float
    right: float
    bottom: float
    widths: tuple[int, ...]

    @property
    def side_px(self) -> int:
        return round(self.widths[0] / (self.right - self.left))


CUTS = (
    Cut("wide", 66.0, -1.0, 88.0, 0.0, 0.2, 1.0, 0.8, (2560, 1280)),
    Cut("tall", 80.0, -12.0, 80.0, 0.2, 0.08, 0.8, 0.96, (1080, 540)),
)


def main(arguments: list[str]) -> None:
    """Run the command.

    Raises:
        UserError: for what the person who typed it can put right.
    """
    parser = argparse.ArgumentParser(prog="python -m procedural_earth hero_picture", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    options = parser.parse_args(arguments)
    try:
        for cut in CUTS:
            whole = picture(cut)
            for width in cut.widths:
                _write(whole, width, options.out / f"{cut.name}-{width}.webp")
    except OSError as error:
        raise UserError(str(error)) from error


def picture(cut: Cut) -> Image.Image:
    side = cut.side_px
    view = render_view(
        HERO.lat,
        HERO.lng,
        date=datetime.date.fromisoformat(HERO.date),
        hour=HERO.hour,
        heading=cut.heading,
        pitch=cut.pitch,
        fov=cut.fov,
        px=side,
    ).image
    left, top = round(cut.left * side), round(cut.top * side)
    return view.crop((left, top, left + cut.widths[0], round(cut.bottom * side)))


def _write(whole: Image.Image, width: int, path: Path) -> None:
    image = whole.resize((width, round(whole.height * width / whole.width)), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    image.save(data, "WEBP", quality=QUALITY, method=6)
    with atomic_file(path) as file:
        file.write(data.getvalue())
    print(f"{path.name}: {image.width} x {image.height}, {len(data.getvalue()) // 1000} kB", file=sys.stderr)  # noqa: T201
