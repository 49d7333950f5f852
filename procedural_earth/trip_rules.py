"""What a trip is like: every number of the trip generator, and the draws that need no map.

Distances are short within a stay and long between stays, so that what a photo shows helps with its
neighbours, while one answer for the whole album is wrong for a part of the photos of a trip with a flight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from procedural_earth import seeds

Journey = Literal["stay", "onward", "flight", "return flight"]
Event = Literal["arrival", "around", "day trip", "evening"]
Key = TypeVar("Key", bound=str)

JOURNEYS: dict[Journey, float] = {"stay": 0.42, "onward": 0.25, "flight": 0.18, "return flight": 0.15}
"""Chances of: one stay; a second one overland; a second one in another country; the same and back again."""
PHOTOS_MEAN, PHOTOS_SPREAD, PHOTOS_LEAST, PHOTOS_MOST = 16.0, 4.0, 8, 25
"""Photos of a trip: normal, rounded, kept within these bounds."""
PHOTOS_OF_STOP = (0.08, 0.20, 0.30, 0.24, 0.18)
"""Chances of 1, 2, … photos where the traveller stops: their place, day and hour are the same."""
MINUTES_BETWEEN_PHOTOS = (1.0, 6.0)
LEAST_SHARE_OF_STAY = 0.25
"""Of the photos of a trip, at least this share belongs to each of its stays."""

DAY_TRIP = 0.6
"""Chance that a day after the first of a stay is a day trip; else it is spent around the base."""
SECOND_STOP = 0.35
"""Chance that a day trip, or a day around the base, has another stop."""
EVENING_AT_BASE = 0.4
"""Chance that after a day trip the base is photographed again."""
SKIPPED_DAYS = (0.75, 0.20, 0.05)
"""Chances of 0, 1, 2 days without a photo between two days of a stay."""
AROUND_KM = (0.3, 6.0)
DAY_TRIP_KM = (8.0, 90.0)
DAY_TRIP_TYPICAL_KM = 30.0
"""Nearest and farthest place of a day trip, as the crow flies, and the scale over which chances decay."""
ONWARD_KM = (120.0, 900.0)
FLIGHT_KM = (800.0, 12_000.0)

TRAVEL_HOURS, OVERLAND_KM_H, FLIGHT_KM_H = 3.0, 60.0, 750.0
"""Hours from the last photo of a stay to the first of the next: so many, and the distance at this speed."""
STOP_HOURS_APART = 1.0
LEAST_HALF_DAY_HOURS = 2.0
"""A base is visited in seasons in which the sun is high enough this long before and after noon."""

NO_CUE = 0.17
"""Chance that a photo shows nothing of its place …"""
NO_CUE_FIRST, FIRST_PHOTOS = 0.35, 2
"""… and for the first photos of a trip, where no photo before helps."""
NO_CUE_KINDS: dict[str, float] = {"room": 0.4, "food": 0.35, "close-up": 0.25}
ZOOMED, ZOOMED_FOV_DEG, FOV_DEG = 0.12, (45.0, 70.0), 90.0
"""Share of views that show less of the place, and how wide those and the others are."""
SAME_DIRECTION_DEG = 35.0
"""Two views of a stop look in directions at least this far apart."""


@dataclass(frozen=True)
class Shot:
    """One photo of a stop.

    Attributes:
        minutes: since the first of the stop.
        shows: "view", or one of `NO_CUE_KINDS`.
        heading, fov: degrees, of a view.
    """

    minutes: float
    shows: str
    heading: float
    fov: float

    @property
    def cueless(self) -> bool:
        """Whether nothing of the place is in the picture."""
        return self.shows != "view"


def pick(rng: np.random.Generator, chances: dict[Key, float]) -> Key:
    """A key, drawn with these chances."""
    return list(chances)[seeds.pick(rng, np.array(list(chances.values())))]


def photo_count(rng: np.random.Generator) -> int:
    """How many photos a trip has."""
    return int(np.clip(round(rng.normal(PHOTOS_MEAN, PHOTOS_SPREAD)), PHOTOS_LEAST, PHOTOS_MOST))


def shares(rng: np.random.Generator, photos: int, stays: int) -> list[int]:
    """The photos of each stay: at least `LEAST_SHARE_OF_STAY` of all, the others by chance."""
    least = int(photos * LEAST_SHARE_OF_STAY)
    cuts = np.sort(rng.integers(0, photos - least * stays + 1, stays - 1))
    parts = np.diff(np.concatenate([[0], cuts, [photos - least * stays]]))
    return [int(part) + least for part in parts]


def events_of_day(rng: np.random.Generator, first: bool, day_trips_left: int) -> list[Event]:
    """The stops of a day of a stay, in order; `day_trips_left` places were not visited yet."""
    if first:
        return ["arrival"]
    second = rng.random() < SECOND_STOP
    if not day_trips_left or rng.random() >= DAY_TRIP:
        return ["around", "around"] if second else ["around"]
    events: list[Event] = ["day trip", "day trip"] if second and day_trips_left > 1 else ["day trip"]
    return [*events, "evening"] if rng.random() < EVENING_AT_BASE else events


def hours_of_day(
    rng: np.random.Generator, stops: int, half_day_hours: float, after: float = 0.0
) -> list[float]:
    """Solar hours of the stops of a day, at least `STOP_HOURS_APART` where the day has room for that.

    Args:
        half_day_hours: how long before and after noon the sun is high enough.
        after: earliest hour; ignored where nothing of the day would be left.
    """
    first, last = 12 - half_day_hours, 12 + half_day_hours
    first = max(first, after) if after < last else first
    apart = min(STOP_HOURS_APART, (last - first) / stops)
    room = last - first - apart * (stops - 1)
    hours = np.sort(rng.random(stops)) * room + first + apart * np.arange(stops)
    return [round(float(hour), 3) for hour in hours]


def shots_of_stop(rng: np.random.Generator, most: int, photos_before: int) -> tuple[Shot, ...]:
    """The photos of a stop.

    Args:
        most: how many photos the stay has left, at least 1.
        photos_before: of the trip.
    """
    count = min(1 + seeds.pick(rng, np.array(PHOTOS_OF_STOP)), most)
    headings = _headings(rng, count)
    minutes, shots = 0.0, []
    for number in range(count):
        no_cue = NO_CUE_FIRST if photos_before + number < FIRST_PHOTOS else NO_CUE
        shows = pick(rng, NO_CUE_KINDS) if rng.random() < no_cue else "view"
        fov = float(rng.uniform(*ZOOMED_FOV_DEG)) if rng.random() < ZOOMED else FOV_DEG
        shots.append(Shot(round(minutes, 2), shows, headings[number], round(fov, 1)))
        minutes += float(rng.uniform(*MINUTES_BETWEEN_PHOTOS))
    return tuple(shots)


def _headings(rng: np.random.Generator, count: int) -> list[float]:
    """Directions in random order, `SAME_DIRECTION_DEG` apart at least."""
    room = 360 - count * SAME_DIRECTION_DEG
    turns = np.sort(rng.random(count)) * room + SAME_DIRECTION_DEG * np.arange(count) + rng.uniform(0, 360)
    return [round(float(turn) % 360, 1) for turn in rng.permutation(turns)]
