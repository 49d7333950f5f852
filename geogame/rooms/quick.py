"""The quick match: two people who wait for a duel on the same map, the nearest in rating first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.rooms import choices
from geogame.rooms.members import here, leave
from geogame.rooms.models import Member, Room, Ticket
from geogame.rooms.opening import open_room
from geogame.rooms.pairing import Waiting, partner
from geogame.rooms.playing import begin
from geogame.rooms.turns import turn

RATING = 1500.0
ASKED_WITHIN_S = 15
"""Who has not asked for so long has gone away, and is not matched."""

RatingOf = Callable[[Player, Map, str], float]
_rating_of: list[RatingOf] = []


def rate_by(function: RatingOf) -> None:
    """The ratings, which are a layer above, say how good a player is on a map under a condition."""
    _rating_of[:] = [function]


def rating_of(player: Player, map_: Map, condition: str) -> float:
    return _rating_of[0](player, map_, condition) if _rating_of else RATING


@transaction.atomic
def quick_match(*, player: Player, map_: Map, condition: str) -> Room | None:
    """The room of a duel with somebody who waits too, or None: to be asked again every few seconds."""
    choices.checked(Room.Kind.DUEL, {"condition": condition})
    choices.check_map(map_)
    Map.objects.select_for_update(no_key=True).get(pk=map_.pk)  # one at a time looks for a partner here
    now = timezone.now()
    own = _ticket(player, map_, condition, now)
    if own.room:
        return own.room
    since = now - timedelta(seconds=ASKED_WITHIN_S)
    tickets = Ticket.objects.filter(map=map_, condition=condition, room=None, last_seen_at__gte=since)
    others = {ticket.player_id: ticket for ticket in tickets.exclude(pk=own.pk).select_related("player")}
    chosen = partner(_waiting(own), map(_waiting, others.values()), now)
    if chosen is None:
        return None
    other = others[chosen.player]
    if tickets.select_for_update().filter(pk=other.pk).first() is None:
        return None  # they have chosen something else meanwhile
    room = _open(map_, [other.player, player], condition=condition)
    Ticket.objects.filter(pk__in=[own.pk, other.pk]).update(room=room)
    return room


def _ticket(player: Player, map_: Map, condition: str, now: datetime) -> Ticket:
    """The player's place in the queue, a new one where they waited for something else."""
    found = Ticket.objects.select_for_update().filter(player=player).first()
    if found and found.map_id == map_.pk and found.condition == condition and _is_of_use(found):
        found.last_seen_at = now
        found.save(update_fields=["last_seen_at"])
        return found
    fields = {
        "map": map_,
        "condition": condition,
        "rating": rating_of(player, map_, condition),
        "room": None,
        "created_at": now,
        "last_seen_at": now,
    }
    return Ticket.objects.update_or_create(player=player, defaults=fields)[0]


def _is_of_use(ticket: Ticket) -> bool:
    """Not one whose duel is over, or never began."""
    room = ticket.room
    return room is None or (room.closed_at is None and room.state != Room.State.FINISHED)


def _waiting(ticket: Ticket) -> Waiting:
    return Waiting(ticket.player_id, ticket.rating, ticket.created_at)


def _open(map_: Map, players: list[Player], **chosen: Any) -> Room:
    """All are ready; a match of two begins once both are connected."""
    now = timezone.now()
    fields = choices.defaults(Room.Kind.DUEL) | chosen
    room = open_room(kind=Room.Kind.DUEL, map=map_, host=players[0], is_quick=True, **fields)
    for number, player in enumerate(players, start=1):
        Member.objects.create(
            room=room, player=player, number=number, is_ready=True, joined_at=now, last_seen_at=now
        )
    return room


@transaction.atomic
def quick_match_with_model(*, player: Player, map_: Map, condition: str, version: ModelVersion) -> Room:
    """A duel with the model, begun at once: for who does not want to wait. Nobody waits for them any more."""
    fields = choices.checked(Room.Kind.DUEL, {"condition": condition, "model": version.digest})
    choices.check_map(map_)
    cancel_quick_match(player=player)
    room = _open(map_, [player], **fields)
    with turn(room) as current:
        begin(current, here(current.room))
    return room


def cancel_quick_match(*, player: Player) -> None:
    """The player waits no longer, nor does anybody for them. A duel that has begun goes on."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update().filter(player=player).first()
        if ticket is None:
            return
        ticket.delete()
    if ticket.room and ticket.room.state == Room.State.LOBBY:
        leave(room=ticket.room, player=player)


def waiting_on(map_: Map, condition: str) -> int:
    since = timezone.now() - timedelta(seconds=ASKED_WITHIN_S)
    return Ticket.objects.filter(map=map_, condition=condition, room=None, last_seen_at__gte=since).count()
