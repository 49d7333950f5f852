"""Who is there now, by the sockets that are open. Who drops out keeps the place; who never comes back is
noticed by silence, since a process that is killed closes no socket.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.rooms.members import HOST_AWAY_S, PRESENT_S, here, member_of, pass_on
from geogame.rooms.models import Member, Room, Ticket
from geogame.rooms.playing import begin
from geogame.rooms.shapes import PrivateState, PublicState
from geogame.rooms.state import private_state, public_state
from geogame.rooms.turns import Turn, check_open, due, turn

log = logging.getLogger(__name__)
NO_SHOW_S = 20
"""So long the two of a quick match have to come."""
EMPTY_S = 30 * 60
"""So long a room without anybody connected stays open."""
TICKET_S = 60


def arrive(*, room: Room, player: Player) -> tuple[PublicState, PrivateState]:
    """A socket of the member's has opened: what they are told. A quick match begins once both are there."""
    with turn(room) as current:
        member = _come(current, player)
    return current.told or public_state(room), private_state(current.room, member)


def _come(current: Turn, player: Player) -> Member:
    check_open(current.room)
    member = member_of(current.room, player)
    Member.objects.filter(pk=member.pk).update(connections=F("connections") + 1, last_seen_at=timezone.now())
    if member.connections == 0:
        current.changed()
    member.connections += 1
    if current.room.is_quick and current.room.state == Room.State.LOBBY:
        _begin_quick_match(current)
    return member


def _begin_quick_match(current: Turn) -> None:
    players = here(current.room)
    if len(players) == 2 and all(member.connections for member in players):
        begin(current, players)


def disconnected(*, room: Room, player: Player) -> None:
    """A socket of the member's has closed. The place in the room and in the match stays theirs."""
    with turn(room) as current:
        members = current.room.members.filter(player=player, connections__gt=0)
        if not members.update(connections=F("connections") - 1, last_seen_at=timezone.now()):
            return
        if not members.exists():
            current.changed()


def seen(members: Iterable[int], now: datetime | None = None) -> None:
    """Members, by number, whose sockets have just been heard of: one update for all of a process."""
    Member.objects.filter(pk__in=list(members)).update(last_seen_at=now or timezone.now())


# --- By the clock ----------------------------------------------------------------------------------
def settle_rooms(now: datetime | None = None) -> int:
    """All that is due in any room; the clock calls this again and again. How many rooms it touched."""
    now = now or timezone.now()
    touched = sum(_let_go_on_if_it_can(room) for room in due(now))
    touched += _drop_silent(now) + _replace_hosts(now) + _close_deserted(now)
    Ticket.objects.filter(last_seen_at__lt=now - timedelta(seconds=TICKET_S)).delete()
    return touched


def _let_go_on_if_it_can(room: Room) -> int:
    """One room that cannot go on keeps no other waiting."""
    try:
        return _let_go_on(room)
    except Exception:
        log.exception("The match of room %s cannot go on", room.code)
        return 0


def _let_go_on(room: Room) -> int:
    with turn(room):
        return 1


def _drop_silent(now: datetime) -> int:
    """Members whose process died without a word: their sockets are gone."""
    since = now - timedelta(seconds=PRESENT_S)
    silent = Member.objects.filter(connections__gt=0, last_seen_at__lt=since)
    rooms = Room.objects.filter(pk__in=silent.values("room"))
    for room in rooms:
        with turn(room) as current:
            if room.members.filter(connections__gt=0, last_seen_at__lt=since).update(connections=0):
                current.changed()
    return len(rooms)


def _replace_hosts(now: datetime) -> int:
    """A room waits only so long for a host who dropped out, where somebody else is there."""
    away = {"connections": 0, "left_at": None, "last_seen_at__lt": now - timedelta(seconds=HOST_AWAY_S)}
    absent = Member.objects.filter(player=F("room__host"), room__closed_at=None, **away)
    rooms = Room.objects.filter(
        pk__in=absent.values("room"),
        members__connections__gt=0,
        members__left_at=None,
        members__role=Member.Role.PLAYER,
    ).distinct()
    for room in rooms:
        with turn(room) as current:
            if current.room.members.filter(player=current.room.host_id, **away).exists():
                pass_on(current.room)
                current.changed()
    return len(rooms)


def _close_deserted(now: datetime) -> int:
    idle = Room.objects.filter(closed_at=None).exclude(state=Room.State.PLAYING)
    nobody = idle.exclude(members__connections__gt=0)
    deserted = nobody.filter(changed_at__lt=now - timedelta(seconds=EMPTY_S))
    no_show = idle.filter(
        is_quick=True, state=Room.State.LOBBY, created_at__lt=now - timedelta(seconds=NO_SHOW_S)
    )
    rooms = [*deserted, *no_show]
    for room in rooms:
        with turn(room) as current:
            if current.room.closed_at is None and current.room.state != Room.State.PLAYING:
                current.room.closed_at = timezone.now()
                current.changed()
    return len(rooms)
