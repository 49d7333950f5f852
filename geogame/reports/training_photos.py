"""Where the training photos of a model in the rows were taken, as far as its own files know."""

from __future__ import annotations

import logging

import numpy as np

from geogame.accounts.models import Player
from geogame.registry.models import ModelVersion
from geogame.registry.queries import cell_countries
from planet_core.model_directory import ModelDirectoryError
from planet_core.partition import PartitionError
from planet_core.trivial import TrainingPhotos

log = logging.getLogger(__name__)

MOST = 200_000
"""Of more photos, the cells keep their shares."""


def training_of(model: str) -> TrainingPhotos | None:
    """So many photos at the centroid of each cell of the model; None where nobody knows."""
    version = version_of_row(model)
    return photos_of(version) if version else None


def photos_of(version: ModelVersion) -> TrainingPhotos | None:
    """The same of a version."""
    try:
        partition = cell_countries(version).partition
    except (ModelDirectoryError, PartitionError, OSError) as error:
        log.error("Nobody knows the cells of %s: %s", version, error)
        return None
    share = min(1.0, MOST / max(1, int(partition.counts.sum())))
    counts = np.ceil(partition.counts * share).astype(np.int64)
    lat, lng = (np.repeat(values, counts) for values in partition.centroids())
    return TrainingPhotos(lat, lng) if lat.size else None


def version_of_row(model: str) -> ModelVersion | None:
    """The version behind a model's name in the rows, which ends with its "(token)"."""
    token = model.rpartition(" (")[2].removesuffix(")")
    player = Player.objects.filter(token=token).select_related("model_version").first()
    return player.model_version if player else None
