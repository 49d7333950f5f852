"""Trips through the drawn world: where, when and in which direction each photo is taken.

A trip has one to three stays. A stay begins with an arrival at its base; its other days are spent around the
base or on day trips into the country around, some with an evening at the base. All numbers are in
`trip_rules`; how the photos are drawn: `trips_draw`. The same part, seed and number give the same trip,
however many there are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planet_core.geo import haversine_km
from procedural_earth import seeds, sun, trip_rules
from procedural_earth.facts import identity
from procedural_earth.places import YEAR
from procedural_earth.trip_rules import Event, Journey, Shot
from procedural_earth.trips_places import Base, Spot, World, half_day_hours


@dataclass(frozen=True)
class Stop:
    """A place at a moment, and the photos that are taken there.

    Attributes:
        lat, lng, country: of the place; "" outside of all countries.
        day: since 1 January of `places.YEAR`, 0 is that day.
        hour: apparent solar time of the first photo.
        stay: number of the stay, from 0.
        seed: of weather and traffic.
    """

    lat: float
    lng: float
    country: str
    day: int
    hour: float
    stay: int
    event: Event
    seed: int
    shots: tuple[Shot, ...]

    @property
    def date(self) -> dt.date:
        """Of the first photo."""
        return dt.date(YEAR, 1, 1) + dt.timedelta(days=self.day)

    def taken_at(self, shot: Shot) -> dt.datetime:
        """In the zone of the place's longitude, to the second."""
        zone = dt.timezone(dt.timedelta(hours=round(self.lng / 15)))
        moment = sun.utc(self.lng, self.date, self.hour) + dt.timedelta(minutes=shot.minutes)
        return moment.replace(microsecond=0).astimezone(zone)


@dataclass(frozen=True)
class Trip:
    """A trip. Its stops are in the order of time."""

    id: str
    journey: Journey
    stops: tuple[Stop, ...]

    @property
    def photos(self) -> int:
        """How many photos it has."""
        return sum(len(stop.shots) for stop in self.stops)


def plan(part: str, count: int, seed: int) -> Iterator[Trip]:
    """Trips of a part of the Earth; a smaller count gives the beginning of the same trips.

    Args:
        part: one of `trips_places.PARTS`.

    Raises:
        SamplingError: too few places fit.
    """
    world = World(part, count, seed)
    for number in range(count):
        yield _trip(world, number, f"{part}-{seed}-{number:05d}", seed)


def _trip(world: World, number: int, name: str, seed: int) -> Trip:
    rng = seeds.generator("trip/1", world.part, seed, number)
    first, day = world.spot(number), _first_day(world, number)
    journey = trip_rules.pick(rng, trip_rules.JOURNEYS)
    spots = [first, *_onward(world, first, day, journey, rng)]
    bases = {spot: world.base(spot, rng) for spot in dict.fromkeys(spots)}
    photos = trip_rules.shares(rng, trip_rules.photo_count(rng), len(spots))
    stops: list[Stop] = []
    for stay, spot in enumerate(spots):
        if stay:
            day = _arrival_day(stops[-1], spot, journey)
        traveller = _Stay(bases[spot], stay, day, name, rng)
        before = sum(len(stop.shots) for stop in stops)
        stops += traveller.stops(photos[stay], before)
    return Trip(name, journey, tuple(stops))


def _first_day(world: World, number: int) -> int:
    return dt.date.fromisoformat(str(world.bases.date[number])).timetuple().tm_yday - 1


def _onward(world: World, first: Spot, day: int, journey: Journey, rng: np.random.Generator) -> list[Spot]:
    """The bases after the first one."""
    if journey == "stay":
        return []
    if journey == "onward":
        return [world.onward(first, day, rng)]
    second = world.flight(first, day, rng)
    return [second, first] if journey == "return flight" else [second]


def _arrival_day(last: Stop, spot: Spot, journey: Journey) -> int:
    """The first day on which one can be at a base so far away by the first light of that day."""
    away_km = float(haversine_km(last.lat, last.lng, spot.lat, spot.lng))
    speed = trip_rules.OVERLAND_KM_H if journey == "onward" else trip_rules.FLIGHT_KM_H
    hours = trip_rules.TRAVEL_HOURS + away_km / speed
    there = last.taken_at(last.shots[-1]) + dt.timedelta(hours=hours)
    day = last.day
    while sun.utc(spot.lng, dt.date(YEAR, 1, 1) + dt.timedelta(days=day), _dawn(spot, day)) < there:
        day += 1
    return day


def _dawn(spot: Spot, day: int) -> float:
    return 12.0 - _half_day(spot, day)


def _half_day(spot: Spot, day: int) -> float:
    # some days after the one for which the base was chosen the sun may be a little lower
    return max(float(half_day_hours([spot.lat], day)[0]), 0.5)


class _Stay:
    """The days of a stay, one after another."""

    def __init__(self, base: Base, number: int, day: int, trip: str, rng: np.random.Generator) -> None:
        self._base, self._number, self._day, self._trip, self._rng = base, number, day, trip, rng
        self._day_trips = list(base.day_trips)
        self._around = list(base.around)

    def stops(self, photos: int, before: int) -> list[Stop]:
        """All stops of the stay, with `photos` photos together, after `before` photos of the trip."""
        found: list[Stop] = []
        while photos:
            events = trip_rules.events_of_day(self._rng, not found, len(self._day_trips))
            spots = [self._spot(event) for event in events]
            hours = trip_rules.hours_of_day(self._rng, len(events), _half_day(self._base.spot, self._day))
            for event, spot, hour in zip(events, spots, hours, strict=True):
                if not photos:
                    break
                shots = trip_rules.shots_of_stop(self._rng, photos, before)
                found.append(self._stop(event, spot, hour, shots))
                photos, before = photos - len(shots), before + len(shots)
            self._day += 1 + seeds.pick(self._rng, np.array(trip_rules.SKIPPED_DAYS))
        return found

    def _spot(self, event: Event) -> Spot:
        """Where something happens; places come again only when all were visited."""
        left = {"day trip": self._day_trips, "around": self._around}.get(event)
        if not left:
            return self._base.spot
        spot = left.pop(0)
        if event == "around" and not left:
            left.extend(self._base.around)
        return spot

    def _stop(self, event: Event, spot: Spot, hour: float, shots: tuple[Shot, ...]) -> Stop:
        text = f"trips/1/{self._trip}/{identity(spot.lat, spot.lng)}/{self._day}"
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") >> 1
        return Stop(
            spot.lat, spot.lng, spot.country, self._day, hour, self._number, event, seed, shots
        )  # fmt: skip
