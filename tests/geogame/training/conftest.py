from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from geogame.datasets.services import data_set_of_map
from geogame.panoramas.models import Map
from geogame.training import preparation, runner, services, states
from geogame.training.models import TrainingJob
from tests.geogame.training.album_jobs import image_model, make_album_job, make_albums

__all__ = ["image_model", "make_album_job", "make_albums"]
Pretend = Callable[[str], None]
MakeJob = Callable[..., TrainingJob]
WhenItTrains = Callable[[Callable[[], object]], None]


@pytest.fixture
def make_job(make_map: Callable[..., Map]) -> MakeJob:
    def make(name: str = "Test", **options: Any) -> TrainingJob:
        found = Map.objects.filter(name=name).first()
        options = {"recipe": "tiny", **options}
        return services.create_job(data_set=data_set_of_map(found or make_map(3, name=name)), **options)

    return make


@pytest.fixture
def job(make_job: MakeJob) -> TrainingJob:
    return make_job()


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Lets a few lines of Python stand for the training program: `run` and `out` are its directories, `say`
    writes an event.
    """
    monkeypatch.setattr(runner, "POLL_S", 0.05)
    monkeypatch.setattr(runner, "DATABASE_AGAIN_S", 0.05)
    monkeypatch.setattr(runner.Run, "_foresee", lambda run, sources: None)

    def stand_in(program: str) -> None:
        script = (
            "import json, os, pathlib, signal, sys, time\n"
            "run, out = map(pathlib.Path, sys.argv[1:3])\n"
            "def say(event, **values):\n"
            "    with (run / 'metrics.jsonl').open('a') as file:\n"
            "        file.write(json.dumps({'event': event, **values}) + '\\n')\n"
            f"{program}"
        )

        def command(job: TrainingJob, sources: Sequence[str]) -> list[str]:
            resume = ["--resume"] if preparation.goes_on(job) else []
            folders = [str(job.run_directory), str(preparation.model_directory(job))]
            return [sys.executable, "-c", script, *folders, *resume]

        monkeypatch.setattr(preparation, "training_command", command)

    return stand_in


@pytest.fixture
def when_it_trains(monkeypatch: pytest.MonkeyPatch) -> WhenItTrains:
    """Does something once, when the training has said how far it is."""

    def arrange(action: Callable[[], object]) -> None:
        beat = states.beat
        done: list[object] = []

        def beat_and_act(job: TrainingJob, **told: Any) -> bool:
            alive = beat(job, **told)
            if "epoch" in told.get("pace", {}) and not done:
                done.append(True)
                action()
            return alive

        monkeypatch.setattr(states, "beat", beat_and_act)

    return arrange
