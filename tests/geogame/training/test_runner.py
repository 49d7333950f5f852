from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from geogame.registry import health
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError
from geogame.training import preparation, runner, services, states
from geogame.training.models import TrainingJob
from geogame.training.runner import Wishes, run_now
from geogame.training.tasks import run_job
from tests.geogame.training.conftest import MakeJob, Pretend, WhenItTrains

State = TrainingJob.State
pytestmark = pytest.mark.slow
WORKS = """
say("progress", phase="train", share=0.5, epoch=1, epochs=2, images_per_second=9.5, seconds_left=3)
"""
OBEYS = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
say("progress", phase="train", share=0.5, epoch=1, epochs=2, seconds_left=60)
time.sleep(60)
"""
STUBBORN = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
say("progress", phase="train", share=0.5, epoch=1, epochs=2, seconds_left=60)
time.sleep(60)
"""


def run(job: TrainingJob, **options: Any) -> TrainingJob:
    run_now(job, **options)
    job.refresh_from_db()
    return job


# --- How it ends -----------------------------------------------------------------------------------------
def test_the_first_version_plays_at_once(
    job: TrainingJob, pretend: Pretend, model_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "check", lambda version: {})
    pretend(f"{WORKS}import shutil; shutil.copytree({str(model_directory)!r}, out)")
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress) == (State.SUCCEEDED, 1.0)
    assert job.model_version == ModelVersion.objects.get(is_active=True)
    assert [change.after for change in job.changes.all()] == ["queued", "preparing", "running", "succeeded"]
    assert job.pace["images_per_second"] == 9.5


def test_a_first_version_that_cannot_answer_does_not_play(
    job: TrainingJob, pretend: Pretend, monkeypatch: pytest.MonkeyPatch, model_directory: Path
) -> None:
    def cannot(version: ModelVersion) -> dict[str, Any]:
        raise RegistryError("Its probabilities are none.")

    monkeypatch.setattr(health, "check", cannot)
    pretend(f"import shutil; shutil.copytree({str(model_directory)!r}, out)")
    assert run(job).state == State.SUCCEEDED, "it is trained and registered"
    assert not ModelVersion.objects.get().is_active


def test_a_later_version_waits_to_be_chosen(
    job: TrainingJob, pretend: Pretend, model_directory: Path
) -> None:
    other = ModelVersion.objects.create(digest="0" * 64, name="first", recipe="tiny", cells=1, is_active=True)
    pretend(f"import shutil; shutil.copytree({str(model_directory)!r}, out)")
    assert run(job).state == State.SUCCEEDED
    assert ModelVersion.objects.get(is_active=True) == other


def test_the_same_model_lies_on_disk_once(
    make_job: MakeJob, pretend: Pretend, model_directory: Path, model_version: ModelVersion
) -> None:
    pretend(f"import shutil; shutil.copytree({str(model_directory)!r}, out)")
    job = run(make_job())
    assert (job.state, job.model_version) == (State.SUCCEEDED, model_version)
    assert not preparation.model_directory(job).exists()
    assert model_version.path.is_dir()


def test_a_child_that_fails_ends_the_job_with_its_reason(job: TrainingJob, pretend: Pretend) -> None:
    pretend('say("failed", reason="There is one class only."); sys.exit(2)')
    assert run(job).state == State.FAILED
    assert job.message == "There is one class only."
    assert job.finished_at


def test_what_a_child_says_last_is_the_reason_where_it_could_write_no_event(
    job: TrainingJob, pretend: Pretend
) -> None:
    pretend('print("train_cnn: cannot write metrics.jsonl: No space left", file=sys.stderr); sys.exit(2)')
    assert run(job).message == "cannot write metrics.jsonl: No space left"
    assert "No space left" in (job.run_directory / "log.txt").read_text()


def test_a_model_that_cannot_be_registered_fails_the_job(job: TrainingJob, pretend: Pretend) -> None:
    pretend("pass")
    assert run(job).state == State.FAILED
    assert "model" in job.message


def test_an_old_reason_is_not_told_of_a_new_run(job: TrainingJob, pretend: Pretend) -> None:
    (job.run_directory / "checkpoints" / "step-000000002").mkdir(parents=True)
    (job.run_directory / "metrics.jsonl").write_text('{"event": "failed", "reason": "Old."}\n')
    pretend("sys.exit(3)")
    assert run(job).message == "The training process ended with status 3."


def test_a_run_without_a_checkpoint_leaves_no_trace_in_the_next(job: TrainingJob, pretend: Pretend) -> None:
    job.run_directory.mkdir(parents=True)
    (job.run_directory / "metrics.jsonl").write_text('{"event": "failed", "reason": "Old."}\n')
    pretend("sys.exit(3)")
    run(job)
    assert not (job.run_directory / "metrics.jsonl").exists()


# --- Stopping --------------------------------------------------------------------------------------------
def test_a_queued_job_stops_at_once(job: TrainingJob) -> None:
    services.request_stop(job)
    assert run(job).state == State.STOPPED
    assert not job.run_directory.exists()


