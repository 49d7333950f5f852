"""The admin's page of a version that answers albums, and what is not asked of one."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.evaluations.services import EvaluationError, create_evaluation
from geogame.registry.models import ModelVersion
from geogame.registry.services import register
from tests.planet_core.made_album_model import made_album_model


@pytest.fixture
def album(settings: Any, model_directory: Path, tmp_path: Path, db: None) -> ModelVersion:
    settings.MODEL_ROOT = tmp_path / "models"
    shutil.copytree(model_directory, tmp_path / "models" / "image")
    register(directory=tmp_path / "models" / "image", name="Old towns")
    made_album_model(tmp_path / "models" / "album", tmp_path / "models" / "image", "blstm")
    return register(directory=tmp_path / "models" / "album", name="Trips")


def test_its_page_shows_what_was_measured_beside_single_photos(
    admin_client: Client, album: ModelVersion
) -> None:
    answer = admin_client.get(f"/admin/registry/modelversion/{album.pk}/change/")
    page = answer.content.decode()
    assert "answers whole albums" in page
    rows = answer.context["validation"]
    assert [(row["name"], row["is_trivial"]) for row in rows] == [
        ("with the album", False),
        ("single photos", True),
    ]
    assert [one["value"] for one in rows[0]["within"]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert 'id="evaluate-form"' not in page
    assert "?init_from=" not in page
    assert "Put into play" in page


def test_the_page_of_its_image_version_leads_to_album_jobs(admin_client: Client, album: ModelVersion) -> None:
    assert album.needs is not None
    page = admin_client.get(f"/admin/registry/modelversion/{album.needs_id}/change/").content.decode()
    assert f"?kind=album&amp;image_model={album.needs_id}" in page
    assert 'id="evaluate-form"' in page


@pytest.mark.parametrize("kind", ["evaluate", "calibrate", "compare"])
def test_it_is_not_measured_on_single_photos(album: ModelVersion, make_map: Any, kind: str) -> None:
    data_set = data_set_of_map(make_map(2))
    for version, other in ((album, album.needs), (album.needs, album)):
        if version == album.needs and kind != "compare":
            continue
        with pytest.raises(EvaluationError, match=r"Trips .* answers whole albums"):
            create_evaluation(kind=kind, version=version, other=other, data_set=data_set)


def test_single_photos_are_not_measured_on_albums(album: ModelVersion) -> None:
    trips = DataSet.objects.create(name="Trips", kind="albums", source="/trips", state="ready")
    assert album.needs is not None
    with pytest.raises(EvaluationError, match="“Trips” holds albums"):
        create_evaluation(version=album.needs, data_set=trips)


def test_commands_for_single_photos_say_so(album: ModelVersion, make_map: Any) -> None:
    make_map(2, name="Towns")
    with pytest.raises(CommandError, match=r"Trips .* answers albums, not single photos"):
        call_command("train", "--map", "Towns", "--init", "Trips")
    said = io.StringIO()
    call_command("models", "card", "Trips", stdout=said)
    assert said.getvalue().startswith("# Album model blstm")
