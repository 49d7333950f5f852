"""The Im2GPS test sets as they were published: JPEGs whose comments say where they were taken.
`im2gps:gps_query_imgs`

Each comment (COM marker) holds one or more lines `name: value`; the place is found by the names latitude
and longitude, not by their position.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from planet_core.sources.folder import FolderSource, picture_names
from planet_core.sources.photo import Photo, RowProblem, checked_place

_LINE = re.compile(r"^\s*(latitude|longitude)\s*[:=\s]\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_COMMENT, _SCAN, _END = 0xFE, 0xDA, 0xD9
_LOOKED_AT = 5


class Im2gpsPhotos(FolderSource):
    """The JPEGs of a folder with a place in their comments."""

    kind = "im2gps"
    summary = "a folder of JPEGs with latitude and longitude in their comments (the Im2GPS test sets)"
    suffixes = (".jpg", ".jpeg")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        if not path.is_dir():
            return False
        names = picture_names(path, _LOOKED_AT)
        return any(_LINE.search("\n".join(comments(path / name))) for name in names)

    def _photo(self, path: Path) -> Photo:
        found: dict[str, str] = {}
        for name, value in _LINE.findall("\n".join(comments(path))):
            found.setdefault(name.lower(), value)
        if not found:
            raise RowProblem("no-coordinates", "no latitude and longitude in its comments")
        lat, lng = checked_place(found.get("latitude", ""), found.get("longitude", ""))
        return Photo(path, lat, lng, digest=self._digest(path), id=path.stem)


def comments(path: Path) -> list[str]:
    """The comments of a JPEG, in order; none where it is damaged or no JPEG. Raises OSError."""
    with path.open("rb") as file:
        return [data.decode("utf-8", "replace").replace("\0", "\n") for data in _comments(file)]


def _comments(file: BinaryIO) -> Iterator[bytes]:
    """Walks over the segments in front of the picture data."""
    if file.read(2) != b"\xff\xd8":
        return
    while True:
        mark = file.read(1)
        if mark != b"\xff":
            return
        while mark == b"\xff":  # any number of them may fill up
            mark = file.read(1)
        if not mark or mark[0] in (_SCAN, _END):
            return
        if mark[0] in _STANDALONE:
            continue
        size = file.read(2)
        if len(size) < 2 or struct.unpack(">H", size)[0] < 2:
            return
        length = struct.unpack(">H", size)[0] - 2
        if mark[0] == _COMMENT:
            yield file.read(length)
        else:
            file.seek(length, 1)
