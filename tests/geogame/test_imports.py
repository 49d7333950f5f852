"""What the processes of the program load when they start, looked at in one that loads all of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow
PROGRAM = """
import json, sys
from geogame.celery import app
app.loader.import_default_modules()
import geogame.asgi
from django.urls import get_resolver
get_resolver().url_patterns
print(json.dumps({"modules": sorted(sys.modules), "tasks": sorted(app.tasks)}))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """`modules` of the web process and of a worker that does not infer, together; `tasks` of the worker."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=settings.BASE_DIR,
        env={"PATH": "", "DATA_DIR": str(settings.DATA_DIR), "DATABASE_URL": "sqlite://:memory:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, list[str]] = json.loads(run.stdout)
    return found


def test_nothing_of_the_program_is_left_out(loaded: dict[str, list[str]]) -> None:
    assert {"geogame.pages.views", "geogame.live.consumer", "geogame.training.tasks"} <= set(
        loaded["modules"]
    )
    assert [name for name in loaded["tasks"] if not name.startswith("celery.")] == [
        *("datasets.read", "evaluations.run", "opponent.answer_album", "opponent.answer_round"),
        *("opponent.explain_waiting", "opponent.go_live", "opponent.predict_ahead", "opponent.warm_up"),
        *("ratings.rate_games", "registry.check_model", "reports.refresh", "training.run_job"),
        "world.build_world",
    ]


def test_neither_loads_torch(loaded: dict[str, list[str]]) -> None:
    packages = {name.split(".")[0] for name in loaded["modules"]}
    assert not packages & {"torch", "torchvision", "transformers"}


def test_neither_loads_the_renderer(loaded: dict[str, list[str]]) -> None:
    assert not {"numba", "procedural_earth.rendering"} & set(loaded["modules"])
