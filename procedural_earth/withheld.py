"""What is known of a place when clues are withheld: their facts are replaced by the same ones everywhere.

Nothing behind `withheld` has to ask which clues are off in order not to tell the place: with all of them off,
only the identity is left, and that seeds chance.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache
from typing import Any

from procedural_earth.facts import CountryCues, PlaceFacts, Town

CLUES = (
    "sun", "climate", "relief", "coast", "drive_side", "road_lines", "script", "signs", "plates",
    "bollards", "poles",
    "buildings", "settlement", "crops", "flags", "tint", "haze",
)  # fmt: skip
"""What `without` may name."""

_OF_A_COUNTRY = frozenset(
    {
        "drive_side", "road_lines", "script", "signs", "plates", "bollards", "poles", "buildings", "flags",
    }
)  # fmt: skip
MEADOW = (("meadow", 1.0),)


@cache
def nowhere() -> CountryCues:
    """The country of a world without clues."""
    return CountryCues(
        iso2="", name="", drive="R", centre_line="white", edge_line="white", script="Latin", language="en",
        warning_sign="vienna-white", town_sign_background="white", town_sign_text="black",
        plate_front="none", plate_rear="none", roofs=("grey",), walls=("cream",), pole="wood",
        bollard="none", flag=("none", ()), region="", buildings=(), paved_share=0.8, poles_per_km=6.0,
        kerb="none", rarities=(), wind_turbines=0.0, continent="", area_km2=0.0, coverage=0.0, confidence={},
        source={},
    )  # fmt: skip


@cache
def _towns() -> tuple[Town, ...]:
    names = (("Aaaaaa", 4.0, 4_000), ("Bbbbbbb", 11.0, 20_000), ("Cccccc", 24.0, 90_000))
    return tuple(Town(name, name, "Latin", 0.0, 0.0, people, away, 0.0, "") for name, away, people in names)


def _country(facts: PlaceFacts, without: AbstractSet[str]) -> CountryCues | None:
    plain = nowhere()
    if without >= _OF_A_COUNTRY:
        return plain
    country = facts.country
    if country is None:
        return None
    columns = {
        "drive_side": ("drive",),
        "road_lines": ("centre_line", "edge_line", "kerb"),
        "signs": ("warning_sign", "town_sign_background", "town_sign_text"),
        "plates": ("plate_front", "plate_rear"),
        "bollards": ("bollard",),
        "poles": ("pole", "poles_per_km"),
        "buildings": ("roofs", "walls", "buildings", "wind_turbines"),
        "flags": ("flag",),
    }
    changes: dict[str, Any] = {
        name: getattr(plain, name) for clue, names in columns.items() if clue in without for name in names
    }
    return replace(country, **changes)


def withheld(facts: PlaceFacts, without: AbstractSet[str]) -> PlaceFacts:
    """The facts as far as they may be told.

    A place at sea counts as land where the coast is withheld. As long as any clue of the country is on, some
    facts stay and are not drawn, so that the rest stands where it stood: the letters of "script", the road's
    surface, which goes with "road_lines", and rarities, which go with "signs" and "buildings".
    """
    changes: dict[str, Any] = {"country": _country(facts, without)}
    if "coast" in without:
        changes |= {"on_land": True, "coast_distance_km": float("inf"), "coast_bearing_deg": None}
    if "climate" in without:
        changes |= {
            "koeppen": "Cfb", "vegetation": (("broadleaf", 1.0),), "ground": MEADOW,
            "crops": (("pasture", 1.0),),
            "field_share": 0.4,
        }  # fmt: skip
    if "crops" in without:
        changes |= {"crops": (("pasture", 1.0),), "field_share": 0.0}
    if "relief" in without:
        changes["elevation_m"] = 0.0
    if "settlement" in without:
        changes["settlement"] = 0.25
    if "settlement" in without:
        changes["towns"] = _towns()
    if "tint" in without:
        changes["ground_rgb"] = (110, 110, 100)
    if "haze" in without:
        changes["turbidity"] = (3.5,) * 12
    return replace(facts, **changes)
