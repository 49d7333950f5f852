"""Whole albums to answers. Imports torch: only tasks import this module, when they run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geogame.albums.answers import Looked, album_answer, average_of, digest_of_photos, single_answer
from geogame.albums.models import AlbumPhoto, AlbumPrediction, AlbumRound
from geogame.albums.queries import photos_of
from geogame.albums.seals import SideAnswer
from geogame.games.seals import CellProbability
from geogame.opponent.inference import predict_batch
from geogame.panoramas.fair import fair_picture
from geogame.predictions.models import TOP_CELLS
from geogame.predictions.queries import stored
from geogame.registry.models import ModelVersion
from planet_core.model_directory import ModelDirectoryError

if TYPE_CHECKING:
    from planet_core.album_predict import AlbumPredictor

log = logging.getLogger(__name__)
AT_ONCE = 16
"""Photos that are decoded at a time: an album may have thousands."""


def answer_album(round_: AlbumRound) -> list[SideAnswer]:
    """Both sides of the models of the round; nothing where there is no photo to look at.

    ModelDirectoryError, OSError where the image version cannot be loaded. An album version that cannot answer
    leaves its place to the average.
    """
    image = round_.image_version
    if image is None:
        return []
    looked = look_at(image, photos_of(round_.album))
    if not looked:
        return []
    return [single_answer(image, looked), _with_the_album(round_, image, looked)]


def look_at(version: ModelVersion, photos: Sequence[AlbumPhoto]) -> Looked:
    """The photos with their stored predictions, computed now where they are missing; without those that
    cannot be read.
    """
    missing = [photo.panorama for photo in photos if stored(version, photo.panorama) is None]
    for start in range(0, len(missing), AT_ONCE):
        batch = predict_batch(version, missing[start : start + AT_ONCE])
        for panorama, reason in batch.unreadable.items():
            log.warning("Panorama %s of an album cannot be looked at: %s", panorama, reason)
    found = [(photo, stored(version, photo.panorama)) for photo in photos]
    return [(photo, prediction) for photo, prediction in found if prediction is not None]


def _with_the_album(round_: AlbumRound, image: ModelVersion, looked: Looked) -> SideAnswer:
    version = round_.album_version
    if version is not None:
        try:
            return album_answer(version, image, looked, _predicted(version, image, looked))
        except (ModelDirectoryError, OSError, RuntimeError, ValueError) as error:
            log.error("%s leaves its place to the average: %s", version, error)
    return average_of(image, looked)


def _predicted(version: ModelVersion, image: ModelVersion, looked: Looked) -> list[dict[str, Any]]:
    """What the version answers for these photos, computed now if it is the first time."""
    name = digest_of_photos(looked)
    kept = AlbumPrediction.objects.filter(model_version=version, photos=name).first()
    if kept is None:
        answers = _computed(version, image, looked)
        AlbumPrediction.objects.bulk_create(
            [AlbumPrediction(model_version=version, album=looked[0][0].album, photos=name, answers=answers)],
            ignore_conflicts=True,
        )
        return answers
    answers = list(kept.answers)
    if len(answers) != len(looked):
        raise ValueError(f"{len(answers)} answers are stored for {len(looked)} photos")
    return answers


def _computed(version: ModelVersion, image: ModelVersion, looked: Looked) -> list[dict[str, Any]]:
    predictor = predictor_at(version.path, version.digest, image.path)
    answers = predictor.answer(
        [fair_picture(photo.panorama).path for photo, _ in looked],
        [datetime.fromisoformat(photo.taken_at) if photo.taken_at else None for photo, _ in looked],
    )
    return [
        {
            "lat": answer.lat,
            "lng": answer.lng,
            "top_cells": [
                asdict(CellProbability(cell.lat, cell.lng, cell.probability))
                for cell in answer.top_cells[:TOP_CELLS]
            ],
        }
        for answer in answers
    ]


@lru_cache(maxsize=2)
def predictor_at(album: Path, digest: str, image: Path) -> AlbumPredictor:
    from planet_core.album_predict import AlbumPredictor

    return AlbumPredictor(album, image)
