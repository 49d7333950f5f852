"""All that is known of a place: `place(lat, lng)`, and relief, sea and snow for whole arrays of places.

The data is packed in `packed/` (sources: `packed/ATTRIBUTION.md`) and read on first use. A place is looked up
at its coordinates rounded to 0.0001 degree, about eleven metres, which also name it: `PlaceFacts.identity`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from procedural_earth.facts_climate import koeppen, leaves, snow, temperature
from procedural_earth.facts_cues import CountryCues, cues
from procedural_earth.facts_grids import (
    coast,
    country_number,
    elevation_m,
    ground_rgb,
    is_lake,
    is_sea,
    packed,
    turbidity,
)
from procedural_earth.facts_towns import Town, near, nearest_towns, settlement
from procedural_earth.facts_zones import FARMED, Mix, growth, zone

__all__ = [
    "CountryCues",
    "PlaceError",
    "PlaceFacts",
    "Town",
    "cues",
    "elevation_m",
    "identity",
    "is_sea",
    "leaves",
    "place",
    "snow",
    "temperature",
]

DIGITS = 4
# a small island that the raster of countries misses belongs to the country of a town so near
TOWN_RULES_KM = 60.0


class PlaceError(ValueError):
    """Coordinates that are no place on Earth."""


@dataclass(frozen=True)
class PlaceFacts:
    """What is known of a place.

    Attributes:
        identity: stable name of the place, from its rounded coordinates: seed by it, never by `lat`, `lng`.
        country: None in Antarctica, on uninhabited islands and at sea more than 50 km from land.
        koeppen: climate class, "" at sea.
        elevation_m: 0 at sea. coast_distance_km: to the sea, from the sea to land; inf beyond 50.
        towns: the eight nearest, nearest first; fewer or none far from all.
        settlement: 0 wilderness .. 1 middle of a city.
        ground_rgb: sRGB of the land from above over a quarter of a degree: jitter it, or it tells the place.
        turbidity: Linke turbidity of the twelve months.
        vegetation, ground, crops: kinds and weights that sum to 1, or () where nothing grows.
        field_share: share of open country that is farmed.
    """

    lat: float
    lng: float
    identity: str
    country: CountryCues | None
    koeppen: str
    elevation_m: float
    on_land: bool
    coast_distance_km: float
    coast_bearing_deg: float | None
    towns: tuple[Town, ...]
    settlement: float
    ground_rgb: tuple[int, int, int]
    turbidity: tuple[float, ...]
    vegetation: Mix
    ground: Mix
    crops: Mix
    field_share: float

    @property
    def sign_town(self) -> Town | None:
        """The town for a sign: the nearest, or one hardly further off that has a name in its own script."""
        if not self.towns or self.country is None or self.country.script == "Latin":
            return self.towns[0] if self.towns else None
        reach_km = 2 * self.towns[0].distance_km + 20
        named = (town for town in self.towns if town.local_name and town.distance_km < reach_km)
        return next(named, self.towns[0])


def normalised(lat: float, lng: float) -> tuple[float, float]:
    """The rounded coordinates of a place, 180 degrees as -180, the poles at 0.

    Raises:
        PlaceError: not finite, or outside of -90..90 and -180..180.
    """
    if not (math.isfinite(lat) and -90 <= lat <= 90):
        raise PlaceError(f"latitude {lat} is not between -90 and 90 degrees")
    if not (math.isfinite(lng) and -180 <= lng <= 180):
        raise PlaceError(f"longitude {lng} is not between -180 and 180 degrees")
    lat, lng = round(float(lat), DIGITS) + 0.0, round(float(lng), DIGITS) + 0.0
    if abs(lat) == 90:
        return lat, 0.0
    return lat, -180.0 if lng == 180 else lng


def identity(lat: float, lng: float) -> str:
    """The name of a place: sixteen hexadecimal digits that tell nothing of where it is."""
    lat, lng = normalised(lat, lng)
    text = f"procedural-earth/1/{lat:.{DIGITS}f}/{lng:.{DIGITS}f}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def place(lat: float, lng: float) -> PlaceFacts:
    """Look up everything that is known of a place.

    Raises:
        PlaceError: not finite, or outside of -90..90 and -180..180. Sea, poles and 180 degrees are fine.
    """
    lat, lng = normalised(lat, lng)
    on_land = not bool(is_sea(lat, lng) or is_lake(lat, lng))
    distance_km, bearing = coast(lat, lng)
    numbers, town_km = near(lat, lng)
    towns = nearest_towns(lat, lng, numbers, town_km)
    near_land = on_land or math.isfinite(distance_km) or (towns and towns[0].distance_km < TOWN_RULES_KM)
    country = _country(lat, lng, towns) if near_land else None
    climate = str(koeppen(lat, lng))
    place_zone = zone(climate, lat)
    key = (country.iso2, country.region) if country else ("", "")
    red, green, blue = (int(value) for value in ground_rgb(lat, lng))
    return PlaceFacts(
        lat=lat,
        lng=lng,
        identity=identity(lat, lng),
        country=country,
        koeppen=climate if on_land else "",
        elevation_m=float(elevation_m(lat, lng)),
        on_land=on_land,
        coast_distance_km=distance_km,
        coast_bearing_deg=bearing,
        towns=towns,
        settlement=settlement(numbers, town_km) if on_land else 0.0,
        ground_rgb=(red, green, blue),
        turbidity=tuple(float(value) for value in turbidity(lat, lng)),
        vegetation=growth("vegetation", place_zone, *key),
        ground=growth("ground", place_zone, *key),
        crops=growth("crops", place_zone, *key),
        field_share=FARMED[place_zone],
    )


def _country(lat: float, lng: float, towns: tuple[Town, ...]) -> CountryCues | None:
    code = str(packed("countries")["codes"][country_number(lat, lng)])
    if not code and towns and towns[0].distance_km < TOWN_RULES_KM:
        code = towns[0].country
    return cues().get(code)
