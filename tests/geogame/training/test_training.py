"""Jobs whose training is the real one: to the end, stopped and resumed, on a full disk, on two processes."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map
from geogame.registry.models import ModelVersion
from geogame.training import live, preparation, services
from geogame.training.models import TrainingJob
from geogame.training.runner import Run, run_now
from planet_core.run_log import read_events
from tests.geogame.training.conftest import WhenItTrains

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
State = TrainingJob.State


@pytest.fixture
def towns(make_panorama: Callable[..., Panorama]) -> Map:
    map_ = Map.objects.create(name="Two towns", slug="two-towns")
    for number in range(24):
        map_.panoramas.add(make_panorama(40.0 + number % 2 * 10 + number * 0.01, 5.0 + number % 2 * 20))
    publish_map(map_)
    return map_


@pytest.fixture
def someone_plays() -> ModelVersion:
    """So that the new version need not show that it can."""
    return ModelVersion.objects.create(digest="0" * 64, name="first", recipe="tiny", cells=1, is_active=True)


@pytest.fixture
def unplanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the process that finds out what it takes: another test does that, in seconds."""
    monkeypatch.setattr(Run, "_foresee", lambda run, sources: None)


def make(towns: Map, **options: Any) -> TrainingJob:
    values = {"epochs": 2, **options.pop("values", {})}
    return services.create_job(data_set=data_set_of_map(towns), recipe="tiny", values=values, **options)


def run(job: TrainingJob) -> TrainingJob:
    run_now(job)
    job.refresh_from_db()
    return job


def stop(job: TrainingJob) -> None:
    services.request_stop(TrainingJob.objects.get(pk=job.pk))


def names(job: TrainingJob) -> list[str]:
    return [event["event"] for event in read_events(job.run_directory) if event["event"] != "progress"]


def test_train_registers_a_real_model(towns: Map) -> None:
    output = io.StringIO()
    call_command("train", "--map", "Two towns", "--set", "epochs=1", stdout=output)
    version = ModelVersion.objects.get(is_active=True)
    assert "It plays from now on" in output.getvalue()
    assert (version.path / "model.safetensors").is_file()
    assert version.metrics, "the registry keeps what the training measured"
    assert version.data["photos"] == 24
    job = TrainingJob.objects.get()
    curves = live.curves(job)
    assert (curves["last_step"], len(curves["epochs"])) == (1, 1)
    assert list(curves["epochs"][0]["accuracy_at_km"]) == ["1", "25", "200", "750", "2500"]
    assert live.validation(job)
    assert live.sample_path(job, "00.jpg")


@pytest.mark.usefixtures("unplanned")
def test_a_job_that_is_stopped_goes_on_from_its_checkpoint_to_the_end(
    towns: Map, someone_plays: ModelVersion, when_it_trains: WhenItTrains
) -> None:
    job = make(towns, values={"epochs": 12})
    when_it_trains(lambda: stop(job))
    assert run(job).state == State.STOPPED
    assert "it goes on from there" in job.message
    assert preparation.goes_on(job)
    services.resume(job)
    assert run(job).state == State.SUCCEEDED
    assert (job.runs, "stopped" in names(job), "resume" in names(job)) == (2, True, True)
    assert live.curves(job)["steps"] == list(range(1, 13)), "each step once"
    assert job.model_version
    assert job.model_version.metrics["seed"] == 0


def test_what_cannot_work_fails_before_it_trains(towns: Map) -> None:
    """Too few photos a cell: planet_core.plan finds out."""
    job = make(towns, values={"min_photos": 1000})
    assert run(job).state == State.FAILED
    assert "cell" in job.message
    assert not (job.run_directory / "metrics.jsonl").exists()


def test_what_training_may_suffer_from_is_noted(towns: Map, someone_plays: ModelVersion) -> None:
    lost = towns.panoramas.order_by("pk")[0]
    lost.path.unlink()
    job = run(make(towns, values={"epochs": 1}))
    assert job.plan["missing_files"]["count"] == 1
    assert any(
        lost.path.name in warning or "missing" in warning for warning in live.job_state(job)["warnings"]
    )


