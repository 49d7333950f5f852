"""All JavaScript that a page of play loads, packed as a server would send it: at most 150 KB."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from geogame.panoramas.models import Map

MOST_BYTES = 150 * 1024
SCRIPT = re.compile(r'<script[^>]*\ssrc="/static/([^"]+)"')
INLINE = re.compile(r"<script(?![^>]*\bsrc=)([^>]*)>(.*?)</script>", re.DOTALL)
IMPORT = re.compile(r'^(?:import|export)[^;]*?from "(\.[^"]+)";|^import "(\.[^"]+)";', re.MULTILINE)


def file_of(name: str) -> Path:
    found = finders.find(name)
    assert isinstance(found, str), f"no static file {name}"
    return Path(found)


def with_imports(entry: Path) -> set[Path]:
    """The module and all that it imports, however deep."""
    found, waiting = set(), [entry.resolve()]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        for names in IMPORT.findall(module.read_text(encoding="utf-8")):
            waiting.append((module.parent / next(filter(None, names))).resolve())
    return found


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 9, mtime=0))


def weight(html: str, *expected: str) -> tuple[int, int]:
    """Bytes and files of a page's scripts; `expected` are among them."""
    scripts = {file_of(name) for name in SCRIPT.findall(html)}
    modules = {module for script in scripts for module in with_imports(script)}
    assert set(expected) <= {path.name for path in modules}
    inline = sum(packed(text.encode()) for kind, text in INLINE.findall(html) if "json" not in kind)
    return inline + sum(packed(module.read_bytes()) for module in modules), len(modules)


def test_the_scripts_of_the_game_page_are_light(make_map: Callable[..., Map], client: Client) -> None:
    map_ = make_map()
    response = client.post(reverse("start"), {"map": map_.slug}, follow=True)
    html = response.content.decode()
    total, files = weight(html, "leaflet.js", "pannellum.js", "game.js", "state.js", "summary-card.js")
    assert total <= MOST_BYTES, f"{total / 1024:.1f} KiB in {files} files"


def test_the_scripts_of_a_rooms_page_are_light(make_map: Callable[..., Map], client: Client) -> None:
    form = {"map": make_map().slug, "kind": "duel"}
    html = client.post(reverse("rooms"), form, follow=True).content.decode()
    total, files = weight(html, "leaflet.js", "pannellum.js", "room.js", "final-card.js", "socket.js")
    assert total <= MOST_BYTES, f"{total / 1024:.1f} KiB in {files} files"
