"""Photos listed in a CSV file: `path,lat,lng[,group,digest,projection,heading,taken_at]`, a header line
first.

`csv:photos.csv`, plain or .gz. Paths are relative to the CSV's own folder, or absolute; column names may be
spelled `LAT`, `LON`, `latitude`, `longitude`, `IMG_FILE` … (`planet_core.sources.table.SPELLINGS`), in any
order. Other columns are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from planet_core.sources.photo import (
    PROJECTIONS,
    Photo,
    RowError,
    RowProblem,
    SourceError,
    checked_place,
    number,
)
from planet_core.sources.table import Row, TableSource, first_line, header_rows, meaning

__all__ = ["REQUIRED", "CsvPhotos", "Photo", "RowError", "SourceError"]

REQUIRED = ("path", "lat", "lng")


class CsvPhotos(TableSource):
    """The photos of a CSV file."""

    kind = "csv"
    summary = "a .csv or .csv.gz file with a header line path,lat,lng[,group,digest,projection,heading]"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        names = [meaning(name) for name in first_line(path).split(",")] if path.is_file() else []
        return all(name in names for name in REQUIRED) or path.suffix.lower() == ".csv"

    def _rows(self, file: TextIO) -> Iterator[tuple[int, Row]]:
        return header_rows(self.path, file, REQUIRED)

    def _photo(self, row: Row) -> Photo:
        if not row["path"]:
            raise RowProblem("bad-row", "no path")
        path = self.path.parent / row["path"]
        projection = row.get("projection") or "flat"
        if projection not in PROJECTIONS:
            raise RowProblem(
                "bad-row", f"unknown projection {projection!r} (one of {', '.join(PROJECTIONS)})"
            )
        heading = number(row["heading"], "heading") if row.get("heading") else None
        lat, lng = checked_place(row.get("lat", ""), row.get("lng", ""))
        digest = self._digest(path, row.get("digest", ""))
        return Photo(
            path,
            lat,
            lng,
            row.get("group", ""),
            digest,
            projection,
            heading,
            row.get("id", ""),
            row.get("taken_at", ""),
        )
