"""Places to draw, on land and mostly by roads that people use: presets, dates and hours, written as CSV.

Where a place lies follows the towns of the data. First a country is drawn, by people^0.25 * area^0.4 *
coverage (the share of its roads that street-level services have photographed, a fact of general knowledge);
then one of its towns, by the root of its population times the root of the towns' spacing there, so that empty
country has its part; then the place: three in ten within the town, the others at a distance that falls off
with the spacing of the towns.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core.files import atomic_file
from procedural_earth import sun
from procedural_earth.facts import identity
from procedural_earth.facts_climate import koeppen
from procedural_earth.facts_cues import cues
from procedural_earth.facts_grids import (
    EARTH_RADIUS_KM,
    country_number,
    elevation_m,
    is_lake,
    is_sea,
    koeppen_number,
    offset,
    packed,
)

Array = npt.NDArray[Any]
BATCH = 8192
FEWEST_OF_BATCH = 8
YEAR = 2025
IN_TOWN = 0.3
HIGHEST_ROAD_M = 5200
MIN_SUN_DEG = 6.0
COLUMNS = ("lat", "lng", "identity", "country", "koeppen", "date", "hour", "heading")


class SamplingError(ValueError):
    """No such preset, or no room for so many places; the message says which."""


@dataclass(frozen=True)
class Places:
    """Places to draw, as arrays of one length.

    Attributes:
        lat, lng: degrees, rounded to 0.0001. identity: stable names, as `facts.identity`.
        country: ISO codes, "" outside of all. koeppen: climate classes.
        date: ISO dates of `YEAR` on which the sun rises high enough there.
        hour: apparent solar time with the sun at least six degrees up.
        heading: of the camera, degrees clockwise from north.
    """

    lat: Array
    lng: Array
    identity: Array
    country: Array
    koeppen: Array
    date: Array
    hour: Array
    heading: Array

    def __len__(self) -> int:
        return len(self.lat)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Rows of text in the order of `COLUMNS`."""
        for row in zip(*(getattr(self, name).tolist() for name in COLUMNS), strict=True):
            lat, lng, name, country, climate, date, hour, heading = row
            yield f"{lat:.4f}", f"{lng:.4f}", name, country, climate, date, f"{hour:.3f}", f"{heading:.1f}"

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write all rows under a heading, in one step."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(self.rows())
        with atomic_file(path) as file:
            file.write(text.getvalue().encode())


def sample(
    count: int,
    preset: str = "world",
    seed: int = 0,
    exclude: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    exclude_km: float = 20.0,
) -> Places:
    """Draw `count` different places; a smaller count gives the beginning of the same list.

    Args:
        preset: one of `PRESETS`.
        exclude: latitudes and longitudes from which every place stays more than `exclude_km` away.

    Raises:
        SamplingError: unknown preset, or too few places fit.
    """
    if preset not in PRESETS:
        raise SamplingError(f"no preset {preset!r}: choose one of {', '.join(PRESETS)}")
    if count < 0:
        raise SamplingError(f"cannot draw {count} places")
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(_entropy(preset, seed))))
    cumulative = np.cumsum(PRESETS[preset]())
    avoided = None if exclude is None else _unit_vectors(*exclude)
    found: dict[str, tuple[float, float]] = {}
    while len(found) < count:
        before = len(found)
        lat, lng = _candidates(generator, cumulative)
        if avoided is not None:
            far = _far(lat, lng, avoided, exclude_km)
            lat, lng = lat[far], lng[far]
        for pair in zip(lat.tolist(), lng.tolist(), strict=True):
            found.setdefault(identity(*pair), pair)
            if len(found) == count:
                break
        if len(found) - before < min(FEWEST_OF_BATCH, count - before):
            raise SamplingError(f"only {len(found)} of {count} places fit: lower the count or exclude_km")
    names = list(found)
    lat, lng = np.array([found[name] for name in names], np.float64).reshape(-1, 2).T
    return _dated(lat, lng, np.array(names, "U16"), _entropy(preset, seed))


