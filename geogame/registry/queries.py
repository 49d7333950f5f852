from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from geogame.registry.models import ModelVersion
from planet_core.cell_countries import CellCountries
from planet_core.model_directory import PARTITION, ModelDirectoryError, TrainingIndex, check_file
from planet_core.partition import Partition
from planet_core.stopping import UserError
from planet_core.version_kinds import kind_of

log = logging.getLogger(__name__)


IMAGE, ALBUM = ModelVersion.Kind.IMAGE, ModelVersion.Kind.ALBUM


def active_version() -> ModelVersion | None:
    return ModelVersion.objects.filter(is_active=True, kind=IMAGE).order_by("-activated_at").first()


def active_album_version(image: ModelVersion) -> ModelVersion | None:
    """The album version in play that reads the embeddings of that image version."""
    found = ModelVersion.objects.filter(is_active=True, kind=ALBUM, needs=image)
    return found.order_by("-activated_at").first()


def active_versions() -> list[ModelVersion]:
    """What plays against people on single photos, the newest first."""
    return list(ModelVersion.objects.filter(is_active=True, kind=IMAGE).order_by("-activated_at"))


class NoSuchVersion(UserError):
    """What somebody typed names no model version, or several."""


def version_named(name: str) -> ModelVersion:
    """The version of this name, or whose digest begins so. NoSuchVersion lists those that there are."""
    found = list(ModelVersion.objects.filter(name=name))
    if not found and name:
        found = list(ModelVersion.objects.filter(digest__startswith=name.lower()))
    if len(found) == 1:
        return found[0]
    known = ", ".join(str(version) for version in ModelVersion.objects.all()) or "none yet"
    problem = f"fits {len(found)} model versions: take the digest" if found else "is no model version"
    raise NoSuchVersion(f"{name!r} {problem}. Model versions: {known}.")


def image_version_named(name: str) -> ModelVersion:
    """The same, for those who need one that answers single photos."""
    found = version_named(name)
    if found.kind != IMAGE:
        known = ", ".join(str(version) for version in ModelVersion.objects.filter(kind=IMAGE)) or "none yet"
        raise NoSuchVersion(f"{found} answers albums, not single photos. Those that do: {known}.")
    return found


def training_index(version: ModelVersion) -> TrainingIndex:
    """What the version trained on. A version never changes, so each is read once a process."""
    return _training_index(version.digest, version.path)


@lru_cache(maxsize=8)
def _training_index(digest: str, directory: Path) -> TrainingIndex:
    return kind_of(directory).read_training_index(directory)


def cell_countries(version: ModelVersion) -> CellCountries:
    """In which countries the cells of the version lie: seconds for a large one, once a process.

    ModelDirectoryError, PartitionError, OSError where its files are missing or damaged.
    """
    return _cell_countries(version.digest, version.path)


@lru_cache(maxsize=4)
def _cell_countries(digest: str, directory: Path) -> CellCountries:
    return CellCountries.of(Partition.load(check_file(directory, PARTITION)))


def partition_of(version: ModelVersion) -> Partition:
    """The cells of the version. ModelDirectoryError, PartitionError, OSError as `cell_countries`."""
    return Partition.load(check_file(version.path, PARTITION))


def known_to_model(
    version: ModelVersion | None, pictures: Sequence[tuple[str, str, float, float]]
) -> list[bool]:
    """For each (digest, group, lat, lng): whether the version trained on the picture, on another one of
    its group, or on one of the same place. False for all where nobody can say: for draws, which prefer
    what it does not know. What is kept says so (`trained_on`).
    """
    if version is None or not pictures:
        return [False] * len(pictures)
    return [bool(trained) for trained in trained_on(version, pictures)]


def trained_on(version: ModelVersion, pictures: Sequence[tuple[str, str, float, float]]) -> list[bool | None]:
    """The same, but None for all where nobody can say: for what is kept of an answer, and reports."""
    if not pictures:
        return []
    try:
        index = training_index(version)
    except (ModelDirectoryError, OSError) as error:
        log.error("Nobody knows what %s trained on: %s", version, error)
        return [None] * len(pictures)
    places = index.trained_at(np.array([row[2] for row in pictures]), np.array([row[3] for row in pictures]))
    return [
        bool(place) or index.trained_on(digest, group)
        for (digest, group, _, _), place in zip(pictures, places, strict=True)
    ]
