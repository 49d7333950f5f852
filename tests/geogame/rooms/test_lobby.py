"""The lobby: who is there, who is the host, what is chosen, and how a match begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from geogame.accounts.models import Player
from geogame.games.match_rules import INTRO_S, MOST_PLAYERS, MOST_SPECTATORS
from geogame.games.models import Game, Seat
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from geogame.rooms.codes import ALPHABET, LENGTH
from geogame.rooms.errors import RoomError
from geogame.rooms.members import HOST_AWAY_S
from geogame.rooms.models import Member, Room
from tests.geogame.rooms.playing import Party

MakeParty = Callable[..., Party]
MakePlayer = Callable[..., Player]


@pytest.fixture
def lobby(party: MakeParty) -> Party:
    return party(3)


def refused(command: Callable[..., Any], **fields: Any) -> str:
    with pytest.raises(RoomError) as error:
        command(**fields)
    return error.value.code


def version_after(party: Party, command: Callable[[], Any]) -> tuple[int, int]:
    before: int = party.state["version"]
    command()
    return before, party.state["version"]


# --- Coming and going ------------------------------------------------------------------------------
def test_a_room_is_found_by_its_code_however_it_is_typed(lobby: Party) -> None:
    code = lobby.room.code
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    for typed in (code, code.lower(), f" {code[:3]}-{code[3:]} "):
        assert services.room_of(typed) == lobby.room
    assert services.room_of("AAAAAA" if code != "AAAAAA" else "BBBBBB") is None


def test_everybody_is_told_who_comes(lobby: Party, make_player: MakePlayer) -> None:
    dora = make_player("Dora")
    before, after = version_after(lobby, lambda: services.join(room=lobby.room, player=dora))
    assert after > before
    assert [player["name"] for player in lobby.state["players"]] == ["Ann", "Ben", "Cleo", "Dora"]
    assert [player["number"] for player in lobby.state["players"]] == [1, 2, 3, 4]
    before, after = version_after(lobby, lambda: services.join(room=lobby.room, player=dora))
    assert after == before, "a second join changes nothing"


def test_who_is_ready_is_seen_by_all(lobby: Party) -> None:
    ben = lobby.players[1]
    services.set_ready(room=lobby.room, player=ben, ready=True)
    assert [player["ready"] for player in lobby.state["players"]] == [False, True, False]
    before, after = version_after(lobby, lambda: services.set_ready(room=lobby.room, player=ben, ready=True))
    assert after == before
    services.set_ready(room=lobby.room, player=ben, ready=False)
    assert not lobby.of(ben)["ready"]


def test_who_is_no_member_can_do_nothing(lobby: Party, make_player: MakePlayer) -> None:
    eve = make_player("Eve")
    for command, fields in (
        (services.set_ready, {"ready": True}),
        (services.start, {}),
        (services.change_settings, {"rounds_total": 3}),
        (services.kick, {"public_id": lobby.member(lobby.host).public_id}),
        (services.rematch, {}),
        (services.react, {"reaction": "wave"}),
        (services.arrive, {}),
        (services.snapshot_for, {}),
        (services.guess, {"round_token": "r", "lat": 1.0, "lng": 1.0}),
    ):
        assert refused(command, room=lobby.room, player=eve, **fields) == "not-a-member", command


def test_twenty_play_and_no_more(lobby: Party, make_player: MakePlayer) -> None:
    while lobby.room.members.count() < MOST_PLAYERS:
        services.join(room=lobby.room, player=make_player("Somebody"))
    late = make_player("Late")
    assert refused(services.join, room=lobby.room, player=late) == "room-full"
    services.join(room=lobby.room, player=late, as_spectator=True)
    services.leave(room=lobby.room, player=lobby.players[2])
    services.join(room=lobby.room, player=late)
    assert lobby.of(late)["role"] == "player"


def test_so_many_watch_and_no_more(lobby: Party, make_player: MakePlayer) -> None:
    watching = [
        Member(
            room=lobby.room,
            player=make_player("Somebody"),
            number=number,
            role=Member.Role.SPECTATOR,
            joined_at=lobby.clock.now,
            last_seen_at=lobby.clock.now,
        )
        for number in range(10, 10 + MOST_SPECTATORS)
    ]
    Member.objects.bulk_create(watching)
    late = make_player("Late")
    assert refused(services.join, room=lobby.room, player=late, as_spectator=True) == "room-full"


def test_who_only_watches_cannot_get_ready(lobby: Party, make_player: MakePlayer) -> None:
    sue = make_player("Sue")
    services.join(room=lobby.room, player=sue, as_spectator=True)
    assert lobby.of(sue)["role"] == "spectator"
    assert refused(services.set_ready, room=lobby.room, player=sue, ready=True) == "only-watching"
    assert refused(services.rematch, room=lobby.room, player=sue) == "only-watching"
    lobby.start()
    seat = Seat.objects.get(game=lobby.game, player=sue)
    assert seat.watches
    assert not lobby.of(sue)["playing"]
    code = refused(
        services.guess, room=lobby.room, player=sue, round_token=lobby.round.token, lat=1.0, lng=1.0
    )
    assert code == "only-watching"


# --- The host --------------------------------------------------------------------------------------
def test_only_the_host_leads(lobby: Party) -> None:
    ben = lobby.players[1]
    host = lobby.member(lobby.host).public_id
    assert lobby.state["room"]["host"] == host
    assert refused(services.start, room=lobby.room, player=ben) == "not-host"
    assert refused(services.change_settings, room=lobby.room, player=ben, rounds_total=3) == "not-host"
    assert refused(services.kick, room=lobby.room, player=ben, public_id=host) == "not-host"


def test_the_next_one_is_the_host_when_the_host_leaves(lobby: Party) -> None:
    ann, ben, cleo = lobby.players
    services.disconnected(room=lobby.room, player=ben)
    services.leave(room=lobby.room, player=ann)
    assert lobby.state["room"]["host"] == lobby.member(cleo).public_id, "Ben was first, and is away"
    services.arrive(room=lobby.room, player=ben)
    services.start(room=lobby.room, player=cleo)
    assert lobby.match["phase"] == "intro"


def test_a_host_who_drops_out_is_waited_for_and_then_replaced(lobby: Party) -> None:
    services.disconnected(room=lobby.room, player=lobby.host)
    lobby.wait(HOST_AWAY_S)
    assert lobby.state["room"]["host"] == lobby.member(lobby.host).public_id
    lobby.wait(0.1)
    assert lobby.state["room"]["host"] == lobby.member(lobby.players[1]).public_id
    services.arrive(room=lobby.room, player=lobby.host)
    lobby.wait(1)
    assert lobby.state["room"]["host"] == lobby.member(lobby.players[1]).public_id, "and stays so"


def test_a_room_that_all_leave_is_closed(lobby: Party) -> None:
    for player in lobby.players:
        services.leave(room=lobby.room, player=player)
        services.leave(room=lobby.room, player=player)
    assert lobby.room.closed_at
    assert services.room_of(lobby.room.code) is None
    assert refused(services.join, room=lobby.room, player=lobby.host) == "room-not-found"


def test_who_is_kicked_is_out_and_does_not_come_back(lobby: Party) -> None:
    ben = lobby.players[1]
    public_id = lobby.member(ben).public_id
    services.kick(room=lobby.room, player=lobby.host, public_id=public_id)
    assert [player["name"] for player in lobby.state["players"]] == ["Ann", "Cleo"]
    assert refused(services.set_ready, room=lobby.room, player=ben, ready=True) == "kicked"
    for as_spectator in (False, True):
        code = refused(services.join, room=lobby.room, player=ben, as_spectator=as_spectator)
        assert code == "kicked"
    before, after = version_after(
        lobby, lambda: services.kick(room=lobby.room, player=lobby.host, public_id=public_id)
    )
    assert after == before, "twice is once"
    own = lobby.member(lobby.host).public_id
    for name in (own, "nobody"):
        code = refused(services.kick, room=lobby.room, player=lobby.host, public_id=name)
        assert code == "no-such-player"


def test_who_is_kicked_from_a_match_is_waited_for_no_longer(lobby: Party) -> None:
    lobby.start()
    for player in (lobby.players[0], lobby.players[2]):
        lobby.guess(player)
    assert lobby.match["phase"] == "guessing"
    ben = lobby.member(lobby.players[1]).public_id
    services.kick(room=lobby.room, player=lobby.host, public_id=ben)
    assert lobby.match["phase"] == "result"


def test_nobody_is_kicked_out_of_a_duel_that_runs(party: MakeParty) -> None:
    """Who leaves a duel has lost it: nobody makes the other one leave."""
    duel = party(2, kind="duel")
    duel.start()
    public_id = duel.member(duel.players[1]).public_id
    assert refused(services.kick, room=duel.room, player=duel.host, public_id=public_id) == "match-running"


# --- Settings --------------------------------------------------------------------------------------
def test_the_host_chooses_and_all_see_it(
    lobby: Party, make_map: Callable[..., Map], model_version: ModelVersion
) -> None:
    make_map(6, name="Other")
    for player in lobby.players:
        services.set_ready(room=lobby.room, player=player, ready=True)
    services.change_settings(
        room=lobby.room,
        player=lobby.host,
        map="other",
        condition="fair",
        time_limit_s=30,
        rounds_total=3,
        model=model_version.digest,
    )
    settings = lobby.state["room"]["settings"]
    assert settings == {
        "map": {"slug": "other", "name": "Other", "drawn": False},
        "condition": "fair",
        "time_limit_s": 30,
        "rounds_total": 3,
        "model": {"name": model_version.name, "digest": model_version.digest},
    }
    ready = {player["name"]: player["ready"] for player in lobby.state["players"]}
    assert ready == {"Ann": True, "Ben": False, "Cleo": False, model_version.name: True}, (
        "who was ready for something else is not ready for this"
    )
    lobby.start()
    game = lobby.game
    assert (game.map.slug, game.time_limit_s, game.rounds_total, game.is_rated) == ("other", 30, 3, False)


@pytest.mark.parametrize(
    "chosen",
    [
        {"map": "nowhere"},
        {"map": None},
        {"condition": "blind"},
        {"time_limit_s": 9},
        {"time_limit_s": 301},
        {"time_limit_s": None},
        {"time_limit_s": True},
        {"time_limit_s": 60.5},
        {"rounds_total": 0},
        {"rounds_total": 21},
        {"rounds_total": "5"},
        {"model": "d" * 64},
        {"is_quick": True},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(lobby: Party, chosen: dict[str, object]) -> None:
    before = lobby.state["room"]
    code = refused(services.change_settings, room=lobby.room, player=lobby.host, **chosen)
    assert (code, lobby.state["room"]) == ("wrong-settings", before)


def test_a_closed_map_a_crowd_without_a_model_and_a_duel_of_rounds_cannot_be(
    lobby: Party, make_map: Callable[..., Map], people: list[Player]
) -> None:
    closed = make_map(6, name="Closed")
    Map.objects.filter(pk=closed.pk).update(is_published=False)
    closed.refresh_from_db()
    code = refused(services.change_settings, room=lobby.room, player=lobby.host, map="closed")
    assert code == "wrong-settings"
    for kind, map_, settings in (
        ("room", closed, {}),
        ("crowd", lobby.room.map, {"model": None}),
        ("duel", lobby.room.map, {"rounds_total": 3}),
        ("chess", lobby.room.map, {}),
    ):
        code = refused(services.create_room, player=people[0], kind=kind, map_=map_, settings=settings)
        assert code == "wrong-settings", kind
    assert Room.objects.count() == 1


def test_a_model_takes_a_place_in_a_duel(party: MakeParty, model_version: ModelVersion) -> None:
    duel = party(2, kind="duel")
    settings = {"model": model_version.digest}
    code = refused(services.change_settings, room=duel.room, player=duel.host, **settings)
    assert code == "wrong-settings", "two are there already"
    services.leave(room=duel.room, player=duel.players[1])
    services.change_settings(room=duel.room, player=duel.host, **settings)
    assert refused(services.join, room=duel.room, player=duel.players[1]) == "room-full"
    services.start(room=duel.room, player=duel.host)
    assert duel.game.seats.count() == 2


# --- The match begins ------------------------------------------------------------------------------
def test_a_match_begins_with_all_who_are_there(lobby: Party, make_player: MakePlayer) -> None:
    gone = make_player("Gone")
    services.join(room=lobby.room, player=gone)
    lobby.wait(61)
    services.start(room=lobby.room, player=lobby.host)
    assert lobby.match["phase"] == "intro"
    assert [player["playing"] for player in lobby.state["players"]] == [True, True, True, False]
    assert Seat.objects.get(player=gone).watches, "who never came finds a match to watch"


def test_while_a_match_runs_nothing_of_the_lobby_can_be_done(lobby: Party) -> None:
    lobby.start()
    host = lobby.host
    for command, fields, code in (
        (services.start, {}, "match-running"),
        (services.rematch, {}, "match-running"),
        (services.set_ready, {"ready": True}, "not-in-lobby"),
        (services.change_settings, {"rounds_total": 3}, "not-in-lobby"),
    ):
        assert refused(command, room=lobby.room, player=host, **fields) == code
    assert Game.objects.count() == 1


def test_a_match_needs_somebody_to_play_against(party: MakeParty, model_version: ModelVersion) -> None:
    alone = party(1)
    assert refused(services.start, room=alone.room, player=alone.host) == "too-few-players"
    services.change_settings(room=alone.room, player=alone.host, model=model_version.digest)
    services.start(room=alone.room, player=alone.host)
    assert alone.match["phase"] == "intro"


def test_one_person_is_no_crowd(party: MakeParty, model_version: ModelVersion) -> None:
    crowd = party(1, kind="crowd", model=model_version.digest)
    assert refused(services.start, room=crowd.room, player=crowd.host) == "too-few-players"


def test_an_empty_map_begins_nothing(lobby: Party) -> None:
    lobby.room.map.panoramas.clear()
    assert refused(services.start, room=lobby.room, player=lobby.host) == "map-empty"
    assert lobby.state["room"]["state"] == "lobby"
    assert not Game.objects.exists()


def test_who_comes_while_a_match_runs_watches_and_plays_the_next(
    party: MakeParty, make_player: MakePlayer
) -> None:
    room = party(2, rounds_total=1)
    room.start()
    dora = make_player("Dora")
    services.join(room=room.room, player=dora)
    services.arrive(room=room.room, player=dora)
    assert (room.of(dora)["role"], room.of(dora)["playing"]) == ("player", False)
    room.play_round(0.0, 1.0)
    for player in (*room.players, dora):
        services.rematch(room=room.room, player=player)
    assert room.of(dora)["playing"]
    room.wait(INTRO_S)
    assert room.match["phase"] == "guessing"


def test_reactions_are_of_a_fixed_set(lobby: Party) -> None:
    assert len(services.REACTIONS) == 6
    for reaction in services.REACTIONS:
        services.react(room=lobby.room, player=lobby.host, reaction=reaction)
    assert refused(services.react, room=lobby.room, player=lobby.host, reaction="<b>") == "wrong-fields"
