"""Albums, an image model and jobs that train on them, for the tests of album jobs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geogame.datasets.models import DataSet
from geogame.datasets.reading import read_now
from geogame.datasets.services import create_data_set, start_reading
from geogame.registry.models import ModelVersion
from geogame.registry.services import activate, register
from geogame.training import services
from geogame.training.album_part import AlbumPart
from geogame.training.models import TrainingJob
from planet_core.albums import Album, AlbumPhoto, write_albums
from tests.planet_core.made import noise_picture

MakeAlbumJob = Callable[..., TrainingJob]


@pytest.fixture
def image_model(settings: Any, model_directory: Path, tmp_path: Path, db: None) -> ModelVersion:
    """A version of single photos that plays, in a registry of its own."""
    settings.MODEL_ROOT = tmp_path / "models"
    folder = settings.MODEL_ROOT / "image"
    shutil.copytree(model_directory, folder)
    version = register(directory=folder, name="Old towns")
    activate(version)
    return version


def made_folder(folder: Path, albums: int = 6, *, south: float = 36.0, drawn: bool = False) -> Path:
    """Albums of three photos, each at a place of its own in the cells of the image model."""
    folder.mkdir(parents=True)
    made = []
    for number in range(albums):
        photos = []
        for photo in range(3):
            path = folder / f"{number}-{photo}.jpg"
            noise_picture(10 * number + photo, (48, 48)).save(path)
            photos.append(AlbumPhoto(path, south + 1.5 * number, -10.0 + 2.5 * number, None))
        made.append(Album(f"trip-{number}", tuple(photos), "made by a test", "CC0", drawn))
    write_albums(folder, made)
    return folder


@pytest.fixture
def make_albums(settings: Any, tmp_path: Path, db: None) -> Callable[..., DataSet]:
    settings.DATA_SET_ROOTS = [str(tmp_path)]

    def make(name: str = "Trips", **options: Any) -> DataSet:
        folder = made_folder(tmp_path / name, **options)
        data_set = create_data_set(name=name, kind="albums", source=str(folder))
        start_reading(data_set)
        assert read_now(data_set)
        assert data_set.state == DataSet.State.READY, data_set.message
        return data_set

    return make


@pytest.fixture
def make_album_job(make_albums: Callable[..., DataSet], image_model: ModelVersion) -> MakeAlbumJob:
    def make(**options: Any) -> TrainingJob:
        found = DataSet.objects.filter(name="Trips").first() or make_albums()
        album = {"variant": "lstm-rep", "image_model": image_model, **options.pop("album", {})}
        given = {"data_set": found, "recipe": "modern", "kind": "album", **options}
        return services.create_job(**given, album=AlbumPart(**album))

    return make
