from __future__ import annotations

from typing import Any

from django.db.models import F
from django.dispatch import receiver

from geogame.games.broadcast import match_changed
from geogame.rooms.models import Room
from geogame.rooms.turns import settle


@receiver(match_changed)
def go_on(sender: type, game: int, **kwargs: Any) -> None:
    """Somebody outside has changed the match, as a worker that seals an answer. Of its turns a room knows."""
    for room in Room.objects.filter(game=game).exclude(game__version=F("game_version")):
        settle(room)
