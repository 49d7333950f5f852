"""Phone or not: so much is kept of a browser, with each game, for comparisons that tell the two apart."""

from __future__ import annotations

import re

from django.http import HttpRequest

from geogame.games.models import Seat

PHONE = re.compile(r"Mobi|iPhone|iPod")
"""Browsers of phones call themselves so; those of tablets and computers do not."""


def device_of(request: HttpRequest) -> str:
    """What the browser says of itself; "" where it says nothing."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    agent = request.headers.get("User-Agent", "")
    if hint not in ("?0", "?1") and not agent:
        return ""
    phone = hint == "?1" or (hint != "?0" and PHONE.search(agent) and "iPad" not in agent)
    return Seat.Device.PHONE if phone else Seat.Device.DESKTOP
