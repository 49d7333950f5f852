from __future__ import annotations

import codecs
import csv
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from geogame.panoramas.importers.rows import ImportFailed, Row
from geogame.panoramas.importers.values import (
    Place,
    Refusal,
    RowError,
    checked_heading,
    checked_place,
    clean_text,
    number,
)

REQUIRED = ("path", "lat", "lng")
TEXTS = ("taken_at", "licence", "author", "source", "kind", "group")
COLUMNS = (*REQUIRED, "heading", *TEXTS)
ALIASES = {"latitude": "lat", "lon": "lng", "longitude": "lng", "license": "licence"}
DELIMITERS = (",", ";", "\t")


class Table:
    """A CSV of pictures, read through at the start: a broken one must not stop an import half-way."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.folder = Path(os.path.normpath(path.parent))
        self.files: set[str] = set()
        self.total = 0
        try:
            self.encoding = _encoding(path)
            self.delimiter = self._guess_delimiter()
            self.columns, self.width = self._header()
            for _, cells in self._records():
                self.total += 1
                self._note_file(cells)
        except OSError as error:
            raise ImportFailed(f"{name} cannot be read: {error.strerror}.") from None
        except UnicodeError:
            raise ImportFailed(f"{name} is not UTF-8 text: save it as CSV in UTF-8.") from None

    def __iter__(self) -> Iterator[Row | Refusal]:
        for row_number, cells in self._records():
            yield self._row(row_number, cells)

    def _guess_delimiter(self) -> str:
        with self.path.open(encoding=self.encoding, newline="") as file:
            line = next((line for line in file if line.strip()), "")
        return max(
            DELIMITERS, key=lambda mark: len({_column(cell) for cell in line.split(mark)} & set(COLUMNS))
        )

    def _header(self) -> tuple[dict[str, int], int]:
        _, cells = next(self._lines(), (0, []))
        names = [_column(cell) for cell in cells]
        if missing := [name for name in REQUIRED if name not in names]:
            there = ", ".join(name for name in names if name) or "nothing"
            raise ImportFailed(
                f"{self.name} lacks {_listed(missing)}: the first row must name the columns path, lat, lng "
                f"(it holds: {clean_text(there)[:200]})."
            )
        if twice := [name for name, count in Counter(names).items() if count > 1 and name in COLUMNS]:
            raise ImportFailed(f"{self.name} has {_listed(twice)} twice.")
        return {name: names.index(name) for name in COLUMNS if name in names}, len(names)

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that hold something, numbered as a spreadsheet numbers them."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            # strict: a quote that is never closed would swallow the rest of the file without a word
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            try:
                for row_number, cells in enumerate(reader, start=1):
                    if any(cell.strip() for cell in cells):
                        yield row_number, cells
            except csv.Error as error:
                raise ImportFailed(
                    f"{self.name} cannot be read near line {reader.line_num}: {error}."
                ) from None

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines()
        next(lines, None)
        return lines

    def _value(self, cells: list[str], name: str) -> str:
        index = self.columns.get(name, self.width)
        return cells[index].strip() if index < min(len(cells), self.width) else ""

    def _note_file(self, cells: list[str]) -> None:
        try:
            self.files.add(str(self._file(self._value(cells, "path"))))
        except RowError:
            return

    def _file(self, text: str) -> Path:
        if not text:
            raise RowError("no-path", "the path is empty")
        if "\0" in text:
            raise RowError("bad-path", "the path holds a NUL character")
        path = Path(os.path.normpath(self.folder / (text if "/" in text else text.replace("\\", "/"))))
        if not Path(text).is_absolute() and not path.is_relative_to(self.folder):
            raise RowError("outside", f"the path leaves the folder of {self.name}")
        return path

    def _row(self, row_number: int, cells: list[str]) -> Row | Refusal:
        path, heading = self._value(cells, "path"), self._value(cells, "heading")
        label = f"{clean_text(path)[:200] or 'no file'} ({self.name}, row {row_number})"
        try:
            if any(cell.strip() for cell in cells[self.width :]):
                raise RowError(
                    "too-many-cells", "the row has more cells than the header: a comma without quotes?"
                )
            return Row(
                file=self._file(path),
                label=label,
                place=_place(self._value(cells, "lat"), self._value(cells, "lng")),
                heading=checked_heading(heading) if heading else None,
                **{name: clean_text(self._value(cells, name)) for name in TEXTS},
            )
        except RowError as error:
            return Refusal(label, error.code, error.message)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _column(cell: str) -> str:
    name = cell.strip().strip('"').strip().lower()
    return ALIASES.get(name, name)


def _place(lat: str, lng: str) -> Place | None:
    if not lat and not lng:
        return None
    if not lat or not lng:
        raise RowError("no-coordinates", f"{'latitude' if lng else 'longitude'} is empty")
    return checked_place(number(lat, "latitude"), number(lng, "longitude"))


def _listed(names: list[str]) -> str:
    return f"the column{'s' if len(names) > 1 else ''} {', '.join(names)}"
