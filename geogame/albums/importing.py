"""Albums into the database: photos checked and re-encoded as any import does it, each album as a whole.

An album is entered when all of its photos are stored, so that whoever is interrupted goes on with the next
one: albums of that name on the map stay as they are, photos that are in already are found by their bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from geogame.albums.models import Album, AlbumPhoto
from geogame.panoramas.importers.picture import encode, inspect
from geogame.panoramas.importers.rows import ImportFailed, Row
from geogame.panoramas.importers.values import Place, Refusal
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import NewPanorama, add_panorama, get_or_create_map, scale_km_of
from planet_core import albums as album_files
from planet_core.albums import AlbumError
from planet_core.geo import haversine_km

SHIPPED_MAP = "Trips through Procedural Earth"
SAME_PLACE_KM = 0.025
Progress = Callable[[int, int], None]
"""Called after each photo with (done, total)."""


@dataclass
class AlbumImport:
    """What became of the albums of a folder."""

    map_name: str
    map_: Map | None = None
    albums: int = 0
    photos: int = 0
    already_there: int = 0
    refused: list[Refusal] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    interrupted: bool = False


def import_albums(
    folder: Path,
    map_name: str,
    *,
    progress: Progress = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> AlbumImport:
    """Import the albums of a folder (`planet_core.albums`) onto a map. What cannot be used is named.

    Raises:
        ImportFailed: the folder holds no albums, or nothing can be stored.
        MapError: what can be no name of a map.
    """
    try:
        albums = album_files.read_albums(folder)
    except AlbumError as error:
        raise ImportFailed(f"{error}.") from error
    report = AlbumImport(map_name)
    map_ = report.map_ = get_or_create_map(map_name)
    if map_.is_published:
        raise ImportFailed(
            f"The map “{map_.name}” is open for single rounds, whose results would tell the places of an"
            " album: give the albums a map of their own."
        )
    total, done = sum(len(album) for album in albums), 0
    for album in albums:
        if should_stop():
            report.interrupted = True
            break
        if map_.albums.filter(name=album.id[:200]).exists():
            report.already_there += 1
        else:
            _import(album, map_, report)
        done += len(album)
        progress(done, total)
    _fix_scale(map_)
    return report


def import_shipped(folder: Path) -> AlbumImport | None:
    """The albums that come with the program; only what is missing. None where it brings none. Errors as
    `import_albums`.
    """
    return import_albums(folder, SHIPPED_MAP) if (folder / album_files.FILE).is_file() else None


def _import(album: album_files.Album, map_: Map, report: AlbumImport) -> None:
    photos: list[tuple[album_files.AlbumPhoto, Panorama]] = []
    used: set[int] = set()
    for photo in album.photos:
        found = _panorama(album, photo, map_)
        if isinstance(found, Panorama) and found.pk in used:
            found = Refusal(_label(album, photo), "twice", "the album has this picture already")
        if isinstance(found, Refusal):
            report.refused.append(found)
        else:
            used.add(found.pk)
            photos.append((photo, found))
    if not photos:
        report.left_out.append(album.id)
        return
    if _enter(album, map_, photos):
        report.albums += 1
        report.photos += len(photos)
    else:
        report.already_there += 1


def _label(album: album_files.Album, photo: album_files.AlbumPhoto) -> str:
    return f"{album.id}: {photo.path.name}"


def _panorama(album: album_files.Album, photo: album_files.AlbumPhoto, map_: Map) -> Panorama | Refusal:
    """The stored picture of a photo, stored now if it is new."""
    label = _label(album, photo)
    if photo.lat is None or photo.lng is None:
        return Refusal(label, "no-place", "its place is not known, so that no pin on it can be measured")
    row = Row(file=photo.path, label=label, place=Place(photo.lat, photo.lng))
    inspected = inspect(row)
    if isinstance(inspected, Refusal):
        return inspected
    known = Panorama.objects.filter(digest=inspected.digest).first()
    if known is not None:
        return _usable(known, photo.lat, photo.lng, label, map_)
    ready = encode(inspected)
    if isinstance(ready, Refusal):
        return ready
    try:
        add_panorama(map_=map_, new=_new(ready.new, album, photo))
    except OSError as error:
        raise ImportFailed(f"Cannot write to {settings.MEDIA_ROOT}: {error.strerror or error}.") from error
    except DatabaseError as error:
        raise ImportFailed(f"The database says: {error}.") from error
    return Panorama.objects.get(digest=inspected.digest)


def _usable(known: Panorama, lat: float, lng: float, label: str, map_: Map) -> Panorama | Refusal:
    """A picture that is here already."""
    if known.withdrawn_at:
        return Refusal(label, "withdrawn", "this picture was withdrawn and is not shown again")
    open_map = known.maps.filter(is_published=True).first()
    if open_map is not None:
        return Refusal(
            label,
            "in-single-rounds",
            f"this picture is in play on the map “{open_map.name}”: its rounds would tell the album's places",
        )
    distance_km = float(haversine_km(lat, lng, known.lat, known.lng))
    if distance_km > SAME_PLACE_KM:
        return Refusal(
            label,
            "another-place",
            f"the same picture is in already, {distance_km:.3f} km away at {known.lat:.5f}, {known.lng:.5f}",
        )
    map_.panoramas.add(known)
    return known


def _new(new: NewPanorama, album: album_files.Album, photo: album_files.AlbumPhoto) -> NewPanorama:
    taken_at = photo.taken_at.isoformat() if photo.taken_at else ""
    return replace(
        new,
        taken_at=taken_at or new.taken_at,
        licence=album.licence or new.licence,
        source=album.source,
        group=f"album/{album.source}/{album.id}",
        drawn=album.drawn,
        facts=dict(photo.properties) if album.drawn else {},
    )


def _enter(
    album: album_files.Album, map_: Map, photos: list[tuple[album_files.AlbumPhoto, Panorama]]
) -> bool:
    """False where another import was faster."""
    try:
        with transaction.atomic():
            entered = Album.objects.create(
                map=map_,
                name=album.id[:200],
                source=album.source[:500],
                licence=(album.licence or "")[:100],
                drawn=album.drawn,
            )
            AlbumPhoto.objects.bulk_create(
                AlbumPhoto(
                    album=entered,
                    number=number,
                    panorama=panorama,
                    taken_at=photo.taken_at.isoformat()[:40] if photo.taken_at else "",
                    cue=(photo.cue or "")[:50],
                )
                for number, (photo, panorama) in enumerate(photos, start=1)
            )
    except IntegrityError:
        return False
    return True


def _fix_scale(map_: Map) -> None:
    """The scale of the map's score; rounds that were begun keep theirs."""
    places = np.array(list(map_.panoramas.values_list("lat", "lng")))
    if len(places):
        map_.scale_km = round(scale_km_of(places[:, 0], places[:, 1]), 3)
        map_.save(update_fields=["scale_km"])
