from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from geogame.registry.models import ModelVersion
from planet_core.model_directory import TrainingIndex


def active_version() -> ModelVersion | None:
    return ModelVersion.objects.filter(is_active=True).order_by("-activated_at").first()


def training_index(version: ModelVersion) -> TrainingIndex:
    """What the version trained on. A version never changes, so each is read once a process."""
    return _training_index(version.digest, version.path)


@lru_cache(maxsize=8)
def _training_index(digest: str, directory: Path) -> TrainingIndex:
    return TrainingIndex.load(directory)
