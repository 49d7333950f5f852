"""Matches in rooms: the walk over all addresses as a player, a spectator, a stranger and a guest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.models import Game, Round
from geogame.rooms import services
from geogame.rooms.models import Room
from tests.geogame.pages import truth
from tests.geogame.pages.addresses import VALUES
from tests.geogame.pages.test_no_truth import table
from tests.geogame.pages.walking import Table, Visitor, account, look_around

__all__ = ["table"]
SignIn = Callable[[Client, Player], None]


def enter(table: Table, sign_in: SignIn, kind: str) -> tuple[Room, Visitor, Visitor]:
    """The owner's room, under the code that the walk knows; who plays there, too, and who watches."""
    settings = {
        "condition": table.settings["condition"],
        "time_limit_s": 300,
        "model": None if kind == "duel" else table.version.digest,
    }
    room = services.create_room(player=table.player, kind=kind, map_=table.map, settings=settings)
    Room.objects.filter(pk=room.pk).update(code=VALUES["code"][0])
    found = []
    for name, watches in (("Member", False), ("Spectator", True)):
        visitor = Visitor(name, Client(), account(name))
        assert visitor.player
        sign_in(visitor.client, visitor.player)
        services.join(room=room, player=visitor.player, as_spectator=watches)
        if not watches:
            services.set_ready(room=room, player=visitor.player, ready=True)
        found.append(visitor)
    room.refresh_from_db()
    return room, found[0], found[1]


def lock_in(table: Table, room: Room, player: Player | None) -> None:
    assert player
    lat, lng = truth.senders_place(truth.number_of(table.current().panorama))
    services.guess(room=room, player=player, round_token=table.current().token, lat=lat, lng=lng)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("projection", ["equirectangular"])
@pytest.mark.parametrize(("kind", "condition"), [("crowd", "free")])
def test_no_address_tells_what_is_not_told_yet(table: Table, sign_in: SignIn, kind: str) -> None:
    """Of the kind that tells most; tests/geogame/live/test_room_truth.py listens in matches of all kinds."""
    room, member, spectator = enter(table, sign_in, kind)
    inside, outside = [table.owner, member, spectator], table.others
    look_around([member])
    services.start(room=room, player=table.player)
    Game.objects.filter(rooms=room).update(created_at=timezone.now() - timedelta(seconds=10))
    Room.objects.filter(pk=room.pk).update(due_at=timezone.now())
    services.settle(room)
    room.refresh_from_db()
    assert room.game
    table.game = room.game
    look_around([member])  # where a model plays, it thinks
    table.seal()
    services.settle(room)
    first = table.current()
    assert first.state == Round.State.OPEN
    look_around([*inside, *outside])
    lock_in(table, room, table.player)
    look_around([member, spectator, *outside])
    lock_in(table, room, member.player)
    first.refresh_from_db()
    assert first.state == Round.State.CLOSED
    look_around([*inside, *outside])
    assert member.told() == spectator.told() == {first.panorama_id}
