"""Albums: photos of one person or one drive in the order of time (paper, Sec. 4). Standard library and numpy.

    python -m planet_core.albums SOURCE --by folder|author|sequence --out DIR

A folder of albums holds `albums.jsonl`, an album a line, and usually the pictures below it:

    {"album": "rome", "source": "…", "licence": "…", "drawn": true, "photos": [
        {"path": "rome/1.jpg", "lat": 41.9, "lng": 12.5, "taken_at": "2019-05-01T10:22:00+02:00"},
        {"path": "rome/2.jpg", "lat": null, "lng": null, "taken_at": null, "cue": "none"}, …]}

Photos stand in the order in which a model sees them. A photo without a place is answered and not scored.
`cue` "none" is a photo that shows nothing of its place. How albums are made of photos: `album_sources`.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core.files import atomic_file

FILE = "albums.jsonl"
NO_CUE = "none"
_PHOTO_KEYS = ("path", "lat", "lng", "taken_at", "cue")

FloatArray = npt.NDArray[np.float32]


class AlbumError(Exception):
    """Albums that cannot be read, written or made; says where and why."""


@dataclass(frozen=True)
class AlbumPhoto:
    """One photo of an album.

    Attributes:
        path: the picture file, not looked at before it is needed.
        lat, lng: degrees; both None where the place is not known.
        taken_at: with or without a zone; None where the time is not known.
        cue: what shows the place, in the words of whoever made the album; "none" for a photo without any
            (`cueless`), None where nobody said.
        properties: other JSON values of the photo, kept as they are.
    """

    path: Path
    lat: float | None
    lng: float | None
    taken_at: datetime | None
    cue: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def located(self) -> bool:
        """Whether its place is known, so that an answer can be scored."""
        return self.lat is not None

    @property
    def cueless(self) -> bool:
        """Whether it is said to show nothing of its place (a room, food)."""
        return self.cue == NO_CUE


@dataclass(frozen=True)
class Album:
    """Photos that belong together, in the order of time.

    Attributes:
        id: unique among the albums of a folder.
        photos: at least one.
        source: who made or published the photos.
        drawn: whether the pictures are drawn and no photographs.
    """

    id: str
    photos: tuple[AlbumPhoto, ...]
    source: str
    licence: str | None = None
    drawn: bool = False

    def __len__(self) -> int:
        return len(self.photos)


# ------------------------------------------------------------------------------------------------
# Reading


def read_albums(folder: Path) -> list[Album]:
    """The albums of a folder, in the order of its `albums.jsonl`.

    Args:
        folder: the folder; paths of photos are relative to it, or absolute.

    Raises:
        AlbumError: there is none, or a line cannot be used: names file, line, photo and what is wrong.
    """
    file = Path(folder) / FILE
    albums: list[Album] = []
    lines: dict[str, int] = {}
    paths: dict[Path, int] = {}
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            album = _album(line, file.parent)
            _check_new(album, number, lines, paths)
        except ValueError as error:
            raise AlbumError(f"{file}, line {number}: {error}") from error
        albums.append(album)
    if not albums:
        raise AlbumError(f"{file} holds no album")
    return albums


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise AlbumError(
            f"there are no albums: {file} is missing; make it with"
            " python -m planet_core.albums SOURCE --out DIR"
        ) from error
    except OSError as error:
        raise AlbumError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise AlbumError(f"{file} is no text in UTF-8: {error}") from error


def _check_new(album: Album, number: int, lines: dict[str, int], paths: dict[Path, int]) -> None:
    if album.id in lines:
        raise ValueError(f"the album {album.id!r} is in line {lines[album.id]} already")
    lines[album.id] = number
    for photo in album.photos:
        if photo.path in paths:
            raise ValueError(f"the photo {photo.path} is in line {paths[photo.path]} already")
        paths[photo.path] = number


def _album(line: str, folder: Path) -> Album:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(values, dict):
        raise ValueError('no album: expected {"album": …, "photos": […]}')
    photos = values.get("photos")
    if not isinstance(photos, list) or not photos:
        raise ValueError('"photos" must be a list of at least one photo')
    drawn = values.get("drawn", False)
    if not isinstance(drawn, bool):
        raise ValueError(f'"drawn" must be true or false, not {drawn!r}')
    return Album(
        _text(values, "album"),
        tuple(_photo(photo, index, folder) for index, photo in enumerate(photos, start=1)),
        _text(values, "source"),
        None if values.get("licence") is None else _text(values, "licence"),
        drawn,
    )


def _photo(values: object, number: int, folder: Path) -> AlbumPhoto:
    try:
        if not isinstance(values, dict):
            raise ValueError('no object with "path", "lat", "lng" and "taken_at"')
        lat, lng = _coordinate(values, "lat", 90), _coordinate(values, "lng", 180)
        if (lat is None) != (lng is None):
            raise ValueError('"lat" and "lng" must both be numbers, or both null')
        cue = None if values.get("cue") is None else _text(values, "cue")
        path = folder / _text(values, "path")
        others = {key: value for key, value in values.items() if key not in _PHOTO_KEYS}
        return AlbumPhoto(path, lat, lng, _time(values.get("taken_at")), cue, others)
    except ValueError as error:
        raise ValueError(f"photo {number}: {error}") from error


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(f'"{key}" must be a text that is not empty, not {value!r}')
    return value


def _coordinate(values: Mapping[str, object], key: str, most: float) -> float | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f'"{key}" must be a number or null, not {value!r}')
    if abs(value) > most:
        raise ValueError(f'"{key}" {value} is not within -{most}..{most}')
    return float(value)


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]  # a TypeError tells the same
    except (TypeError, ValueError) as error:
        raise ValueError(f'"taken_at" must be ISO 8601 or null, not {value!r}') from error


# ------------------------------------------------------------------------------------------------
# Writing


def write_albums(folder: Path, albums: Iterable[Album]) -> None:
    """Writes `albums.jsonl` into a folder, as a whole or not at all. Pictures are not touched.

    Paths below the folder are written relative to it, others absolute.

    Raises:
        AlbumError: no albums, an empty one, or an id or a photo that comes twice; names it.
        OSError: it cannot be written; what was there before is untouched.
    """
    lines: dict[str, int] = {}
    paths: dict[Path, int] = {}
    file = Path(folder) / FILE
    written = []
    for number, album in enumerate(albums, start=1):
        if not album.photos:
            raise AlbumError(f"cannot write {file}: the album {album.id!r} has no photos")
        try:
            _check_new(album, number, lines, paths)
        except ValueError as error:
            raise AlbumError(f"cannot write {file}, line {number}: {error}") from error
        written.append(json.dumps(_values(album, file.parent), ensure_ascii=False, allow_nan=False) + "\n")
    if not written:
        raise AlbumError(f"cannot write {file}: there is no album")
    with atomic_file(file) as out:
        out.writelines(line.encode() for line in written)


def _values(album: Album, folder: Path) -> dict[str, Any]:
    values: dict[str, Any] = {"album": album.id, "source": album.source}
    if album.licence is not None:
        values["licence"] = album.licence
    if album.drawn:
        values["drawn"] = True
    values["photos"] = [_photo_values(photo, folder) for photo in album.photos]
    return values


def _photo_values(photo: AlbumPhoto, folder: Path) -> dict[str, Any]:
    path = photo.path.absolute()
    below = path.relative_to(folder.absolute()) if path.is_relative_to(folder.absolute()) else path
    values: dict[str, Any] = {
        "path": below.as_posix(),
        "lat": photo.lat,
        "lng": photo.lng,
        "taken_at": photo.taken_at.isoformat() if photo.taken_at else None,
    }
    return values | ({} if photo.cue is None else {"cue": photo.cue}) | dict(photo.properties)


# ------------------------------------------------------------------------------------------------
# Time


def utc_hours(times: Sequence[datetime | None]) -> list[float | None]:
    """Hours since 1970 in UTC, None for None.

    A time without a zone is of the zone that most of the others have, and of UTC where none has one: the
    camera that knows no zones lies in the same bag as the telephone that does.
    """
    offsets = Counter(time.utcoffset() for time in times if time is not None and time.tzinfo is not None)
    usual = min(offsets, key=lambda offset: (-offsets[offset], offset or timedelta()), default=None)
    zone = timezone(usual or timedelta())
    return [
        None if time is None else (time if time.tzinfo else time.replace(tzinfo=zone)).timestamp() / 3600
        for time in times
    ]


def time_gaps_hours(album: Album) -> FloatArray:
    """Hours since the photo before, float32 (photos,), in UTC and never negative.

    0 for the first photo, for one without a time, and for one taken at the same time. Behind photos without a
    time, the hours since the last one that has one.
    """
    gaps = np.zeros(len(album), dtype=np.float32)
    last: float | None = None
    for index, hours in enumerate(utc_hours([photo.taken_at for photo in album.photos])):
        if hours is not None:
            gaps[index] = 0.0 if last is None else max(0.0, hours - last)
            last = hours
    return gaps


def in_time_order(photos: Sequence[AlbumPhoto]) -> tuple[tuple[AlbumPhoto, ...], list[str]]:
    """Photos sorted by the time they were taken, and sentences on what the times left open.

    Args:
        photos: in the order that is kept where times say nothing, that of file names as a rule. A photo
            without a time stays behind the one before it, those at the very front stay there.
    """
    times = utc_hours([photo.taken_at for photo in photos])
    keys: list[float] = []
    for hours in times:
        keys.append(hours if hours is not None else keys[-1] if keys else -math.inf)
    order = sorted(range(len(photos)), key=keys.__getitem__)
    return tuple(photos[index] for index in order), _remarks(photos, times)


def _remarks(photos: Sequence[AlbumPhoto], times: Sequence[float | None]) -> list[str]:
    known = [hours for hours in times if hours is not None]
    if not known:
        return ["no photo has a time: they stay in the given order"]
    remarks = []
    if len(known) < len(photos):
        missing = len(photos) - len(known)
        remarks.append(f"{missing} of {len(photos)} photos have no time: each stays behind the one before it")
    equal = sum(count for count in Counter(known).values() if count > 1)
    if equal:
        remarks.append(
            f"{equal} of {len(photos)} photos share their time with another: they stay in the given order"
        )
    zoned = sum(1 for photo in photos if photo.taken_at is not None and photo.taken_at.tzinfo is not None)
    if 0 < zoned < len(known):
        remarks.append(
            f"{len(known) - zoned} of {len(photos)} times have no zone: they are taken for the zone that most"
            " have"
        )
    return remarks


def backwards(albums: Iterable[Album]) -> list[str]:
    """Ids of albums whose times run backwards somewhere: they were not put into the order of time."""
    found = []
    for album in albums:
        known = [
            hours for hours in utc_hours([photo.taken_at for photo in album.photos]) if hours is not None
        ]
        if any(later < earlier for earlier, later in itertools.pairwise(known)):
            found.append(album.id)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line, see `album_sources`."""
    from planet_core import album_sources

    return album_sources.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
