"""Vegetation zones and what grows in them: the tables `climate_classes.csv` and `growth.csv`.

Both are general knowledge, kept to what a person could name. A row of `growth.csv` holds for a country (ISO
code) or a region (as in `CountryCues`), or for all others where `where` is empty.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from procedural_earth.facts_cues import PACKED, weights

Mix = tuple[tuple[str, float], ...]
# the share of open country that is farmed
FARMED = {
    "rainforest": 0.2,
    "savanna": 0.3,
    "hot_steppe": 0.2,
    "hot_desert": 0.03,
    "cold_steppe": 0.3,
    "cold_desert": 0.03,
    "mediterranean": 0.45,
    "subtropical": 0.5,
    "warm_subtropical": 0.4,
    "temperate": 0.55,
    "oceanic_cool": 0.15,
    "continental": 0.55,
    "mixed_forest": 0.35,
    "boreal": 0.06,
    "larch_taiga": 0.02,
    "highland": 0.2,
    "alpine": 0.02,
    "tundra": 0.0,
    "ice": 0.0,
}
# nearer to the equator than this, tundra is a matter of height, and so is a cool climate in the tropics
ALPINE_BELOW_LAT = 58.0
TROPIC_LAT = 23.44
NO_FROST_BELOW_LAT = 28.5
# a zone without a row of its own grows what this one does
LIKE = {"warm_subtropical": "subtropical"}


@dataclass(frozen=True)
class ClimateClass:
    """A Koeppen class: its zone, and what `temperature` and `snow` make of it.

    Attributes:
        swing_c: of the warmest month above the yearly mean.
        warm_low_c, warm_high_c, cold_low_c, cold_high_c: bounds of the warmest and the coldest month.
        winter_snow: how much snow frost brings, 0..1.
    """

    zone: str
    swing_c: float
    warm_low_c: float
    warm_high_c: float
    cold_low_c: float
    cold_high_c: float
    winter_snow: float


@cache
def climate_classes() -> dict[str, ClimateClass]:
    """All thirty-one classes by name ("Cfb")."""
    with (PACKED / "climate_classes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        row.pop("koeppen"): ClimateClass(
            zone=row.pop("zone"), **{name: float(value) for name, value in row.items()}
        )
        for row in rows
    }


@cache
def _growth() -> dict[tuple[str, str, str], Mix]:
    with (PACKED / "growth.csv").open(newline="", encoding="utf-8") as file:
        return {(row["kind"], row["zone"], row["where"]): weights(row["mix"]) for row in csv.DictReader(file)}


def zone(koeppen: str, lat: float) -> str:
    """The vegetation zone of a climate class, which means other plants at other latitudes."""
    name = climate_classes()[koeppen].zone
    if name == "tundra" and abs(lat) < ALPINE_BELOW_LAT:
        return "alpine"
    if name == "temperate" and abs(lat) < TROPIC_LAT:
        return "highland"
    if name == "subtropical" and abs(lat) < NO_FROST_BELOW_LAT:
        return "warm_subtropical"
    return name


def growth(kind: str, place_zone: str, country: str, region: str) -> Mix:
    """Kinds and weights that sum to 1, or () where nothing of the sort grows.

    Args:
        kind: "vegetation", "ground" or "crops".
        country, region: as in `CountryCues`; "" for none.
    """
    table = _growth()
    zones = (place_zone, LIKE.get(place_zone, place_zone))
    keys = ((kind, name, where) for where in (country, region, "") for name in zones)
    return next((table[key] for key in keys if key in table), ())
