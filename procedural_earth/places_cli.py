"""`python -m procedural_earth places`: draw places and write them as CSV."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from planet_core.stopping import UserError
from procedural_earth.places import COLUMNS, PRESETS, SamplingError, sample

DESCRIPTION = "Draw places to render, and write a CSV file with the columns " + ", ".join(COLUMNS) + "."


def main(arguments: list[str]) -> None:
    """Run the command.

    Raises:
        UserError: for what the person who typed it can put right.
    """
    parser = argparse.ArgumentParser(prog="python -m procedural_earth places", description=DESCRIPTION)
    parser.add_argument("--count", type=int, required=True, help="how many places")
    parser.add_argument("--preset", default="world", choices=list(PRESETS))
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other places")
    parser.add_argument("--out", type=Path, required=True, help="the CSV file to write")
    parser.add_argument(
        "--exclude", type=Path, help="CSV with lat and lng: no place within --exclude-km of these"
    )
    parser.add_argument("--exclude-km", type=float, default=20.0, help="default: 20")
    options = parser.parse_args(arguments)
    exclude = listed_places(options.exclude) if options.exclude else None
    try:
        sample(options.count, options.preset, options.seed, exclude, options.exclude_km).write_csv(
            options.out
        )
    except (SamplingError, OSError) as error:
        raise UserError(str(error)) from error


def listed_places(path: Path) -> tuple[list[float], list[float]]:
    """Latitudes and longitudes of a CSV file.

    Raises:
        UserError: it cannot be read, or a row lacks a number.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(float(row["lat"]), float(row["lng"])) for row in csv.DictReader(file)]
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} needs the columns lat and lng with a number in every row: {error!r}"
        ) from error
    return [lat for lat, _ in rows], [lng for _, lng in rows]
