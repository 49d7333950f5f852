"""The nearest towns of a place, and how built-up it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth.facts_grids import EARTH_RADIUS_KM, packed, wrap_lng

Array = npt.NDArray[Any]
REACHES_DEG = (1, 3, 8)
NEAREST = 8
# the people that live in a typical square kilometre of a town, to turn people into an area
DENSITY_PER_KM2 = 2500.0


@dataclass(frozen=True)
class Town:
    """A town of the data, seen from a place.

    Attributes:
        local_name: the name in `script`; "" where there is none, and `script` is "Latin" then.
        bearing_deg: direction from the place to the town, clockwise from north.
    """

    name: str
    local_name: str
    script: str
    lat: float
    lng: float
    population: int
    distance_km: float
    bearing_deg: float
    country: str


def near(lat: float, lng: float) -> tuple[Array, Array]:
    """Numbers and distances (km) of the towns around, in no order: all within 1 degree of latitude, or more.

    The reach grows until eight towns are inside; far from all towns it stops at 8 degrees of latitude.
    """
    for reach in REACHES_DEG:
        numbers = _gather(lat, lng, reach)
        distance_km = _distances_km(lat, lng, numbers)
        if np.count_nonzero(distance_km < 110 * reach) >= NEAREST:
            break
    return numbers, distance_km


def _gather(lat: float, lng: float, reach: int) -> Array:
    start = packed("towns")["cell_start"]
    centre = min(int(np.floor(lat)) + 90, 179)
    column = int(np.floor(wrap_lng(lng))) + 180
    parts = []
    for row in range(max(centre - reach, 0), min(centre + reach, 179) + 1):
        widest = max(abs(row - 90), abs(row - 89))
        width = min(int(np.ceil(reach / max(np.cos(np.radians(widest)), 1e-3))), 179)
        for first, last in _spans(column - width, column + width):
            parts.append(np.arange(start[row * 360 + first], start[row * 360 + last + 1]))
    return np.concatenate(parts)


def _spans(first: int, last: int) -> list[tuple[int, int]]:
    """The columns first..last as one or two spans within 0..359."""
    if first < 0:
        return [(first + 360, 359), (0, last)]
    if last > 359:
        return [(first, 359), (0, last - 360)]
    return [(first, last)]


def _distances_km(lat: float, lng: float, numbers: Array) -> Array:
    towns = packed("towns")
    phi = np.radians(towns["lat"][numbers] * 1e-4)
    half_lat = (phi - np.radians(lat)) / 2
    half_lng = np.radians(towns["lng"][numbers] * 1e-4 - lng) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(phi) * np.cos(np.radians(lat)) * np.sin(half_lng) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def nearest_towns(lat: float, lng: float, numbers: Array, distance_km: Array) -> tuple[Town, ...]:
    """The eight nearest of the given towns, nearest first."""
    count = min(NEAREST, len(numbers))
    if not count:
        return ()
    best = np.argpartition(distance_km, count - 1)[:count]
    best = best[np.lexsort((numbers[best], distance_km[best]))]
    return tuple(_town(lat, lng, int(numbers[index]), float(distance_km[index])) for index in best)


def _town(lat: float, lng: float, number: int, distance_km: float) -> Town:
    towns = packed("towns")
    town_lat, town_lng = int(towns["lat"][number]) / 10_000, int(towns["lng"][number]) / 10_000
    phi, theta, turn = np.radians(lat), np.radians(town_lat), np.radians(town_lng - lng)
    x = np.sin(turn) * np.cos(theta)
    y = np.cos(phi) * np.sin(theta) - np.sin(phi) * np.cos(theta) * np.cos(turn)
    return Town(
        name=_text("names", "name_end", number),
        local_name=_text("local_names", "local_end", number),
        script=str(towns["scripts"][towns["script"][number]]),
        lat=town_lat,
        lng=town_lng,
        population=int(towns["population"][number]),
        distance_km=distance_km,
        bearing_deg=float(np.degrees(np.arctan2(x, y)) % 360),
        country=str(towns["codes"][towns["country"][number]]),
    )


def _text(blob: str, ends: str, number: int) -> str:
    towns = packed("towns")
    first = int(towns[ends][number - 1]) if number else 0
    return towns[blob][first : int(towns[ends][number])].tobytes().decode()


def settlement(numbers: Array, distance_km: Array) -> float:
    """How built-up a place is: 0 wilderness, 0.1 a farm, 0.3 a village, 0.6 a suburb, 1 the middle of a city.

    Each town is a hill of people over a disc whose area follows its population; outside of it the hill falls
    off over the disc's radius. The highest counts; its height grows with the population's logarithm.
    """
    if not len(numbers):
        return 0.0
    people = np.maximum(packed("towns")["population"][numbers].astype(np.float64), 300)
    radius_km = np.sqrt(people / DENSITY_PER_KM2 / np.pi)
    height = np.clip(np.log10(people) / 6.2, 0.35, 1.0)
    beyond = np.maximum(distance_km / radius_km - 0.3, 0)
    return float(np.max(height * np.exp(-0.75 * beyond**1.2), initial=0.0))
