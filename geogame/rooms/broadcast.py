"""What the members of a room are told: one message for all of them, made once, when the change is stored."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from geogame.rooms.models import Room
from geogame.rooms.shapes import PublicState

log = logging.getLogger(__name__)


def group_name(room: Room) -> str:
    return f"room.{room.token}"


def publish(room: Room, state: PublicState) -> None:
    """Tell all members how the room is, when the transaction commits. Messages may overtake each other: who
    gets an older state than they have drops it.
    """
    message: dict[str, object] = {"type": "room.changed", "version": state["version"], "state": state}
    transaction.on_commit(lambda: _send(room, message))


def publish_reaction(room: Room, *, sender: str, reaction: str) -> None:
    message: dict[str, object] = {"type": "room.reaction", "from": sender, "reaction": reaction}
    transaction.on_commit(lambda: _send(room, message))


def publish_kick(room: Room, *, player: str) -> None:
    """`player` is the public id of who has to go."""
    transaction.on_commit(lambda: _send(room, {"type": "room.kicked", "player": player}))


def _send(room: Room, message: dict[str, object]) -> None:
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(group_name(room), message)
    except (OSError, RedisError) as error:  # the state is stored: the next snapshot has it
        log.warning("Could not tell the members of room %s: %s", room.code, error)
