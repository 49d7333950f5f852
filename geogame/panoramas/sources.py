"""Where a picture is from, as rows of reports say it: one definition for games, studies and round sets."""

from __future__ import annotations

from urllib.parse import urlsplit

from benchmark.rounds import DRAWN
from geogame.panoramas.models import Panorama

PHOTO = "photo"
"""The source of a photograph of which nobody says where it is from."""


def source_of(panorama: Panorama) -> str:
    """Who a picture is from: the site of an address, else the name that is given."""
    if panorama.drawn:
        return DRAWN
    try:
        site = urlsplit(panorama.source).hostname or ""
    except ValueError:
        site = ""
    name = site.removeprefix("www.") or panorama.source.strip()
    return PHOTO if name in ("", DRAWN) else name
