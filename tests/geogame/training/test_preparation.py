"""What a training process is started with. None is started here."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from geogame.registry.models import ModelVersion
from geogame.training import preparation
from geogame.training.errors import TrainingError
from geogame.training.models import TrainingJob
from tests.geogame.training.conftest import MakeJob


def test_the_command_says_all_that_the_job_says(make_job: MakeJob, model_version: ModelVersion) -> None:
    job = make_job(values={"epochs": 3, "optimiser": "adagrad"}, seed=7, init_from=model_version)
    command = " ".join(preparation.training_command(job, ["csv:photos.csv"]))
    assert command.startswith(f"{sys.executable} -m planet_core.train_cnn --recipe tiny ")
    assert '--set epochs=3 --set optimiser="adagrad" --data csv:photos.csv --seed 7' in command
    assert f"--init {model_version.path} --run {job.run_directory} " in command
    assert "--resume" not in command


def test_several_devices_run_under_torchrun(make_job: MakeJob, settings: Any) -> None:
    job = make_job(devices=2)
    command = " ".join(preparation.training_command(job, ["photos.csv"]))
    assert "-m torch.distributed.run --standalone --nproc-per-node 2 --shutdown-timeout 60 -m -- " in command
    settings.TRAINING_NODES, settings.TRAINING_RENDEZVOUS = 3, "10.0.0.5:29400"
    command = " ".join(preparation.training_command(job, ["photos.csv"]))
    assert "--nnodes 3 --node-rank 0 --rdzv-endpoint 10.0.0.5:29400 --nproc-per-node 2 " in command


def test_a_job_with_a_checkpoint_goes_on(job: TrainingJob) -> None:
    (job.run_directory / "checkpoints" / "step-000000002").mkdir(parents=True)
    assert preparation.training_command(job, ["photos.csv"])[-1] == "--resume"


def test_a_job_goes_on_with_the_photos_that_it_began_with(job: TrainingJob) -> None:
    assert preparation.sources_of(job) == [f"csv:{job.run_directory / 'photos.csv'}"]
    before = (job.run_directory / "photos.csv").read_text()
    assert job.data_set.map
    job.data_set.map.panoramas.remove(job.data_set.map.panoramas.all()[0])
    (job.run_directory / "checkpoints" / "step-000000002").mkdir(parents=True)
    preparation.sources_of(job)
    assert (job.run_directory / "photos.csv").read_text() == before


# --- The plan --------------------------------------------------------------------------------------------
def test_a_plan_with_errors_fails_the_job_with_their_sentences() -> None:
    problems = [
        {"code": "memory", "severity": "error", "message": "It needs 12 GB of memory; there are 8."},
        {"code": "cells", "severity": "warning", "message": "3 cells have no photo."},
    ]
    with pytest.raises(TrainingError, match=r"^It needs 12 GB of memory; there are 8\.$"):
        preparation.read_plan(json.dumps({"problems": problems}))
    assert preparation.read_plan(json.dumps({"problems": problems[1:]}))["problems"] == problems[1:]
