"""`python -m procedural_earth trips`: draw photo trips as albums."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from planet_core.prepare import Progress
from planet_core.run_log import duration
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from procedural_earth.places import SamplingError
from procedural_earth.trips_draw import ERRORS, TripsWish, fill
from procedural_earth.trips_places import PARTS
from procedural_earth.view_shards import QUALITY

DESCRIPTION = """Draw photo trips, and write them as albums (albums.jsonl and pictures below it).

The same command goes on where it was stopped or killed, and with a larger --albums it adds to what is there.
The same part, seed and size give the same albums with any number of workers. Trips of `test` stay in the
held-out parts of the Earth, those of `train` and `validation` in others, apart from each other."""


def main(arguments: list[str]) -> int:
    """Run the command. Returns the exit code: 0, or 130 when stopped.

    Raises:
        UserError: for what the person who typed it can put right.
    """
    options = _parser().parse_args(arguments)
    wish = TripsWish(options.part, options.albums, options.seed, options.size, quality=options.quality)
    progress, started = Progress(sys.stderr, "photos", "photos/s"), time.monotonic()

    def tell(done: int, left_out: int, photos: int) -> None:
        progress.show(photos, left_out, (done + left_out) / options.albums)

    try:
        with stopping_on_signals():
            there, failed = fill(options.out, wish, options.workers, tell)
    except Stopped:
        progress.end()
        print(f"trips: stopped; the same command goes on in {options.out}", file=sys.stderr)  # noqa: T201
        return 130
    except SamplingError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(
            f"cannot write to {error.filename or options.out}: {error.strerror or error}"
        ) from error
    progress.end()
    photos = sum(trip.photos for trip in there)
    left_out = f"; {len(failed):,} could not be drawn, see {ERRORS}" if failed else ""
    print(  # noqa: T201
        f"{len(there):,} albums with {photos:,} photos in {options.out}"
        f" ({duration(time.monotonic() - started)}){left_out}"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m procedural_earth trips",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--part", default="train", choices=list(PARTS), help="of the Earth (train)")
    add("--albums", type=_within(1, 100_000), required=True, metavar="N", help="how many trips")
    add("--seed", type=int, default=0, metavar="S", help="another seed draws other trips (0)")
    add("--size", type=_within(32, 4096), default=128, metavar="PX", help="side of a photo (128)")
    add(
        "--quality",
        type=_within(1, 95),
        default=QUALITY,
        metavar="Q",
        help="of the JPEG files (85, as views)",
    )
    add(
        "--workers",
        type=_within(1, 1024),
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (all cores)",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the albums")
    return parser


def _within(least: int, most: int) -> Any:
    def whole(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not within {least} to {most}")
        return value

    return whole
