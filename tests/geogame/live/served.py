"""A real web process and a real message server over a copy of what a test has stored, and the people of a
room connected to it: for tests that kill one or the other. Time stands until the test moves it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from geogame.live.bots.link import Link
from geogame.live.bots.site import Site
from geogame.pages import startup
from tests.conftest import ROOT
from tests.geogame.live.table import Table

PATIENCE_S = 180
"""Until a test fails: machines that build things are slow."""
KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}


@dataclass
class Served:
    folder: Path
    table: Table
    port: int
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if name in KEPT},
            "CLOCK_FILE": str(self.folder / "clock"),
            "DATA_DIR": str(self.folder),
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "MODEL_ROOT": str(settings.MODEL_ROOT),
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "REDIS_URL": f"unix://{self.folder / 'valkey.sock'}",
            "DJANGO_SETTINGS_MODULE": "geogame.settings",
            "OMP_NUM_THREADS": "1",
            "PORT": str(self.port),
            "RATE_LIMITS": "off",
            "SECRET_KEY": settings.SECRET_KEY,
        }

    # --- Parts that live and die -----------------------------------------------------------------------
    def start(self, name: str) -> None:
        commands = {
            "web": [
                word.replace("geogame.asgi", "tests.geogame.live.standing")
                for word in startup.web("127.0.0.1", self.port).command
            ],
            "broker": list(startup.valkey(self.folder).command),
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.programs[name] = subprocess.Popen(
                commands[name], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        wait_for(lambda: self._answers(name))

    def _answers(self, name: str) -> bool:
        assert self.programs[name].poll() is None, (self.folder / f"{name}.log").read_text()
        if name == "broker":
            return (self.folder / "valkey.sock").exists()
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

    # --- Time and people -------------------------------------------------------------------------------
    def pass_s(self, seconds: float) -> None:
        self.table.clock.pass_s(seconds)
        draft = self.folder / "clock.draft"
        draft.write_text(self.table.clock.now.isoformat())
        draft.replace(self.folder / "clock")

    def site(self, name: str) -> Site:
        site = Site(self.url)
        site.cookies = {key: kept.value for key, kept in self.table.clients[name].cookies.items()}
        return site


@contextlib.contextmanager
def served(table: Table) -> Iterator[Served]:
    """What the test has stored so far, served by processes of their own."""
    if connection.vendor != "sqlite":
        pytest.skip("what a test has stored can only be copied out of SQLite")
    with startup.socket_directory() as folder:
        server = Served(folder, table, free_port())
        (settings.DATA_DIR / "run").mkdir(parents=True, exist_ok=True)
        copy_rows(folder / "db.sqlite3")
        server.pass_s(0)
        try:
            server.start("broker")
            server.start("web")
            yield server
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                sys.stderr.write(f"--- {log.name}\n{log.read_text()}")
            raise
        finally:
            for name in list(server.programs):
                server.kill(name)


def copy_rows(path: Path) -> None:
    """With what the open transaction of the test has written."""
    with contextlib.closing(sqlite3.connect(path)) as copy:
        copy.executescript("\n".join(connection.connection.iterdump()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- People ------------------------------------------------------------------------------------------
class Person:
    """Somebody in the room, who comes again whenever the connection is lost, as the page does."""

    def __init__(self, server: Served, name: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self.link = Link(server.site(name), server.table.room.code, hear=self.heard.append)
        self.running = asyncio.ensure_future(self.link.run())

    @property
    def snapshots(self) -> int:
        return len(self.link.snapshot_after_s)

    async def sees(self, is_so: Callable[[dict[str, Any]], bool]) -> None:
        await until(lambda: self.link.state is not None and is_so(self.link.state))

    async def ask(self) -> dict[str, Any]:
        return await self.send("snapshot.request")

    async def send(self, type_: str, **fields: object) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return await self.link.send(type_, **fields)

    async def comes_again(self, after: int) -> None:
        await until(lambda: self.snapshots > after)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def people(server: Served) -> AsyncIterator[dict[str, Person]]:
    everybody = {name: Person(server, name) for name in server.table.players}
    try:
        for person in everybody.values():
            await person.comes_again(0)
        yield everybody
    finally:
        for person in everybody.values():
            person.running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await person.running


def manage(server: Served, *arguments: str) -> subprocess.Popen[str]:
    """A command of the program, as from another terminal."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
