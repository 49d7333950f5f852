"""Pixels to stored predictions. Imports torch: only tasks import this module."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from geogame.panoramas.fair import FairPicture, fair_picture
from geogame.panoramas.models import Panorama
from geogame.predictions.models import RULE, TOP_CELLS, Prediction
from geogame.predictions.queries import stored, view_name
from geogame.registry.models import ModelVersion
from planet_core import images
from planet_core.predict import Prediction as Answer
from planet_core.predict import Predictor


@lru_cache(maxsize=2)
def predictor_at(directory: Path, digest: str) -> Predictor:
    return Predictor.load(directory)


def predict_panorama(version: ModelVersion, panorama: Panorama) -> Prediction:
    """The stored prediction of the fair view, computed now if it is the first time."""
    found = stored(version, panorama)
    if found:
        return found
    fair = fair_picture(panorama)
    [answer] = predictor_at(version.path, version.digest).predict(
        [picture_for_model(fair)], k=TOP_CELLS, rule=RULE
    )
    return store(version, panorama, fair, answer)


def store(version: ModelVersion, panorama: Panorama, fair: FairPicture, answer: Answer) -> Prediction:
    """Keep the answer; where another process was faster, its answer stays."""
    distribution = np.ascontiguousarray(answer.probabilities, dtype="<f4").tobytes()
    prediction, _ = Prediction.objects.get_or_create(
        model_version=version,
        panorama=panorama,
        view=view_name(fair.digest),
        rule=answer.rule,
        defaults={
            "lat": answer.lat,
            "lng": answer.lng,
            "top_cells": [
                {"lat": cell.lat, "lng": cell.lng, "probability": cell.probability}
                for cell in answer.top_cells
            ],
            "distribution": distribution,
            "digest": hashlib.sha256(distribution).hexdigest(),
        },
    )
    return prediction


def picture_for_model(fair: FairPicture) -> Image.Image:
    """The very file that people get in the fair condition, decoded."""
    return images.load(fair.path)
