"""Only the places of a source, in blocks of arrays: what a partition needs of a hundred million photos.

A CSV file (plain or .gz) is read for its coordinates alone, some hundred thousand lines a second; no picture
has to be there. Other kinds of sources are read photo by photo.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from planet_core.sources.csv_photos import RowError, SourceError
from planet_core.sources.open_source import open_source

LAT_NAMES, LNG_NAMES = ("lat", "latitude"), ("lng", "lon", "long", "longitude")
_BLOCK = 1 << 15  # rows at a time
_SWAPPED_ROWS, _SWAPPED_SHARE = 3, 0.05

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """Some of the places of a source.

    Attributes:
        lat, lng: float64 (places,), degrees, all of them on the earth.
        errors: rows that were skipped since the block before, of most kinds of sources only the first
            `photo.LISTED` of a reading.
        skipped: how many those rows are, all of them counted.
        share: how much of the source is read, 0..1; None where that is not known.
    """

    lat: FloatArray
    lng: FloatArray
    errors: list[RowError]
    skipped: int
    share: float | None = None


def read_places(source: str) -> Iterator[Places]:
    """The places of a SOURCE (`kind:path` or a path), block by block.

    Raises:
        SourceError: the kind is not known, the file is missing, damaged or of another kind, it has no columns
            for the coordinates, or these are evidently swapped.
    """
    kind, colon, path = source.partition(":")
    file = Path(path if colon and kind == "csv" else source)
    if (colon and kind == "csv") or file.name.lower().endswith((".csv", ".csv.gz")):
        return _csv_places(file)
    return _photo_places(source)


def _photo_places(source: str) -> Iterator[Places]:
    opened = open_source(source, digests=False)
    photos = iter(opened)
    listed = counted = 0
    while True:
        block = list(itertools.islice(photos, _BLOCK))
        lat, lng = np.array([p.lat for p in block]), np.array([p.lng for p in block])
        errors, skipped = opened.errors.listed[listed:], len(opened.errors) - counted
        yield Places(lat, lng, errors, skipped, opened.share)
        if not block:
            return
        listed += len(errors)
        counted += skipped


def _csv_places(path: Path) -> Iterator[Places]:
    try:
        size = max(1, path.stat().st_size) if path.is_file() else None  # a pipe has no end to tell
        with path.open("rb") as raw, _text(path, raw) as text:
            reader = csv.reader(text)
            columns = _columns(path, next(reader, []))
            swapped = rows = widest = 0.0
            while numbered := [(reader.line_num, row) for row in itertools.islice(reader, _BLOCK) if row]:
                lat, lng = (_floats(numbered, column) for column in columns)
                good = (np.abs(lat) <= 90) & (np.abs(lng) <= 180)  # false for NaN
                errors = [_error(*numbered[bad], columns) for bad in np.flatnonzero(~good).tolist()]
                rows += good.size
                swapped += np.count_nonzero((np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lng) <= 90))
                widest = max(widest, np.abs(lng[good]).max(initial=0.0))
                share = min(1.0, raw.tell() / size) if size else None
                yield Places(lat[good], lng[good], errors, len(errors), share)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} is not a CSV file in UTF-8: {error}") from error
    except (EOFError, zlib.error) as error:
        raise SourceError(f"{path} is damaged or cut off: {error}") from error
    # a true longitude column leaves -90..90 sooner or later, a latitude column never does
    if widest <= 90 and swapped >= max(_SWAPPED_ROWS, _SWAPPED_SHARE * rows):
        raise SourceError(
            f"{path}: latitude and longitude look swapped: {int(swapped)} of {int(rows)} rows have a latitude"
            " outside -90..90 and none a longitude outside it; correct the header line"
        )


def _text(path: Path, raw: io.BufferedReader) -> io.TextIOWrapper:
    """The file as text, unpacked if it begins like a gzip file."""
    packed = raw.peek(2)[:2] == b"\x1f\x8b"
    data = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
    return io.TextIOWrapper(data, encoding="utf-8-sig", newline="")


def _columns(path: Path, header: list[str]) -> tuple[int, int]:
    """Positions of the latitude and the longitude column."""
    names = [name.strip().lower() for name in header]
    found = [[index for index, name in enumerate(names) if name in known] for known in (LAT_NAMES, LNG_NAMES)]
    if any(len(indices) != 1 for indices in found):
        raise SourceError(
            f"{path} needs one column {' or '.join(LAT_NAMES)} and one column {' or '.join(LNG_NAMES)} in its"
            f" first line, which is: {','.join(header)[:80] or '(empty)'}"
        )
    return found[0][0], found[1][0]


def _floats(numbered: list[tuple[int, list[str]]], column: int) -> FloatArray:
    """The numbers of a column, NaN where there is none."""
    try:
        return np.array([float(row[column]) for _, row in numbered])
    except (ValueError, IndexError):
        return np.array([_float(_field(row, column)) for _, row in numbered])


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _field(row: list[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _error(line: int, row: list[str], columns: tuple[int, int]) -> RowError:
    """Why the row cannot be used."""
    texts = [_field(row, column) for column in columns]
    lat, lng = (_float(text) for text in texts)
    for name, text, value in (("latitude", texts[0], lat), ("longitude", texts[1], lng)):
        if not text:
            return RowError(line, f"no {name}")
        if not math.isfinite(value):
            return RowError(line, f"{name} {text!r} is not a number")
    if abs(lat) > 90:
        swapped = " (are latitude and longitude swapped?)" if abs(lat) <= 180 and abs(lng) <= 90 else ""
        return RowError(line, f"latitude {lat} is not within -90..90{swapped}")
    return RowError(line, f"longitude {lng} is not within -180..180")
