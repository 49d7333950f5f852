"""What the page of a training job shows, read from the database and the run's files. No torch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from geogame.lib.sentences import in_language
from geogame.registry.models import ModelVersion
from geogame.training import states
from geogame.training.models import JobChange, TrainingJob
from geogame.training.run_files import Curve, last_lines
from geogame.training.sentences import SENTENCES, WAITS

State = TrainingJob.State
VALIDATION = "validation.json"
SAMPLES = "samples"
SAMPLE_NAME = re.compile(r"\d{2}\.jpg", re.ASCII)
MOST_POINTS = 2000
MOST_EPOCHS = 500
MOST_LINES = 1000


def job_state(job: TrainingJob) -> dict[str, Any]:
    """Everything about the job but its curves."""
    pace = job.pace
    is_working = job.state in states.ACTIVE
    return {
        "token": job.token,
        "version": job.version,
        "state": job.state,
        "share": job.progress,
        "phase": pace.get("phase") if is_working else None,
        "epoch": pace.get("epoch"),
        "epochs": pace.get("epochs"),
        "images_per_second": pace.get("images_per_second") if is_working else None,
        "seconds_left": pace.get("seconds_left") if is_working else None,
        "message": in_language(_message(job), SENTENCES),
        "warnings": [problem["message"] for problem in job.plan.get("problems", [])],
        "runs": job.runs,
        "created_at": _iso(job.created_at),
        "started_at": _iso(job.started_at),
        "finished_at": _iso(job.finished_at),
        "buttons": buttons(job),
        "model_version": _model_version(job.model_version),
        "changes": [_change(change) for change in job.changes.select_related("by")],
    }


def buttons(job: TrainingJob) -> list[str]:
    """What can be done with the job in its state, by those who may."""
    version = job.model_version
    shown = {
        "stop": job.state == State.QUEUED or job.state in states.WORKING,
        "resume": job.state in (State.STOPPED, State.FAILED),
        "clone": True,
        "delete": job.state not in states.ACTIVE and not (version and version.is_active),
        "activate": version is not None and not version.is_active,
    }
    return [name for name, is_shown in shown.items() if is_shown]


def _message(job: TrainingJob) -> str:
    if job.state == State.QUEUED and not job.message:
        active = TrainingJob.objects.filter(state__in=states.ACTIVE).count()
        return WAITS if active >= settings.TRAINING_PARALLEL_JOBS else ""
    return job.message


def _model_version(version: ModelVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    wish = version.activations.first()
    return {
        "id": version.pk,
        "name": version.name,
        "digest": version.digest,
        "cells": version.cells,
        "is_active": version.is_active,
        "activation": {"state": wish.state, "message": wish.message} if wish else None,
    }


def _change(change: JobChange) -> dict[str, Any]:
    return {
        "at": _iso(change.at),
        "by": change.by.get_username() if change.by else None,
        "before": change.before,
        "after": change.after,
        "reason": in_language(change.reason, SENTENCES),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# --- From the files of the run ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Known:
    """How far a page knows the curves of a run, which `run` names."""

    run: str = ""
    step: int = 0
    epoch: int = 0

    def joined(self, news: dict[str, Any]) -> Known:
        """With what `curves` told of it."""
        before = self if news["after"] else NOWHERE
        last = news["epochs"][-1]["epoch"] if news["epochs"] else before.epoch
        return Known(news["run"], news["last_step"], last)


NOWHERE: Final = Known()


def curves(job: TrainingJob, known: Known = NOWHERE, points: int = MOST_POINTS) -> dict[str, Any]:
    """What is new to a page that knows so much: the loss of steps, thinned to so many points, and epochs.

    `after` is the step that this follows; 0 says that it is the whole, as for a page that knows nothing, or
    another run than the last: one that went on has done some of its steps once more.
    """
    now = _curve(job.run_directory).look()
    goes_on = known.step > 0 and known.run == now.run and known.step <= now.last_step
    new = now.after(known.step, known.epoch) if goes_on else now
    shown = new.thinned(max(4, min(points, MOST_POINTS)), MOST_EPOCHS)
    ends = zip(shown.epochs, shown.epoch_step.tolist(), strict=True)
    return {
        "run": now.run,
        "after": known.step if goes_on else 0,
        "steps": shown.step.tolist(),
        "loss": shown.loss.tolist(),
        "rate": shown.rate.tolist(),
        "epochs": [{**epoch, "step": step} for epoch, step in ends],
        "last_step": now.last_step,
    }


@lru_cache(maxsize=8)
def _curve(folder: Path) -> Curve:
    """Kept, so that each request reads only what is new."""
    return Curve(folder)


def validation(job: TrainingJob) -> dict[str, Any] | None:
    """Where the model of the last epoch places the held-out photos, with samples; None before."""
    try:
        content = json.loads((job.run_directory / VALIDATION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def sample_path(job: TrainingJob, name: str) -> Path | None:
    """The file of a sample picture of the run; None where there is no such one."""
    path = job.run_directory / SAMPLES / name
    is_sample = SAMPLE_NAME.fullmatch(name) and path.is_file() and not path.is_symlink()
    return path if is_sample else None


def log_tail(job: TrainingJob, lines: int = 200) -> list[str]:
    """The last lines that the training process printed."""
    return last_lines(job.run_directory / "log.txt", max(1, min(lines, MOST_LINES)))
