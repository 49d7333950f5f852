"""Who is there now, by the sockets that are open. Who drops out keeps the place; who never comes back is
noticed by silence, since a process that is killed closes no socket.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.match_rules import DUELLISTS
from geogame.rooms.errors import RoomError
from geogame.rooms.members import HOST_AWAY_S, PRESENT_S, here, member_of, pass_on
from geogame.rooms.models import Member, Room, Ticket
from geogame.rooms.playing import begin, begin_if_all_are_ready
from geogame.rooms.shapes import PrivateState, PublicState
from geogame.rooms.state import private_state, public_state
from geogame.rooms.turns import Turn, check_open, due, turn

log = logging.getLogger(__name__)
NO_SHOW_S = 20
"""So long the two of a quick match have to come."""
EMPTY_S = 30 * 60
"""So long a room without anybody connected stays open."""
TICKET_S = 60

Job = Callable[[Turn, datetime], None]


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
    """Members, by number, whose sockets have just been heard of: one update for all of a process. Whoever was
    taken for gone is back.
    """
    heard = Member.objects.filter(pk__in=list(members))
    heard.update(last_seen_at=now or timezone.now())
    for member in heard.filter(connections=0, left_at=None).select_related("room"):
        with turn(member.room) as current:
            if heard.filter(pk=member.pk, connections=0, left_at=None).update(connections=1):
                current.changed()


# --- By the clock ----------------------------------------------------------------------------------
def settle_rooms(now: datetime | None = None) -> int:
    """All that is due in any room; the clock calls this again and again. How many rooms it touched."""
    now = now or timezone.now()
    touched = sum(_in_each(find(now), job, now) for job, find in JOBS.items())
    Ticket.objects.filter(last_seen_at__lt=now - timedelta(seconds=TICKET_S)).delete()
    return touched


def _in_each(rooms: Iterable[Room], job: Job, now: datetime) -> int:
    """A room in which something goes wrong keeps no other waiting."""
    done = 0
    for room in rooms:
        try:
            with turn(room) as current:
                job(current, now)
            done += 1
        except Exception:
            log.exception("The match of room %s cannot go on", room.code)
    return done


def _go_on(current: Turn, now: datetime) -> None:
    """The turn itself does what is due."""


def _silent(now: datetime) -> QuerySet[Member]:
    """Members whose process died without a word: their sockets are gone."""
    return Member.objects.filter(connections__gt=0, last_seen_at__lt=now - timedelta(seconds=PRESENT_S))


def _drop_silent(current: Turn, now: datetime) -> None:
    if _silent(now).filter(room=current.room).update(connections=0):
        current.changed()


def _absent_hosts(now: datetime) -> QuerySet[Member]:
    since = now - timedelta(seconds=HOST_AWAY_S)
    return Member.objects.filter(
        player=F("room__host"), room__closed_at=None, connections=0, left_at=None, last_seen_at__lt=since
    )


def _without_host(now: datetime) -> QuerySet[Room]:
    """A room waits only so long for a host who dropped out, where somebody else is there."""
    player = Member.objects.filter(
        room=OuterRef("pk"), connections__gt=0, left_at=None, role=Member.Role.PLAYER
    )
    return Room.objects.filter(Exists(player), pk__in=_absent_hosts(now).values("room"))


def _replace_host(current: Turn, now: datetime) -> None:
    if _absent_hosts(now).filter(room=current.room).exists():
        pass_on(current.room)
        current.changed()


def _all_ready(now: datetime) -> QuerySet[Room]:
    """Who wants another match waits no longer for somebody who has gone."""
    since = now - timedelta(seconds=PRESENT_S)
    members = Member.objects.filter(
        Q(connections__gt=0) | Q(last_seen_at__gte=since),
        room=OuterRef("pk"),
        left_at=None,
        role=Member.Role.PLAYER,
    )
    wanting = members.filter(is_ready=True).order_by().values("room").annotate(n=Count("pk")).values("n")
    rooms = Room.objects.filter(state=Room.State.FINISHED, closed_at=None).alias(wanting=Subquery(wanting))
    enough = Q(wanting__gte=DUELLISTS) | (
        Q(wanting=1, model_version__isnull=False) & ~Q(kind=Room.Kind.CROWD)
    )
    return rooms.filter(enough).exclude(Exists(members.filter(is_ready=False)))


def _begin_rematch(current: Turn, now: datetime) -> None:
    if not _all_ready(now).filter(pk=current.room.pk).exists():
        return
    try:
        begin_if_all_are_ready(current)
    except RoomError:  # whoever asks again is told why
        current.room.members.update(is_ready=False)
        current.changed()


def _to_close(now: datetime) -> QuerySet[Room]:
    """Nobody has been there for long, or one of a quick match has not come."""
    connected = Member.objects.filter(room=OuterRef("pk"), connections__gt=0)
    deserted = ~Exists(connected) & Q(changed_at__lt=now - timedelta(seconds=EMPTY_S))
    no_show = Q(is_quick=True, state=Room.State.LOBBY, created_at__lt=now - timedelta(seconds=NO_SHOW_S))
    return Room.objects.filter(deserted | no_show, closed_at=None).exclude(state=Room.State.PLAYING)


def _close(current: Turn, now: datetime) -> None:
    if _to_close(now).filter(pk=current.room.pk).exists():
        current.room.closed_at = timezone.now()
        current.changed()


JOBS: dict[Job, Callable[[datetime], Iterable[Room]]] = {
    _go_on: due,
    _drop_silent: lambda now: Room.objects.filter(pk__in=_silent(now).values("room")),
    _replace_host: _without_host,
    _begin_rematch: _all_ready,
    _close: _to_close,
}
