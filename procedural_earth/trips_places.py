"""Where trips go: bases of a part of the Earth, what lies around them, where one travels on from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import s2
from planet_core.geo import haversine_km
from procedural_earth import held_out, play_set, seeds, sun, trip_rules
from procedural_earth.facts_grids import offset, packed
from procedural_earth.facts_towns import near
from procedural_earth.places import (
    MIN_SUN_DEG,
    YEAR,
    Places,
    around_towns,
    can_be_drawn,
    countries,
    far_from,
)
from procedural_earth.view_shards import choose_where

Array = npt.NDArray[Any]

PARTS: dict[str, Callable[[Array, Array], Array]] = {
    "train": held_out.is_for_album_training,
    "validation": held_out.is_for_album_validation,
    "test": held_out.is_held_out,
}
"""Which places the trips of a part may visit; no place belongs to two of them."""
PRESET, FROM_PLAYED_KM = "world", 20.0
DESTINATIONS = 2000
"""The first so many bases of a part are those that are travelled on to, whatever the number of trips."""
CANDIDATES = 96
MOST_DAY_TRIPS = 6


@dataclass(frozen=True)
class Spot:
    """A place that is visited."""

    lat: float
    lng: float
    country: str


@dataclass(frozen=True)
class Base:
    """Where a stay is spent.

    Attributes:
        spot: the base itself.
        around, day_trips: places of the same cell (`held_out.LEVEL`) and part, in random order; may be ().
    """

    spot: Spot
    around: tuple[Spot, ...]
    day_trips: tuple[Spot, ...]


class World:
    """The bases of a part of the Earth.

    Attributes:
        bases: places by towns, as image models learn them, with a day and hour for each.
    """

    def __init__(self, part: str, count: int, seed: int) -> None:
        """Raises `SamplingError` where there are fewer than `count` places."""
        self.part = part
        self._belongs = PARTS[part]
        played = play_set.places()
        self._played = (played.lat, played.lng)
        # another seed than that of views: else trips would begin where these were drawn
        seed = seeds.number("trips/1", part, seed)
        most = max(count, DESTINATIONS)
        self.bases: Places = choose_where(self._belongs, most, PRESET, seed, self._played, FROM_PLAYED_KM)
        self._targets = slice(0, DESTINATIONS)

    def spot(self, index: int) -> Spot:
        """A base by its number."""
        bases = self.bases
        return Spot(float(bases.lat[index]), float(bases.lng[index]), str(bases.country[index]))

    def base(self, spot: Spot, rng: np.random.Generator) -> Base:
        """What lies around a base and can be visited from it."""
        return Base(spot, self._around(spot, rng), self._day_trips(spot, rng))

    def onward(self, spot: Spot, day: int, rng: np.random.Generator) -> Spot:
        """A base some hours away overland, near ones more often; the nearest where there is none."""
        targets, away_km = self._away(spot)
        low, high = trip_rules.ONWARD_KM
        fits = (away_km > low) & (away_km < high) & _bright(targets.lat, day)
        return self._drawn(np.where(fits, 1 / away_km.clip(1), 0.0), away_km, low, rng)

    def flight(self, spot: Spot, day: int, rng: np.random.Generator) -> Spot:
        """A base in another country, far away; near ones more often."""
        targets, away_km = self._away(spot)
        low, high = trip_rules.FLIGHT_KM
        fits = (away_km > low) & (away_km < high) & _bright(targets.lat, day)
        fits &= (targets.country != spot.country) & (targets.country != "")
        return self._drawn(np.where(fits, 1 / away_km.clip(1), 0.0), away_km, low, rng)

    def _away(self, spot: Spot) -> tuple[Places, Array]:
        bases, first = self.bases, self._targets
        targets = Places(**{name: getattr(bases, name)[first] for name in Places.__dataclass_fields__})
        return targets, np.asarray(haversine_km(targets.lat, targets.lng, spot.lat, spot.lng))

    def _drawn(self, weights: Array, away_km: Array, low: float, rng: np.random.Generator) -> Spot:
        if not weights.any():
            return self.spot(int(np.argmin(np.where(away_km > low, away_km, np.inf))))
        return self.spot(seeds.pick(rng, weights / weights.sum()))

    def _around(self, spot: Spot, rng: np.random.Generator) -> tuple[Spot, ...]:
        distance_km = rng.uniform(*trip_rules.AROUND_KM, 12)
        bearing = rng.uniform(0, 2 * np.pi, 12)
        lat, lng = offset(spot.lat, spot.lng, distance_km * np.sin(bearing), distance_km * np.cos(bearing))
        lat, lng = np.round(lat, 4), np.round(lng, 4)
        good = can_be_drawn(lat, lng)
        good &= countries(lat, lng) == spot.country
        return self._visited(spot, lat[good], lng[good])

    def _day_trips(self, spot: Spot, rng: np.random.Generator) -> tuple[Spot, ...]:
        low, high = trip_rules.DAY_TRIP_KM
        towns, away_km = near(spot.lat, spot.lng)
        people = np.maximum(packed("towns")["population"][towns].astype(np.float64), 100)
        weights = np.sqrt(people) * np.exp(-away_km / trip_rules.DAY_TRIP_TYPICAL_KM)
        weights *= (away_km > low) & (away_km < high)
        if not weights.any():
            return ()
        picked = towns[rng.choice(len(towns), CANDIDATES, p=weights / weights.sum())]
        lat, lng = around_towns(rng, picked)
        away = haversine_km(lat, lng, spot.lat, spot.lng)
        good = (away > low) & (away < high)
        return self._visited(spot, lat[good], lng[good])[:MOST_DAY_TRIPS]

    def _visited(self, spot: Spot, lat: Array, lng: Array) -> tuple[Spot, ...]:
        """Those of these places that a stay may visit."""
        if not len(lat):
            return ()
        cell = s2.cell_ids([spot.lat], [spot.lng], held_out.LEVEL)[0]
        good = (s2.cell_ids(lat, lng, held_out.LEVEL) == cell) & self._belongs(lat, lng)
        good &= far_from(lat, lng, self._played, FROM_PLAYED_KM)
        codes = countries(lat, lng)
        return tuple(Spot(float(lat[row]), float(lng[row]), str(codes[row])) for row in np.flatnonzero(good))


def half_day_hours(lat: npt.ArrayLike, day: int) -> Array:
    """How long before and after noon the sun is high enough for a picture, on a day (0.. since 1 January)."""
    century = sun.century_of_day(YEAR, np.array([day % 365 + 1]))
    declination = np.asarray(sun.declination_and_equation(century)[0])
    return np.asarray(sun.half_day_hours(np.asarray(lat, np.float64), declination, MIN_SUN_DEG))


def _bright(lat: Array, day: int) -> Array:
    return np.asarray(half_day_hours(lat, day) >= trip_rules.LEAST_HALF_DAY_HOURS)
