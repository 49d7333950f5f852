"""Pixels to stored predictions. Imports torch: only tasks import this module."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from geogame.opponent.models import Prediction
from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from planet_core import images
from planet_core.predict import Predictor

RULE = "top-cell"
TOP_CELLS = 5
# What a person sees first of a panorama: straight ahead, a quarter of the horizon.
OPENING_VIEW = {"heading": 0.0, "pitch": 0.0, "fov": 90.0}
OPENING_SIZE_PX = 512


@lru_cache(maxsize=2)
def predictor_at(directory: Path, digest: str) -> Predictor:
    return Predictor.load(directory)


def predict_panorama(version: ModelVersion, panorama: Panorama) -> Prediction:
    """The stored prediction of this view, computed now if it is the first time."""
    view = view_name(panorama)
    found = Prediction.objects.filter(model_version=version, panorama=panorama, view=view, rule=RULE).first()
    if found:
        return found
    answer = predictor_at(version.path, version.digest).predict(
        [picture_for_model(panorama)], k=TOP_CELLS, rule=RULE
    )[0]
    distribution = np.ascontiguousarray(answer.probabilities, dtype="<f4").tobytes()
    prediction, _ = Prediction.objects.get_or_create(
        model_version=version,
        panorama=panorama,
        view=view,
        rule=RULE,
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


def view_name(panorama: Panorama) -> str:
    if not panorama.is_360:
        return "whole"
    return " ".join(f"{name}={value:g}" for name, value in OPENING_VIEW.items())


def picture_for_model(panorama: Panorama) -> Image.Image:
    """The very file that people get; of a 360-degree picture the opening view."""
    picture = images.load(panorama.path)
    if not panorama.is_360:
        return picture
    return images.cut_view(picture, **OPENING_VIEW, size=(OPENING_SIZE_PX, OPENING_SIZE_PX))
