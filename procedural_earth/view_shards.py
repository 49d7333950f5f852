"""Training views of the drawn world, packed as `planet_core.shards` says.

A place gives `views` views of 90 degrees at even distances around the horizon, the first with a random
heading, all of one day and hour; or one whole panorama. Their group is the place's identity, so that no place
is ever on two sides of a split. The same settings give the same shards byte for byte on one machine, also
after a kill.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core.prepare import Progress
from planet_core.prepare_output import Bad, Output, Rows, Sample, locked
from planet_core.stopping import UserError
from planet_core.workers import in_order
from procedural_earth.held_out import is_for_training, is_held_out
from procedural_earth.places import Places, sample
from procedural_earth.rendering import RENDER_VERSION, render, render_views

QUALITY = 85
PARTS = {"training": is_for_training, "held-out": is_held_out, "all": None}
"""Which places are taken, see `procedural_earth.held_out`."""
PLACES_AT_ONCE = 1
"""That a process is given at once: few, so that a run that is stopped soon ends."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Wish:
    """What is to be drawn; the same wish gives the same shards.

    Attributes:
        count: pictures.
        size: pixels of a view's side; of a panorama, a view of 90 degrees has about as many.
        views: of each place; 0 for one panorama.
        preset, seed: as `procedural_earth.places.sample` takes them.
        part: one of `PARTS`.
        without: clues that are switched off, sorted.
        km: how far all places stay from the excluded ones.
        excluded: sha256 of the excluded places, "" for none.
        quality: of the JPEG files.
        version: of the renderer.
    """

    count: int
    size: int = 160
    views: int = 4
    preset: str = "world"
    seed: int = 0
    part: str = "training"
    without: tuple[str, ...] = ()
    km: float = 20.0
    excluded: str = ""
    quality: int = QUALITY
    version: str = RENDER_VERSION


@dataclass(frozen=True)
class Spot:
    """A place at a moment, and the headings (degrees) of its views; () is a panorama."""

    lat: float
    lng: float
    identity: str
    country: str
    koeppen: str
    date: str
    hour: float
    headings: tuple[float, ...]
    seed: int


def choose(
    count: int, preset: str, seed: int, part: str, exclude: tuple[Array, Array] | None, km: float
) -> Places:
    """The first `count` places of the preset that belong to a part of the Earth.

    Raises:
        SamplingError: unknown preset, or too few places fit.
    """
    belongs = PARTS[part]
    if belongs is None:
        return sample(count, preset, seed, exclude, km)
    return choose_where(belongs, count, preset, seed, exclude, km)


def choose_where(
    belongs: Callable[[Array, Array], Array],
    count: int,
    preset: str,
    seed: int,
    exclude: tuple[Array, Array] | None,
    km: float,
) -> Places:
    """The first `count` places of the preset of whose latitudes and longitudes `belongs` says yes.

    Raises:
        SamplingError: as `choose`.
    """
    asked = count + count // 16 + 64
    while True:
        places = sample(asked, preset, seed, exclude, km)
        chosen = np.flatnonzero(belongs(places.lat, places.lng))
        if len(chosen) >= count:
            return _taken(places, chosen[:count])
        asked = math.ceil(1.05 * asked * max(1.5, min(count / max(len(chosen), 1), 16)))


def _taken(places: Places, rows: Array) -> Places:
    return Places(**{name: getattr(places, name)[rows] for name in Places.__dataclass_fields__})


def spots(wish: Wish, exclude: tuple[Array, Array] | None) -> list[Spot]:
    """What is drawn, in order; the last place may have fewer views.

    Raises:
        SamplingError: as `choose`.
    """
    views = max(wish.views, 1)
    places = choose(math.ceil(wish.count / views), wish.preset, wish.seed, wish.part, exclude, wish.km)
    left, found = wish.count, []
    names = ("lat", "lng", "identity", "country", "koeppen", "date", "hour", "heading")
    for row in zip(*(getattr(places, name).tolist() for name in names), strict=True):
        lat, lng, identity, country, climate, date, hour, heading = row
        headings = tuple(round((heading + 360 / views * k) % 360, 1) for k in range(min(views, left)))
        shown = headings if wish.views else ()
        day = _day(identity, wish.seed)
        found.append(Spot(lat, lng, identity, country, climate, date, round(hour, 3), shown, day))
        left -= len(headings)
    return found


