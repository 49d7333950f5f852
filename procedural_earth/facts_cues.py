"""What tells countries apart on a street: the packed table `country_cues.csv`, one object a country."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

PACKED = Path(__file__).parent / "packed"


@dataclass(frozen=True)
class CountryCues:
    """The facts of one country. Colours are names ("white", "blue" ...); "none" where there is nothing.

    Attributes:
        iso2: ISO 3166 code; XK is Kosovo.
        drive: the side of the road.
        script: that of the main language on signs; a town's own is `Town.script`.
        warning_sign: "vienna-white", "vienna-yellow" (red triangle on that ground), "diamond-yellow" or
            "triangle-yellow-black".
        roofs, walls: kinds, the most common first.
        pole: "wood", "concrete" or "metal".
        bollard: "body|band|reflector" (band is COLOUR-slant, -ring, -cap or none), or "none".
        flag: layout and colours; ("none", ()) where it is no simple one.
        region: the part of the world whose buildings and roads it shares.
        buildings: building families and their weights.
        paved_share: of roads in the country. poles_per_km: along them.
        kerb: "stone", "concrete", "striped" or "none", in towns.
        rarities: things to be seen now and then that belong here.
        wind_turbines: chance of some in open country.
        continent: GeoNames's code (AF, AN, AS, EU, NA, OC, SA).
        coverage: share of the roads that street-level services have photographed, 0.05..1: `places.py`.
        confidence: "high", "medium" or "low" for every fact by name; `source` likewise says where it is from.
    """

    iso2: str
    name: str
    drive: Literal["L", "R"]
    centre_line: str
    edge_line: str
    script: str
    language: str
    warning_sign: str
    town_sign_background: str
    town_sign_text: str
    plate_front: str
    plate_rear: str
    roofs: tuple[str, ...]
    walls: tuple[str, ...]
    pole: str
    bollard: str
    flag: tuple[str, tuple[str, ...]]
    region: str
    buildings: tuple[tuple[str, float], ...]
    paved_share: float
    poles_per_km: float
    kerb: str
    rarities: tuple[str, ...]
    wind_turbines: float
    continent: str
    area_km2: float
    coverage: float
    confidence: Mapping[str, str]
    source: Mapping[str, str]


@cache
def cues() -> dict[str, CountryCues]:
    """Every country of the table, by its code."""
    values: dict[str, dict[str, str]] = defaultdict(dict)
    confidence: dict[str, dict[str, str]] = defaultdict(dict)
    source: dict[str, dict[str, str]] = defaultdict(dict)
    with (PACKED / "country_cues.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values[row["iso2"]][row["fact"]] = row["value"]
            confidence[row["iso2"]][row["fact"]] = row["confidence"]
            source[row["iso2"]][row["fact"]] = row["source"]
    return {code: _cues(code, facts, confidence[code], source[code]) for code, facts in values.items()}


def _cues(
    code: str, facts: dict[str, str], confidence: dict[str, str], source: dict[str, str]
) -> CountryCues:
    layout, _, colours = facts["flag"].partition(": ")
    plain = "name centre_line edge_line script language warning_sign town_sign_background town_sign_text"
    plain += " plate_front plate_rear pole bollard region kerb continent"
    return CountryCues(
        iso2=code,
        drive=cast(Literal["L", "R"], facts["drive"]),
        roofs=tuple(facts["roofs"].split()),
        walls=tuple(facts["walls"].split()),
        flag=(layout, tuple(colours.split())),
        buildings=weights(facts["buildings"]),
        paved_share=float(facts["paved_share"]),
        poles_per_km=float(facts["poles_per_km"]),
        rarities=tuple(facts["rarities"].split()),
        wind_turbines=float(facts["wind_turbines"]),
        area_km2=float(facts["area_km2"]),
        coverage=float(facts["coverage"]),
        confidence=confidence,
        source=source,
        **{name: facts[name] for name in plain.split()},
    )


def weights(text: str) -> tuple[tuple[str, float], ...]:
    """ "a:3 b:1" to (("a", 0.75), ("b", 0.25))."""
    parts = [part.split(":") for part in text.split()]
    total = sum(float(weight) for _, weight in parts)
    return tuple((name, float(weight) / total) for name, weight in parts)
