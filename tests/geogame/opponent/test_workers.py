from __future__ import annotations

import subprocess
import sys

from django.conf import settings

PROGRAM = """
import sys
from geogame.celery import app
app.loader.import_default_modules()
tasks = sorted(name for name in app.tasks if not name.startswith("celery."))
print(tasks, "torch" in sys.modules)
"""


def test_a_worker_that_does_not_infer_loads_no_torch() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=settings.BASE_DIR,
        env={"PATH": "", "DATA_DIR": str(settings.DATA_DIR), "DATABASE_URL": "sqlite://:memory:"},
        capture_output=True,
        text=True,
        check=False,
    )
    tasks = [
        *("opponent.answer_round", "opponent.explain_waiting", "opponent.predict_ahead", "opponent.warm_up"),
        *("training.run_job", "world.build_world"),
    ]
    assert run.stdout.strip() == f"{tasks} False", run.stderr
