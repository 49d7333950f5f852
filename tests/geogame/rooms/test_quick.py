"""The quick match: who waits finds somebody of the same strength, and the duel begins when both are there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.accounts.models import Player
from geogame.games.match_rules import INTRO_S
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.rooms import quick, services
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Room, Ticket
from geogame.rooms.presence import NO_SHOW_S, TICKET_S
from geogame.rooms.quick import ASKED_WITHIN_S
from tests.geogame.rooms.clock import Clock
from tests.geogame.rooms.playing import Party, quick_duel


@pytest.fixture
def map_(make_map: Callable[..., Map]) -> Map:
    return make_map(30)


@pytest.fixture
def ratings(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """By name; of nobody the rating of a newcomer."""
    found: dict[str, float] = {}
    monkeypatch.setattr(quick, "_rating_of", [lambda player, *_: found.get(player.name, quick.RATING)])
    return found


def ask(player: Player, map_: Map, condition: str = "fair") -> Room | None:
    return services.quick_match(player=player, map_=map_, condition=condition)


def test_two_who_wait_are_in_one_room(clock: Clock, map_: Map, people: list[Player]) -> None:
    ann, ben, cleo = people
    assert ask(ann, map_) is None
    assert services.waiting_on(map_, "fair") == 1
    room = ask(ben, map_)
    assert room
    assert ask(ann, map_) == ask(ben, map_) == room, "asked again, it is the same one"
    assert services.waiting_on(map_, "fair") == 0
    assert (room.is_quick, room.kind, room.condition, room.map) == (True, "duel", "fair", map_)
    assert ask(cleo, map_) is None


def test_maps_and_views_are_queues_of_their_own(
    clock: Clock, map_: Map, make_map: Callable[..., Map], people: list[Player]
) -> None:
    ann, ben, cleo = people
    assert ask(ann, map_) is None
    assert ask(ben, map_, "free") is None
    assert ask(cleo, make_map(6, name="Other")) is None
    assert ask(cleo, map_), "who looks elsewhere waits no longer where they were"
    assert Ticket.objects.filter(room=None).get().player == ben


def test_the_same_strength_meets_at_once_others_after_a_while(
    clock: Clock, map_: Map, people: list[Player], ratings: dict[str, float]
) -> None:
    ann, ben, cleo = people
    ratings |= {"Ann": 1500, "Ben": 1750, "Cleo": 1580}
    assert ask(ann, map_) is None
    assert ask(ben, map_) is None
    for _ in range(4):
        clock.pass_s(3)
        assert ask(ann, map_) is None
    clock.pass_s(3)
    assert ask(ben, map_), "fifteen seconds are 150 more"
    assert ask(cleo, map_) is None


def test_the_nearest_one_is_taken(
    clock: Clock, map_: Map, people: list[Player], ratings: dict[str, float]
) -> None:
    ann, ben, cleo = people
    ratings |= {"Ann": 1400, "Ben": 1520, "Cleo": 1480}
    assert ask(ann, map_) is None
    assert ask(ben, map_) is None
    room = ask(cleo, map_)
    assert room
    assert {member.player for member in room.members.all()} == {ben, cleo}


def test_who_went_away_is_not_matched(clock: Clock, map_: Map, people: list[Player]) -> None:
    ann, ben, _ = people
    ask(ann, map_)
    clock.pass_s(ASKED_WITHIN_S + 1)
    assert ask(ben, map_) is None
    assert ask(ann, map_), "and who comes back is"


def test_tickets_of_who_went_away_are_thrown_away(clock: Clock, map_: Map, people: list[Player]) -> None:
    ask(people[0], map_)
    clock.pass_s(TICKET_S + 1)
    services.settle_rooms(clock.now)
    assert not Ticket.objects.exists()


def test_who_cancels_is_not_matched(clock: Clock, map_: Map, people: list[Player]) -> None:
    ann, ben, _ = people
    ask(ann, map_)
    services.cancel_quick_match(player=ann)
    services.cancel_quick_match(player=ann)
    assert ask(ben, map_) is None


def test_who_cancels_when_the_match_was_found_leaves_it(
    clock: Clock, map_: Map, people: list[Player]
) -> None:
    ann, ben, _ = people
    ask(ann, map_)
    room = ask(ben, map_)
    assert room
    services.cancel_quick_match(player=ann)
    room.refresh_from_db()
    assert room.closed_at, "nobody waits there for nobody"
    assert ask(ben, map_) is None, "Ben waits for somebody else"


def test_it_begins_when_both_are_there(clock: Clock, map_: Map, people: list[Player]) -> None:
    ann, ben, _ = people
    ask(ann, map_)
    room = ask(ben, map_)
    assert room
    services.arrive(room=room, player=ben)
    assert room.state == Room.State.LOBBY
    services.arrive(room=room, player=ann)
    assert room.state == Room.State.PLAYING
    game = Room.objects.get().game
    assert game
    assert game.is_rated
    clock.pass_s(INTRO_S)
    state, _ = services.snapshot_for(room=room, player=ann)
    assert state["match"]
    assert state["match"]["phase"] == "guessing"


def test_who_does_not_come_is_not_waited_for_long(clock: Clock, map_: Map, people: list[Player]) -> None:
    ann, ben, _ = people
    ask(ann, map_)
    room = ask(ben, map_)
    assert room
    services.arrive(room=room, player=ann)
    clock.pass_s(NO_SHOW_S + 1)
    services.settle_rooms(clock.now)
    room.refresh_from_db()
    assert room.closed_at
    assert ask(ann, map_) is None, "and looks for somebody else"


def test_nobody_leads_a_quick_match(clock: Clock, map_: Map, people: list[Player]) -> None:
    duel = quick_duel(clock, map_, people[0], people[1])
    for command, fields in (
        (services.start, {}),
        (services.change_settings, {"condition": "free"}),
        (services.kick, {"public_id": "x"}),
    ):
        with pytest.raises(RoomError) as error:
            command(room=duel.room, player=duel.host, **fields)
        assert error.value.code == "not-host"
    assert not services.snapshot_for(room=duel.room, player=duel.host)[1]["you"]["is_host"]


def test_after_a_duel_the_next_one_is_another(clock: Clock, map_: Map, people: list[Player]) -> None:
    ann, ben, cleo = people
    duel = quick_duel(clock, map_, ann, ben)
    for _ in range(2):
        duel.play_round(0.0, 40.0)
    assert duel.room.state == Room.State.FINISHED
    assert ask(ann, map_) is None
    room = ask(cleo, map_)
    assert room
    assert room != duel.room


def test_where_nobody_is_there_the_model_is(
    clock: Clock, map_: Map, people: list[Player], model_version: ModelVersion
) -> None:
    ann, ben, _ = people
    ask(ann, map_)
    room = services.quick_match_with_model(player=ann, map_=map_, condition="fair", version=model_version)
    assert (room.state, room.is_quick) == (Room.State.PLAYING, True)
    assert not Ticket.objects.exists()
    duel = Party(clock, room, [ann])
    assert duel.game.is_rated
    assert {seat.player.kind for seat in duel.game.seats.all()} == {"person", "model"}
    with pytest.raises(RoomError) as error:
        services.join(room=room, player=ben)
    assert error.value.code == "room-full"


@pytest.mark.parametrize("condition", ["blind", ""])
def test_what_cannot_be_played_is_not_waited_for(
    clock: Clock, map_: Map, people: list[Player], condition: str
) -> None:
    with pytest.raises(RoomError) as error:
        ask(people[0], map_, condition)
    assert error.value.code == "wrong-settings"
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("as_spectator", [True, False])
def test_nobody_else_comes_in(map_: Map, people: list[Player], as_spectator: bool) -> None:
    ann, ben, cleo = people
    ask(ann, map_)
    room = ask(ben, map_)
    assert room
    for step in (lambda: None, lambda: services.leave(room=room, player=ben)):
        step()
        with pytest.raises(services.RoomError) as error:
            services.join(room=room, player=cleo, as_spectator=as_spectator)
        assert error.value.code in ("room-full", "room-not-found")
    assert not room.members.filter(player=cleo).exists()
