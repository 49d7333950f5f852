from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map
from geogame.registry.models import ModelVersion
from geogame.training import runner, services
from geogame.training.models import TrainingJob
from geogame.training.tasks import run_job

MakeMap = Callable[..., Map]
State = TrainingJob.State


@pytest.fixture
def job(make_map: MakeMap) -> TrainingJob:
    return services.create_job(map_=make_map(3), recipe="tiny")


def pretend(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let a few lines of Python stand for the training program: `run` and `out` are its directories."""
    script = f"import sys, time, pathlib\nrun, out = map(pathlib.Path, (sys.argv[1], sys.argv[2]))\n{program}"

    def command(job: TrainingJob, photos: Path, model_directory: Path) -> list[str]:
        return [sys.executable, "-c", script, str(job.run_directory), str(model_directory)]

    monkeypatch.setattr(runner, "command_of", command)


def test_an_unknown_recipe_is_refused(make_map: MakeMap) -> None:
    with pytest.raises(services.TrainingError, match=r"Known: .*tiny"):
        services.create_job(map_=make_map(), recipe="huge")


def test_an_empty_map_is_refused(db: None) -> None:
    with pytest.raises(services.TrainingError, match="import some first"):
        services.create_job(map_=Map.objects.create(name="Empty", slug="empty"), recipe="tiny")


def test_a_job_is_claimed_once(job: TrainingJob) -> None:
    assert services.claim(job)
    assert not services.claim(job)


def test_the_photo_list_holds_every_picture_of_the_map(job: TrainingJob, tmp_path: Path) -> None:
    path = runner.write_photo_list(job, tmp_path / "photos.csv")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert {row["digest"] for row in rows} == set(Panorama.objects.values_list("digest", flat=True))
    assert all(Path(row["path"]).is_file() for row in rows)


def test_a_child_that_fails_ends_the_job_with_its_reason(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = '{"event": "failed", "reason": "There is one class only."}'
    pretend(monkeypatch, f"(run / 'metrics.jsonl').write_text('{event}\\n'); sys.exit(2)")
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == (State.FAILED, "There is one class only.")
    assert job.finished_at


def test_a_child_that_dies_without_a_word_ends_the_job(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, "status -9" in job.message) == (State.FAILED, True)


def test_a_job_can_be_stopped(job: TrainingJob, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(runner, "POLL_S", 0.05)
    TrainingJob.objects.update(stop_requested=True)
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == State.STOPPED


def test_a_queued_job_stops_at_once(job: TrainingJob) -> None:
    services.request_stop(job)
    job.refresh_from_db()
    assert job.state == State.STOPPED
    run_job(job_id=job.pk)
    assert not job.run_directory.exists()


def test_a_model_that_cannot_be_registered_fails_the_job(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, "pass")
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED


def test_the_first_version_plays_at_once(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch, model_directory: Path
) -> None:
    pretend(monkeypatch, f"import shutil; shutil.copytree({str(model_directory)!r}, out)")
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress) == (State.SUCCEEDED, 1.0)
    assert job.model_version == ModelVersion.objects.get(is_active=True)


def test_a_later_version_waits_to_be_chosen(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch, model_directory: Path
) -> None:
    other = ModelVersion.objects.create(digest="0" * 64, name="first", recipe="tiny", cells=1, is_active=True)
    pretend(monkeypatch, f"import shutil; shutil.copytree({str(model_directory)!r}, out)")
    run_job(job_id=job.pk)
    assert ModelVersion.objects.get(is_active=True) == other


def test_progress_is_stored(job: TrainingJob) -> None:
    services.claim(job)
    assert services.report_progress(job, progress=0.5, message="Epoch 3")
    job.refresh_from_db()
    assert (job.progress, job.message) == (0.5, "Epoch 3")


def test_a_job_that_nobody_runs_any_more_is_ended(job: TrainingJob) -> None:
    services.claim(job)
    assert services.fail_lost_jobs() == 0
    TrainingJob.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert services.fail_lost_jobs() == 1
    job.refresh_from_db()
    assert (job.state, "gone" in job.message) == (State.FAILED, True)


def test_a_job_whose_message_was_lost_is_queued_again_now_and_then(job: TrainingJob) -> None:
    assert services.queue_waiting_jobs_again() == 0
    TrainingJob.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert services.queue_waiting_jobs_again() == 1
    assert services.queue_waiting_jobs_again() == 0


def test_an_event_that_is_half_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    reader = runner.EventReader(path)
    assert reader.latest() is None
    path.write_text('{"event": "start"}\n{"event": "pro')
    assert reader.latest() == {"event": "start"}
    assert reader.latest() is None
    with path.open("a") as file:
        file.write('gress", "share": 0.5}\n')
    assert reader.latest() == {"event": "progress", "share": 0.5}


@pytest.mark.parametrize(("arguments", "message"), [(["--map", "Atlantis"], "no map"), ([], "--map")])
def test_the_command_names_what_is_wrong(db: None, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("train", *arguments)


@pytest.mark.slow
def test_train_registers_a_real_model(
    make_panorama: Callable[..., Panorama], monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    map_ = Map.objects.create(name="Two towns", slug="two-towns")
    for number in range(24):
        map_.panoramas.add(make_panorama(40.0 + number % 2 * 10 + number * 0.01, 5.0 + number % 2 * 20))
    publish_map(map_)
    monkeypatch.setattr(runner, "EXTRA_ARGUMENTS", ["--epochs", "1"])
    output = io.StringIO()
    call_command("train", "--map", "Two towns", "--recipe", "tiny", stdout=output)
    version = ModelVersion.objects.get(is_active=True)
    assert "It plays from now on" in output.getvalue()
    assert (version.path / "model.safetensors").is_file()
    assert version.metrics, "the registry keeps what the training measured"
