"""Album versions in the registry: they hang on an image version, come into play beside it, and go with it."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from geogame.registry import health
from geogame.registry.files import delete_version, export_version, import_version
from geogame.registry.models import ModelVersion
from geogame.registry.queries import (
    NoSuchVersion,
    active_album_version,
    active_version,
    active_versions,
    image_version_named,
    trained_on,
)
from geogame.registry.services import RegistryError, activate, deactivate, examine, register
from tests.planet_core.made_album_model import made_album_model


@pytest.fixture
def image(settings: Any, model_directory: Path, tmp_path: Path, db: None) -> ModelVersion:
    settings.MODEL_ROOT = tmp_path / "models"
    folder = settings.MODEL_ROOT / "image"
    shutil.copytree(model_directory, folder)
    return register(directory=folder, name="Old towns")


@pytest.fixture
def album(image: ModelVersion) -> ModelVersion:
    folder = image.path.parent / "album"
    made_album_model(folder, image.path, "lstm-rep", drawn=True)
    return register(directory=folder, name="Trips")


def test_an_album_version_hangs_on_its_image_version(image: ModelVersion, album: ModelVersion) -> None:
    assert (album.kind, album.needs, album.recipe) == ("album", image, "lstm-rep (modern)")
    assert (album.cells, album.partition_digest) == (image.cells, image.partition_digest)
    assert album.trained_on_drawings, "its albums say so themselves"
    assert album.card.startswith("# Album model lstm-rep")
    assert image.digest[:12] in album.card
    examine(album)


def test_what_it_trained_on_is_known(image: ModelVersion, album: ModelVersion) -> None:
    pictures = [("d1", "", 0.0, 0.0), ("new", "", 48.85, 2.35), ("new", "", 0.0, 0.0)]
    assert trained_on(album, pictures) == [True, True, False]


def test_it_is_not_registered_alone(image: ModelVersion) -> None:
    folder = image.path.parent / "album"
    made_album_model(folder, image.path)
    image.delete()
    with pytest.raises(RegistryError, match=r"answers with the image model .* which is not here: import it"):
        register(directory=folder, name="Trips")


def test_it_plays_beside_its_image_version(image: ModelVersion, album: ModelVersion) -> None:
    activate(image)
    activate(album)
    assert active_version() == image
    assert active_versions() == [image]
    assert active_album_version(image) == album
    deactivate(album)
    assert active_album_version(image) is None
    assert active_version() == image


def test_its_image_version_stays_as_long_as_it_does(image: ModelVersion, album: ModelVersion) -> None:
    with pytest.raises(RegistryError, match=r"Old towns .* stays, as it is needed by: Trips"):
        delete_version(image)
    assert image.path.is_dir()
    delete_version(album)
    delete_version(ModelVersion.objects.get(pk=image.pk))
    assert not image.path.exists()


def test_it_goes_and_comes_back_as_one_file(image: ModelVersion, album: ModelVersion) -> None:
    buffer = io.BytesIO()
    export_version(album, buffer)
    delete_version(album)
    back = import_version(buffer)
    assert (back.digest, back.kind, back.needs, back.name) == (album.digest, "album", image, "Trips")
    assert (back.card, back.card_is_own) == (album.card, True)


def test_a_file_is_refused_where_its_image_version_is_not(image: ModelVersion, album: ModelVersion) -> None:
    buffer = io.BytesIO()
    export_version(album, buffer)
    delete_version(album)
    delete_version(image)
    with pytest.raises(RegistryError, match=f"Trips answers with the image model {image.digest[:12]}"):
        import_version(buffer)
    assert list(image.path.parent.iterdir()) == [], "nothing of it stays"


def test_who_needs_single_photos_is_told(image: ModelVersion, album: ModelVersion) -> None:
    assert image_version_named("Old towns") == image
    with pytest.raises(NoSuchVersion, match=r"Trips .* answers albums, not single photos.*Old towns"):
        image_version_named("Trips")


@pytest.mark.slow
def test_a_process_of_its_own_sees_it_answer(image: ModelVersion, album: ModelVersion, settings: Any) -> None:
    settings.MODEL_ANSWER_TIMEOUT_S = 60.0
    found = health.check(album)
    assert found["digest"] == album.digest
    assert found["probes"] > 10
