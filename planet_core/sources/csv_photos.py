"""Photos listed in a CSV file: `path,lat,lng[,group,digest,projection,heading]`, a header line first.

Paths are relative to the CSV's own folder, or absolute. Other columns are ignored. Rows are read one by one,
so a list may be longer than memory; a row that cannot be used is reported with its line and reason, and
skipped.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from planet_core.model_directory import sha256_of

PROJECTIONS = ("flat", "equirectangular")
REQUIRED = ("path", "lat", "lng")


class SourceError(Exception):
    """A list of photos that cannot be read at all."""


@dataclass(frozen=True)
class Photo:
    """One geotagged photo.

    Attributes:
        path: the file.
        lat, lng: degrees.
        group: what belongs together (sequence, panorama, album); "" for none.
        digest: sha256 of the file, hexadecimal.
        projection: `flat`, or `equirectangular` for a 360-degree panorama.
        heading: compass bearing of the middle column in degrees, None where unknown.
    """

    path: Path
    lat: float
    lng: float
    group: str = ""
    digest: str = ""
    projection: str = "flat"
    heading: float | None = None


@dataclass(frozen=True)
class RowError:
    """A row that was skipped: its line in the file and the reason."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass
class CsvPhotos:
    """The photos of a CSV file; iterate over it. `errors` then holds the rows that were skipped.

    Raises (when iterated):
        SourceError: the file is missing, not text, or lacks a column.
    """

    path: str | os.PathLike[str]
    errors: list[RowError] = field(default_factory=list)

    def __iter__(self) -> Iterator[Photo]:
        self.errors.clear()
        source = Path(self.path)
        try:
            with source.open(newline="", encoding="utf-8-sig") as file:
                rows = csv.DictReader(file)
                missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
                if missing:
                    raise SourceError(
                        f"{source} lacks the column {', '.join(missing)}: its first line must name"
                        " path,lat,lng"
                    )
                for row in rows:
                    try:
                        yield _photo(row, source.parent)
                    except ValueError as error:
                        self.errors.append(RowError(rows.line_num, str(error)))
        except OSError as error:
            raise SourceError(f"cannot read the photo list {source}: {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise SourceError(f"{source} is not a CSV file in UTF-8: {error}") from error


def _photo(row: dict[str, str | None], folder: Path) -> Photo:
    """The photo of a row. Raises ValueError with the reason why it cannot be used."""

    def text(name: str) -> str:
        return (row.get(name) or "").strip()

    if not text("path"):
        raise ValueError("no path")
    path = folder / text("path")
    projection = text("projection") or "flat"
    if projection not in PROJECTIONS:
        raise ValueError(f"unknown projection {projection!r} (one of {', '.join(PROJECTIONS)})")
    heading = _number(text("heading"), "heading") if text("heading") else None
    lat, lng = _coordinates(text("lat"), text("lng"))
    if not path.is_file():
        raise ValueError(f"missing file {path}")
    try:
        digest = text("digest") or sha256_of(path)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    return Photo(path, lat, lng, text("group"), digest, projection, heading)


def _coordinates(lat_text: str, lng_text: str) -> tuple[float, float]:
    lat, lng = _number(lat_text, "latitude"), _number(lng_text, "longitude")
    if abs(lat) > 90:
        swapped = " (are latitude and longitude swapped?)" if abs(lng) <= 90 else ""
        raise ValueError(f"latitude {lat} is not within -90..90{swapped}")
    if abs(lng) > 180:
        raise ValueError(f"longitude {lng} is not within -180..180")
    return lat, lng


def _number(text: str, name: str) -> float:
    if not text:
        raise ValueError(f"no {name}")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{name} {text!r} is not a number")
    return value
