"""`python -m procedural_earth render`: draws one panorama or view into a file."""

from __future__ import annotations

import argparse
import datetime
import io
import json
from pathlib import Path

from planet_core.files import atomic_file
from planet_core.stopping import UserError
from procedural_earth.facts import PlaceError
from procedural_earth.render import RenderError, Rendering, render, render_view
from procedural_earth.scene import CLUES

QUALITY = 90


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m procedural_earth render", description=__doc__)
    parser.add_argument("--lat", type=float, required=True, help="degrees north")
    parser.add_argument("--lng", type=float, required=True, help="degrees east")
    parser.add_argument("--date", type=datetime.date.fromisoformat, default=datetime.date(2025, 6, 15), help="YYYY-MM-DD")
    parser.add_argument("--hour", type=float, default=11.0, help="local solar hour, 0 to 24 (default 11)")
    parser.add_argument("--seed", type=int, default=0, help="another day at the same place (default 0)")
    parser.add_argument("--size", type=int, help="width in pixels (default 4096, a view 768)")
    parser.add_argument("--view", type=float, metavar="HEADING", help="a 90 degree view to HEADING, no panorama")
    parser.add_argument("--pitch", type=float, default=0.0, help="of a view, degrees up")
    parser.add_argument("--without", default="", help=f"clues to leave out, by commas: {', '.join(CLUES)}")
    parser.add_argument("--out", type=Path, required=True, help="FILE.jpg or FILE.png")
    return parser.parse_args(words)


def _drawn(options: argparse.Namespace) -> Rendering:
    without = frozenset(word for word in options.without.split(",") if word)
    if options.view is None:
        return render(
            options.lat, options.lng, date=options.date, hour=options.hour, seed=options.seed,
            size=options.size or 4096, without=without,
        )  # fmt: skip
    return render_view(
        options.lat, options.lng, date=options.date, hour=options.hour, seed=options.seed, px=options.size or 768,
        heading=options.view, pitch=options.pitch, without=without,
    )  # fmt: skip


def main(words: list[str]) -> None:
    """Draws the picture that `words` ask for, and prints what is known of it as JSON.

    Raises:
        UserError: For a place, time, size or file that will not do.
    """
    options = _arguments(words)
    suffix = options.out.suffix.lower()
    if suffix not in (".jpg", ".jpeg", ".png"):
        raise UserError(f"{options.out}: give a file that ends in .jpg or .png")
    if not options.out.parent.is_dir():
        raise UserError(f"{options.out.parent}: no such directory; make it first")
    try:
        rendering = _drawn(options)
    except (PlaceError, RenderError) as error:
        raise UserError(str(error)) from error
    data = io.BytesIO()
    if suffix == ".png":
        rendering.image.save(data, "PNG")
    else:
        rendering.image.save(data, "JPEG", quality=QUALITY, subsampling=0)
    with atomic_file(options.out) as file:
        file.write(data.getvalue())
    print(json.dumps(rendering.metadata, indent=1, ensure_ascii=False))  # noqa: T201
