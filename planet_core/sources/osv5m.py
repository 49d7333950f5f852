"""OpenStreetView-5M: `train.csv` or `test.csv` with `id,latitude,longitude,…`, pictures in `images/train`,
`images/test`.

`osv5m:train.csv`. The zip files of the data set have to be unpacked first: `images/train/00.zip` into
`images/train` or into `images/train/00`. `sequence` (photos of one drive) becomes the group. Texts are
taken as they are: `NA` is Namibia, not a missing value.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from planet_core.sources.photo import Photo, RowProblem, checked_place
from planet_core.sources.table import Row, TableSource, first_line, header_rows

REQUIRED = ("id", "lat", "lng")


class Osv5mPhotos(TableSource):
    """The photos of one of OSV-5M's CSV files, or of a folder that holds `train.csv`."""

    kind = "osv5m"
    summary = "OpenStreetView-5M's train.csv or test.csv, with the pictures unpacked in images/ beside it"
    _folders: list[Path] | None = None

    @classmethod
    def recognises(cls, path: Path) -> bool:
        path = path / "train.csv" if path.is_dir() else path
        names = first_line(path).split(",") if path.is_file() else []
        return {"id", "latitude", "longitude", "sequence"} <= set(names)

    def _file(self) -> Path:
        return self.path / "train.csv" if self.path.is_dir() else self.path

    def _rows(self, file: TextIO) -> Iterator[tuple[int, Row]]:
        self._folders = None
        return header_rows(self._file(), file, REQUIRED)

    def _photo(self, row: Row) -> Photo:
        name = row["id"]
        if not name:
            raise RowProblem("bad-row", "no id")
        lat, lng = checked_place(row.get("lat", ""), row.get("lng", ""))
        path = self._find(f"{name}.jpg")
        return Photo(
            path,
            lat,
            lng,
            group=row.get("sequence", ""),
            digest=self._digest(path),
            id=name,
            taken_at=taken_at(row.get("captured_at", "")),
        )

    def _find(self, name: str) -> Path:
        """The picture in images/SPLIT or one of its folders, the last lucky one first."""
        if self._folders is None:
            root = self._file().parent / "images" / self._file().name.partition(".")[0]
            inside = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
            self._folders = [root, *inside]
        for index, folder in enumerate(self._folders):
            if (folder / name).is_file():
                self._folders.insert(0, self._folders.pop(index))
                return folder / name
        return self._folders[0] / name


def taken_at(milliseconds: str) -> str:
    """ISO 8601 out of milliseconds since 1970; "" where that is no such number."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
