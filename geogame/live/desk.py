"""Between the sockets of rooms and the services: who comes in, what a command becomes, what is sent.

Synchronous: a consumer calls it in the thread of the database, once for each frame.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from geogame.accounts.services import find_person
from geogame.live import commands
from geogame.live.closing import KICKED, LEFT, NOT_FOUND, TOO_OFTEN
from geogame.live.language import language_of
from geogame.live.pace import comes_too_often
from geogame.rooms import services
from geogame.rooms.broadcast import group_name
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Member, Room
from geogame.rooms.shapes import PrivateState, PublicState
from geogame.rooms.state import public_state

log = logging.getLogger(__name__)
Frame = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Who is at the other end of a socket, as it was when they came: looked up again with each message."""

    member_id: int
    public_id: str
    room_id: int
    group: str
    language: str


@dataclass(frozen=True)
class Reply:
    frame: Frame
    closes: int | None = None


class TurnedAway(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


# --- Coming and going --------------------------------------------------------------------------------
def enter(scope: Mapping[str, Any], code: str) -> Guest:
    """The member behind a new socket. A stranger is told nothing, not even whether the room exists."""
    if comes_too_often(scope):
        raise TurnedAway(TOO_OFTEN)
    player = find_person(session=scope["session"], user=scope["user"])
    room = services.room_of(code) if player else None
    member = Member.objects.filter(room=room, player=player).first() if room else None
    if room is None or member is None:
        raise TurnedAway(NOT_FOUND)
    if gone := _closing_code(member):
        raise TurnedAway(gone)
    return Guest(
        member_id=member.pk,
        public_id=member.public_id,
        room_id=room.pk,
        group=group_name(room),
        language=language_of(scope),
    )


def _closing_code(member: Member) -> int | None:
    if member.kicked_at:
        return KICKED
    return LEFT if member.left_at else None


def arrive(guest: Guest) -> Frame:
    """The socket is open: the others see it, and it gets the whole state."""
    member = _find(guest)
    try:
        if member:
            return _frame(*services.arrive(room=member.room, player=member.player))
    except RoomError:
        pass
    raise TurnedAway(why_gone(guest) or NOT_FOUND)


def is_listed(guest: Guest, state: Mapping[str, Any]) -> bool:
    """Whether this state of the room counts the member among those who have not left."""
    return any(player["id"] == guest.public_id and not player["left"] for player in state["players"])


def why_gone(guest: Guest) -> int | None:
    """The closing code for who is no member any more."""
    member = _find(guest)
    return _closing_code(member) if member else NOT_FOUND


def go(guest: Guest) -> None:
    """The socket is closed. Of who has left or was removed no connection is counted."""
    member = _find(guest)
    if member and member.connections:
        services.disconnected(room=member.room, player=member.player)


def _find(guest: Guest) -> Member | None:
    found = Member.objects.select_related("room", "player").filter(pk=guest.member_id).order_by()
    return next(iter(found), None)


# --- The state ---------------------------------------------------------------------------------------
def snapshot(member: Member, id_: str | None = None) -> Frame:
    """All that the member may know, after what was due in the room has been done."""
    return _frame(*services.snapshot_for(room=member.room, player=member.player), id_)


def _frame(state: PublicState, private: PrivateState, id_: str | None = None) -> Frame:
    return {"type": "snapshot", "id": id_, "version": state["version"], "state": state, "private": private}


def in_language(frame: Mapping[str, Any], language: str) -> Frame:
    """The frame, which has a state of a room, for who reads this language."""
    return {**frame, "state": services.in_language(frame["state"], language)}


# --- Commands ----------------------------------------------------------------------------------------
def carry_out(guest: Guest, command: commands.Command) -> Reply:
    """Exactly one reply. Whether the member still is one is looked up first."""
    with translation.override(guest.language):
        try:
            return _carry_out(guest, command)
        except RoomError as error:
            return Reply(error_frame(command.id, error.code, error.message))
        except Exception:
            log.exception("The command %s could not be carried out.", command.type)
            message = _("The server could not do that. The fault is noted: try again.")
            return Reply(error_frame(command.id, "server-error", message))


def _carry_out(guest: Guest, command: commands.Command) -> Reply:
    member = _find(guest)
    if member is None or member.player.deleted_at:
        return Reply(_not_a_member(command.id), NOT_FOUND)
    if closing := _closing_code(member):
        return Reply(_not_a_member(command.id), closing)
    if isinstance(command, commands.Ping):
        return Reply({"type": "pong", "id": command.id, "version": member.room.version})
    if isinstance(command, commands.SnapshotRequest):
        return Reply(snapshot(member, command.id))
    HANDLERS[type(command)](member, command)
    reply = {"type": "ack", "id": command.id, "version": member.room.version}
    return Reply(reply, LEFT if isinstance(command, commands.Leave) else None)


def _not_a_member(id_: str) -> Frame:
    return error_frame(id_, "not-a-member", _("You are not in this room any more."))


def error_frame(id_: str | None, code: str, message: str) -> Frame:
    return {"type": "error", "id": id_, "code": code, "message": message}


def _ready(member: Member, command: commands.Ready) -> None:
    services.set_ready(room=member.room, player=member.player, ready=command.ready)


def _settings(member: Member, command: commands.Settings) -> None:
    services.change_settings(room=member.room, player=member.player, **command.changes())


def _start(member: Member, command: commands.Start) -> None:
    services.start(room=member.room, player=member.player)


def _guess(member: Member, command: commands.Guess) -> None:
    services.guess(
        room=member.room,
        player=member.player,
        round_token=command.round,
        lat=command.lat,
        lng=command.lng,
    )


def _rematch(member: Member, command: commands.Rematch) -> None:
    services.rematch(room=member.room, player=member.player)


def _leave(member: Member, command: commands.Leave) -> None:
    services.leave(room=member.room, player=member.player)


def _kick(member: Member, command: commands.Kick) -> None:
    services.kick(room=member.room, player=member.player, public_id=command.player)


def _react(member: Member, command: commands.React) -> None:
    services.react(room=member.room, player=member.player, reaction=command.reaction)


HANDLERS: dict[type[commands.Command], Callable[[Member, Any], None]] = {
    commands.Ready: _ready,
    commands.Settings: _settings,
    commands.Start: _start,
    commands.Guess: _guess,
    commands.Rematch: _rematch,
    commands.Leave: _leave,
    commands.Kick: _kick,
    commands.React: _react,
}


# --- What a lost message would have told -------------------------------------------------------------
@dataclass(frozen=True)
class Found:
    """`gone`: the closing code of each member who is none any more."""

    states: dict[int, Frame]
    gone: dict[int, int]


def look(*, versions: Mapping[int, int], members: Collection[int], is_beat: bool) -> Found:
    """The rooms that are further than `versions` says, and the members who left: a query each, however many
    they are. On each beat all members are noted as being here.
    """
    if is_beat:
        services.seen(members)
    rooms = [room for room in Room.objects.filter(pk__in=versions) if room.version > versions[room.pk]]
    gone = Member.objects.filter(pk__in=members).exclude(left_at=None, kicked_at=None)
    return Found(
        {room.pk: changed_frame(room) for room in rooms},
        {member.pk: _closing_code(member) or LEFT for member in gone},
    )


def changed_frame(room: Room) -> Frame:
    state = public_state(room)
    return {"type": "room.changed", "version": state["version"], "state": state}
