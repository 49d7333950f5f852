"""Events for the players of a game: each has the game's version, so that a client notices a gap."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.dispatch import Signal

from geogame.games.models import Game
from geogame.lib.channel_layer import tell

match_changed = Signal()
"""A live game has changed, by whomever: `game` is its number. Rooms listen, and tell their members."""


def group_name(game_token: str) -> str:
    return f"game.{game_token}"


def publish(game: Game, event: str, **content: object) -> None:
    """Raise the game's version now, tell its players when the transaction commits; those of a live game hear
    it in their room.
    """
    Game.objects.filter(pk=game.pk).update(version=F("version") + 1)
    game.refresh_from_db(fields=["version"])
    if game.is_live:
        transaction.on_commit(lambda: match_changed.send(Game, game=game.pk), robust=True)
        return
    message = {"type": event, "version": game.version, **content}
    transaction.on_commit(lambda: tell(group_name(game.token), message))
