"""`python -m procedural_earth shards`: draw training views and pack them into shards."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core.prepare import Progress, megabytes
from planet_core.run_log import duration
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from procedural_earth import play_set
from procedural_earth.places import PRESETS, SamplingError
from procedural_earth.places_cli import listed_places
from procedural_earth.scene import CLUES
from procedural_earth.view_shards import PARTS, Wish, fill

DESCRIPTION = """Draw views of places for training or examination, and pack them into WebDataset shards.

The same command goes on where it was stopped or killed, and with a larger --count (a multiple of --views
before) it adds to what is there. Training places keep away from the held-out parts of the Earth, so
`--part training` and `--part held-out` never come within 20 km of each other, whatever their seeds. Both keep
away from the places that are played; --exclude names more places to keep away from."""

Places = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def main(arguments: list[str]) -> int:
    """Run the command. Returns the exit code: 0, or 130 when stopped.

    Raises:
        UserError: for what the person who typed it can put right.
    """
    options = _parser().parse_args(arguments)
    exclude, digest = _excluded(options.exclude)
    wish = Wish(
        options.count, options.size, 0 if options.panoramas else options.views, options.preset, options.seed,
        options.part, _clues(options.without), options.km, digest,
    )  # fmt: skip
    progress, started = Progress(sys.stderr, "views", "views/s"), time.monotonic()
    try:
        with stopping_on_signals():
            output = fill(options.out, wish, exclude, options.shard_mb, options.workers, progress)
    except Stopped:
        progress.end()
        again = f"the same command goes on after the last whole shard of {options.out}"
        print(f"shards: stopped; {again}", file=sys.stderr)  # noqa: T201
        return 130
    except SamplingError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(
            f"cannot write to {error.filename or options.out}: {error.strerror or error}"
        ) from error
    progress.end()
    size = sum(shard.bytes for shard in output.index.shards)
    skipped = (
        f"; {output.skipped.total():,} places could not be drawn, see errors.jsonl" if output.skipped else ""
    )
    print(  # noqa: T201
        f"{output.samples:,} pictures in {len(output.index.shards)} shards in {options.out},"
        f" {size / 1e6:.1f} MB ({duration(time.monotonic() - started)}){skipped}"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m procedural_earth shards",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--count", type=_at_least(1), required=True, metavar="N", help="how many views")
    add("--size", type=_at_least(32), default=160, metavar="PX", help="side of a view (160)")
    add("--views", type=_at_least(1), default=4, metavar="N", help="views of a place, around the horizon (4)")
    add("--panoramas", action="store_true", help="one whole panorama of each place in place of views")
    add("--preset", default="world", choices=list(PRESETS))
    add("--seed", type=int, default=0, metavar="S", help="another seed draws other places and days (0)")
    add("--part", default="training", choices=list(PARTS), help="of the Earth (training)")
    add("--exclude", type=Path, metavar="FILE", help="CSV with lat and lng of more places to keep away from")
    add("--km", type=float, default=20.0, help="how far to keep away (20)")
    add(
        "--without",
        default="",
        metavar="CLUES",
        help=f"clues to leave out, by commas: {', '.join(CLUES)}; or all",
    )
    add("--shard-mb", type=megabytes, default=8.0, metavar="MB", help="size of a shard (8)")
    add(
        "--workers", type=_at_least(1), default=os.cpu_count() or 1, metavar="N", help="processes (all cores)"
    )
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the shards")
    return parser


def _at_least(least: int) -> Any:
    def whole(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is not at least {least}")
        return value

    return whole


def _clues(text: str) -> tuple[str, ...]:
    """Raises UserError for a clue that there is not."""
    words = set(CLUES) if text == "all" else {word for word in text.split(",") if word}
    if unknown := sorted(words - set(CLUES)):
        raise UserError(f"there is no clue {unknown[0]!r}: choose from {', '.join(CLUES)}, or all")
    return tuple(sorted(words))


def _excluded(path: Path | None) -> tuple[Places, str]:
    """(places to keep away from, their digest): those that are played, and those of the file."""
    played = play_set.places()
    places = np.column_stack([played.lat, played.lng]).astype(np.float64)
    if path is not None:
        places = np.concatenate([places, np.column_stack(listed_places(path))])
    return (places[:, 0], places[:, 1]), hashlib.sha256(places.tobytes()).hexdigest()
