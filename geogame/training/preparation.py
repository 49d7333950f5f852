"""What a training process is started with: its data, its command, and what is foreseen of it."""

from __future__ import annotations

import fcntl
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from geogame.datasets.errors import DataSetError
from geogame.training.errors import TrainingError
from geogame.training.kinds import kind_of
from geogame.training.models import TrainingJob
from geogame.training.run_files import METRICS, STEPS, last_lines

CHECKPOINTS = "checkpoints"
LOCK_PATIENCE_S = 30.0


def model_directory(job: TrainingJob) -> Path:
    """Where the run puts its model version."""
    return Path(settings.MODEL_ROOT) / job.token


@contextmanager
def the_only_one_in(folder: Path) -> Iterator[int | None]:
    """A lock on the run's folder, which the training process inherits: the number of the file, or None.

    A process whose follower was thought dead and is not could otherwise write beside its successor.
    """
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_PATIENCE_S
    with (folder / "lock").open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    yield None
                    return
                time.sleep(0.1)
            else:
                yield file.fileno()
                return


def sources_of(job: TrainingJob) -> list[str]:
    """The data as the training program takes them. Those of a map, and the sides of albums, stay for this job
    as they were.

    TrainingError where they are gone.
    """
    try:
        return kind_of(job).sources(job, job.run_directory, goes_on(job))
    except DataSetError as error:
        raise TrainingError(str(error)) from error


# --- Going on ----------------------------------------------------------------------------------------------
def goes_on(job: TrainingJob) -> bool:
    """Whether there is something to go on from: a checkpoint, or a model that was not registered."""
    checkpoints = (job.run_directory / CHECKPOINTS).glob("step-*")
    return any(checkpoints) or (model_directory(job).is_dir() and _is_done(job.run_directory))


def _is_done(folder: Path) -> bool:
    return any(line.startswith('{"event": "done"') for line in last_lines(folder / METRICS, 10))


def clear_away(job: TrainingJob) -> None:
    """Remove what an earlier try left that cannot be gone on from."""
    for name in (METRICS, STEPS, "validation.json"):
        (job.run_directory / name).unlink(missing_ok=True)
    shutil.rmtree(job.run_directory / "samples", ignore_errors=True)


# --- Commands ----------------------------------------------------------------------------------------------
def training_arguments(job: TrainingJob, sources: Sequence[str]) -> list[str]:
    """What training and its plan are told, word for word the same."""
    sets = [word for name, value in job.values.items() for word in ("--set", f"{name}={json.dumps(value)}")]
    own = kind_of(job).arguments(job, sources, model_directory(job))
    return ["--recipe", job.recipe, *sets, *own]


def training_command(job: TrainingJob, sources: Sequence[str]) -> list[str]:
    """One process, or torchrun where there are several; those of other machines are started by hand there."""
    resume = ["--resume"] if goes_on(job) else []
    program = [kind_of(job).program, *training_arguments(job, sources), *resume]
    if job.devices == 1 and settings.TRAINING_NODES == 1:
        return [sys.executable, "-m", *program]
    nodes = (
        ["--standalone"]
        if settings.TRAINING_NODES == 1
        else [
            *("--nnodes", str(settings.TRAINING_NODES), "--node-rank", "0"),
            *("--rdzv-endpoint", settings.TRAINING_RENDEZVOUS),
        ]
    )
    return [
        *(sys.executable, "-m", "torch.distributed.run", *nodes, "--nproc-per-node", str(job.devices)),
        *("--shutdown-timeout", str(max(1, round(settings.TRAINING_STOP_GRACE_S))), "-m", "--", *program),
    ]


def plan_command(job: TrainingJob, sources: Sequence[str]) -> list[str]:
    arguments = training_arguments(job, sources)
    return [
        *(sys.executable, "-m", kind_of(job).plan, *arguments),
        *("--devices", str(job.devices), "--json"),
    ]


def read_plan(text: str) -> dict[str, Any]:
    """What the plan says. TrainingError where it says nothing, or that training cannot work."""
    try:
        plan = json.loads(text)
    except ValueError:
        raise TrainingError("The plan of this training could not be read: look into the log.") from None
    errors = [problem["message"] for problem in plan["problems"] if problem["severity"] == "error"]
    if errors:
        raise TrainingError(" ".join(errors))
    return dict(plan)
