"""The whole program, started as a player starts it, and a real Chromium in front of it."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.conftest import ROOT

ARTEFACTS = ROOT / "test-artifacts"
PICTURES = 14
REGISTER = """
import django; django.setup()
from pathlib import Path
from django.conf import settings
from django.contrib.auth.models import User
from geogame.registry.services import activate, register
activate(register(directory=Path(settings.MODEL_ROOT) / "random", name="PlaNet tiny"))
User.objects.create_superuser("keeper", password="only-for-tests")
"""


@dataclass(frozen=True)
class Arena:
    url: str
    places: list[tuple[str, str]]


def draw_pictures(directory: Path) -> list[tuple[str, str]]:
    """Coloured pictures with a horizon over Europe, four of them panoramas: each game has a flat one."""
    directory.mkdir(parents=True)
    places = [
        (f"{37.1234567 + number * 1.5:.7f}", f"{-8.7654321 + number * 2.5:.7f}") for number in range(PICTURES)
    ]
    with (directory / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "lat", "lng", "author", "licence", "source"])
        for number, (lat, lng) in enumerate(places):
            size = (1024, 512) if number % 4 == 0 else (800, 600)
            picture = Image.new("RGB", size, (90 + number * 11, 150, 215 - number * 9))
            brush = ImageDraw.Draw(picture)
            brush.rectangle((0, size[1] * 0.6, *size), fill=(120, 110 + number * 8, 70))
            brush.ellipse((40 + number * 30, 60, 120 + number * 30, 140), fill=(250, 240, 200))
            picture.save(directory / f"{number}.jpg", quality=90)
            writer.writerow(
                [f"{number}.jpg", lat, lng, "Ada Example", "CC0", "https://example.org/secret-source"]
            )
    return places


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
    places = draw_pictures(data / "pictures")
    shutil.copytree(model_directory, data / "models" / "random")
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    environment = {
        **kept,
        "DATA_DIR": str(data),
        "PORT": str(port),
        "WORLD_COUNT": "0",
        "DJANGO_SETTINGS_MODULE": "geogame.settings",
    }

    def manage(*arguments: str) -> None:
        subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True
        )

    manage("manage.py", "migrate")
    manage("manage.py", "import_panoramas", str(data / "pictures"), "--map", "Drawn Europe")
    manage("-c", REGISTER)
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
            wait_for(lambda: healthy(url) or play.poll() is not None, 90, "manage.py play does not answer")
            assert play.poll() is None, (data / "play.log").read_text()
            yield Arena(url, places)
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
    path = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    assert path, "no Chromium found: install it (Debian: sudo apt-get install chromium)"
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    webgl = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with playwright.chromium.launch(executable_path=path, args=flags + webgl) as chromium:
        yield chromium


@pytest.fixture
def open_page(browser: Browser, arena: Arena) -> Iterator[Callable[..., Page]]:
    """A page of a new guest without internet: what asks for another host or logs an error fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(width: int = 1280, height: int = 800, *, has_touch: bool = False) -> Page:
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, reduced_motion="reduce", has_touch=has_touch)
        context.route(lambda url: not own(url), lambda route: route.abort())
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(f"error in the page: {error}"))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("request", lambda request: complaints.extend([request.url] * (not own(request.url))))
        return page

    def own(url: str) -> bool:
        return url.startswith((arena.url, arena.url.replace("http", "ws"), "data:", "blob:"))

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints
