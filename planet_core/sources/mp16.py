"""MP-16, Im2GPS, Im2GPS3k and YFCC4k as CSV: `IMG_ID,[AUTHOR,]LAT,LON,…`, as the field's papers pass them on.

`mp16:mp16_places365.csv`, plain or .gz. IMG_ID is a path (`ab/cd/123.jpg`) relative to the CSV's folder or
to a folder `images` beside it; the `/` may have become `_` when the pictures were packed, and both are
looked for. The columns are latitude first, unlike YFCC's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from planet_core.sources.photo import Photo, RowProblem, checked_place
from planet_core.sources.table import Row, TableSource, first_line, header_rows

REQUIRED = ("path", "lat", "lng")


class Mp16Photos(TableSource):
    """The photos of a CSV file with IMG_ID, LAT and LON."""

    kind = "mp16"
    summary = "a CSV file of MP-16, Im2GPS, Im2GPS3k or YFCC4k with the columns IMG_ID,LAT,LON"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        names = [name.strip().upper() for name in first_line(path).split(",")] if path.is_file() else []
        return {"IMG_ID", "LAT", "LON"} <= set(names)

    def _rows(self, file: TextIO) -> Iterator[tuple[int, Row]]:
        return header_rows(self.path, file, REQUIRED)

    def _photo(self, row: Row) -> Photo:
        name = row["path"]
        if not name:
            raise RowProblem("bad-row", "no IMG_ID")
        lat, lng = checked_place(row.get("lat", ""), row.get("lng", ""))
        path = self._find(name)
        return Photo(path, lat, lng, digest=self._digest(path), id=name)

    def _find(self, name: str) -> Path:
        folder = self.path.parent
        flat = name.replace("/", "_")
        places = [folder / name, folder / "images" / name, folder / flat, folder / "images" / flat]
        return next((path for path in places if path.is_file()), places[0])
