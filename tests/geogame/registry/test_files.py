from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from geogame.accounts.models import Player
from geogame.registry import files
from geogame.registry.activation import ask_to_play
from geogame.registry.files import delete_version, export_version, import_version
from geogame.registry.models import ModelVersion
from geogame.registry.queries import training_index
from geogame.registry.services import RegistryError, deactivate, register

DATA = {"name": "Old towns", "photos": 40, "licences": {"CC BY 4.0": 40}}


@pytest.fixture
def version(settings: Any, model_directory: Path, db: None) -> ModelVersion:
    folder = Path(settings.MODEL_ROOT) / "trained"
    shutil.copytree(model_directory, folder)
    return register(directory=folder, name="Old towns", data=DATA)


def test_a_version_goes_and_comes_back(version: ModelVersion, tmp_path: Path, admin_user: Any) -> None:
    assert "Trained on “Old towns”: 40 pictures." in version.card
    export_version(version, tmp_path / "model.zip")
    delete_version(version)
    assert not version.path.exists()
    back = import_version(tmp_path / "model.zip", by=admin_user)
    assert (back.digest, back.name, back.data) == (version.digest, "Old towns", DATA)
    assert (back.card, back.card_is_own, back.origin) == (version.card, False, "imported")
    assert training_index(back).trained_on("trained-on")
    assert not back.is_active
    assert LogEntry.objects.get().change_message == "Imported from a file."


def test_one_that_is_here_is_not_imported_again(version: ModelVersion) -> None:
    buffer = io.BytesIO()
    export_version(version, buffer)
    with pytest.raises(RegistryError, match="is here already: Old towns"):
        import_version(buffer)
    assert version.path.is_dir()


def test_a_foreign_file_leaves_nothing(db: None, settings: Any, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be imported: "):
        import_version(io.BytesIO(b"GIF89a"))
    assert not Path(settings.MODEL_ROOT).exists()


def test_what_cannot_be_registered_leaves_nothing(
    version: ModelVersion, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    export_version(version, buffer)
    delete_version(version)

    def fail(**values: object) -> None:
        raise RegistryError("The database is full.")

    monkeypatch.setattr(files, "register", fail)
    with pytest.raises(RegistryError, match="full"):
        import_version(buffer)
    assert list(Path(settings.MODEL_ROOT).iterdir()) == []


@pytest.mark.parametrize(
    "said",
    [None, 3, {"name": 3, "photos": "many", "licences": [1]}, {"licences": {"x": -1}}, {"photos": True}],
)
def test_what_a_sender_says_is_kept_only_in_its_form(said: object) -> None:
    found = files._data(said)
    assert found.get("name", "") == ""
    assert "photos" not in found
    assert found.get("licences", {}) == {}


def test_what_plays_or_has_played_stays(version: ModelVersion) -> None:
    asked = ask_to_play(version)
    with pytest.raises(RegistryError, match="about to play"):
        delete_version(version)
    asked.delete()
    ModelVersion.objects.update(is_active=True)
    with pytest.raises(RegistryError, match="plays: take it out"):
        delete_version(version)
    deactivate(version)
    Player.objects.create(kind="model", name="PlaNet", model_version=version)
    with pytest.raises(RegistryError, match="needed by: players"):
        delete_version(version)
    assert version.path.is_dir()
    assert ModelVersion.objects.get() == version
    assert not LogEntry.objects.exists()


def test_an_image_model_stays_while_an_album_model_needs_it(version: ModelVersion) -> None:
    ModelVersion.objects.create(digest="0" * 64, name="album", recipe="album", cells=1, needs=version)
    with pytest.raises(RegistryError, match="needed by: album"):
        delete_version(version)


def test_deleting_frees_the_disk(version: ModelVersion, admin_user: Any) -> None:
    size = sum(path.stat().st_size for path in version.path.iterdir())
    assert version.bytes == size
    assert delete_version(version, admin_user) == size
    assert not version.path.exists()
    assert "Deleted" in LogEntry.objects.get().change_message
    with pytest.raises(RegistryError, match="gone already"):
        delete_version(version)
