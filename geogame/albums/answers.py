"""What the models answer for an album, from stored predictions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from geogame.albums.average import average_answer
from geogame.albums.models import AVERAGE, AlbumPhoto, AlbumPin
from geogame.albums.seals import PhotoAnswer, SideAnswer
from geogame.games.seals import CellProbability
from geogame.panoramas.fair import fair_digest
from geogame.predictions.models import RULE, Prediction
from geogame.registry.models import ModelVersion
from geogame.registry.queries import partition_of, trained_on

Looked = Sequence[tuple[AlbumPhoto, Prediction]]
"""The photos of an album that a model could look at, in their order, with what it answers for each alone."""


def single_answer(version: ModelVersion, looked: Looked) -> SideAnswer:
    """Photo by photo, as if the others were not there."""
    places = [(prediction.lat, prediction.lng, _cells(prediction.top_cells)) for _, prediction in looked]
    return SideAnswer(
        side=AlbumPin.Side.SINGLE,
        model=str(version),
        digests=[version.digest],
        variant="",
        rule=RULE,
        photos=_photos(version, looked, places),
    )


def average_of(version: ModelVersion, looked: Looked) -> SideAnswer:
    """The mean over the album, given to every photo. ModelDirectoryError, PartitionError, OSError as
    `partition_of`.
    """
    place = average_answer([prediction for _, prediction in looked], partition_of(version))
    return SideAnswer(
        side=AlbumPin.Side.ALBUM,
        model=f"{version}, {AVERAGE}",
        digests=[version.digest],
        variant=AVERAGE,
        rule=RULE,
        photos=_photos(version, looked, [place] * len(looked)),
    )


def album_answer(
    version: ModelVersion, image: ModelVersion, looked: Looked, answers: Sequence[dict[str, Any]]
) -> SideAnswer:
    """What an album version answers, as `AlbumPrediction.answers` has it."""
    places = [(one["lat"], one["lng"], _cells(one["top_cells"])) for one in answers]
    return SideAnswer(
        side=AlbumPin.Side.ALBUM,
        model=str(version),
        digests=[version.digest, image.digest],
        variant=str(version.facts.get("variant", "")),
        rule=RULE,
        photos=_photos(version, looked, places),
    )


def digest_of_photos(looked: Looked) -> str:
    """Names what an album version looks at: the pictures in their order, and when they were taken."""
    content = [(fair_digest(photo.panorama), photo.taken_at) for photo, _ in looked]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _cells(cells: Sequence[dict[str, float]]) -> list[CellProbability]:
    return [CellProbability(**cell) for cell in cells]


def _photos(
    version: ModelVersion, looked: Looked, places: Sequence[tuple[float, float, list[CellProbability]]]
) -> list[PhotoAnswer]:
    """An album model that trained on photos knows them, and so does the image model below it."""
    trained = _trained(version, looked)
    if version.needs is not None:
        below = _trained(version.needs, looked)
        trained = [_either(one, other) for one, other in zip(trained, below, strict=True)]
    return [
        PhotoAnswer(
            photo=photo.pk,
            picture_digest=fair_digest(photo.panorama) or "",
            lat=lat,
            lng=lng,
            top_cells=cells,
            seen_in_training=seen,
        )
        for (photo, _), (lat, lng, cells), seen in zip(looked, places, trained, strict=True)
    ]


def _trained(version: ModelVersion, looked: Looked) -> list[bool | None]:
    panoramas = [photo.panorama for photo, _ in looked]
    return trained_on(version, [(one.digest, one.group, one.lat, one.lng) for one in panoramas])


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return None if one is None or other is None else False
