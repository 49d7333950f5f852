"""What the reading of a data set finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from planet_core.sources.photo import Photo

OUTSIDE = (
    "{source} names {photo}, which lies outside the folders that data sets may come from, or a link leads "
    "there: leave it out, or add its folder to the setting DATA_SET_ROOTS."
)


@dataclass
class Found:
    """The usable photos of a data set, each file content once but for albums, and why others are none.

    `albums`, `drawn` and `without_place` are those of a folder of albums: a photo whose place nobody knows is
    seen by a model, and not learnt from.
    """

    photos: list[Photo] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    albums: int = 0
    without_place: int = 0
    drawn: bool = False
