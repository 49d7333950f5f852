"""Tells the browser early what it will need: all modules of a page at once, where it would learn of each from
the one before, and all of a game while its player still chooses.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()
IMPORT = re.compile(r'^(?:import|export)\b[^"\';()=]*["\'](\.{1,2}/[^"\']+)["\']', re.MULTILINE)

GAME = "js/game.js"
BESIDE_MODULES = (
    *("leaflet/leaflet.css", "leaflet/leaflet.extras.css", "leaflet/leaflet.js", "leaflet/leaflet.extras.js"),
    *("leaflet/draw/leaflet.draw.i18n.js", "vendor/pannellum/pannellum.css", "vendor/pannellum/pannellum.js"),
    *("vendor/topojson-client/topojson-client.min.js", "css/map.css", "css/game.css", "css/cards.css"),
    *("css/summary.css", "css/phone.css", "vendor/world-atlas/countries-50m.json", "basemap/cities.json"),
)


@register.simple_tag
def game_ahead() -> SafeString:
    """Links by which an idle browser fetches all of a game; pointless if it had to ask again later."""
    if not settings.STATIC_VERSION:
        return SafeString()
    paths = (*BESIDE_MODULES, GAME, *imported_by(GAME))
    return format_html_join("\n  ", '<link rel="prefetch" href="{}">', ((static(path),) for path in paths))


@register.simple_tag
def module_preloads(entry: str) -> SafeString:
    """Links for the modules that the entry, as "js/game.js", imports directly and indirectly."""
    links = ((static(path),) for path in imported_by(entry))
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', links)


@cache
def imported_by(entry: str) -> tuple[str, ...]:
    found = {entry: None}
    for path in (waiting := [entry]):
        new = [name for name in _imports(path) if name not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    return tuple(found)[1:]


def _imports(path: str) -> Iterator[str]:
    file = finders.find(path)
    if not isinstance(file, str):
        raise FileNotFoundError(f"no static file {path!r}")
    for name in IMPORT.findall(Path(file).read_text(encoding="utf-8")):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
