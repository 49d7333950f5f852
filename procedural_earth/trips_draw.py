"""Draws trips into a folder of albums (`planet_core.albums`): their photos, and what is known of each.

The photos of a stop are views of one scene, which is built once: most of the work of a small picture. What a
trip shows follows from its plan alone, so any number of processes gives the same bytes on one machine, and a
run that was stopped goes on behind the last whole trip.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from planet_core.albums import Album, AlbumPhoto, write_albums
from planet_core.files import atomic_directory, atomic_file
from planet_core.prepare_output import locked
from planet_core.stopping import UserError
from planet_core.workers import in_order
from procedural_earth import cueless, seeds
from procedural_earth.facts import identity
from procedural_earth.rendering import RENDER_VERSION, render_views
from procedural_earth.trip_rules import Shot
from procedural_earth.trips import Stop, Trip, plan
from procedural_earth.view_shards import QUALITY, encode

PICTURES, SETTINGS, ERRORS = "pictures", "trips.json", "errors.jsonl"
SOURCE = "procedural_earth.trips"
LICENCE = "drawn from facts, not photographed; facts and licences: procedural_earth/packed/ATTRIBUTION.md"
NO_CUE = "none"
LISTED_EVERY = 25
"""`albums.jsonl` is written anew after so many trips, so that a killed run leaves albums that can be read."""


@dataclass(frozen=True)
class TripsWish:
    """What is to be drawn; the same wish gives the same albums.

    Attributes:
        part: of the Earth, of `trips_places.PARTS`. albums: how many. seed: another one gives other trips.
        size: pixels of a photo's side.
        version: of the renderer. quality: of the JPEG files.
    """

    part: str
    albums: int
    seed: int = 0
    size: int = 128
    version: str = RENDER_VERSION
    quality: int = QUALITY


@dataclass(frozen=True)
class Drawn:
    """What has become of a trip: `error` is "" where it was drawn."""

    trip: Trip
    error: str = ""


def views_of(stop: Stop, size: int) -> Iterator[Image.Image]:
    """Pictures of all shots of a stop that show the place, from one scene."""
    shots = [shot for shot in stop.shots if not shot.cueless]
    if shots:
        for view in render_views(
            stop.lat,
            stop.lng,
            date=stop.date,
            hour=stop.hour,
            headings=[shot.heading for shot in shots],
            fov=[shot.fov for shot in shots],
            px=size,
            seed=stop.seed,
        ):
            yield view.image


def pictures_of(trip: Trip, size: int) -> Iterator[Image.Image]:
    """All photos of a trip, in the order of time."""
    number = 0
    for stop in trip.stops:
        views = views_of(stop, size)
        for shot in stop.shots:
            seed = seeds.number("cueless photo/1", trip.id, number)
            yield cueless.draw(shot.shows, size, seed) if shot.cueless else next(views)
            number += 1


def album_of(trip: Trip, folder: Path) -> Album:
    """What `albums.jsonl` says of a trip whose photos lie below a folder."""
    photos: list[AlbumPhoto] = []
    for stop in trip.stops:
        for shot in stop.shots:
            path = folder / PICTURES / trip.id / _name(len(photos))
            cue = NO_CUE if shot.cueless else None
            moment = stop.taken_at(shot)
            photos.append(AlbumPhoto(path, stop.lat, stop.lng, moment, cue, _properties(trip, stop, shot)))
    return Album(trip.id, tuple(photos), SOURCE, LICENCE, drawn=True)


def _name(number: int) -> str:
    return f"{number + 1:02d}.jpg"


def _properties(trip: Trip, stop: Stop, shot: Shot) -> dict[str, str | int | float]:
    known: dict[str, str | int | float] = {
        "journey": trip.journey,
        "stay": stop.stay,
        "event": stop.event,
        "place": identity(stop.lat, stop.lng),
        "country": stop.country,
        "shows": shot.shows,
    }
    return known if shot.cueless else known | {"heading": shot.heading, "fov": shot.fov}


def draw_trips(some: Sequence[Trip], folder: Path, wish: TripsWish) -> list[Drawn]:
    """Draws trips, each into a folder that appears when it is whole; those that are there are left alone."""
    return [_draw(trip, folder, wish) for trip in some]


def _draw(trip: Trip, folder: Path, wish: TripsWish) -> Drawn:
    target = folder / PICTURES / trip.id
    if _is_whole(target, trip):
        return Drawn(trip)
    try:
        pictures = [encode(picture, wish.quality) for picture in pictures_of(trip, wish.size)]
    except Exception as error:  # noqa: BLE001  one place in a million must not end a run of hours
        return Drawn(trip, f"{type(error).__name__}: {error}")
    with atomic_directory(target) as new:
        for number, jpeg in enumerate(pictures):
            (new / _name(number)).write_bytes(jpeg)
    return Drawn(trip)


def _is_whole(target: Path, trip: Trip) -> bool:
    return all((target / _name(number)).is_file() for number in range(trip.photos))


def fill(
    folder: Path, wish: TripsWish, jobs: int, tell: Callable[[int, int, int], None]
) -> tuple[list[Trip], list[Drawn]]:
    """Fills a folder with drawn trips, or goes on filling it, also with more albums than before.

    Args:
        jobs: processes.
        tell: called after each trip with trips done, trips left out and photos drawn.

    Returns:
        The trips that are there, and those that could not be drawn.

    Raises:
        UserError: the folder holds something else, nothing could be drawn, or a process has died.
        SamplingError: too few places fit.
        OSError: it cannot be written.
    """
    _check(folder, wish)
    with locked(folder):
        _begin(folder, wish)
        there: list[Trip] = []
        failed: list[Drawn] = []
        finished = in_order(
            plan(wish.part, wish.albums, wish.seed), partial(draw_trips, folder=folder, wish=wish), 1, jobs
        )
        try:
            with contextlib.closing(finished):
                for drawn in finished:
                    failed += [drawn] if drawn.error else []
                    there += [] if drawn.error else [drawn.trip]
                    tell(len(there), len(failed), sum(trip.photos for trip in there))
                    if len(there) % LISTED_EVERY == 0:
                        _list(folder, there, failed)
        finally:
            _list(folder, there, failed)
        if not there:
            raise UserError(f"nothing could be drawn, see {folder / ERRORS}")
        return there, failed


def _settings(wish: TripsWish) -> dict[str, str | int]:
    return {name: value for name, value in asdict(wish).items() if name != "albums"}  # more may follow


def _check(folder: Path, wish: TripsWish) -> None:
    """Raises UserError where a folder holds something else than these trips."""
    file = folder / SETTINGS
    if not file.is_file():
        if folder.is_dir() and any(path.name[0] != "." for path in folder.iterdir()):
            raise UserError(f"{folder} holds something else: give a new folder as --out")
        return
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
        other = [name for name, value in _settings(wish).items() if before.get(name) != value]
    except (ValueError, AttributeError) as error:
        raise UserError(f"{file} is damaged ({error}): give a new folder as --out") from error
    if other:
        raise UserError(f"{folder} was drawn with other {', '.join(other)}: give a new folder as --out")


def _begin(folder: Path, wish: TripsWish) -> None:
    """Says what the folder is for; removes what a killed run left half done."""
    with atomic_file(folder / SETTINGS) as file:
        file.write((json.dumps(_settings(wish), indent=1) + "\n").encode())
    (folder / PICTURES).mkdir(exist_ok=True)
    for left in (folder / PICTURES).glob(".*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def _list(folder: Path, there: list[Trip], failed: list[Drawn]) -> None:
    if there:
        write_albums(folder, [album_of(trip, folder) for trip in there])
    if failed:
        lines = [json.dumps({"album": drawn.trip.id, "reason": drawn.error}) + "\n" for drawn in failed]
        with atomic_file(folder / ERRORS) as file:
            file.writelines(line.encode() for line in lines)
