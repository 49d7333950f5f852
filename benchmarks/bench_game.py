"""How long a player waits: for the first picture, for the next one, and for the result of a guess.

Goals: the first picture visible within 1.5 s of opening a round (Chromium, warm server), a result within
100 ms of a guess at p95 (one player, over HTTP). Measured on `manage.py play` with the 24 drawn panoramas
that come with the program, against a tiny model with random weights that has looked at all of them before.

A picture counts as visible when nothing covers it any more. A guest's first game loads scripts and styles
too; their second game finds them in the browser. The next picture is asked for 1.5 s after the result came.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright
from record import ROOT, record

PICTURES, ROUNDS = 24, 5
GUESTS, GUESSES = 8, 100
READING_MS = 1500
MAKE_MODEL = """
import sys
import django; django.setup()
from pathlib import Path
import numpy as np
import torch
from planet_core import checkpoint, inception
from planet_core.model_directory import TrainingIndex
from planet_core.partition import Partition
from geogame.registry.services import activate, register
torch.manual_seed(1)
partition = Partition.build(np.arange(-50.0, 60.0, 1.0), np.arange(-160.0, 170.0, 3.0), 4, 1)
nothing = dict(training_digests=(), training_groups=(), validation_digests=(), validation_groups=())
index = TrainingIndex(**nothing, fine_level=13, training_cells=np.array([], dtype=np.uint64))
directory = Path(sys.argv[1])
checkpoint.save(directory, inception.build("tiny", len(partition)), "tiny", partition,
    recipe={"name": "tiny", "class_point": "cell-center"}, metrics={}, training_index=index)
activate(register(directory=directory, name="Random weights"))
"""
IS_VISIBLE = """() =>
    document.body.dataset.phase === "guessing" && document.getElementById("curtain").hidden
    && document.querySelector("#picture img, #picture canvas") !== null
"""


@dataclass(frozen=True)
class Server:
    port: int
    data: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, statement: str) -> int:
        with contextlib.closing(sqlite3.connect(self.data / "db.sqlite3", timeout=20)) as database:
            return int(database.execute(statement).fetchone()[0])


@contextlib.contextmanager
def playing_server(data: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Server(probe.getsockname()[1], data)
    environment = {
        **os.environ,
        "DATA_DIR": str(data),
        "PORT": str(server.port),
        "WORLD_COUNT": str(PICTURES),
        "RATE_LIMITS": "off",
        "DJANGO_SETTINGS_MODULE": "geogame.settings",
    }
    command = [sys.executable, "manage.py", "play", "--no-browser"]
    play = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(server.url), 120, "the first page")
        make = [sys.executable, "-c", MAKE_MODEL, str(data / "models" / "random")]
        subprocess.run(make, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        stored = "SELECT count(*) FROM opponent_prediction"
        wait_for(lambda: server.count(stored) >= PICTURES, 300, "predictions of all pictures")
        yield server
    finally:
        play.send_signal(signal.SIGINT)
        play.wait(timeout=60)


def wait_for(is_there: Callable[[], bool], timeout_s: float, what: str) -> None:
    until = time.monotonic() + timeout_s
    while not is_there():
        if time.monotonic() > until:
            sys.exit(f"bench_game: {what} did not come in {timeout_s:.0f} s")
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, OSError):
        return False


# --- In the browser --------------------------------------------------------------------------------
@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("bench_game: no Chromium found: install it (Debian: sudo apt-get install chromium)")
    flags = ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"]
    with sync_playwright() as running, running.chromium.launch(executable_path=path, args=flags) as browser:
        yield browser


def pictures(browser: Browser, url: str) -> dict[str, object]:
    first, second, following = [], [], []
    fetched_late = 0
    for _ in range(GUESTS):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.set_default_timeout(60_000)
        late: list[str] = []
        page.on(
            "request", lambda request, late=late: late.append(request.url) if ".jpg" in request.url else None
        )
        first.append(seconds_to_picture(page, url))
        for _ in range(ROUNDS - 1):
            guess(page)
            page.wait_for_timeout(READING_MS)
            late.clear()
            following.append(seconds_until_visible(page, "#next-button"))
            fetched_late += len(late)
        second.append(seconds_to_picture(page, url))
        context.close()
    return {
        "first_picture_of_a_new_guest": spread(first),
        "first_picture_of_a_second_game": spread(second),
        "next_picture": spread(following),
        "next_pictures_not_loaded_ahead": fetched_late,
    }


def seconds_to_picture(page: Page, url: str) -> float:
    """From the press that starts a game to the picture of its first round."""
    page.goto(f"{url}/play/")
    return seconds_until_visible(page, "[data-testid=start-game]")


def seconds_until_visible(page: Page, button: str) -> float:
    page.locator(button).wait_for()
    begun = time.perf_counter()
    page.locator(button).click(no_wait_after=True)
    page.wait_for_function("() => document.body.dataset.phase !== 'result'")
    page.wait_for_function(IS_VISIBLE)
    return time.perf_counter() - begun


def guess(page: Page) -> None:
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.locator("#next-button").wait_for()


# --- Over HTTP -------------------------------------------------------------------------------------
class Guest:
    """One player without a browser, on one connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.game = ""

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> tuple[int, str, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers |= {"Content-Type": kind, "X-CSRFToken": self.cookies.get("csrftoken", "")}
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.headers.get("Location", ""), content

    def start(self, slug: str) -> None:
        self.ask("GET", "/play/")
        form = urlencode({"map": slug}).encode()
        status, location, _ = self.ask("POST", "/games/", form, "application/x-www-form-urlencoded")
        if status != 302:
            sys.exit(f"bench_game: the game did not start ({status})")
        self.game = location.strip("/").split("/")[-1]

    def snapshot(self) -> dict[str, dict[str, object]]:
        until = time.monotonic() + 10
        while True:
            state = json.loads(self.ask("GET", f"/api/games/{self.game}/")[2])
            if state["round"]["state"] == "open" or time.monotonic() > until:
                return dict(state)
            time.sleep(0.02)

    def command(self, name: str, **fields: object) -> float:
        body = json.dumps(fields).encode()
        begun = time.perf_counter()
        status, _, content = self.ask("POST", f"/api/games/{self.game}/{name}/", body)
        took = time.perf_counter() - begun
        if status != 200:
            sys.exit(f"bench_game: {name} was answered with {status}: {content[:200]!r}")
        return took


def guesses(server: Server) -> dict[str, object]:
    slug = re.findall(
        r'name="map" value="([^"]+)"', urllib.request.urlopen(f"{server.url}/play/").read().decode()
    )[0]
    took: list[float] = []
    while len(took) < GUESSES:
        guest = Guest(server.port)
        guest.start(slug)
        for number in range(1, ROUNDS + 1):
            name = guest.snapshot()["round"]["id"]
            took.append(guest.command("guess", round=name, lat=40.0 + number, lng=3.0 * number))
            if number < ROUNDS:
                guest.command("next", round=name)
    return {"guesses": len(took), **spread(took)}


def spread(seconds: list[float]) -> dict[str, object]:
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return {
        "p50_ms": round(1000 * statistics.median(seconds), 1),
        "p95_ms": round(1000 * p95, 1),
        "most_ms": round(1000 * max(seconds), 1),
        "times": len(seconds),
    }


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as folder,
        playing_server(Path(folder)) as server,
        chromium() as browser,
    ):
        values = {"load_before": round(os.getloadavg()[0], 1), "guess_to_result": guesses(server)}
        values |= pictures(browser, server.url)
    record("game", values)
