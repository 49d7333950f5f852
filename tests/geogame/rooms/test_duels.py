"""Duels, sentence by sentence of their rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from geogame.games.match_rules import COUNTDOWN_S, DUEL_ROUNDS, HEALTH, INTRO_S, RESULT_S, SAFETY_LIMIT_S
from geogame.games.matches import winner_of
from geogame.games.models import Game, Guess, Round
from geogame.games.rules import GRACE_S
from geogame.rooms import services
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Room
from tests.geogame.rooms.playing import Party

MakeParty = Callable[..., Party]


@pytest.fixture
def duel(party: MakeParty) -> Party:
    return party(kind="duel")


def test_both_begin_with_full_health_after_an_intro(duel: Party) -> None:
    services.set_ready(room=duel.room, player=duel.players[1], ready=True)
    services.start(room=duel.room, player=duel.host)
    assert (duel.match["phase"], duel.match["phase_ends_in_s"]) == ("intro", INTRO_S)
    assert [player["health"] for player in duel.state["players"]] == [HEALTH, HEALTH]
    duel.wait(INTRO_S - 0.1)
    assert duel.match["phase"] == "intro"
    duel.wait(0.1)
    assert duel.match["phase"] == "guessing"
    assert duel.match["round"]["picture"]["url"].startswith("/pictures/")


def test_the_difference_hurts_the_lower_one(duel: Party) -> None:
    duel.start()
    ann, ben = duel.players
    duel.guess(ann)
    duel.guess(ben, off=20)
    own, other = Guess.objects.get(player=ann), Guess.objects.get(player=ben)
    assert own.points == 5000
    result = duel.match["result"]
    assert [guess["damage"] for guess in result["guesses"]] == [0, 5000 - other.points]
    assert duel.of(ann)["health"] == HEALTH
    assert duel.of(ben)["health"] == HEALTH - (5000 - other.points)
    assert result["winner"] == duel.member(ann).public_id


def test_from_the_third_round_on_it_hurts_more(duel: Party) -> None:
    duel.start()
    seen = []
    for _ in range(5):
        seen.append(duel.match["round"]["multiplier"])
        duel.play_round(0.0, 0.01)
    assert seen == [1.0, 1.0, 1.5, 2.0, 2.5]


def test_it_ends_when_somebody_has_no_health_left(duel: Party) -> None:
    duel.start()
    duel.play_round(0.0, 40.0)
    assert duel.room.state == Room.State.PLAYING
    duel.guess(duel.players[0])
    duel.guess(duel.players[1], off=40.0)
    assert duel.match["phase"] == "result", "the last result is read, too"
    duel.next()
    assert duel.room.state == Room.State.FINISHED
    assert duel.match["phase"] == "finished"
    assert duel.match["winner"] == duel.member(duel.host).public_id
    assert duel.of(duel.players[1])["health"] == 0
    assert winner_of(duel.game) == duel.host.pk
    assert not duel.game.rounds.exclude(state=Round.State.CLOSED).exists()


def test_it_ends_after_twenty_rounds_and_more_health_wins(duel: Party) -> None:
    duel.start()
    for _ in range(DUEL_ROUNDS):
        assert duel.room.state == Room.State.PLAYING
        duel.play_round(0.01, 0.0)
    assert duel.room.state == Room.State.FINISHED
    assert duel.match["winner"] == duel.member(duel.players[1]).public_id


def test_equal_health_is_a_draw(duel: Party) -> None:
    duel.start()
    for _ in range(DUEL_ROUNDS):
        duel.play_round(0.0, 0.0)
    assert duel.match["winner"] == "draw"


def test_the_first_to_lock_in_leaves_the_other_fifteen_seconds(duel: Party) -> None:
    duel.start()
    duel.guess(duel.host)
    shown = duel.match["round"]
    assert (shown["time_left_s"], shown["ends_early"]) == (COUNTDOWN_S, True)
    assert duel.of(duel.host)["locked"]
    assert not duel.of(duel.players[1])["locked"]
    duel.wait(COUNTDOWN_S + GRACE_S - 0.1)
    assert duel.match["phase"] == "guessing"
    duel.wait(0.1)
    assert duel.match["phase"] == "result"
    late = Guess.objects.get(player=duel.players[1])
    assert (late.outcome, late.points) == (Guess.Outcome.TIMEOUT, 0)


def test_the_countdown_never_gives_more_time(duel: Party) -> None:
    duel.start()
    duel.wait(55)
    duel.guess(duel.host)
    shown = duel.match["round"]
    assert (shown["time_left_s"], shown["ends_early"]) == (5.0, False)


def test_without_a_time_limit_it_waits_for_nobody_for_ever(party: MakeParty) -> None:
    duel = party(kind="duel", time_limit_s=None)
    duel.start()
    duel.wait(SAFETY_LIMIT_S + GRACE_S)
    assert duel.match["phase"] == "result"


def test_a_round_whose_picture_is_withdrawn_hurts_nobody_and_is_replaced(duel: Party) -> None:
    duel.start()
    duel.guess(duel.host)
    duel.round.panorama.__class__.objects.filter(pk=duel.round.panorama_id).update(
        withdrawn_at=duel.clock.now
    )
    duel.wait(0.5)
    result = duel.match["result"]
    assert result["void"]
    assert result["winner"] is None
    assert [player["health"] for player in duel.state["players"]] == [HEALTH, HEALTH]
    duel.next()
    assert duel.match["phase"] == "guessing"
    assert duel.match["round"]["multiplier"] == 1.0, "a void round counts for nothing"
    for _ in range(DUEL_ROUNDS - 1):
        duel.play_round(0.0, 0.0)
    assert duel.room.state == Room.State.PLAYING
    duel.play_round(0.0, 0.0)
    assert duel.room.state == Room.State.FINISHED


def test_who_leaves_loses(duel: Party) -> None:
    duel.start()
    duel.play_round(0.5, 0.0)
    services.leave(room=duel.room, player=duel.players[1])
    assert duel.match["phase"] == "finished"
    assert duel.match["winner"] == duel.member(duel.host).public_id
    assert duel.of(duel.players[1])["left"]
    last = duel.game.rounds.latest("number")
    assert (last.state, bool(last.void_reason)) == (Round.State.CLOSED, True)


def test_who_leaves_after_it_was_decided_changes_nothing(duel: Party) -> None:
    duel.start()
    duel.play_round(0.0, 40.0)
    duel.guess(duel.players[0])
    duel.guess(duel.players[1], off=40.0)
    services.leave(room=duel.room, player=duel.host)
    duel.next()
    assert winner_of(duel.game) == duel.host.pk


def test_who_drops_out_keeps_the_place_and_only_loses_time(duel: Party) -> None:
    duel.start()
    services.disconnected(room=duel.room, player=duel.players[1])
    assert not duel.of(duel.players[1])["connected"]
    duel.guess(duel.host)
    duel.wait(COUNTDOWN_S + GRACE_S)
    duel.next()
    assert duel.match["phase"] == "guessing"
    services.arrive(room=duel.room, player=duel.players[1])
    duel.guess(duel.players[1])
    assert duel.of(duel.players[1])["locked"]


def test_a_duel_that_nobody_plays_any_more_ends(duel: Party) -> None:
    duel.start()
    for player in duel.players:
        services.disconnected(room=duel.room, player=player)
    for _ in range(2):
        duel.wait(60 + GRACE_S)
        duel.next()
    assert duel.room.state == Room.State.FINISHED
    assert winner_of(duel.game) == "draw"


def test_both_must_be_ready(duel: Party) -> None:
    with pytest.raises(RoomError) as error:
        services.start(room=duel.room, player=duel.host)
    assert error.value.code == "not-ready"


def test_nobody_fights_alone(party: MakeParty) -> None:
    alone = party(1, kind="duel")
    with pytest.raises(RoomError) as error:
        services.start(room=alone.room, player=alone.host)
    assert error.value.code == "too-few-players"


def test_a_third_finds_no_place_and_can_watch(duel: Party, people: list[object]) -> None:
    cleo = people[2]
    with pytest.raises(RoomError) as error:
        services.join(room=duel.room, player=cleo)  # type: ignore[arg-type]
    assert error.value.code == "room-full"
    services.join(room=duel.room, player=cleo, as_spectator=True)  # type: ignore[arg-type]
    duel.start()
    assert duel.of(cleo)["role"] == "spectator"  # type: ignore[arg-type]
    assert not duel.of(cleo)["playing"]  # type: ignore[arg-type]
    assert duel.game.mode == Game.Mode.DUEL


def test_another_one_begins_when_both_want_it(duel: Party) -> None:
    duel.start()
    services.leave(room=duel.room, player=duel.players[1])
    first = duel.game
    services.join(room=duel.room, player=duel.players[1])
    services.arrive(room=duel.room, player=duel.players[1])
    services.rematch(room=duel.room, player=duel.host)
    assert duel.game == first
    services.rematch(room=duel.room, player=duel.players[1])
    assert duel.game != first
    assert duel.match["phase"] == "intro"
    assert [player["health"] for player in duel.state["players"]] == [HEALTH, HEALTH]
    duel.wait(INTRO_S + RESULT_S)
    shown = set(first.rounds.values_list("panorama", flat=True))
    assert duel.round.panorama_id not in shown, "both have seen that one"
