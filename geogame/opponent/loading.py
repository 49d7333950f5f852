"""Versions of either kind, loaded where they are going to play. Imports torch: only tasks import this."""

from __future__ import annotations

from django.conf import settings

from geogame.opponent import albums, inference
from geogame.registry.models import ModelVersion
from planet_core import album_health, health
from planet_core.model_directory import ModelDirectoryError

PROBES_HERE = 2


def load_and_examine(version: ModelVersion) -> None:
    """Loads the version, to stay, and lets it answer a few pictures.

    ModelDirectoryError, HealthError, OSError, RuntimeError, MemoryError where it cannot.
    """
    most_seconds = settings.MODEL_ANSWER_TIMEOUT_S
    if version.kind == ModelVersion.Kind.IMAGE:
        predictor = inference.predictor_at(version.path, version.digest)
        health.examine(predictor, most_seconds, count=PROBES_HERE)
        return
    if version.needs is None:
        raise ModelDirectoryError("the image model that it hangs on is not here")
    of_albums = albums.predictor_at(version.path, version.digest, version.needs.path)
    album_health.examine(of_albums, most_seconds, count=PROBES_HERE)
