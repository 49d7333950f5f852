"""What is read of a data set, in a process of its own: counts, licences, places, near-duplicates."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from geogame.datasets import places as places_file
from geogame.datasets import services
from geogame.datasets.album_list import list_albums
from geogame.datasets.duplicates import near_duplicates
from geogame.datasets.errors import Cancelled, DataSetError
from geogame.datasets.found import OUTSIDE, Found
from geogame.datasets.lists import Beneath, photo_list
from geogame.datasets.models import DataSet
from geogame.datasets.places import make_places
from geogame.datasets.uploads import unpack
from planet_core.albums import AlbumError
from planet_core.model_directory import sha256_of
from planet_core.sources.csv_photos import CsvPhotos
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import Photo, Source, SourceError
from planet_core.sources.table import Row

BEAT_S = 1.0
UNPACKED, LISTED = 0.2, 0.5
"""Of the progress: where the upload is unpacked, and where all photos are listed."""
MOST_LICENCES = 40
Kind = DataSet.Kind
Tell = Callable[[str], None]


class Pace:
    """Beats the heart of a data set once a second; raises Cancelled where somebody asked for it."""

    def __init__(self, data_set: DataSet, tell: Tell | None = None) -> None:
        self.data_set, self.tell = data_set, tell
        self._last = 0.0

    def __call__(self, share: float, message: str) -> None:
        now = time.monotonic()
        if now - self._last < BEAT_S:
            return
        self._last = now
        if self.tell:
            self.tell(f"{share:4.0%}  {message}")
        if not services.beat(self.data_set, progress=share, message=message):
            raise Cancelled


class LicensedCsv(CsvPhotos):
    """A photo list that counts what its column `licence` says."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, digests=False)
        self.licences: Counter[str] = Counter()

    def _photo(self, row: Row) -> Photo:
        photo = super()._photo(row)
        self.licences[row.get("licence") or row.get("license") or ""] += 1
        return photo


def read_now(data_set: DataSet, tell: Tell | None = None) -> bool:
    """Claim and read it. False where somebody else does. An interruption gives it back."""
    if not services.claim(data_set):
        return False
    pace = Pace(data_set, tell)
    try:
        services.succeed(data_set, **_read(data_set, pace))
    except Cancelled:
        services.cancelled(data_set)
    except (DataSetError, SourceError, AlbumError, OSError) as error:
        services.fail(data_set, str(error))
    except KeyboardInterrupt:
        services.release(data_set)
        raise
    except Exception as error:
        services.fail(data_set, f"{type(error).__name__}: {error}")
        raise
    return True


def _read(data_set: DataSet, pace: Pace) -> dict[str, Any]:
    skipped = Counter(unpack(data_set, lambda share, text: pace(UNPACKED * share, text)))
    found = _found(data_set, pace)
    skipped += found.skipped
    if not found.photos:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in skipped.most_common(3))
        raise DataSetError(f"There is no photo that can be used{f' ({reasons})' if reasons else ''}.")
    places = make_places(
        *([photo.lat for photo in found.photos], [photo.lng for photo in found.photos]),
        *([photo.group for photo in found.photos], [photo.digest for photo in found.photos]),
    )
    places_file.save(places, data_set.directory / places_file.FILE)
    report = near_duplicates(
        found.photos, places, lambda share, text: pace(LISTED + (1 - LISTED) * share, text)
    )
    return {
        "photos": len(found.photos) + found.without_place,
        "albums": found.albums,
        "drawn": found.drawn,
        "bytes": found.bytes,
        "skipped": dict(skipped.most_common()),
        "licences": _few(found.licences),
        "near_duplicates": report,
    }


def _found(data_set: DataSet, pace: Pace) -> Found:
    if data_set.kind == Kind.ALBUMS:
        return list_albums(Path(data_set.source), lambda share, text: pace(LISTED * share, text))
    return _list(photo_list(data_set), pace, is_allowed=Beneath() if data_set.kind == Kind.SOURCE else None)


def _list(sources: list[str], pace: Pace, *, is_allowed: Callable[[Path], bool] | None) -> Found:
    """Reads no file that `is_allowed` refuses, if given: DataSetError names it."""
    found = Found()
    digests: set[str] = set()
    for name in sources:
        source = _opened(name)
        for photo in source:
            pace(
                UNPACKED + (LISTED - UNPACKED) * source.share, f"Listing: {len(found.photos):,} photos so far"
            )
            if is_allowed and not is_allowed(photo.path):
                raise DataSetError(OUTSIDE.format(source=source.path, photo=photo.path))
            try:
                photo = photo if photo.digest else replace(photo, digest=_digest(photo))
            except OSError:
                found.skipped["missing-file"] += 1
                continue
            if photo.digest in digests:
                found.skipped["listed-twice"] += 1
                continue
            digests.add(photo.digest)
            found.photos.append(photo)
            found.bytes += photo.length if photo.length is not None else photo.path.stat().st_size
        found.skipped += source.errors.by_code
        if isinstance(source, LicensedCsv):
            found.licences += source.licences
    found.licences[""] += max(0, len(found.photos) - found.licences.total())
    return found


def _opened(name: str) -> Source:
    kind, _, path = name.partition(":")
    return LicensedCsv(Path(path)) if kind == CsvPhotos.kind else open_source(name, digests=False)


def _digest(photo: Photo) -> str:
    return sha256_of(photo.path) if photo.length is None else hashlib.sha256(photo.read()).hexdigest()


def _few(licences: Counter[str]) -> dict[str, int]:
    """Number of photos by licence, most first; "" is not stated. Rare ones are counted together."""
    kept = dict(licences.most_common(MOST_LICENCES))
    if rest := licences.total() - sum(kept.values()):
        kept["others"] = kept.get("others", 0) + rest
    return {name[:100]: count for name, count in kept.items() if count}
