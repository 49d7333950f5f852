"""Perceptual hashes of our photographs, kept in the database: what near-duplicates are found by.

The network of `planet_core.near_duplicates` finds more, but needs torch, which no process that makes rows may
load. The hash is the baseline that is measured beside it, with a threshold of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geogame.panoramas.models import Panorama
from geogame.reports.models import PictureHash
from planet_core import images
from planet_core.near_duplicates_bits import Codes, hash_codes

HASH = "pHash"
SIDE_PX = 256
"""The hash looks at 32 pixels a side: pictures are decoded at a fraction of their size."""
LEAST_CONTRAST = 4.0
"""Standard deviation of grey below which a picture shows nothing: all bits of its hash would be noise."""
AT_ONCE = 50
DIGITS = 16

Say = Callable[[str], None]


def hash_pictures(say: Say = lambda line: None) -> int:
    """Hash the photographs that have no hash yet: some milliseconds each. How many those were.

    It may be cut off anywhere; what is done stays.
    """
    missing = Panorama.objects.filter(drawn=False, withdrawn_at=None, picture_hash=None).order_by("pk")
    keys = list(missing.values_list("pk", flat=True))
    for done in range(0, len(keys), AT_ONCE):
        say(f"hashing pictures: {done:,} of {len(keys):,}")
        panoramas = Panorama.objects.filter(pk__in=keys[done : done + AT_ONCE])
        rows = [PictureHash(panorama=panorama, value=hash_of(panorama)) for panorama in panoramas]
        PictureHash.objects.bulk_create(rows, ignore_conflicts=True)
    return len(keys)


def hash_of(panorama: Panorama) -> str:
    """Hexadecimal; "" where the picture cannot be read or shows nothing."""
    try:
        picture = images.load(panorama.path, max_side=SIDE_PX)
    except (images.ImageError, OSError):
        return ""
    if np.asarray(picture.convert("L")).std() < LEAST_CONTRAST:
        return ""
    return f"{int(hash_codes(HASH, picture)[0, 0]):0{DIGITS}x}"


def codes_of(values: list[str]) -> Codes:
    """uint64 (n, 1, 1), as `near_duplicates_bits.search` reads them."""
    return np.array([int(value, 16) for value in values], dtype=np.uint64).reshape(-1, 1, 1)
