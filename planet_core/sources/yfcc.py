"""YFCC100M's metadata: tab-separated lines without a header, 23 or 25 columns, **longitude before latitude**.

`yfcc:yfcc100m_dataset`, plain or .gz. The newer layout has two columns more, a line number in front and a
hash after the photo's id; which one a line has is told by its number of columns alone. Pictures lie beside
the file or in `images/` beside it, as `<hash[:3]>/<hash[3:6]>/<hash>.<ext>` (25 columns) or `<id>.<ext>`.
Videos and photos without a place are passed over silently: they are no photos with places. Photos placed
less exactly than `MIN_ACCURACY` (16 is a street, 12 a town, 1 the world) are counted as bad rows.

The group is one user's photos of one day: a user's whole life would tie half the world together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote_plus

from planet_core.sources.photo import Photo, RowProblem, checked_place
from planet_core.sources.table import Row, TableSource, first_line

MIN_ACCURACY = 12
OLD = (
    *("id", "user", "nickname", "taken", "uploaded", "device", "title", "description", "tags"),
    *("machine_tags", "lng", "lat", "accuracy", "page", "url", "licence", "licence_url", "server"),
    *("farm", "secret", "original", "extension", "video"),
)
NEW = ("line", "id", "hash", *OLD[1:])
COLUMNS = {len(OLD): OLD, len(NEW): NEW}


class YfccPhotos(TableSource):
    """The photos of a YFCC100M metadata file."""

    kind = "yfcc"
    summary = "YFCC100M's metadata, 23 or 25 tab-separated columns, with the pictures beside it"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return path.is_file() and first_line(path).count("\t") + 1 in COLUMNS

    def _rows(self, file: TextIO) -> Iterator[tuple[int, Row]]:
        # not the csv module: a quotation mark in a title is a letter here
        for number, line in enumerate(iter(file.readline, ""), start=1):
            values = line.rstrip("\r\n").split("\t")
            if values != [""]:
                names = COLUMNS.get(len(values), ("wrong",) * len(values))
                yield number, {"columns": str(len(values)), **dict(zip(names, values, strict=True))}

    def _photo(self, row: Row) -> Photo | None:
        if "wrong" in row:
            raise RowProblem("bad-row", f"{row['columns']} columns; YFCC100M has 23 or 25")
        if row["video"].strip() != "0" or not (row["lat"].strip() or row["lng"].strip()):
            return None
        lat, lng = checked_place(row["lat"], row["lng"])
        accuracy = row["accuracy"].strip()
        if accuracy and (not accuracy.isdecimal() or int(accuracy) < MIN_ACCURACY):
            raise RowProblem("inexact", f"accuracy {accuracy} is less than {MIN_ACCURACY} of 16")
        path = self._find(row)
        taken = taken_at(row["taken"])
        user = unquote_plus(row["user"])
        group = f"{user}/{taken[:10]}" if user and taken else ""
        return Photo(path, lat, lng, group, self._digest(path), id=row["id"], taken_at=taken)

    def _find(self, row: Row) -> Path:
        folder, extension = self.path.parent, row["extension"].strip() or "jpg"
        names = [f"{row['id']}.{extension}"]
        digest = row.get("hash", "")
        if digest:
            names.insert(0, f"{digest[:3]}/{digest[3:6]}/{digest}.{extension}")
        places = [root / name for name in names for root in (folder, folder / "images")]
        return next((path for path in places if path.is_file()), folder / names[-1])


def taken_at(text: str) -> str:
    """ISO 8601 out of `2010-05-01 12:30:00.0`, percent-encoded or not; "" where that is no time."""
    try:
        return datetime.fromisoformat(unquote_plus(text).strip()).isoformat(timespec="seconds")
    except ValueError:
        return ""
