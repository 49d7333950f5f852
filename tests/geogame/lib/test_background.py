"""What runs beside a game takes the processor last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from geogame.lib.background import start_one
from tests.conftest import ROOT

SAY = """
import os
from pathlib import Path
from typing import Any
from geogame.lib.background import let_others_first
let_others_first(7)
group = Path("/proc/self/autogroup")
said = group.read_text().split() if group.exists() else []
print(os.nice(0), said[-1] if said else "none")
"""


@pytest.mark.parametrize("leads_a_session", [True, False])
def test_a_process_lowers_itself_and_only_a_session_of_its_own(leads_a_session: bool) -> None:
    group = Path("/proc/self/autogroup")
    words = group.read_text().split() if group.exists() else []  # empty where a control group comes first
    before = words[-1] if words else "none"
    said = subprocess.run(
        [sys.executable, "-c", SAY],
        cwd=ROOT,
        start_new_session=leads_a_session,
        capture_output=True,
        text=True,
        check=True,
    )
    nice, of_group = said.stdout.split()
    assert int(nice) >= 7
    assert of_group == (before if not leads_a_session or before == "none" else "7")


def test_while_one_begins_or_runs_no_second_is_started(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manage.py").write_text("import sys, time; print('here', flush=True); time.sleep(600)")
    settings.BASE_DIR = settings.DATA_DIR = tmp_path
    children: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        children.append(popen(*words, **options))
        return children[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    try:
        assert [start_one("wait", log="wait.log") for _ in range(3)] == [True, False, False]
        assert start_one("other", log="other.log"), "another command has a lock of its own"
        children[0].kill()
        children[0].wait()
        assert start_one("wait", log="wait.log")
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert len(children) == 3
