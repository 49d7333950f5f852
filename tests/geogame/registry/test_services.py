from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_version, training_index
from geogame.registry.services import RegistryError, activate, deactivate, install_shipped, register


@pytest.fixture
def copy(settings: Any, model_directory: Path, db: None) -> Path:
    target = Path(settings.MODEL_ROOT) / "copy"
    shutil.copytree(model_directory, target)
    return target


def test_a_version_is_named_by_its_digest(copy: Path) -> None:
    version = register(directory=copy, name="PlaNet tiny")
    assert len(version.digest) == 64
    assert (version.recipe, version.directory) == ("tiny", "copy")
    assert version.cells > 1


def test_registering_twice_gives_the_same_version(copy: Path) -> None:
    assert register(directory=copy, name="a") == register(directory=copy, name="b")


def test_a_directory_elsewhere_is_refused(db: None, model_directory: Path) -> None:
    with pytest.raises(RegistryError, match="not inside MODEL_ROOT"):
        register(directory=model_directory, name="a")


def test_a_directory_without_a_model_is_refused(settings: Any, db: None) -> None:
    empty = Path(settings.MODEL_ROOT) / "empty"
    empty.mkdir(parents=True)
    with pytest.raises(RegistryError, match="empty"):
        register(directory=empty, name="a")


def test_one_version_plays_at_a_time(copy: Path, model_version: ModelVersion, settings: Any) -> None:
    settings.MODEL_ROOT = copy.parent
    other = ModelVersion.objects.create(
        digest="0" * 64, name="old", recipe="tiny", directory="x", cells=1, is_active=True
    )
    model_version.directory = "copy"
    activate(model_version)
    other.refresh_from_db()
    assert (active_version(), other.is_active) == (model_version, False)
    deactivate(model_version)
    assert active_version() is None


def test_a_version_whose_files_changed_does_not_go_into_play(copy: Path) -> None:
    version = register(directory=copy, name="a")
    config = copy / "config.json"
    config.write_text(config.read_text().replace("tiny", "tidy", 1))
    with pytest.raises(RegistryError):
        activate(version)
    assert active_version() is None


def test_the_training_index_names_what_a_version_saw(model_version: ModelVersion) -> None:
    assert training_index(model_version).trained_on("trained-on")
    assert not training_index(model_version).trained_on("never-seen")


class TestShippedModel:
    NAME = "PlaNet Earth"

    def test_it_is_copied_registered_and_plays(
        self, db: None, model_directory: Path, tmp_path: Path, settings: Any
    ) -> None:
        shipped = tmp_path / "shipped"
        shutil.copytree(model_directory, shipped)
        (shipped / "README.md").write_text("# A model card\nDrawn pictures only.")
        version = install_shipped(shipped, name=self.NAME)
        assert version is not None
        assert version.is_active
        assert version.trained_on_drawings
        assert "Drawn pictures only." in version.card
        assert version.path.is_relative_to(settings.MODEL_ROOT)
        assert (version.path / "model.safetensors").is_file()
        assert install_shipped(shipped, name=self.NAME) is None, "once is enough"

    def test_the_one_of_this_repository_plays_at_the_first_start(self, db: None, settings: Any) -> None:
        version = install_shipped(settings.WORLD_MODEL, name=self.NAME)
        assert version is not None
        assert version.name == self.NAME
        assert active_version() == version
        assert version.recipe.startswith("procedural-earth")
        assert "What it is not for" in version.card
        assert training_index(version).training_groups

    def test_its_album_model_plays_beside_it_and_hangs_on_it(self, db: None, settings: Any) -> None:
        albums = f"{self.NAME}, albums"
        assert install_shipped(settings.WORLD_ALBUM_MODEL, name=albums) is None, "its image model is not here"
        image = install_shipped(settings.WORLD_MODEL, name=self.NAME)
        version = install_shipped(settings.WORLD_ALBUM_MODEL, name=albums)
        assert version is not None
        assert (version.kind, version.needs, version.is_active) == ("album", image, True)
        assert active_version() == image
        assert training_index(version).training_digests, "so that reports know which trips it has seen"
        deactivate(version)
        assert install_shipped(settings.WORLD_ALBUM_MODEL, name=albums) is None, (
            "a person took it out of play"
        )

    def test_without_one_nothing_happens(self, db: None, tmp_path: Path) -> None:
        assert install_shipped(tmp_path / "nowhere", name=self.NAME) is None
        assert not ModelVersion.objects.exists()

    def test_another_that_plays_stays(self, model_version: ModelVersion, model_directory: Path) -> None:
        assert install_shipped(model_directory, name=self.NAME) is None
        deactivate(model_version)
        assert install_shipped(model_directory, name=self.NAME) is None, "a person took it out of play"

    def test_a_damaged_one_is_named(self, db: None, model_directory: Path, tmp_path: Path) -> None:
        shutil.copytree(model_directory, tmp_path / "shipped")
        (tmp_path / "shipped" / "config.json").write_text("{")
        with pytest.raises(RegistryError):
            install_shipped(tmp_path / "shipped", name=self.NAME)