def test_a_job_that_trains_is_asked_to_stop(
    job: TrainingJob, pretend: Pretend, when_it_trains: WhenItTrains
) -> None:
    pretend(OBEYS)
    when_it_trains(lambda: services.request_stop(TrainingJob.objects.get()))
    assert run(job).state == State.STOPPED
    assert [change.after for change in job.changes.all()][-2:] == ["stopping", "stopped"]


def test_a_job_that_does_not_stop_is_killed_after_its_grace(
    job: TrainingJob,
    pretend: Pretend,
    settings: Any,
    when_it_trains: WhenItTrains,
) -> None:
    settings.TRAINING_STOP_GRACE_S = 0.3
    pretend(STUBBORN)
    when_it_trains(lambda: services.request_stop(TrainingJob.objects.get()))
    started = time.monotonic()
    assert run(job).state == State.STOPPED
    assert time.monotonic() - started < 20


def test_ctrl_c_stops_with_a_checkpoint(
    job: TrainingJob, pretend: Pretend, when_it_trains: WhenItTrains
) -> None:
    wishes = Wishes()
    pretend(OBEYS)
    when_it_trains(wishes.stop.set)
    assert run(job, wishes=wishes).state == State.STOPPED


def test_a_worker_that_is_shut_down_gives_the_job_back(
    job: TrainingJob, pretend: Pretend, when_it_trains: WhenItTrains
) -> None:
    wishes = Wishes()
    pretend(OBEYS)
    when_it_trains(wishes.give_back.set)
    assert run(job, wishes=wishes).state == State.QUEUED
    assert (job.losses, job.heartbeat_at) == (0, None)


# --- Faults ----------------------------------------------------------------------------------------------
def test_a_child_that_is_killed_goes_on_by_itself_a_few_times(job: TrainingJob, pretend: Pretend) -> None:
    pretend("os.kill(os.getpid(), signal.SIGKILL)")
    for losses in (1, 2, 3):
        assert (run(job).state, job.losses) == (State.QUEUED, losses)
        assert "killed by SIGKILL" in job.message
    assert run(job).state == State.FAILED
    assert "happened 4 times" in job.message


TORCHRUN = """
{before}Root Cause (first observed failure):
[0]:
  rank      : 1 (local_rank: 1)
  exitcode  : {status} (pid: 1043) {name}
"""


@pytest.mark.parametrize(
    ("first", "state", "message"),
    [
        ({"status": -9, "name": "(SIGKILL)"}, State.QUEUED, "killed by SIGKILL. It goes on by itself"),
        ({"status": 2, "name": ""}, State.FAILED, "There is one class only."),
    ],
)
def test_what_became_of_the_first_process_of_torchrun_counts(
    job: TrainingJob, pretend: Pretend, first: dict[str, Any], state: str, message: str
) -> None:
    others = "Failures:\n[1]:\n  exitcode  : -6 (pid: 1042)\n"
    said = TORCHRUN.format(before=others, **first)
    pretend(f'say("failed", reason="There is one class only."); print({said!r}); sys.exit(1)')
    assert run(job).state == state
    assert message in job.message


def test_a_job_in_other_hands_is_let_go(
    job: TrainingJob, pretend: Pretend, when_it_trains: WhenItTrains
) -> None:
    def given_to_another() -> None:
        TrainingJob.objects.update(runs=2)

    pretend(STUBBORN)
    when_it_trains(given_to_another)
    assert run(job).state == State.RUNNING, "it is for the other one to say how it ends"


def test_nothing_is_started_beside_a_process_that_still_runs(
    job: TrainingJob, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "LOCK_PATIENCE_S", 0.0)
    pretend("(run / 'started').touch()")
    with preparation.the_only_one_in(job.run_directory) as lock:
        assert lock is not None
        run(job)
    assert (job.state, "still runs" in job.message) == (State.QUEUED, True)
    assert not (job.run_directory / "started").exists()


def test_training_goes_on_while_the_database_is_away(
    job: TrainingJob,
    pretend: Pretend,
    monkeypatch: pytest.MonkeyPatch,
    model_directory: Path,
    model_version: ModelVersion,
) -> None:
    """It is away while the training goes on and when it ends; both times for a while."""
    calls = {"beat": 0, "succeed": 0}

    def away(name: str, times: int) -> None:
        asked = getattr(states, name)

        def answer(*arguments: Any, **options: Any) -> bool:
            calls[name] += 1
            if calls[name] <= times:
                raise OperationalError("the connection was closed")
            return bool(asked(*arguments, **options))

        monkeypatch.setattr(states, name, answer)

    monkeypatch.setattr(runner.connection, "close", lambda: None)  # the test's own transaction
    away("beat", 5)
    away("succeed", 3)
    pretend(f"{WORKS}time.sleep(1)\nimport shutil; shutil.copytree({str(model_directory)!r}, out)")
    assert run(job).state == State.SUCCEEDED
    assert calls["beat"] > 5
    assert calls["succeed"] == 4
    assert job.pace["epoch"] == 1, "what was said while it was away is told later"
