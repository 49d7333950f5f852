"""Drawn pictures into the database: each place once, whoever drew it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import NewPanorama, add_panorama, publish_map, put_on_map
from procedural_earth import play_set
from procedural_earth.play_set import Picture

AUTHOR = "drawn by the program Procedural Earth"
SOURCE = "Procedural Earth: drawn from facts, not photographed"
LICENCE = "MIT, as the program itself"


def group_of(identity: str) -> str:
    """The group of all pictures of a place: the same place on another day would give it away."""
    return f"procedural-earth/{identity}"


def known(identity: str) -> Panorama | None:
    return Panorama.objects.filter(drawn=True, group=group_of(identity)).order_by("pk").first()


def add(*, map_: Map, jpeg: bytes, width: int, height: int, facts: dict[str, Any]) -> bool:
    """Store a drawn panorama with what its renderer says of it. True when the map did not have it."""
    digest = hashlib.sha256(jpeg).hexdigest()
    hour = float(facts["hour"])
    minutes = min(round(hour * 60), 24 * 60 - 1)
    new = NewPanorama(
        digest=digest,
        jpeg=jpeg,
        file_digest=digest,
        width=width,
        height=height,
        projection=Panorama.Projection.EQUIRECTANGULAR,
        lat=float(facts["lat"]),
        lng=float(facts["lng"]),
        heading=float(facts["heading_deg"]) % 360,
        taken_at=f"{facts['date']}T{minutes // 60:02}:{minutes % 60:02}",
        licence=LICENCE,
        author=AUTHOR,
        source=SOURCE,
        group=group_of(str(facts["identity"])),
        drawn=True,
        facts=facts,
    )
    return add_panorama(map_=map_, new=new)


def import_shipped(map_: Map, directory: Path, most: int) -> Iterator[bool]:
    """Put the pictures that come with the program on the map, at most so many. True for each new one.

    PlaySetError where they are damaged.
    """
    for picture in play_set.read(directory)[:most]:
        existing = known(picture.identity)
        if existing:
            yield put_on_map(map_=map_, panorama=existing)
        else:
            yield _import(map_, picture, directory)


def _import(map_: Map, picture: Picture, directory: Path) -> bool:
    return add(
        map_=map_,
        jpeg=play_set.bytes_of(picture, directory),
        width=picture.width,
        height=picture.height,
        facts={**picture.metadata, "seed": picture.seed},
    )


def open_for_play(map_: Map) -> None:
    """Publish a new map, or refresh the scale of an open one; one that was closed by hand stays closed."""
    map_.refresh_from_db()
    if map_.is_published or not map_.published_at:
        publish_map(map_)
