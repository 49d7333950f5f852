"""Nobody waits for a message server that is away, and nothing is lost by one that was started anew."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from geogame.pages import startup
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
ASK = """
import sys
import django
django.setup()
import kombu.utils.functional
from geogame.lib.queue import enqueue
slept = []
kombu.utils.functional.sleep = slept.append
for line in sys.stdin:
    enqueue("opponent.warm_up", queue="inference")
    print(sum(slept), flush=True)
"""

Ask = Callable[[], str]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        program = startup.valkey(tmp_path)
        command = [*program.command[:-1], str(tmp_path / "valkey.log")]
        started.append(subprocess.Popen(command))
        while not startup.redis_answers(f"unix://{tmp_path}/valkey.sock"):
            assert started[-1].poll() is None
            time.sleep(0.01)
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Ask]:
    url = f"unix://{tmp_path}/valkey.sock"
    env = os.environ | {"REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "geogame.settings"}
    command = [sys.executable, "-c", ASK]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        to, back = process.stdin, process.stdout
        assert to is not None
        assert back is not None

        def ask() -> str:
            to.write("\n")
            to.flush()
            return back.readline().strip()

        yield ask
        to.close()


def test_a_server_that_is_away_is_not_waited_for(asking: Ask) -> None:
    assert [asking(), asking()] == ["0", "0"]


def test_what_is_sent_after_a_restart_arrives(
    asking: Ask, server: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    import redis

    first = server()
    assert asking() == "0"
    first.kill()
    first.wait()
    assert asking() == "0"
    server()
    assert asking() == "0"
    with redis.Redis(unix_socket_path=f"{tmp_path}/valkey.sock") as client:
        assert client.llen("inference") == 1
