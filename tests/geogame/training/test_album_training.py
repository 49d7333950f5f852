"""An album job whose training is the real one: from its creation to the version in play; stopped, resumed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_album_version, active_version, trained_on
from geogame.training import live, preparation, services
from geogame.training.kinds import embeddings_root
from geogame.training.models import TrainingJob
from geogame.training.runner import Run, run_now
from planet_core.albums import read_albums
from planet_core.model_directory import sha256_of
from planet_core.run_log import read_events
from tests.geogame.training.album_jobs import MakeAlbumJob
from tests.geogame.training.conftest import WhenItTrains
from tests.planet_core.made import noise_picture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
State = TrainingJob.State
SMALL = {"hidden": 8, "batch_albums": 2, "learning_rate": 0.001}


@pytest.fixture
def someone_plays(image_model: ModelVersion) -> ModelVersion:
    """So that the new version need not show that it can."""
    values = {"digest": "0" * 64, "name": "first", "recipe": "lstm (modern)", "cells": 1}
    return ModelVersion.objects.create(**values, kind="album", needs=image_model, is_active=True)


@pytest.fixture
def unplanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the process that finds out what it takes: another test does that, in seconds."""
    monkeypatch.setattr(Run, "_foresee", lambda run, sources: None)


def run(job: TrainingJob) -> TrainingJob:
    run_now(job)
    job.refresh_from_db()
    return job


def test_an_album_job_goes_from_its_creation_to_the_version_in_play(
    make_album_job: MakeAlbumJob, image_model: ModelVersion, settings: Any
) -> None:
    settings.MODEL_ANSWER_TIMEOUT_S = 60.0
    job = run(make_album_job(values={**SMALL, "epochs": 2}, album={"cut": 2}))
    assert job.state == State.SUCCEEDED, job.message
    assert job.plan["albums"] + job.plan["albums_validation"] == 6
    assert job.plan["photos_to_embed"] == 18
    version = job.model_version
    assert version is not None
    assert (version.kind, version.needs, version.name) == ("album", image_model, "PlaNet lstm-rep(2), modern")
    assert version.data == {"name": "Trips", "photos": 18, "albums": 6, "licences": {"CC0": 18}}
    assert version.path == preparation.model_directory(job)
    assert image_model.digest[:12] in version.card
    train, held = (read_albums(job.run_directory / "albums" / side) for side in ("train", "validation"))
    pictures = [
        (sha256_of(photo.path), "", photo.lat or 0.0, photo.lng or 0.0)
        for photo in (train[0].photos[0], held[0].photos[0])
    ]
    assert trained_on(version, pictures) == [True, False]
    assert (active_version(), active_album_version(image_model)) == (image_model, version)
    curves = live.curves(job)
    assert [epoch["epoch"] for epoch in curves["epochs"]] == [1, 2]
    assert list(curves["epochs"][-1]["accuracy_at_km"]) == ["1", "25", "200", "750", "2500"]
    assert live.validation(job) is None
    assert (embeddings_root() / image_model.digest).is_dir()


@pytest.mark.usefixtures("unplanned")
def test_a_stopped_album_job_goes_on_from_its_checkpoint_with_the_same_photos(
    make_album_job: MakeAlbumJob, when_it_trains: WhenItTrains, someone_plays: ModelVersion
) -> None:
    job = make_album_job(values={**SMALL, "epochs": 100_000, "patience": 0})
    when_it_trains(lambda: services.request_stop(TrainingJob.objects.get(pk=job.pk)))
    assert run(job).state == State.STOPPED
    assert job.message.startswith("Stopped after step ")
    step = json.loads((job.run_directory / "steps.jsonl").read_text().splitlines()[-1])["step"]
    services.resume(job, call=False)
    when_it_trains(lambda: services.request_stop(TrainingJob.objects.get(pk=job.pk)))
    assert run(job).state == State.STOPPED
    [resumed] = [event for event in read_events(job.run_directory) if event["event"] == "resume"]
    assert resumed["step"] == step
    train = read_albums(job.run_directory / "albums" / "train")
    noise_picture(99, (48, 48)).save(train[0].photos[0].path)
    services.resume(job, call=False)
    assert run(job).state == State.FAILED
    assert "other photos, places or groups" in job.message
    assert not ModelVersion.objects.filter(kind="album").exclude(pk=someone_plays.pk).exists()


def test_a_plan_that_cannot_work_fails_the_job_before_it_trains(
    make_album_job: MakeAlbumJob, image_model: ModelVersion
) -> None:
    job = make_album_job()
    (image_model.path / "partition.npz").write_bytes(b"damaged")
    assert run(job).state == State.FAILED
    assert "partition.npz is damaged or foreign" in job.message
    assert not (job.run_directory / "metrics.jsonl").exists()


@pytest.mark.usefixtures("unplanned")
def test_an_album_job_trains_on_two_devices(
    make_album_job: MakeAlbumJob, someone_plays: ModelVersion
) -> None:
    job = run(make_album_job(values={**SMALL, "epochs": 1}, devices=2))
    assert job.state == State.SUCCEEDED, job.message
    assert job.model_version is not None
    assert job.model_version.metrics["processes"] == 2
