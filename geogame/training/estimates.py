"""What a job that is not made yet would take, as `planet_core.plan` says, while its form is filled in."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from geogame.datasets.errors import DataSetError
from geogame.lib.background import only_one
from geogame.training.album_part import NO_ALBUMS
from geogame.training.errors import TrainingError
from geogame.training.kinds import kind_of
from geogame.training.models import TrainingJob
from geogame.training.preparation import plan_command
from geogame.training.services import recipe_of

PATIENCE_S = 120.0
LOOKED_AT = 100


def estimate(values: dict[str, Any]) -> dict[str, Any]:
    """The plan of `planet_core.plan` for the arguments of `create_job`, problems included, and `seconds` that
    it would train, as the last job like it did; None where there was none.

    TrainingError where none can be made. One is made at a time: each takes a process with torch.
    """
    album = values.get("album", NO_ALBUMS)
    job = TrainingJob(**{name: value for name, value in values.items() if name != "album"}, **album.values())
    with only_one("training-estimate") as alone, tempfile.TemporaryDirectory() as folder:
        if not alone:
            raise TrainingError(gettext("Another estimate is being made: try again in a moment."))
        try:
            sources = kind_of(job).sources(job, Path(folder), False)
        except DataSetError as error:
            raise TrainingError(str(error), field="data_set") from error
        plan = _plan(plan_command(job, sources))
    return {**plan, "seconds": seconds(job, plan)}


def seconds(job: TrainingJob, plan: dict[str, Any]) -> float | None:
    """How long the job would train on this machine, examinations included; None where nobody knows."""
    pace = _pace_of_a_job_like(job)
    if pace is None or not plan.get("steps") or not plan.get("photos_training"):
        return None
    epochs = plan["steps"] / plan["steps_per_epoch"]
    return round(float(epochs * plan["photos_training"]) / pace, 1)


def _pace_of_a_job_like(job: TrainingJob) -> float | None:
    """Photos a second of the last one whose steps took as much work, on as many devices."""
    wanted = _work(job)
    started = TrainingJob.objects.filter(kind=job.kind, devices=job.devices, started_at__isnull=False)
    for other in started.order_by("-started_at")[:LOOKED_AT]:
        pace = other.pace.get("images_per_second")
        if pace and _work(other) == wanted:
            return float(pace)
    return None


def _work(job: TrainingJob) -> dict[str, Any] | None:
    """The values that say how much work a photo is; None where the recipe is no more."""
    try:
        recipe = recipe_of(job.recipe, job.values, job.kind).as_dict()
    except TrainingError:
        return None
    return {"variant": job.variant, **{name: recipe[name] for name in kind_of(job).work}}


def _plan(command: list[str]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        text = gettext("The estimate took more than %(seconds)s seconds.")
        raise TrainingError(text % {"seconds": f"{PATIENCE_S:.0f}"}) from None
    try:
        plan = json.loads(done.stdout)
    except ValueError:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise TrainingError(lines[-1] if lines else gettext("The estimate could not be read.")) from None
    return dict(plan)
