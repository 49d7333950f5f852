"""What there is in a folder of albums: its photos, licences, sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geogame.datasets.errors import DataSetError
from geogame.datasets.found import OUTSIDE, Found
from geogame.datasets.lists import Beneath
from planet_core.albums import FILE, Album, AlbumPhoto, read_albums
from planet_core.model_directory import sha256_of
from planet_core.sources.photo import Photo

Progress = Callable[[float, str], None]


def list_albums(folder: Path, progress: Progress) -> Found:
    """Every photo of every album; a picture in two albums counts twice, as models meet it twice.

    DataSetError where a photo lies outside the folders that data sets may come from; AlbumError where a line
    of albums.jsonl cannot be used.
    """
    found = Found()
    is_allowed = Beneath()
    albums = read_albums(folder)
    found.albums, found.drawn = len(albums), any(album.drawn for album in albums)
    photos = sum(len(album) for album in albums)
    done = 0
    for album in albums:
        for photo in album.photos:
            if not is_allowed(photo.path):
                raise DataSetError(OUTSIDE.format(source=folder / FILE, photo=photo.path))
            _take(found, album, photo)
            done += 1
            progress(done / photos, f"Listing: {done:,} photos so far")
    return found


def _take(found: Found, album: Album, photo: AlbumPhoto) -> None:
    try:
        digest, size = sha256_of(photo.path), photo.path.stat().st_size
    except OSError:
        found.skipped["missing-file"] += 1
        return
    found.bytes += size
    found.licences[album.licence or ""] += 1
    if photo.lat is None or photo.lng is None:
        found.without_place += 1
    else:
        found.photos.append(Photo(photo.path, photo.lat, photo.lng, album.id, digest))
