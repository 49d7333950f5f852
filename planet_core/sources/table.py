"""Sources that are one text file with a photo a line: reading, line numbers, and the check of the columns."""

from __future__ import annotations

import abc
import contextlib
import csv
import gzip
import io
import itertools
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from planet_core.sources.photo import Photo, RowProblem, Source, SourceError, checked_place

LOOKED_AT_FIRST = 10_000
"""Rows whose coordinates are looked at before the first photo is given out."""
SWAPPED_ROWS, SWAPPED_SHARE = 3, 0.05
"""At least so many rows, and so large a share of all with numbers, must look swapped to refuse a file."""
FIELD_LIMIT = 1 << 24

Row = dict[str, str]


class ColumnCheck:
    """Tells rows that are wrong from columns that are swapped.

    Where the columns are swapped, the column read as longitude never leaves -90..90, and the one read as
    latitude does for every photo east or west of that. A single |lng| > 90 therefore clears the file, and
    then rows with |lat| > 90 are bad rows.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.swapped = 0
        self.cleared = False

    def look(self, lat_text: str, lng_text: str) -> None:
        """Counts a row; texts that are no coordinates count for nothing."""
        try:
            _, lng = checked_place(lat_text, lng_text)
        except RowProblem as problem:
            if problem.code != "swapped":
                return
            self.swapped += 1
            lng = 0.0
        self.rows += 1
        self.cleared = self.cleared or abs(lng) > 90

    def refuse(self) -> None:
        """Raises SourceError if the columns are swapped as far as has been seen."""
        if self.cleared or self.swapped < max(SWAPPED_ROWS, SWAPPED_SHARE * self.rows):
            return
        raise SourceError(
            f"{self.path}: latitude and longitude look swapped: {self.swapped} of {self.rows} rows have a"
            " latitude outside -90..90 and none a longitude outside it; put the columns right and try again"
        )


class TableSource(Source):
    """A source that is a text file, plain or .gz. A subclass gives rows and makes photos of them."""

    _raw: BinaryIO | None = None
    _passed: float | None = 0.0
    _size = 1

    @abc.abstractmethod
    def _rows(self, file: TextIO) -> Iterator[tuple[int, Row]]:
        """(line number, row) of the open file."""

    @abc.abstractmethod
    def _photo(self, row: Row) -> Photo | None:
        """The photo of a row; None if it is no photo at all. Raises RowProblem."""

    def _photos(self) -> Iterator[Photo]:
        check = ColumnCheck(self._file())
        rows = 0
        with self._open() as file:
            for _, row in itertools.islice(self._rows(file), LOOKED_AT_FIRST):
                rows += 1
                check.look(row.get("lat", ""), row.get("lng", ""))
        check.refuse()
        looked_at = check.rows, check.swapped
        with self._open() as file:
            for index, (line, row) in enumerate(self._rows(file)):
                self._passed = (index + 1) / rows if rows < LOOKED_AT_FIRST else None
                if index >= LOOKED_AT_FIRST:
                    check.look(row.get("lat", ""), row.get("lng", ""))
                try:
                    photo = self._photo(row)
                except RowProblem as problem:
                    self.errors.add(line, problem)
                    continue
                if photo is not None:
                    yield photo
        if (check.rows, check.swapped) != looked_at:
            check.refuse()

    def _file(self) -> Path:
        return self.path

    @contextlib.contextmanager
    def _open(self) -> Iterator[TextIO]:
        """The file as text; all that can be wrong with its bytes becomes a SourceError."""
        path = self._file()
        with path.open("rb") as raw:
            self._raw, self._size = raw, max(1, os.fstat(raw.fileno()).st_size)
            data = gzip.GzipFile(fileobj=raw, mode="rb") if is_gzip(path) else raw
            try:
                with io.TextIOWrapper(cast(BinaryIO, data), encoding="utf-8-sig", newline="") as file:
                    yield file
            except (UnicodeDecodeError, csv.Error) as error:
                raise SourceError(f"{path} is not a {self.kind} file in UTF-8: {error}") from error
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise SourceError(f"{path} is damaged or cut off: {error}") from error

    @property
    def share(self) -> float:
        if self._raw is None or self._raw.closed:
            return self._share
        # a short file is read in one go: its rows were counted instead
        return self._raw.tell() / self._size if self._passed is None else self._passed


# ------------------------------------------------------------------------------------------------
# Tables with a header line

SPELLINGS = {
    "path": ("path", "file", "filename", "file_name", "image", "image_path", "img_file", "img_id"),
    "lat": ("lat", "latitude"),
    "lng": ("lng", "lon", "long", "longitude"),
    "id": ("id",),
    "taken_at": ("taken_at",),
}
"""Column names, in any case, by what they mean here; other columns keep their name in lower case."""


def header_rows(path: Path, file: TextIO, required: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """(line number, row) of a CSV file whose first line names the columns; keys as `SPELLINGS` has them.

    Raises:
        SourceError: a required column is missing, or named twice.
    """
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(file)
    names = [meaning(name) for name in next(reader, [])]
    missing = [name for name in required if name not in names]
    if missing:
        raise SourceError(
            f"{path} lacks the column {', '.join(missing)}: its first line must name {','.join(required)}"
        )
    twice = [name for name in required if names.count(name) > 1]
    if twice:
        raise SourceError(f"{path} has more than one column for {', '.join(twice)}: {', '.join(names)}")
    for values in reader:
        if values:
            yield reader.line_num, dict(zip(names, (value.strip() for value in values), strict=False))


def meaning(name: str) -> str:
    """What a column is called here."""
    name = name.strip().lower()
    return next((known for known, spellings in SPELLINGS.items() if name in spellings), name)


def first_line(path: Path, most: int = 1 << 16) -> str:
    """The first line of a plain or gzipped text file; "" where it is neither. Raises OSError."""
    with path.open("rb") as raw:
        data = raw.read(2)
        raw.seek(0)
        try:
            file = gzip.GzipFile(fileobj=raw, mode="rb") if data == b"\x1f\x8b" else raw
            return file.readline(most).decode("utf-8-sig").strip("\r\n")
        except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError):
            return ""


def is_gzip(path: Path) -> bool:
    """Whether the file starts as a gzip file does. Raises OSError."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"
