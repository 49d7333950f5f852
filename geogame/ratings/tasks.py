from __future__ import annotations

from celery import shared_task

from geogame.lib.queue import RATE_GAMES
from geogame.ratings import services


@shared_task(name=RATE_GAMES)
def rate_games() -> None:
    """Rate all games that wait. Delivered twice or late it finds nothing to do, or the same."""
    while services.rate_games() == services.MOST_AT_ONCE:
        pass
