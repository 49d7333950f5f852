"""Runs a training job in a child process and follows its metrics file."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError, register
from geogame.training import services
from geogame.training.models import TrainingJob

POLL_S = 0.5
STOP_GRACE_S = 20.0
EXTRA_ARGUMENTS: list[str] = []
COLUMNS = ["path", "lat", "lng", "group", "digest", "projection", "heading"]


def run(job: TrainingJob, *, foreground: bool = False) -> None:
    """Run a claimed job to its end. What the child prints goes to the terminal or to a file in the run."""
    directory = job.run_directory
    directory.mkdir(parents=True, exist_ok=True)
    photos = write_photo_list(job, directory / "photos.csv")
    model_directory = Path(settings.MODEL_ROOT) / job.token
    model_directory.parent.mkdir(parents=True, exist_ok=True)
    command = command_of(job, photos, model_directory)
    with (directory / "log.txt").open("ab") as log:
        output = None if foreground else log
        child = subprocess.Popen(
            command, cwd=settings.BASE_DIR, stdout=output, stderr=output, start_new_session=True
        )
        try:
            last = _follow(job, child, directory / "metrics.jsonl")
        finally:
            _stop(child)
    _conclude(job, child.returncode, last, model_directory)


def command_of(job: TrainingJob, photos: Path, model_directory: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "planet_core.train_cnn", "--recipe", job.recipe, "--data", f"csv:{photos}"),
        *("--run", str(job.run_directory), "--out", str(model_directory)),
        *EXTRA_ARGUMENTS,
    ]


def write_photo_list(job: TrainingJob, path: Path) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for panorama in job.map.panoramas.order_by("digest").iterator(chunk_size=1000):
            writer.writerow(
                [
                    *(panorama.path, repr(panorama.lat), repr(panorama.lng), panorama.group, panorama.digest),
                    *(panorama.projection, "" if panorama.heading is None else panorama.heading),
                ]
            )
    return path


def _follow(job: TrainingJob, child: subprocess.Popen[bytes], metrics: Path) -> dict[str, Any]:
    last: dict[str, Any] = {}
    events = EventReader(metrics)
    while True:
        ended = _wait(child)
        last = events.latest() or last
        if not services.report_progress(job, progress=_share(last), message=_describe(last)):
            _stop(child)
        if ended:
            return last


def _wait(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(timeout=POLL_S)
    except subprocess.TimeoutExpired:
        return False
    return True


class EventReader:
    """Reads the lines that a child appended to its metrics file since the last look."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0

    def latest(self) -> dict[str, Any] | None:
        latest: dict[str, Any] | None = None
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            file.seek(self.position)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.position += len(line)
                latest = json.loads(line)
        return latest


def _share(event: dict[str, Any]) -> float:
    return min(1.0, max(0.0, float(event.get("share", 0.0))))


def _describe(event: dict[str, Any]) -> str:
    if "reason" in event:
        return str(event["reason"])
    left = event.get("seconds_left")
    return (
        f"Epoch {event['epoch']}, {left:.0f} s left" if left is not None and "epoch" in event else "Preparing"
    )


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(timeout=STOP_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _conclude(job: TrainingJob, status: int, last: dict[str, Any], model_directory: Path) -> None:
    job.refresh_from_db()
    if status != 0:
        if job.stop_requested:
            services.stop(job)
        else:
            services.fail(job, str(last.get("reason") or f"The training process ended with status {status}."))
        return
    try:
        version = register(
            directory=model_directory,
            name=f"PlaNet {job.recipe}",
            trained_on_drawings=job.map.panoramas.filter(drawn=True).exists(),
        )
    except RegistryError as error:
        services.fail(job, str(error))
        return
    services.succeed(job, version)
    if not ModelVersion.objects.filter(is_active=True).exists():
        services.put_into_play(version)


def run_now(job: TrainingJob, *, foreground: bool = False) -> None:
    """Claim and run; an interruption (Ctrl-C) ends the job as stopped."""
    if not services.claim(job):
        return
    try:
        run(job, foreground=foreground)
    except BaseException as error:
        job.refresh_from_db()
        if isinstance(error, KeyboardInterrupt):
            services.stop(job)
        else:
            services.fail(job, f"{type(error).__name__}: {error} ({timezone.now():%H:%M} UTC)")
        raise
