"""A whole training works of its own: message server, training worker, clock and web process over a database
file, for tests that kill one or the other.

Programs take seconds to start, so whatever still runs well is used again: two jobs train all the time, with
a pause in each step so that other tests can work, and one process carries out all commands.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from geogame.pages import startup
from tests.conftest import ROOT

PATIENCE_S = 180
"""Until a test fails: machines that build things are slow."""
KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}
LOST_AFTER_S = 8
AT_ONCE = 2
ENDED = ("stopped", "failed", "succeeded")
MAP = "Two towns"
PHOTOS = 24
DESK = f"""
import hashlib, io, json, sys
import django
django.setup()
from django.core.management import CommandError, call_command
call_command("migrate", verbosity=0)
from PIL import Image
from geogame.panoramas.models import Map, Panorama
map_ = Map.objects.create(name={MAP!r}, slug="two-towns")
for number in range({PHOTOS}):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (number * 9, 255 - number * 9, number % 2 * 255)).save(file, "JPEG")
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    panorama = Panorama.objects.create(
        digest=digest, file=f"{{number}}.jpg", file_digest=digest, width=64, height=48, projection="flat",
        lat=40.0 + number % 2 * 10 + number * 0.01, lng=5.0 + number % 2 * 20,
    )
    panorama.path.parent.mkdir(parents=True, exist_ok=True)
    panorama.path.write_bytes(file.getvalue())
    map_.panoramas.add(panorama)
print("ready", flush=True)
for line in sys.stdin:
    said = io.StringIO()
    try:
        call_command(*json.loads(line), stdout=said)
    except CommandError as error:
        said.write(f"CommandError: {{error}}")
    print(json.dumps(said.getvalue()), flush=True)
"""

UNHURRIED = """
import sys, time
if "planet_core.train_cnn" in sys.orig_argv:
    from torch.optim.optimizer import register_optimizer_step_post_hook
    register_optimizer_step_post_hook(lambda *_: time.sleep(0.5))
"""


@dataclass
class Works:
    folder: Path
    port: int
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    desk: subprocess.Popen[str] | None = None
    jobs: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if name in KEPT},
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "REDIS_URL": f"unix://{self.folder / 'valkey.sock'}",
            "DJANGO_SETTINGS_MODULE": "geogame.settings",
            "LOG_LEVEL": "INFO",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(self.folder / "unhurried"), str(ROOT)]),
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": "only-for-tests-" * 5,
            "TRAINING_LOST_AFTER_S": str(LOST_AFTER_S),
            "TRAINING_PARALLEL_JOBS": str(AT_ONCE),
        }

    # --- Parts that live and die -----------------------------------------------------------------------
    def start(self, name: str, *, at_once: int = AT_ONCE) -> None:
        commands: dict[str, Sequence[str]] = {
            "broker": startup.valkey(self.folder).command,
            "worker": startup.worker("training", "training", at_once=at_once).command,
            "clock": startup.clock().command,
            "web": startup.web("127.0.0.1", self.port).command,
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.programs[name] = subprocess.Popen(
                list(commands[name]), cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        if name == "broker":
            wait_for((self.folder / "valkey.sock").exists, patience_s=20)
        if name == "web":
            wait_for(self.web_answers)

    def web_answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False

    def kill(self, name: str) -> None:
        """As when memory runs out: nothing can be said or stored any more."""
        program = self.programs.pop(name)
        program.send_signal(signal.SIGKILL)
        program.wait()
        if name == "broker":
            (self.folder / "valkey.sock").unlink(missing_ok=True)

    def shut_down(self, name: str) -> int:
        """As Ctrl-C does; its exit status."""
        program = self.programs.pop(name)
        program.send_signal(signal.SIGTERM)
        return program.wait(PATIENCE_S)

    # --- Commands --------------------------------------------------------------------------------------
    def open_desk(self) -> None:
        """The process that carries out commands; it makes the database and the map first."""
        with (self.folder / "desk.log").open("ab") as log:
            self.desk = subprocess.Popen(
                [sys.executable, "-c", DESK],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._answer() == "ready"

    def close_desk(self) -> None:
        if self.desk is not None:
            with self.desk:
                self.desk.kill()

    def _answer(self) -> str:
        assert self.desk is not None
        assert self.desk.stdout is not None
        assert select.select([self.desk.stdout], [], [], PATIENCE_S)[0], "waited in vain"
        return self.desk.stdout.readline().strip()

    def say(self, *command: str) -> str:
        """What a command of the program says that ends well."""
        assert self.desk is not None
        assert self.desk.stdin is not None
        self.desk.stdin.write(f"{json.dumps(command)}\n")
        self.desk.stdin.flush()
        said = str(json.loads(self._answer()))
        assert "CommandError" not in said, said
        return said

    # --- Jobs ------------------------------------------------------------------------------------------
    def queue(self) -> str:
        """The token of a job that would run for hours."""
        said = self.say("train", "--map", MAP, "--set", "epochs=100000", "--queue")
        return said.split()[-1].rstrip(".")

    def busy(self) -> list[str]:
        """The tokens of as many jobs as may run at once, all of which train and have a checkpoint."""
        well = [
            token for token in self.jobs if self.state(token) == "running" and len(self.children(token)) == 1
        ]
        for token in set(self.jobs) - set(well):
            self.end(token)
        self.jobs = well
        while len(self.jobs) < AT_ONCE:
            self.jobs.append(self.queue())
        for token in self.jobs:
            self.train(token)
        return self.jobs

    def row(self, token: str) -> dict[str, Any]:
        with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=60)) as database:
            database.row_factory = sqlite3.Row
            return dict(
                database.execute("SELECT * FROM training_trainingjob WHERE token = ?", (token,)).fetchone()
            )

    def state(self, token: str) -> str:
        return str(self.row(token)["state"])

    def run(self, token: str) -> Path:
        return self.folder / "runs" / token

    def has_checkpoint(self, token: str) -> bool:
        return any((self.run(token) / "checkpoints").glob("step-*"))

    def events(self, token: str, name: str) -> list[dict[str, Any]]:
        try:
            lines = (self.run(token) / "metrics.jsonl").read_text().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        events = [json.loads(line) for line in lines if line.endswith("\n")]
        return [event for event in events if event["event"] == name]

    def train(self, token: str) -> None:
        """Wait until it trains, and has a checkpoint to go on from."""
        wait_for(lambda: self.state(token) == "running" and self.has_checkpoint(token))

    def children(self, token: str) -> list[int]:
        """The processes that train this job."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"planet_core.train_cnn" in words and str(self.run(token)).encode() in words:
                    found.append(int(folder.name))
        return found

    def end(self, token: str) -> None:
        """Stop it as a person does, and see that it has."""
        if self.state(token) not in ENDED:
            self.say("train", "--stop", token)
        wait_for(lambda: self.state(token) in ENDED)
        wait_for(lambda: not self.children(token))


@contextlib.contextmanager
def works() -> Iterator[Works]:
    with startup.socket_directory() as folder:
        here = Works(folder, free_port())
        (folder / "run").mkdir()
        (folder / "unhurried").mkdir()
        (folder / "unhurried" / "sitecustomize.py").write_text(UNHURRIED)
        (settings.DATA_DIR / "run").mkdir(parents=True, exist_ok=True)  # the log of the message server
        try:
            for name in ("broker", "worker"):
                here.start(name)
            here.open_desk()
            here.start("clock")
            yield here
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                sys.stderr.write(f"--- {log.name}\n{log.read_text()}")
            raise
        finally:
            for name in list(here.programs):
                here.kill(name)
            here.close_desk()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
