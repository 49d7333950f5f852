"""What runs beside a game takes the processor last."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from geogame.lib import background
from geogame.lib.background import start_one
from tests.conftest import ROOT

SAY = """
import os, sys
from pathlib import Path
from django.conf import settings
settings.configure(BACKGROUND_LOW_PRIORITY=True)
from geogame.lib import background
background.AUTOGROUP = Path(sys.argv[1])
background.let_others_first(7)
print(os.nice(0))
"""


@pytest.mark.parametrize(("leads_a_session", "of_group"), [(True, "7"), (False, "0")])
def test_a_process_lowers_itself_and_only_a_session_of_its_own(
    leads_a_session: bool, of_group: str, tmp_path: Path
) -> None:
    group = tmp_path / "autogroup"  # the kernel's own file is empty, or has other values, inside a container
    group.write_text("0")
    said = subprocess.run(
        [sys.executable, "-c", SAY, str(group)],
        cwd=ROOT,
        start_new_session=leads_a_session,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(said.stdout) == min(19, os.nice(0) + 7)
    assert group.read_text() == of_group


def test_where_no_session_can_be_lowered_the_process_still_is(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKGROUND_LOW_PRIORITY = True
    monkeypatch.setattr(background, "AUTOGROUP", Path("/proc/no/such/file"))
    monkeypatch.setattr(background.os, "getsid", lambda pid: background.os.getpid())
    lowered: list[int] = []
    monkeypatch.setattr(background.os, "nice", lowered.append)
    background.let_others_first(7)
    assert lowered == [7]


def test_nothing_is_lowered_where_that_is_not_wanted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BACKGROUND_LOW_PRIORITY = False
    lowered: list[int] = []
    monkeypatch.setattr(background.os, "nice", lowered.append)
    background.let_others_first(7)
    assert lowered == []


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
