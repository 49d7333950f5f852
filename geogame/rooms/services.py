"""All that can be done with rooms, in one place: each service owns its transaction, raises RoomError with a
stable code, and tells the members when it is stored.
"""

from __future__ import annotations

from geogame.accounts.models import Player
from geogame.rooms.errors import RoomError
from geogame.rooms.members import join, kick, leave, member_of
from geogame.rooms.models import Room
from geogame.rooms.opening import create_room, room_of, room_of_game, rooms_of
from geogame.rooms.playing import REACTIONS, change_settings, guess, react, rematch, set_ready, start
from geogame.rooms.presence import arrive, disconnected, seen, settle_rooms
from geogame.rooms.quick import cancel_quick_match, quick_match, quick_match_with_model, rate_by, waiting_on
from geogame.rooms.shapes import PrivateState, PublicState
from geogame.rooms.state import compose, in_language, private_state, public_state, read_room
from geogame.rooms.turns import checked, settle

__all__ = [
    "REACTIONS",
    "RoomError",
    "arrive",
    "cancel_quick_match",
    "change_settings",
    "create_room",
    "disconnected",
    "guess",
    "in_language",
    "join",
    "kick",
    "leave",
    "member_of",
    "private_state",
    "public_state",
    "quick_match",
    "quick_match_with_model",
    "rate_by",
    "react",
    "rematch",
    "room_of",
    "room_of_game",
    "rooms_of",
    "seen",
    "set_ready",
    "settle",
    "settle_rooms",
    "snapshot_for",
    "start",
    "waiting_on",
]


def snapshot_for(*, room: Room, player: Player) -> tuple[PublicState, PrivateState]:
    """What a member is told on connecting and on request, settled before: what is due has happened."""
    settle(room)
    now, members = read_room(room)
    member = checked(next((one for one in members if one.player_id == player.pk), None))
    return compose(now, members), private_state(now, member)
