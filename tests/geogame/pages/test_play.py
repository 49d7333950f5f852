from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 180

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain"
        time.sleep(0.02)


def processes_of(data: Path) -> list[str]:
    """Commands of all running processes that know this DATA_DIR."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes()
            if str(data).encode() in command + (directory / "environ").read_bytes():
                found.append(command.replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


class Play:
    """A real `manage.py play` with data of its own."""

    def __init__(self, data: Path, *arguments: str, **env: str) -> None:
        self.data = data
        self.log = data.with_name(f"play-{len(list(data.parent.glob('*.log')))}.log")
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "play", "--no-browser", *arguments],
                env=keep | {"DATA_DIR": str(data), "WORLD_COUNT": "0", **env},
                cwd=data.parent,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        status, _, content = self.ask(path)
        return status, content

    def ask(self, path: str) -> tuple[int, http.client.HTTPMessage, str]:
        url = re.search(r"http://([\d.]+):(\d+)/", self.output)
        assert url
        connection = http.client.HTTPConnection(url[1], int(url[2]), timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def until_ready(self) -> None:
        until(lambda: "is ready" in self.output or self.process.poll() is not None)
        assert self.process.poll() is None, self.output

    def until_workers_run(self) -> None:
        def queues() -> set[str]:
            return set(re.findall(r"-Q ([a-z,]+)", " ".join(processes_of(self.data))))

        until(lambda: queues() == {"inference", "training", "default,explain"})

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def play(data: Path) -> Iterator[Callable[..., Play]]:
    started: list[Play] = []

    def start(*arguments: str, **env: str) -> Play:
        started.append(Play(data, *arguments, **env))
        return started[-1]

    data.mkdir()
    yield start
    for one in started:
        one.end()
    until(lambda: not processes_of(data))


def test_it_serves_the_home_page_and_leaves_nothing_after_ctrl_c(
    play: Callable[..., Play], data: Path
) -> None:
    game = play("--port", str(free_port()))
    game.until_ready()
    status, page = game.get("/")
    assert status == 200
    assert "PlaNet" in page
    static = re.findall(r'"(/static/[0-9a-f]{12}/)icons/favicon\.svg"', page)[0]
    assert game.get(f"{static}vendor/pannellum/pannellum.js")[0] == 200
    assert game.get(f"{static}basemap/cities.json")[0] == 200
    assert "max-age=31536000" in game.ask(f"{static}js/game.js")[1]["Cache-Control"]
    assert (data / "run" / "redis_url").read_text().startswith("unix:///")
    game.until_workers_run()

    game.process.send_signal(signal.SIGINT)
    assert game.process.wait(PATIENCE_S) == 0
    assert processes_of(data) == []
    assert not (data / "run" / "redis_url").exists()
    assert game.output.endswith("Stopped.\n")
    assert "Traceback" not in game.output


def test_kill_9_leaves_nothing_behind_and_the_next_start_works(play: Callable[..., Play], data: Path) -> None:
    game = play(PORT=str(free_port()))
    game.until_ready()
    directory = Path((data / "run" / "redis_url").read_text().strip().removeprefix("unix://")).parent
    assert directory.is_dir()
    game.until_workers_run()
    game.process.kill()
    game.process.wait()
    until(lambda: not processes_of(data))
    assert not (data / "run" / "redis_url").exists()
    assert not directory.exists()

    again = play(PORT=str(free_port()))
    again.until_ready()
    assert again.get("/health/")[0] == 200
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(PATIENCE_S) == 0


def test_one_game_at_a_time_on_the_same_data(play: Callable[..., Play], data: Path) -> None:
    first = play(PORT=str(free_port()))
    first.until_ready()
    second = play(PORT=str(free_port()))
    assert second.process.wait(PATIENCE_S) == 1
    expected = (
        f"Cannot play: The game already runs on this data (process {first.process.pid}, http://127.0.0.1:"
    )
    assert expected in second.output
    assert first.get("/health/")[0] == 200


def test_a_port_in_use_is_one_clear_line(play: Callable[..., Play]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        game = play(PORT=str(port))
        assert game.process.wait(PATIENCE_S) == 1
    assert game.output == (
        f"Cannot play: Port {port} is in use: stop the other program or use PORT={port + 1} make play.\n"
    )


def test_a_web_server_that_cannot_start_ends_it(play: Callable[..., Play], data: Path) -> None:
    broken = data.with_name("broken")
    broken.mkdir()
    (broken / "uvicorn.py").write_text("raise SystemExit('uvicorn is broken')")
    game = play(PORT=str(free_port()), PYTHONPATH=str(broken))
    assert game.process.wait(PATIENCE_S) == 1
    assert game.output.splitlines()[-2:] == [
        "web       | uvicorn is broken",
        "Cannot play: web could not start (exit code 1: uvicorn is broken)",
    ]
    assert processes_of(data) == []


def test_a_redis_server_that_does_not_answer_is_one_clear_line(play: Callable[..., Play]) -> None:
    game = play(PORT=str(free_port()), REDIS_URL=f"redis://:secret@127.0.0.1:{free_port()}/0")
    assert game.process.wait(PATIENCE_S) == 1
    last = game.output.splitlines()[-1]
    assert last.startswith("Cannot play: REDIS_URL: no answer from redis://127.0.0.1:")
    assert "secret" not in game.output
    assert "Traceback" not in game.output


def test_a_wrong_option_explains_itself(play: Callable[..., Play]) -> None:
    game = play("--port", "99999")
    assert game.process.wait(PATIENCE_S) == 2
    assert "'99999' is not a port: use a number from 1 to 65535." in game.output
