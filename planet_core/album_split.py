"""Albums to learn from and albums held out: whole albums, and no place on both sides. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planet_core import s2, splits
from planet_core.albums import Album

FINE_LEVEL = 13
SHARE = 0.15


def split_albums(
    albums: Sequence[Album], share: float = SHARE, seed: int = 0
) -> tuple[list[Album], list[Album]]:
    """(albums to learn from, albums held out), in their order; each album on one side, none lost.

    Albums that share a fine S2 cell (some 1.2 km), directly or through others, go to the same side: so there
    may be none that can be held out. Albums without any place are learnt from.

    Args:
        share: wanted share of the photos, 0 <= share <= 0.5; what comes out depends on the albums.
        seed: of the order in which albums are held out.

    Raises:
        ValueError: a share out of range.
    """
    rows = [
        (number, photo.lat, photo.lng)
        for number, album in enumerate(albums)
        for photo in album.photos
        if photo.lat is not None and photo.lng is not None
    ]
    if not rows:
        return list(albums), []
    own, lat, lng = (np.array(column) for column in zip(*rows, strict=True))
    places = s2.cell_ids(lat, lng, FINE_LEVEL)
    held = splits.split(np.zeros(len(rows), dtype=np.int64), places, [str(n) for n in own], share, seed)
    chosen = set(own[held].tolist())
    sides: tuple[list[Album], list[Album]] = ([], [])
    for number, album in enumerate(albums):
        sides[number in chosen].append(album)
    return sides
