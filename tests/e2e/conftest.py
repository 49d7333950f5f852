"""The whole program, started as a player starts it, and a real Chromium in front of it."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    sync_playwright,
)

from planet_core.albums import Album, AlbumPhoto, write_albums
from tests.conftest import ROOT

CHROMIUMS = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")
ARTEFACTS = ROOT / "test-artifacts"
SET_UP = """
import sys
import django; django.setup()
from pathlib import Path
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from geogame.registry.services import activate, register
call_command("migrate", verbosity=0)
for folder in sorted(Path(sys.argv[1]).iterdir()):
    call_command("import_panoramas", str(folder), "--map", folder.name)
call_command("import_albums", str(Path(sys.argv[1]).parent / "trips"), "--map", "Drawn Trips")
activate(register(directory=Path(settings.MODEL_ROOT) / "random", name="PlaNet tiny"))
User.objects.create_superuser("keeper", password="only-for-tests")
"""
NOTE_MAP = "window.addEventListener('map:init', (event) => (window.arenaMap = event.detail.map));"
FLAT, ALL_AROUND = (800, 600), (1024, 512)


# The first test of each process also starts the whole program: 25 s of processor time, beside two others.
START_S, PATIENCE_S = 180, 240


@pytest.hookimpl(trylast=True)  # those with a mark of their own are long, and were sorted by it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("e2e") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(PATIENCE_S))


@dataclass(frozen=True)
class Drawn:
    """Pictures along a line, each so far from the one before; the first of so many can be turned."""

    pictures: int
    start: tuple[float, float]
    step: tuple[float, float]
    all_around_every: int

    def place(self, number: int) -> tuple[str, str]:
        (lat, lng), (north, east) = self.start, self.step
        return f"{lat + number * north:.7f}", f"{lng + number * east:.7f}"


MAPS = {
    "Drawn Europe": Drawn(14, (37.1234567, -8.7654321), (1.5, 2.5), 4),  # each game has a flat one
    "Drawn Days": Drawn(5, (40.5234567, -3.4654321), (1.4, 4.5), 2),  # the daily: in no other game
    "Drawn All Around": Drawn(3, (48.2234567, 2.1654321), (1.8, 8.5), 1),  # games of three rounds
}


TRIP = [(41.4234567, 2.1654321), (41.5234567, 2.2654321), (48.8234567, 2.3654321), (48.9234567, 2.4654321)]


@dataclass(frozen=True)
class Arena:
    url: str
    data: Path
    places: list[tuple[str, str]]
    environment: dict[str, str]

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.data / "db.sqlite3", timeout=20)) as database, database:
            return database.execute(statement, values).fetchall()


def draw_pictures(directory: Path, drawn: Drawn) -> list[tuple[str, str]]:
    """Coloured pictures with a horizon. No two are alike, of any map."""
    directory.mkdir(parents=True)
    places = [drawn.place(number) for number in range(drawn.pictures)]
    with (directory / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "lat", "lng", "author", "licence", "source"])
        for number, (lat, lng) in enumerate(places):
            size = ALL_AROUND if number % drawn.all_around_every == 0 else FLAT
            sky = (90 + number * 11, 150, 215 - number * 9)
            draw_picture(size, sky, len(directory.name) * 10, number).save(
                directory / f"{number}.jpg", quality=90
            )
            writer.writerow(
                [f"{number}.jpg", lat, lng, "Ada Example", "CC0", "https://example.org/secret-source"]
            )
    return places


def draw_trips(directory: Path) -> None:
    """An album of four photos, an hour or three between them."""
    directory.mkdir(parents=True)
    photos = []
    for number, hour in enumerate((8, 9, 12, 13)):
        path = directory / f"{number}.jpg"
        draw_picture(FLAT, (150, 120 + number * 25, 230 - number * 25), 90, number + 3).save(path, quality=90)
        lat, lng = TRIP[number]
        photos.append(AlbumPhoto(path, lat, lng, datetime(2024, 5, 1, hour), None))
    write_albums(directory, [Album("trip", tuple(photos), "drawn for the tests", "CC0", drawn=True)])


def draw_picture(size: tuple[int, int], sky: tuple[int, int, int], high: int, number: int) -> Image.Image:
    picture = Image.new("RGB", size, sky)
    brush = ImageDraw.Draw(picture)
    brush.rectangle((0, size[1] * 0.6, *size), fill=(120, 110 + number * 8, 70))
    brush.ellipse((40 + number * 30, high - 60, 120 + number * 30, high + 20), fill=(250, 240, 200))
    for house in range(12):
        left, top = house * size[0] // 12, size[1] * 0.6 - 20 - (house * 37 + number * 23) % 70
        brush.rectangle((left, top, left + size[0] // 16, size[1] * 0.62), fill=(150 + house * 6, 110, 90))
    return picture


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(answers: Callable[[], bool], timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not answers():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} after {timeout_s} s")
        time.sleep(0.1)


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory, model_directory: Path) -> Iterator[Arena]:
    data = tmp_path_factory.mktemp("arena")
    places = {name: draw_pictures(data / "pictures" / name, drawn) for name, drawn in MAPS.items()}
    draw_trips(data / "trips")
    shutil.copytree(model_directory, data / "models" / "random")
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    environment = {
        **kept,
        "DATA_DIR": str(data),
        "PORT": str(port),
        "WORLD_COUNT": "0",
        "DAILY_MAP": "drawn-days",
        "MODEL_ANSWER_TIMEOUT_S": "20",  # no test may depend on how fast the machine is
        "EXPLAIN_POSITIONS": "4",
        "DATA_SET_ROOTS": str(data / "trips"),
        "BACKGROUND_LOW_PRIORITY": "0",  # or tests wait long for what nobody else has time for
        "DJANGO_SETTINGS_MODULE": "geogame.settings",
    }
    subprocess.run(
        [sys.executable, "-c", SET_UP, str(data / "pictures")],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with (data / "play.log").open("wb") as log:
        play = subprocess.Popen(
            [sys.executable, "manage.py", "play", "--no-browser"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(
                lambda: healthy(url) or play.poll() is not None, START_S, "manage.py play does not answer"
            )
            assert play.poll() is None, (data / "play.log").read_text()
            yield Arena(url, data, places["Drawn Europe"], environment)
        finally:
            play.send_signal(signal.SIGINT)
            play.wait(timeout=30)
    assert "Traceback" not in (data / "play.log").read_text()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert path, "no Chromium found: install it (Debian: sudo apt-get install chromium-headless-shell)"
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    # Panoramas need WebGL; all else is drawn several times as fast without a graphics card made of software.
    flags += ["--disable-gpu", "--enable-unsafe-swiftshader"]
    with playwright.chromium.launch(executable_path=path, args=flags) as chromium:
        yield chromium


@pytest.fixture
def open_page(browser: Browser, arena: Arena) -> Iterator[Callable[..., Page]]:
    """A page of a new guest without internet: what asks for another host or logs an error fails the test.

    `tolerates` is what the browser's log may say nevertheless, where a test breaks something.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(width: int = 1280, height: int = 800, *, tolerates: str = "$^", **options: Any) -> Page:
        size = {"width": width, "height": height}
        touch = {"has_touch": width < 600}
        context = browser.new_context(viewport=size, reduced_motion="reduce", **{**touch, **options})
        context.route(lambda url: not own(url), lambda route: route.abort())
        context.add_init_script(NOTE_MAP)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(f"error in the page: {error}"))
        page.on("console", lambda line: complain(line, tolerates))
        page.on("request", lambda request: complaints.extend([request.url] * (not own(request.url))))
        return page

    def complain(line: ConsoleMessage, tolerates: str) -> None:
        if line.type == "error" and not re.search(tolerates, line.text):
            complaints.append(f"{line.text} ({line.location.get('url', '')})")

    def own(url: str) -> bool:
        return url.startswith((arena.url, arena.url.replace("http", "ws"), "data:", "blob:"))

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints
