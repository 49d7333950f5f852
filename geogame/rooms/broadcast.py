"""What the members of a room are told: one message for all of them, made once, when the change is stored."""

from __future__ import annotations

from django.db import transaction

from geogame.lib.channel_layer import tell
from geogame.rooms.models import Room
from geogame.rooms.shapes import PublicState


def group_name(room: Room) -> str:
    return f"room.{room.token}"


def publish(room: Room, state: PublicState) -> None:
    """Tell all members how the room is, when the transaction commits. Messages may overtake each other: who
    gets an older state than they have drops it.
    """
    _on_commit(room, {"type": "room.changed", "version": state["version"], "state": state})


def publish_reaction(room: Room, *, sender: str, reaction: str) -> None:
    _on_commit(room, {"type": "reaction", "from": sender, "reaction": reaction})


def publish_kick(room: Room, *, player: str) -> None:
    """`player` is the public id of who has to go."""
    _on_commit(room, {"type": "room.kicked", "player": player})


def _on_commit(room: Room, message: dict[str, object]) -> None:
    transaction.on_commit(lambda: tell(group_name(room), message))