def _day(identity: str, seed: int) -> int:
    """The seed of weather and traffic: another one for each place and each set of shards."""
    digest = hashlib.blake2b(f"views/1/{identity}/{seed}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def draw(spot: Spot, wish: Wish) -> list[Sample | Bad]:
    """The pictures of a place as they go into a shard; one that cannot be drawn is reported as bad."""
    try:
        pictures = list(_pictures(spot, wish))
    except Exception as error:  # noqa: BLE001  one place in a million must not end a run of hours
        name = f"{spot.lat}, {spot.lng} at {spot.date} {spot.hour:.3f}, seed {spot.seed}"
        return [Bad(name, None, "not-drawn", f"{type(error).__name__}: {error}")]
    return [_sample(spot, wish, heading, picture) for heading, picture in pictures]


def _pictures(spot: Spot, wish: Wish) -> Iterator[tuple[float, Image.Image]]:
    date, hour = datetime.date.fromisoformat(spot.date), spot.hour
    moment: dict[str, Any] = {
        "date": date,
        "hour": hour,
        "seed": spot.seed,
        "without": frozenset(wish.without),
    }
    if not spot.headings:
        whole = render(spot.lat, spot.lng, size=8 * round(math.pi * wish.size / 8), **moment)
        yield whole.metadata["heading_deg"], whole.image
    else:
        views = render_views(spot.lat, spot.lng, headings=spot.headings, px=wish.size, **moment)
        yield from zip(spot.headings, (view.image for view in views), strict=True)


def encode(picture: Image.Image, quality: int = QUALITY) -> bytes:
    """A view as JPEG, the way all views are that a model trains on."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return data.getvalue()


def _sample(spot: Spot, wish: Wish, heading: float, picture: Image.Image) -> Sample:
    jpeg = encode(picture, wish.quality)
    minutes = round(spot.hour * 60) % 1440
    metadata = {
        "lat": spot.lat,
        "lng": spot.lng,
        "digest": hashlib.sha256(jpeg).hexdigest(),
        "group": spot.identity,
        "projection": "flat" if spot.headings else "equirectangular",
        "heading": heading,
        "id": f"{spot.identity}-{spot.seed}-{round(heading)}",
        "taken_at": f"{spot.date}T{minutes // 60:02d}:{minutes % 60:02d}",  # local solar time
        "country": spot.country,
        "koeppen": spot.koeppen,
    }
    return Sample(jpeg, metadata)


def _draw_all(some: Sequence[Spot], wish: Wish) -> list[list[Sample | Bad]]:
    return [draw(spot, wish) for spot in some]


def fill(
    out: Path,
    wish: Wish,
    exclude: tuple[Array, Array] | None,
    shard_mb: float,
    jobs: int,
    progress: Progress,
) -> Output:
    """Fills `out` with shards, or goes on filling it, also with a larger count than before.

    Raises:
        UserError: the folder holds something else; nothing could be drawn; a process has died.
        SamplingError: too few places fit.
        OSError: it cannot be written.
    """
    settings = {**asdict(wish), "without": list(wish.without), "shard_mb": shard_mb}
    del settings["count"]  # more of the same may follow
    with locked(out):
        output = Output(out, settings, int(shard_mb * 1e6))
        try:
            wanted = spots(wish, exclude)
            if output.index.complete and output.items >= len(wanted):
                return output
            rows = Rows(wanted)
            if not output.stands_after(rows):
                raise UserError(
                    f"{out} holds other places, or ends within the views of one: give a new folder as --out"
                )
            finished = in_order(rows, partial(_draw_all, wish=wish), PLACES_AT_ONCE, jobs)
            with contextlib.closing(finished):
                for pictures in finished:
                    output.add_all(pictures, rows.digests.popleft())
                    progress.show(output.samples, output.skipped.total(), output.samples / wish.count)
            if not output.samples:
                raise UserError("nothing could be drawn, see errors.jsonl there")
            output.commit(complete=True)
            return output
        finally:
            output.close()