def _entropy(preset: str, seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"places/1/{preset}/{seed}".encode(), digest_size=16).digest())


def _candidates(generator: np.random.Generator, cumulative: Array) -> tuple[Array, Array]:
    """One batch of places around towns, on land, in the town's own country; fewer than `BATCH`."""
    picked = np.searchsorted(cumulative, generator.random(BATCH) * cumulative[-1], side="right")
    return around_towns(generator, np.minimum(picked, len(cumulative) - 1))


def around_towns(generator: np.random.Generator, picked: Array) -> tuple[Array, Array]:
    """A place in or around each of these towns (their numbers), without those where nothing can be drawn.

    Returns latitudes and longitudes, rounded, in the order of the towns and in the town's own country.
    """
    towns, count = packed("towns"), len(picked)
    lat, lng = towns["lat"][picked] / 1e4, towns["lng"][picked] / 1e4
    radius_km = np.sqrt(np.maximum(towns["population"][picked], 500) / 2500.0 / np.pi)
    inside = generator.random(count) < IN_TOWN
    near_km = radius_km * np.sqrt(generator.random(count))
    far_km = radius_km + generator.exponential(np.clip(0.6 * _spacing_km()[picked], 2.0, 40.0))
    distance_km, bearing = np.where(inside, near_km, far_km), generator.uniform(0, 2 * np.pi, count)
    to_lat, to_lng = offset(lat, lng, distance_km * np.sin(bearing), distance_km * np.cos(bearing))
    to_lat, to_lng = np.round(to_lat, 4), np.round(to_lng, 4)
    good = can_be_drawn(to_lat, to_lng)
    same = countries(to_lat, to_lng) == towns["codes"][towns["country"][picked]]
    # a town whose own place the raster gives to a neighbour (a microstate) keeps what lies around it
    mapped = countries(lat, lng) == towns["codes"][towns["country"][picked]]
    good &= same | ~mapped
    return to_lat[good], to_lng[good]


def can_be_drawn(lat: Array, lng: Array) -> Array:
    """Whether there is land with a road at places (degrees, (n,)): no sea, lake, ice sheet, nor too high."""
    good = ~is_sea(lat, lng) & ~is_lake(lat, lng) & (elevation_m(lat, lng) < HIGHEST_ROAD_M)
    good &= np.isin(countries(lat, lng), ["", *cues()])
    return np.asarray(good & (koeppen(lat, lng) != "EF"))


def countries(lat: Array, lng: Array) -> Array:
    """Country codes, "" where there is none near."""
    return np.asarray(packed("countries")["codes"][country_number(lat, lng)])


@cache
def _spacing_km() -> Array:
    """Of every town, the typical distance to the next, from the number of towns within three degrees."""
    towns = packed("towns")
    counts = np.diff(towns["cell_start"]).reshape(180, 360)
    beside = [np.roll(counts, step, axis=1) for step in (-1, 0, 1)]
    around = np.sum([np.roll(rows, step, axis=0) for rows in beside for step in (-1, 0, 1)], axis=0)
    row, column = towns["lat"] // 10_000 + 90, towns["lng"] // 10_000 + 180
    area_km2 = (3 * np.pi * EARTH_RADIUS_KM / 180) ** 2 * np.cos(np.radians(towns["lat"] / 1e4))
    return np.asarray(np.sqrt(area_km2 / around[np.clip(row, 0, 179), column % 360]))


def _town_weights() -> Array:
    people = np.maximum(packed("towns")["population"].astype(np.float64), 100)
    return np.asarray(np.sqrt(people * _spacing_km()))


def _world() -> Array:
    """Countries by people, area and coverage; within one, towns by the root of population and spacing."""
    towns = packed("towns")
    within, country = _town_weights(), towns["country"]
    people = np.bincount(country, towns["population"], len(towns["codes"]))
    facts = [cues()[str(code)] for code in towns["codes"]]
    area = np.array([max(fact.area_km2, 1.0) for fact in facts])
    coverage = np.array([fact.coverage for fact in facts])
    wanted = np.maximum(people, 100) ** 0.25 * area**0.4 * coverage
    total = np.bincount(country, within, len(towns["codes"]))
    return np.asarray(within / total[country] * wanted[country])


