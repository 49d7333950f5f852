"""Pixels to stored predictions. Imports torch: only tasks and commands import this module, when they run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from geogame.panoramas.fair import FairPicture, PictureGone, fair_picture
from geogame.panoramas.models import Panorama
from geogame.predictions.models import RULE, TOP_CELLS, Prediction
from geogame.predictions.queries import stored, view_name
from geogame.registry.models import ModelVersion
from planet_core import images
from planet_core.images import ImageError
from planet_core.predict import Prediction as Answer
from planet_core.predict import Predictor


@lru_cache(maxsize=2)
def predictor_at(directory: Path, digest: str) -> Predictor:
    return Predictor.load(directory)


def predict_panorama(version: ModelVersion, panorama: Panorama) -> Prediction:
    """The stored prediction of the fair view, computed now if it is the first time.

    PictureGone, ImageError, ModelDirectoryError, OSError where there is none.
    """
    if found := stored(version, panorama):
        return found
    predictor = predictor_at(version.path, version.digest)
    fair = fair_picture(panorama)
    [answer] = predictor.predict([picture_for_model(fair, predictor)], k=TOP_CELLS, rule=RULE)
    _store([_row(version, panorama, fair, answer)])
    return Prediction.objects.get(
        model_version=version, panorama=panorama, view=view_name(fair.digest), rule=RULE
    )


@dataclass
class Batch:
    """What became of some panoramas: how many have a prediction now, and why the others have none."""

    done: int = 0
    unreadable: dict[int, str] = field(default_factory=dict)


def predict_batch(version: ModelVersion, panoramas: Sequence[Panorama]) -> Batch:
    """Predict them all in one pass of the network and store the answers.

    ModelDirectoryError, OSError where the version cannot be loaded.
    """
    predictor = predictor_at(version.path, version.digest)
    batch = Batch()
    looked_at: list[tuple[Panorama, FairPicture]] = []
    squares: list[Image.Image] = []
    for panorama in panoramas:
        try:
            fair = fair_picture(panorama)
            squares.append(picture_for_model(fair, predictor))
            looked_at.append((panorama, fair))
        except (PictureGone, ImageError, OSError) as error:
            batch.unreadable[panorama.pk] = str(error)
    answers = predictor.predict(squares, k=TOP_CELLS, rule=RULE)
    _store([_row(version, *looked, answer) for looked, answer in zip(looked_at, answers, strict=True)])
    batch.done = len(answers)
    return batch


def picture_for_model(fair: FairPicture, predictor: Predictor) -> Image.Image:
    """The very file that people get in the fair condition, at the network's size."""
    return images.load_square(fair.path, predictor.image_px)


def _row(version: ModelVersion, panorama: Panorama, fair: FairPicture, answer: Answer) -> Prediction:
    distribution = np.ascontiguousarray(answer.probabilities, dtype="<f4").tobytes()
    return Prediction(
        model_version=version,
        panorama=panorama,
        view=view_name(fair.digest),
        rule=answer.rule,
        lat=answer.lat,
        lng=answer.lng,
        top_cells=[
            {"lat": cell.lat, "lng": cell.lng, "probability": cell.probability} for cell in answer.top_cells
        ],
        distribution=distribution,
        digest=hashlib.sha256(distribution).hexdigest(),
    )


def _store(rows: list[Prediction]) -> None:
    """Where another process was faster, its answer stays."""
    Prediction.objects.bulk_create(rows, ignore_conflicts=True)
