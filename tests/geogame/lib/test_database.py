from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings


def manage(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": "", "DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_first_command_sets_up_a_new_database(tmp_path: Path) -> None:
    run = manage(tmp_path, "benchmark")
    assert run.returncode == 0, run.stderr
    assert "No rounds to compare yet" in run.stdout


@pytest.mark.slow
def test_a_database_of_an_older_program_is_named(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate", "sessions", "-v0").returncode == 0
    run = manage(tmp_path, "benchmark")
    assert run.returncode == 2
    assert "manage.py migrate" in run.stderr


@pytest.mark.slow
def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    run = manage(tmp_path, "train", "--map", "x", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert run.returncode == 1
    assert "The database does not answer" in run.stderr
    assert "Traceback" not in run.stderr
