"""What packages say about countries, to hold the general knowledge against."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from procedural_earth.build_facts.outlines import TERRITORIES
from procedural_earth.build_facts.sources import npm_package

ISO_SCRIPTS = {
    "Latn": "Latin",
    "Cyrl": "Cyrillic",
    "Grek": "Greek",
    "Arab": "Arabic",
    "Hebr": "Hebrew",
    "Deva": "Devanagari",
    "Beng": "Bengali",
    "Thai": "Thai",
    "Hans": "Chinese",
    "Hant": "Chinese",
    "Jpan": "Japanese",
    "Kore": "Korean",
    "Geor": "Georgian",
    "Armn": "Armenian",
    "Khmr": "Khmer",
    "Ethi": "Amharic",
    "Sinh": "Sinhala",
    "Laoo": "Lao",
    "Mymr": "Burmese",
    "Tibt": "Tibetan",
    "Thaa": "Thaana",
}
PALETTE = {
    "red": (206, 17, 38),
    "white": (255, 255, 255),
    "blue": (0, 57, 166),
    "dark_blue": (0, 0, 102),
    "light_blue": (90, 170, 225),
    "green": (0, 122, 61),
    "yellow": (252, 209, 22),
    "orange": (245, 130, 32),
    "black": (0, 0, 0),
    "maroon": (140, 21, 56),
}
# shades that a person would not tell apart by name
SIMILAR = {"maroon": "red", "dark_blue": "blue", "light_blue": "blue", "orange": "yellow", "gold": "yellow"}
WORDS = {"red", "white", "blue", "green", "yellow", "black", "orange", "gold"}


@dataclass(frozen=True)
class Evidence:
    """By country code: driving on the left; official languages and their scripts; colours of the flag."""

    left: dict[str, bool]
    languages: dict[str, dict[str, set[str]]]
    flag_colours: dict[str, set[str]]


def read_evidence(cache: Path) -> Evidence:
    """Read all of it out of the npm packages."""
    return Evidence(_left_driving(cache), _languages(cache), _flag_colours(cache))


def _left_driving(cache: Path) -> dict[str, bool]:
    file = npm_package("@rapideditor/country-coder", cache) / "src" / "data" / "borders.json"
    sides: dict[str, bool] = {}
    for feature in json.loads(file.read_text())["features"]:
        facts: dict[str, Any] = feature["properties"]
        code = TERRITORIES.get(facts["nameEn"], facts.get("iso1A2") or facts.get("country"))
        if code:
            sides[code] = sides.get(code, False) or facts.get("driveSide") == "left"
    return sides


def _languages(cache: Path) -> dict[str, dict[str, set[str]]]:
    """Official languages (no regional or minority ones) and the scripts in which they are written."""
    folder = npm_package("cldr-core", cache) / "supplemental"
    territories = json.loads((folder / "territoryInfo.json").read_text())["supplemental"]["territoryInfo"]
    likely = json.loads((folder / "likelySubtags.json").read_text())["supplemental"]["likelySubtags"]
    found: dict[str, dict[str, set[str]]] = {}
    for code, territory in territories.items():
        official: dict[str, set[str]] = defaultdict(set)
        for tag, facts in territory.get("languagePopulation", {}).items():
            if facts.get("_officialStatus") in ("official", "de_facto_official"):
                language, _, script = tag.partition("_")
                full = likely.get(f"{language}-{code}", likely.get(language, ""))
                script = script or (full.split("-")[1] if full else "")
                official["no" if language == "nb" else language].add(ISO_SCRIPTS.get(script, script))
        if official:
            found[code] = official
    return found


def _flag_colours(cache: Path) -> dict[str, set[str]]:
    """Colours in the SVG picture of each flag, by the nearest of `PALETTE`, similar shades as one."""
    folder = npm_package("world-countries", cache)
    colours: dict[str, set[str]] = {}
    for country in json.loads((folder / "countries.json").read_text()):
        file = folder / "data" / f"{country['cca3'].lower()}.svg"
        if file.exists():
            colours[country["cca2"]] = _colours(file.read_text())
    return colours


def _colours(svg: str) -> set[str]:
    found = {SIMILAR.get(word, word) for word in WORDS if re.search(rf"[\"':]\s*{word}\b", svg)}
    for code in re.findall(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", svg):
        text = code if len(code) == 6 else "".join(2 * digit for digit in code)
        colour = [int(text[index : index + 2], 16) for index in (0, 2, 4)]
        name = min(
            PALETTE, key=lambda name: sum((a - b) ** 2 for a, b in zip(PALETTE[name], colour, strict=True))
        )
        found.add(SIMILAR.get(name, name))
    # a shape without a fill is black
    if re.search(r"<(path|rect|circle|polygon)(?![^>]*fill)", svg):
        found.add("black")
    return found
