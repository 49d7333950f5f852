"""Rooms are made here and found by their code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.accounts.models import Player
from geogame.panoramas.models import Map
from geogame.rooms import choices
from geogame.rooms.codes import random_code, typed_code
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Member, Room

ATTEMPTS = 5


@transaction.atomic
def create_room(*, player: Player, kind: str, map_: Map, settings: Mapping[str, Any] | None = None) -> Room:
    """A lobby with the player as its host. `settings` are `condition`, `time_limit_s`, `rounds_total` and
    `model` (a digest, or None for nobody); what is not named is as usual.
    """
    if kind not in Room.Kind.values:
        raise RoomError("wrong-settings", _("There is no such way to play."))
    fields = choices.defaults(kind) | choices.checked(kind, settings or {})
    room = open_room(kind=kind, map=map_, host=player, **fields)
    choices.check_together(room)
    now = timezone.now()
    Member.objects.create(room=room, player=player, number=1, joined_at=now, last_seen_at=now)
    return room


def open_room(**fields: Any) -> Room:
    """With a code that no open room has: of 887 million codes few are taken."""
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return Room.objects.create(code=random_code(), **fields)
        except IntegrityError:
            continue
    raise RoomError("server-error", _("No room could be made: try again."))


def room_of(code: str) -> Room | None:
    """The open room of that code, as people type it."""
    rooms = Room.objects.select_related("map", "model_version", "game", "host")
    return rooms.filter(code=typed_code(code), closed_at=None).first()


def rooms_of(player: Player) -> list[Room]:
    """Open rooms that the player is in, the latest first."""
    rooms = Room.objects.filter(closed_at=None, members__player=player, members__left_at=None)
    return list(rooms.select_related("map", "game").order_by("-created_at"))


def room_of_game(game_token: str) -> Room | None:
    """The open room in which that match is played."""
    return Room.objects.filter(closed_at=None, game__token=game_token).first()
