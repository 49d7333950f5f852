"""INRIA Holidays, for retrieval: 1,491 JPEGs in 500 groups, told by their names. `holidays:jpg`

`GGGGNN.jpg`: the four leading digits are the group, and number 00 of a group is its query. The photos have no
places: this source serves retrieval alone, and whoever needs places is refused it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

from planet_core.sources.folder import FolderSource, picture_names
from planet_core.sources.photo import Photo, RowProblem, SourceError

_NAME = re.compile(r"\d{6}")
_LOOKED_AT = 20


class HolidaysPhotos(FolderSource):
    """The photos of INRIA Holidays; `id` is the six digits, `group` the first four of them."""

    kind = "holidays"
    summary = "INRIA Holidays' folder of JPEGs (retrieval only: it has no places)"
    suffixes = (".jpg", ".jpeg")
    has_places = False

    @classmethod
    def recognises(cls, path: Path) -> bool:
        names = picture_names(path, _LOOKED_AT) if path.is_dir() else []
        return bool(names) and all(_NAME.fullmatch(Path(name).stem) for name in names)

    def _photo(self, path: Path) -> Photo:
        if not _NAME.fullmatch(path.stem):
            raise RowProblem("bad-row", "its name is not six digits and .jpg")
        group = path.stem[:4]
        return Photo(path, math.nan, math.nan, group=group, digest=self._digest(path), id=path.stem)


def query_groups(ids: Iterable[str]) -> dict[str, list[str]]:
    """The positives of each query, by id, in order.

    Raises:
        SourceError: photos of a group whose query is not there, or a query without positives.
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(ids):
        groups.setdefault(name[:4] + "00", []).append(name)
    for query, names in groups.items():
        if names[0] != query or len(names) < 2:
            have = ", ".join(names)
            raise SourceError(
                f"Holidays is incomplete: group {query[:4]} has {have}; it needs {query} and a positive"
            )
    return {query: names[1:] for query, names in groups.items()}
