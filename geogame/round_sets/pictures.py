from __future__ import annotations

import hashlib

from geogame.panoramas.fair import PictureGone, fair_picture
from geogame.round_sets.models import SetRound


def picture_of(round_: SetRound) -> bytes | None:
    """The very bytes that the set names; None where they are gone, whatever else is there now."""
    if round_.panorama is None:
        return None
    try:
        content = fair_picture(round_.panorama).path.read_bytes()
    except (PictureGone, OSError):
        return None
    return content if hashlib.sha256(content).hexdigest() == round_.digest else None
