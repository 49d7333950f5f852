from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from geogame.games.broadcast import match_changed
from geogame.rooms.models import Room
from geogame.rooms.turns import settle


@receiver(match_changed)
def go_on(sender: type, game: int, **kwargs: Any) -> None:
    """Somebody outside has changed the match: a worker has sealed an answer."""
    for room in Room.objects.filter(game=game):
        settle(room)