@pytest.mark.usefixtures("unplanned")
def test_a_full_disk_fails_the_job_with_the_reason_and_it_goes_on_once_there_is_room(
    towns: Map, someone_plays: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file may grow over 100 KB: the first checkpoint cannot be saved."""
    command = preparation.training_command

    def on_a_full_disk(job: TrainingJob, sources: Sequence[str]) -> list[str]:
        return ["bash", "-c", 'ulimit -f 100 && exec "$@"', "bash", *command(job, sources)]

    job = make(towns)
    with monkeypatch.context() as patch:
        patch.setattr(preparation, "training_command", on_a_full_disk)
        assert run(job).state == State.FAILED
    assert "cannot save the checkpoint" in job.message
    assert "File too large" in job.message
    services.resume(job)
    assert run(job).state == State.SUCCEEDED


@pytest.mark.usefixtures("unplanned")
def test_a_job_on_two_devices_stops_with_a_checkpoint_and_goes_on(
    towns: Map, someone_plays: ModelVersion, when_it_trains: WhenItTrains
) -> None:
    job = make(towns, values={"epochs": 12}, devices=2)
    when_it_trains(lambda: stop(job))
    assert run(job).state == State.STOPPED
    [stopped] = [event for event in read_events(job.run_directory) if event["event"] == "stopped"]
    assert stopped["checkpoint"]
    services.resume(job)
    assert run(job).state == State.SUCCEEDED
    assert job.model_version
    assert job.model_version.metrics["processes"] == 2


@pytest.mark.usefixtures("unplanned")
def test_a_job_on_two_devices_one_of_which_is_killed_goes_on_from_its_checkpoint(
    towns: Map, someone_plays: ModelVersion, when_it_trains: WhenItTrains
) -> None:
    """torchrun ends with 1, and the other process of a broken connection: neither is the reason."""
    job = make(towns, values={"epochs": 40}, devices=2)
    when_it_trains(lambda: kill(job, 1))
    assert run(job).state == State.QUEUED
    assert "was killed by SIGKILL" in job.message
    assert (job.losses, rank(job, 0), rank(job, 1)) == (1, 0, 0), "nothing is left of it"
    assert preparation.goes_on(job)
    when_it_trains(lambda: stop(job))
    assert run(job).state == State.STOPPED
    [resumed] = [event for event in read_events(job.run_directory) if event["event"] == "resume"]
    assert resumed["step"] > 0


def kill(job: TrainingJob, number: int) -> None:
    """Kill the process of that rank, once there is a checkpoint to go on from."""
    deadline = time.monotonic() + 120
    while not preparation.goes_on(job) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(rank(job, number), signal.SIGKILL)


def rank(job: TrainingJob, number: int) -> int:
    """The process of that rank that trains the job, or 0."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            is_ours = str(job.run_directory).encode() in words
            if is_ours and b"RANK=%d" % number in (folder / "environ").read_bytes().split(b"\0"):
                return int(folder.name)
    return 0


@pytest.mark.usefixtures("unplanned")
def test_a_job_over_two_machines_meets_at_the_rendezvous(
    towns: Map, someone_plays: ModelVersion, settings: Any
) -> None:
    meet_here(settings)
    job = make(towns)
    with another_machine(job) as other:
        assert run(job).state == State.SUCCEEDED, job.message
        assert other.wait(timeout=60) == 0
    assert job.model_version
    assert job.model_version.metrics["processes"] == 2


@pytest.mark.usefixtures("unplanned")
def test_a_job_whose_other_machine_is_gone_fails_with_the_reason(
    towns: Map, someone_plays: ModelVersion, when_it_trains: WhenItTrains, settings: Any
) -> None:
    meet_here(settings)
    job = make(towns, values={"epochs": 100_000})
    with another_machine(job):
        when_it_trains(lambda: kill(job, 1))
        assert run(job).state == State.FAILED
    assert "another process of this run has ended" in job.message or "Connection" in job.message
    assert preparation.goes_on(job)


def meet_here(settings: Any) -> None:
    settings.TRAINING_NODES, settings.TRAINING_RENDEZVOUS = 2, f"127.0.0.1:{free_port()}"


@contextlib.contextmanager
def another_machine(job: TrainingJob) -> Iterator[subprocess.Popen[str]]:
    """Its group of processes, started by hand as docs/training.md says."""
    words = preparation.training_command(job, preparation.sources_of(job))
    words[words.index("--node-rank") + 1] = "1"
    with subprocess.Popen(words, cwd=django_settings.BASE_DIR, stderr=subprocess.PIPE, text=True) as other:
        try:
            yield other
        finally:
            other.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.usefixtures("unplanned")
def test_nothing_is_left_of_what_torchrun_started(
    towns: Map, someone_plays: ModelVersion, when_it_trains: WhenItTrains, settings: Any
) -> None:
    """Its processes lead sessions of their own: killed by the mark that they bear."""
    settings.TRAINING_STOP_GRACE_S = 0.0
    job = make(towns, values={"epochs": 100_000}, devices=2)
    when_it_trains(lambda: stop(job))
    assert run(job).state == State.STOPPED
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(job.run_directory) not in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "Atlantis"], "no map"),
        ([], "--map"),
        (["--resume", "nothing"], "no training job 'nothing'"),
        (["--data-set", "None"], "no data set “None”"),
        (["--map", "Two towns", "--set", "epochs"], "'epochs' sets no value"),
        (["--map", "Two towns", "--init", "nothing"], "is no model version"),
    ],
)
def test_the_command_names_what_is_wrong(towns: Map, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("train", *arguments)


def test_the_command_lists_stops_and_deletes_jobs(towns: Map) -> None:
    output = io.StringIO()
    call_command("train", "--map", "Two towns", "--seed", "3", "--queue", stdout=output)
    job = TrainingJob.objects.get()
    assert f"Queued as {job.token}." in output.getvalue()
    assert job.seed == 3
    call_command("train", "--clone", job.token, "--seed", "4", "--queue", stdout=output)
    call_command("train", "--stop", job.token, stdout=output)
    call_command("train", "--list", stdout=output)
    assert f"{job.token}  stopped      0%  tiny on Two towns  Stopped before it began." in output.getvalue()
    call_command("train", "--delete", job.token, stdout=output)
    assert [left.seed for left in TrainingJob.objects.all()] == [4]
