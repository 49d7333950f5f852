"""One change of a room at a time: whoever wants to change it waits for its turn, then all members hear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.games import match_rules
from geogame.games.match_rules import Step
from geogame.games.matches import Sheet, carry_out, read
from geogame.games.models import Game, Round
from geogame.rooms.broadcast import publish
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Member, Room
from geogame.rooms.shapes import PublicState
from geogame.rooms.state import compose

MOST_STEPS = 100
"""More than this at once can only be a mistake of the rules."""


class Turn:
    """The room as it is now, locked. Whoever changes what members see says so. `sheet` and `members`
    are there where they are known to be stored like this, `told` is what all heard at the end, if they did.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.is_changed = False
        self.sheet: Sheet | None = None
        self.members: list[Member] | None = None
        self.told: PublicState | None = None

    def changed(self) -> None:
        """Something of the room or of its members: the match goes on from what is stored then."""
        self.is_changed, self.sheet, self.members = True, None, None

    def match_changed(self, sheet: Sheet) -> None:
        """Nothing but the match, and that to this."""
        self.is_changed, self.sheet = True, sheet

    def all_members(self) -> list[Member]:
        if self.members is None:
            self.members = list(self.room.members.select_related("player").order_by("number"))
        return self.members

    def member_of(self, player: Player) -> Member:
        """RoomError for everybody who is not in the room."""
        return checked(next((one for one in self.all_members() if one.player_id == player.pk), None))


@contextmanager
def turn(room: Room, *, draws: bool = True) -> Iterator[Turn]:
    """Lock the room, let its match go on as far as the clock says, do the body, let it go on again.

    With `draws` off the next round is not drawn in the end: the clock does that at once, and nobody waits.
    A RoomError undoes the body and nothing else. `room` learns its new version.
    """
    refusal: RoomError | None = None
    with transaction.atomic():
        current = Turn(_locked(room))
        if _is_late(current.room):
            _advance(current, current.all_members())
            current.members = None
        try:
            with transaction.atomic():
                yield current
        except RoomError as error:
            refusal = error
            current = Turn(_locked(room))
        members = current.all_members()
        _advance(current, members, draws=draws)
        _store(current, members)
    for name in ("version", "state", "closed_at"):
        setattr(room, name, getattr(current.room, name))
    if refusal:
        raise refusal


def checked(member: Member | None) -> Member:
    """RoomError for everybody who is not in the room."""
    if member and member.kicked_at:
        raise RoomError("kicked", _("The host has removed you from this room."))
    if member is None or member.left_at:
        raise RoomError("not-a-member", _("You are not in this room."))
    return member


def _locked(room: Room) -> Room:
    """First the lock, then the rest: what is joined to a row that is waited for would be that of before."""
    Room.objects.select_for_update(no_key=True).values_list("pk").get(pk=room.pk)
    return Room.objects.select_related("map", "model_version", "game").get(pk=room.pk)


def check_open(room: Room) -> None:
    if room.closed_at:
        raise RoomError("room-not-found", _("This room is closed."))


def _is_late(room: Room) -> bool:
    """Something is due by the clock, or was changed from outside."""
    if room.game is None or room.state != Room.State.PLAYING:
        return False
    is_due = room.due_at is None or room.due_at <= timezone.now()
    return is_due or room.game.version != room.game_version


def _advance(current: Turn, members: Sequence[Member], *, draws: bool = True) -> None:
    """Carry out all that is due in the match. Safe to call at any time, by anybody who holds the turn."""
    room = current.room
    if room.state != Room.State.PLAYING or room.game is None:
        return
    connected = any(member.connections and member.left_at is None for member in members)
    for _number in range(MOST_STEPS):
        sheet = current.sheet or read(room.game)
        match = sheet.match(anybody_connected=connected)
        step = match_rules.due(match, timezone.now())
        if step is None or (step is Step.DRAW and not draws):
            break
        carry_out(sheet, step)
        current.sheet = None
    else:
        raise RuntimeError(f"The match of room {room.code} does not come to rest.")
    current.sheet = sheet
    room.game, room.due_at = sheet.game, timezone.now() if step else match_rules.next_due_at(match)
    if sheet.game.state == Game.State.FINISHED:
        room.state = Room.State.FINISHED
        room.members.update(is_ready=False)
        for member in members:
            member.is_ready = False
        current.match_changed(sheet)


def _store(current: Turn, members: Sequence[Member]) -> None:
    room = current.room
    game_version = room.game.version if room.game else 0
    if not current.is_changed and game_version == room.game_version:
        Room.objects.filter(pk=room.pk).exclude(due_at=room.due_at).update(due_at=room.due_at)
        return
    room.version += 1
    room.game_version = game_version
    room.save()
    current.told = compose(room, members, current.sheet)
    publish(room, current.told)


# --- By the clock ----------------------------------------------------------------------------------
def due(now: datetime) -> QuerySet[Room]:
    """Rooms whose match has something to do, or has changed without their members having heard of it."""
    gone = Round.objects.filter(state=Round.State.OPEN).exclude(panorama__withdrawn_at=None).values("game")
    return Room.objects.filter(state=Room.State.PLAYING).filter(
        Q(due_at__lte=now) | ~Q(game__version=F("game_version")) | Q(game__in=gone)
    )


def settle(room: Room, now: datetime | None = None) -> None:
    """For whoever asks how a room is: its match goes on in time even while the clock is down."""
    if due(now or timezone.now()).filter(pk=room.pk).exists():
        with turn(room):
            pass
