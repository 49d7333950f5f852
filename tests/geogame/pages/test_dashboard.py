from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from geogame.datasets.models import DataSet
from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import deactivate
from geogame.training.models import TrainingJob
from geogame.training.services import create_job
from tests.geogame.registry.test_admin import staff_with

INDEX, NOW = "/admin/", "/admin/now/"


@pytest.fixture
def job(make_map: Callable[..., Map]) -> TrainingJob:
    return create_job(data_set=data_set_of_map(make_map(3)), recipe="tiny")


def text(client: Client, address: str = INDEX) -> str:
    return client.get(address).content.decode()


def test_an_empty_game_says_so(admin_client: Client, db: None) -> None:
    page = text(admin_client)
    for words in ("Nothing runs, and nothing waits.", "Nothing in the last seven days.", "No model plays"):
        assert words in page


def test_what_plays_is_named(admin_client: Client, model_version: ModelVersion) -> None:
    assert f"{model_version}</a>" in text(admin_client)
    deactivate(model_version)
    assert "No model plays" in text(admin_client)


def test_what_runs_leads_to_its_page(admin_client: Client, job: TrainingJob) -> None:
    TrainingJob.objects.update(state="running", progress=0.42)
    DataSet.objects.update(state="reading", progress=0.1)
    for address in (INDEX, NOW):
        page = text(admin_client, address)
        assert f'href="/admin/training/trainingjob/{job.pk}/live/">tiny on ' in page
        assert "running · 42%" in page
        assert "is being read · 10%" in page


def test_what_failed_lately_says_why(
    admin_client: Client, job: TrainingJob, model_version: ModelVersion
) -> None:
    now = timezone.now()
    TrainingJob.objects.update(state="failed", message="The disk is full.", finished_at=now)
    wish = {"version": model_version, "state": "failed", "finished_at": now}
    Activation.objects.create(message="It answered nothing.", **wish)
    page = text(admin_client)
    assert "The disk is full." in page
    assert "It answered nothing." in page
    TrainingJob.objects.update(finished_at=now - timedelta(days=8))
    assert "The disk is full." not in text(admin_client)


def test_what_the_disk_holds(
    admin_client: Client, job: TrainingJob, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(settings.RUN_ROOT) / job.token
    folder.mkdir(parents=True)
    (folder / "checkpoint.pt").write_bytes(bytes(3_000_000))
    settings.TRAINING_DISK_GB = 2.0
    page = text(admin_client)
    assert "2.9\xa0MB" in page
    assert "that TRAINING_DISK_GB allows" in page
    assert f"/admin/training/trainingjob/{job.pk}/live/" in page


def test_each_person_sees_what_they_may(client: Client, job: TrainingJob) -> None:
    TrainingJob.objects.update(state="failed", message="The disk is full.", finished_at=timezone.now())
    staff = staff_with(client, "view_dataset")
    page = text(staff)
    assert "no permissions here yet" not in page
    for hidden in ("The disk is full.", "On the disk", "What plays", "Train a model", "Make a data set"):
        assert hidden not in page
    assert "The disk is full." not in text(staff, NOW)


def test_people_see_their_own_steps_and_keepers_those_of_all(
    admin_client: Client, make_map: Callable[..., Map]
) -> None:
    admin_client.post("/admin/datasets/dataset/add/", {"name": "Mine", "kind": "map", "map": make_map(3).pk})
    assert ">Mine</a>" in text(admin_client)
    assert ">Mine</a>" not in text(staff_with(Client()))


def test_only_staff_come_here(client: Client, db: None) -> None:
    assert {client.get(address).status_code for address in (INDEX, NOW)} == {302}


def test_who_may_nothing_yet_is_told_whom_to_ask(client: Client, db: None) -> None:
    staff = staff_with(client)
    assert "Your account has no permissions here yet." in text(staff)
    refused = staff.get("/admin/training/trainingjob/add/")
    assert refused.status_code == 403
    assert "Whoever keeps the accounts of this game can give it to you." in refused.content.decode()
