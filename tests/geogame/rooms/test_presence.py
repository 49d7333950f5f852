"""Who is there, and what goes on while nobody does anything: no process has to remember anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from geogame.accounts.models import Player
from geogame.games.match_rules import INTRO_S, RESULT_S
from geogame.games.models import Game
from geogame.games.rules import GRACE_S
from geogame.panoramas.models import Map
from geogame.rooms import presence, services
from geogame.rooms.members import PRESENT_S
from geogame.rooms.models import Member, Room
from geogame.rooms.presence import EMPTY_S
from geogame.rooms.turns import due
from tests.geogame.rooms.playing import Party, open_party

MakeParty = Callable[..., Party]


@pytest.fixture
def room(party: MakeParty) -> Party:
    return party(3, rounds_total=2)


# --- Connections -----------------------------------------------------------------------------------
def test_who_has_two_windows_is_there_until_both_are_closed(room: Party) -> None:
    ben = room.players[1]
    version = room.state["version"]
    services.arrive(room=room.room, player=ben)
    assert (room.state["version"], room.member(ben).connections) == (version, 2), "nobody needs to know"
    services.disconnected(room=room.room, player=ben)
    assert room.of(ben)["connected"]
    services.disconnected(room=room.room, player=ben)
    assert not room.of(ben)["connected"]
    version = room.state["version"]
    services.disconnected(room=room.room, player=ben)
    assert (room.state["version"], room.member(ben).connections) == (version, 0), "never below nought"


def test_sockets_of_a_process_that_died_are_noticed_by_silence(room: Party) -> None:
    ann, ben, cleo = room.players
    room.clock.pass_s(PRESENT_S)
    services.seen([room.member(ann).pk, room.member(ben).pk])
    services.settle_rooms(room.clock.now)
    assert room.of(cleo)["connected"]
    room.clock.pass_s(0.1)
    services.settle_rooms(room.clock.now)
    assert [room.of(player)["connected"] for player in (ann, ben, cleo)] == [True, True, False]
    services.arrive(room=room.room, player=cleo)
    assert room.of(cleo)["connected"]


def test_who_dropped_out_is_back_in_the_same_round_with_the_same_pin(room: Party) -> None:
    room.start()
    ben = room.players[1]
    room.guess(ben, off=2.0)
    services.disconnected(room=room.room, player=ben)
    room.wait(30)
    services.arrive(room=room.room, player=ben)
    state, private = services.snapshot_for(room=room.room, player=ben)
    assert state["match"]
    assert state["match"]["phase"] == "guessing"
    assert private["your_guess"] == {
        "lat": pytest.approx(room.round.panorama.lat - 2.0),
        "lng": room.round.panorama.lng,
    }
    assert services.snapshot_for(room=room.room, player=room.host)[1]["your_guess"] is None
    assert room.of(ben)["locked"]


# --- Without a clock process -----------------------------------------------------------------------
def test_a_match_goes_on_for_whoever_asks(room: Party) -> None:
    """The clock process is down: nobody calls settle_rooms."""
    for player in room.players:
        services.set_ready(room=room.room, player=player, ready=True)
    services.start(room=room.room, player=room.host)
    seen = []
    for seconds in (INTRO_S, 60 + GRACE_S, RESULT_S, 60 + GRACE_S, RESULT_S):
        room.clock.pass_s(seconds)
        state, _ = services.snapshot_for(room=room.room, player=room.host)
        assert state["match"]
        seen.append(state["match"]["phase"])
    assert seen == ["guessing", "result", "guessing", "result", "finished"]


def test_after_a_long_sleep_of_the_clock_no_round_is_skipped(room: Party) -> None:
    """Each round is open for its whole time, though the program was off meanwhile."""
    room.start()
    room.clock.pass_s(3600)
    services.seen([room.member(player).pk for player in room.players])
    services.settle_rooms(room.clock.now)
    assert room.match["phase"] == "result"
    room.next()
    assert (room.match["phase"], room.match["round"]["number"]) == ("guessing", 2)
    assert room.match["round"]["time_left_s"] == 60


def test_two_clocks_do_no_harm(room: Party) -> None:
    room.start()
    room.clock.pass_s(60 + GRACE_S)
    services.seen([room.member(player).pk for player in room.players])
    assert services.settle_rooms(room.clock.now) == 1
    version = room.state["version"]
    assert services.settle_rooms(room.clock.now) == 0
    assert room.state["version"] == version


def test_a_command_that_comes_late_lets_first_happen_what_was_due(room: Party) -> None:
    room.start()
    token = room.round.token
    room.clock.pass_s(60 + GRACE_S)
    with pytest.raises(services.RoomError) as error:
        services.guess(room=room.room, player=room.host, round_token=token, lat=1.0, lng=1.0)
    assert error.value.code == "too-late"
    assert room.match["phase"] == "result", "what was refused is undone, what was due stays"


def test_one_room_that_cannot_go_on_keeps_no_other_waiting(
    party: MakeParty,
    people: list[Player],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fine = party(2, kind="duel", panoramas=8)
    broken = open_party(fine.clock, fine.room.map, people[2:], model=None)
    fine.start()
    Room.objects.filter(pk=broken.room.pk).update(state=Room.State.PLAYING, game=Game.objects.get())
    one_turn = presence.turn

    def fail(room: Room) -> Any:
        if room.pk == broken.room.pk:
            raise RuntimeError("does not come to rest")
        return one_turn(room)

    monkeypatch.setattr(presence, "turn", fail)
    fine.clock.pass_s(60 + GRACE_S)
    services.seen(Member.objects.values_list("pk", flat=True))
    Room.objects.filter(pk=broken.room.pk).update(due_at=fine.clock.now)
    assert set(due(fine.clock.now)) == {broken.room, fine.room}
    assert services.settle_rooms(fine.clock.now) == 1
    assert fine.match["phase"] == "result"
    assert broken.room.code in caplog.text


def test_who_was_taken_for_gone_and_is_heard_of_again_is_back(room: Party) -> None:
    ben = room.players[1]
    room.clock.pass_s(PRESENT_S + 1)
    services.seen([room.member(room.host).pk])
    services.settle_rooms(room.clock.now)
    assert not room.of(ben)["connected"]
    version = room.state["version"]
    services.seen([room.member(ben).pk])
    assert room.of(ben)["connected"]
    assert room.state["version"] == version + 1
    services.leave(room=room.room, player=ben)
    services.seen([room.member(ben).pk])
    assert room.member(ben).connections == 0


@pytest.mark.parametrize("how", ["leaves", "is cut off"])
def test_another_match_waits_for_nobody_who_has_gone(room: Party, how: str) -> None:
    ann, ben, cleo = room.players
    Room.objects.filter(pk=room.room.pk).update(state=Room.State.FINISHED)
    for player in (ann, ben):
        services.rematch(room=room.room, player=player)
    room.wait(0)
    assert room.room.state == Room.State.FINISHED
    if how == "leaves":
        services.leave(room=room.room, player=cleo)
    else:
        services.disconnected(room=room.room, player=cleo)
        room.wait(PRESENT_S - 1)
        assert room.room.state == Room.State.FINISHED
        room.wait(2)
    room.wait(0)
    assert room.room.state == Room.State.PLAYING
    assert [player["playing"] for player in room.state["players"]][:2] == [True, True]


def test_another_match_that_cannot_be_is_asked_for_anew(room: Party) -> None:
    Room.objects.filter(pk=room.room.pk).update(state=Room.State.FINISHED)
    for player in room.players[:2]:
        services.rematch(room=room.room, player=player)
    Map.objects.update(is_published=False)
    services.leave(room=room.room, player=room.players[2])
    room.wait(0)
    assert not any(player["ready"] for player in room.state["players"])
    assert services.settle_rooms(room.clock.now) == 0


# --- Rooms that nobody needs any more --------------------------------------------------------------
def test_a_room_without_anybody_is_closed_after_a_while(room: Party) -> None:
    for player in room.players:
        services.disconnected(room=room.room, player=player)
    room.wait(EMPTY_S)
    assert room.room.closed_at is None
    room.wait(1)
    room.room.refresh_from_db()
    assert room.room.closed_at
    assert room.state["room"]["closed"]


def test_a_room_with_somebody_in_it_stays(room: Party) -> None:
    for _ in range(3):
        room.wait(EMPTY_S / 2)
    assert room.room.closed_at is None


# --- Another match ---------------------------------------------------------------------------------
def test_another_match_begins_when_all_who_are_there_want_it(room: Party) -> None:
    room.start()
    for _ in range(2):
        room.play_round(0.0, 1.0, 2.0)
    first = room.game
    assert room.room.state == Room.State.FINISHED
    ann, ben, cleo = room.players
    services.rematch(room=room.room, player=ann)
    services.rematch(room=room.room, player=ann)
    services.rematch(room=room.room, player=ben)
    assert room.game == first
    services.disconnected(room=room.room, player=cleo)
    room.wait(PRESENT_S + 1)
    assert room.game != first, "Cleo is gone: nobody waits for her"
    assert [room.of(player)["playing"] for player in (ann, ben, cleo)] == [True, True, False]
    assert [player["points"] for player in room.state["players"]] == [0, 0, 0]


def test_who_is_alone_waits_for_somebody(room: Party) -> None:
    room.start()
    for _ in range(2):
        room.play_round(0.0, 1.0, 2.0)
    for player in room.players[1:]:
        services.leave(room=room.room, player=player)
    services.rematch(room=room.room, player=room.host)
    assert room.room.state == Room.State.FINISHED
    assert room.of(room.host)["ready"]


def test_between_matches_the_host_may_choose_anew(room: Party) -> None:
    room.start()
    for _ in range(2):
        room.play_round(0.0, 1.0, 2.0)
    services.change_settings(room=room.room, player=room.host, rounds_total=4)
    services.start(room=room.room, player=room.host)
    assert room.match["rounds_total"] == 4


def test_a_guest_who_logs_in_stays_in_the_room(room: Party, make_player: Callable[..., Player]) -> None:
    from geogame.profiles.adoption import move_games

    room.start()
    account = make_player("Account", account=True)
    public_id = room.member(room.host).public_id
    move_games(guest=room.host, to=account)
    room.players[0] = account
    assert room.member(account).public_id == public_id
    assert room.state["room"]["host"] == public_id
    room.guess(account)
    assert room.of(account)["locked"]