def _europe() -> Array:
    """The world's weights within Europe: west of the Urals (60 degrees east), without islands far off."""
    towns = packed("towns")
    european = np.array([cues()[str(code)].continent == "EU" for code in towns["codes"]])[towns["country"]]
    lat, lng = towns["lat"] / 1e4, towns["lng"] / 1e4
    inside = european & (lng > -25) & (lng < 60) & (lat > 34) & (lat < 72)
    return np.asarray(np.where(inside, _world(), 0.0))


def _balanced() -> Array:
    """Every pair of a country and a climate class of its towns counts the same."""
    towns = packed("towns")
    cell = towns["country"].astype(np.int64) * 256 + koeppen_number(towns["lat"] / 1e4, towns["lng"] / 1e4)
    within = _town_weights()
    total = np.bincount(cell, within, int(cell.max()) + 1)
    return np.asarray(within / total[cell])


PRESETS: dict[str, Callable[[], Array]] = {"world": _world, "europe": _europe, "balanced": _balanced}


def _unit_vectors(lat: npt.ArrayLike, lng: npt.ArrayLike) -> Array:
    phi, theta = np.radians(np.asarray(lat, np.float64)), np.radians(np.asarray(lng, np.float64))
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=-1)


def far_from(lat: Array, lng: Array, avoided: tuple[npt.ArrayLike, npt.ArrayLike], km: float) -> Array:
    """Whether places (degrees, (n,)) lie more than `km` from all of `avoided` (degrees, (m,) each)."""
    return _far(lat, lng, _unit_vectors(*avoided), km)


def _far(lat: Array, lng: Array, avoided: Array, km: float) -> Array:
    if not len(avoided):
        return np.ones(len(lat), bool)
    # the chord of an angle: exact also for the shortest distances
    chord = 2 * np.sin(km / EARTH_RADIUS_KM / 2)
    cosine = 1 - chord**2 / 2
    nearest = np.full(len(lat), -1.0)
    places = _unit_vectors(lat, lng)
    for start in range(0, len(avoided), 4096):
        nearest = np.maximum(nearest, (places @ avoided[start : start + 4096].T).max(axis=1))
    return np.asarray(nearest < cosine)


def _dated(lat: Array, lng: Array, names: Array, entropy: int) -> Places:
    """A day on which the sun rises high enough, an hour of it, and a heading."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([entropy, 1])))
    day_draw, hour_draw, heading = generator.random((len(lat), 3)).T
    declination = np.asarray(sun.declination_and_equation(sun.century_of_day(YEAR, np.arange(1, 366)))[0])
    blocks = [slice(start, start + BATCH) for start in range(0, len(lat), BATCH)]
    days = [_bright_day(lat[block], day_draw[block], declination) for block in blocks]
    day = np.concatenate([np.empty(0, np.int64), *days])
    half = sun.half_day_hours(lat, declination[day], MIN_SUN_DEG)
    hour = 12 + half * (2 * hour_draw - 1)
    dates = np.array([(dt.date(YEAR, 1, 1) + dt.timedelta(days=number)).isoformat() for number in range(365)])
    return Places(
        lat=lat,
        lng=lng,
        identity=names,
        country=countries(lat, lng),
        koeppen=koeppen(lat, lng),
        date=dates[day],
        hour=hour,
        heading=360 * heading,
    )


def _bright_day(lat: Array, draw: Array, declination: Array) -> Array:
    """A day (0..364) out of those on which the sun rises more than a degree above `MIN_SUN_DEG`."""
    noon = 90 - np.abs(lat[:, None] - declination[None, :])
    bright = np.cumsum(noon > MIN_SUN_DEG + 1, axis=1)
    wanted = np.floor(draw * bright[:, -1]).astype(np.int64)
    return np.asarray(np.argmax(bright > wanted[:, None], axis=1))
