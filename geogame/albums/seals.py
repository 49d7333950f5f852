"""A model's answers for a whole album are fixed before its first photo is shown: see `games.seals`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from geogame.games.seals import CellProbability


@dataclass(frozen=True, kw_only=True)
class PhotoAnswer:
    """A model's answer for one photo. `seen_in_training` is None where nobody can say."""

    photo: int
    picture_digest: str
    lat: float
    lng: float
    top_cells: Sequence[CellProbability]
    seen_in_training: bool | None


@dataclass(frozen=True, kw_only=True)
class SideAnswer:
    """What one side of the model answers for an album.

    Attributes:
        side: of `AlbumPin.Side`, `single` or `album`.
        model: what players and reports call it.
        digests: of the versions that answered.
        variant: of an album model; `avg` is the average.
        rule: how a distribution became a point.
    """

    side: str
    model: str
    digests: Sequence[str]
    variant: str
    rule: str
    photos: Sequence[PhotoAnswer]


def make_preimage(*, round_token: str, numbers: dict[int, int], answer: SideAnswer) -> str:
    """`numbers` are those of the photos in their album, by key."""
    content = {
        "round": round_token,
        "side": answer.side,
        "models": list(answer.digests),
        "variant": answer.variant,
        "rule": answer.rule,
        "photos": [
            {
                "number": numbers[photo.photo],
                "picture_sha256": photo.picture_digest,
                "lat": photo.lat,
                "lng": photo.lng,
                "top_cells": [asdict(cell) for cell in photo.top_cells],
            }
            for photo in answer.photos
        ],
        "salt": secrets.token_hex(16),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
