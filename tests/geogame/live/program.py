"""The real program, with a map and no model, and people in a room of it: for tests that kill parts of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from geogame.live.bots.site import Site
from tests.conftest import ROOT

SET_UP = """
import sys
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("import_panoramas", sys.argv[1], "--map", "Live")
"""
MAKE_ROOM = """
import json, sys
import django; django.setup()
from django.contrib.sessions.models import Session
from geogame.accounts.models import Player
from geogame.panoramas.models import Map
from geogame.rooms import services
keys, kind, settings = json.loads(sys.argv[1])
sessions = [Session.objects.get(session_key=key).get_decoded() for key in keys]
host, *others = [Player.objects.get(token=session["player"]) for session in sessions]
room = services.create_room(player=host, kind=kind, map_=Map.objects.get(), settings=settings)
for player in others:
    services.join(room=room, player=player)
print(room.code)
"""


@dataclass
class Program:
    port: int
    data: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, script: str, *arguments: str) -> str:
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def visitor(self, name: str) -> Site:
        site = Site(self.url)
        site.post("/bots/", name=name)
        return site

    def kill_web(self) -> None:
        kill(self._one_of("uvicorn", str(self.port)))

    def kill_message_server(self) -> None:
        kill(self._one_of("valkey-server", str(self.data / "run")))

    def _one_of(self, *words: str) -> int:
        """The process among the program's own whose command line has these words."""
        found = [pid for pid in children_of(self.process.pid) if all(w in command_line(pid) for w in words)]
        assert len(found) == 1, (words, found)
        return found[0]


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def kill(pid: int) -> None:
    """As when memory runs out: nothing can be said or stored any more."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists() or " Z " in stat_of(pid), 10, "the process lives on")


def stat_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text()
    return " Z "


def wait_for(is_so: Callable[[], bool], timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} after {timeout_s} s")
        time.sleep(0.1)


def answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/", timeout=5) as response:
        return bool(response.status == 200)
    return False


@contextlib.contextmanager
def playing(data: Path, pictures: Path, port: int) -> Iterator[Program]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    environment = {
        **kept,
        "DATA_DIR": str(data),
        "PORT": str(port),
        "WORLD_COUNT": "0",
        "PREDICT_AHEAD_BATCH": "0",
        "RATE_LIMITS": "off",
        "DJANGO_SETTINGS_MODULE": "geogame.settings",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", SET_UP, str(pictures)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    with (data / "play.log").open("wb") as log:
        play = [sys.executable, "manage.py", "play", "--no-browser"]
        process = subprocess.Popen(play, cwd=ROOT, env=environment, stdout=log, stderr=log)
    program = Program(port, data, environment, process)
    try:
        wait_for(
            lambda: answers(program.url) or process.poll() is not None, 120, "the program does not answer"
        )
        assert process.poll() is None, (data / "play.log").read_text()
        yield program
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
