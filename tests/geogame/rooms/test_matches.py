"""Matches in rooms from the first round to the end: each for themselves, or together against the model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pytest

from geogame.accounts.models import Player
from geogame.games.match_rules import ANSWER_WAIT_S, INTRO_S, RESULT_S
from geogame.games.models import Exposure, Game, Guess, Round
from geogame.games.rules import GRACE_S
from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Room
from geogame.rooms.state import in_language, model_id
from tests.geogame.games.playing import seal
from tests.geogame.rooms.playing import Party

MakeParty = Callable[..., Party]
LIMIT_S = 60


@pytest.fixture
def room(party: MakeParty) -> Party:
    found = party(3, rounds_total=2)
    found.start()
    return found


def seal_round(party: Party, version: ModelVersion, *, lat_off: float = 0.0) -> None:
    """The model answers the round that is awaited, so many degrees off."""
    round_ = party.round
    assert seal(round_, version, lat=round_.panorama.lat + lat_off, lng=round_.panorama.lng)
    party.wait(0)


def refused(command: Callable[[], Any]) -> str:
    with pytest.raises(RoomError) as error:
        command()
    return error.value.code


def at(party: Party, player: Player, lat: float, lng: float) -> None:
    services.guess(room=party.room, player=player, round_token=party.round.token, lat=lat, lng=lng)


# --- Rooms -----------------------------------------------------------------------------------------
def test_a_match_goes_through_its_rounds_to_the_end(room: Party) -> None:
    ann, ben, cleo = room.players
    assert (room.match["phase"], room.match["round"]["number"]) == ("guessing", 1)
    assert room.match["round"]["time_left_s"] == LIMIT_S
    first = room.round.token
    room.guess(ann)
    room.guess(ben, off=5.0)
    assert room.match["result"] is None
    assert [player["locked"] for player in room.state["players"]] == [True, True, False]
    assert [player["points"] for player in room.state["players"]] == [0, 0, 0]
    room.guess(cleo, off=20.0)
    result = room.match["result"]
    assert room.match["phase"] == "result"
    assert (result["winner"], result["round"]) == (room.member(ann).public_id, first)
    points = [player["points"] for player in room.state["players"]]
    assert points[0] == 5000 > points[1] > points[2]
    room.wait(RESULT_S - 0.1)
    assert room.match["phase"] == "result"
    room.wait(0.1)
    assert (room.match["phase"], room.match["round"]["number"]) == ("guessing", 2)
    room.play_round(3.0, 0.0, 3.0)
    assert (room.room.state, room.match["phase"]) == (Room.State.FINISHED, "finished")
    totals = {player["name"]: player["points"] for player in room.state["players"]}
    assert totals["Ben"] > totals["Ann"] > totals["Cleo"] or totals["Ann"] > totals["Ben"]
    best = max(totals, key=lambda name: totals[name])
    winner = next(player for player in room.state["players"] if player["id"] == room.match["winner"])
    assert winner["name"] == best
    assert [result["number"] for result in room.match["results"]] == [1, 2]
    assert len(room.match["result"]["guesses"]) == 3
    assert all(player["health"] is None for player in room.state["players"])
    assert not Game.objects.get().is_rated


def test_the_place_is_told_in_the_language_of_who_asks(room: Party) -> None:
    Panorama.objects.update(place="52 km from Makindu, Kenya")
    assert in_language(room.state, "de") == room.state | {"server_time": ANY}
    for player in room.players:
        room.guess(player)
    state = room.state
    told: Any = in_language(state, "de")
    assert told["match"]["result"]["place"] == "52 km von Makindu, Kenia"
    assert state["match"]["result"]["place"] == "52 km from Makindu, Kenya", "others read it in theirs"
    assert in_language(state, "en") == state


def test_no_lock_in_shortens_the_time_of_a_room(room: Party) -> None:
    room.wait(10)
    room.guess(room.host)
    assert (room.match["round"]["time_left_s"], room.match["round"]["ends_early"]) == (LIMIT_S - 10, False)


def test_who_does_not_answer_in_time_has_no_points(room: Party) -> None:
    room.guess(room.host)
    room.wait(LIMIT_S + GRACE_S - 0.1)
    assert room.match["phase"] == "guessing"
    room.wait(0.1)
    assert room.match["phase"] == "result"
    late = Guess.objects.exclude(player=room.host)
    assert {(guess.outcome, guess.points, guess.lat) for guess in late} == {("timeout", 0, None)}
    outcomes = {guess["outcome"] for guess in room.match["result"]["guesses"]}
    assert outcomes == {"answered", "timeout"}


def test_a_guess_is_one_and_may_be_sent_again(room: Party) -> None:
    round_ = room.round
    for _ in range(3):
        at(room, room.host, 10.0, 20.0)
    assert refused(lambda: at(room, room.host, 10.0, 21.0)) == "already-guessed"
    assert Guess.objects.filter(round=round_).count() == 1
    for lat, lng in ((91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0)):
        assert refused(lambda lat=lat, lng=lng: at(room, room.players[1], lat, lng)) == "out-of-range"  # type: ignore[misc]


def test_a_guess_that_comes_late_or_for_another_round_is_refused(room: Party) -> None:
    ann, ben, _ = room.players
    first = room.round
    ahead = room.game.rounds.filter(wanted=False).first()
    assert ahead is None, "the next round is drawn while the result is read"
    room.guess(ann)
    room.wait(LIMIT_S + GRACE_S)

    def send(token: str) -> str:
        return refused(
            lambda: services.guess(room=room.room, player=ben, round_token=token, lat=1.0, lng=1.0)
        )

    assert send(first.token) == "too-late"
    drawn = room.game.rounds.get(wanted=False)
    assert send(drawn.token) == "round-not-open"
    assert send("r" * 22) == "no-such-round"


def test_a_round_that_closed_at_the_last_guess_takes_no_other(room: Party) -> None:
    first = room.round
    ann, ben, cleo = room.players
    services.leave(room=room.room, player=cleo)
    for player in (ann, ben):
        room.guess(player)
    code = refused(
        lambda: services.guess(room=room.room, player=cleo, round_token=first.token, lat=1.0, lng=1.0)
    )
    assert code == "not-a-member"
    at_once = first.panorama
    services.guess(
        room=room.room, player=ann, round_token=first.token, lat=at_once.lat, lng=at_once.lng
    )  # the same again is fine, even now


def test_a_withdrawn_picture_is_replaced(room: Party) -> None:
    room.guess(room.host)
    Panorama.objects.filter(pk=room.round.panorama_id).update(withdrawn_at=room.clock.now)
    room.wait(0.5)
    assert room.match["result"]["void"]
    assert room.match["result"]["winner"] is None
    assert [player["points"] for player in room.state["players"]] == [0, 0, 0]
    room.next()
    for _ in range(2):
        assert room.room.state == Room.State.PLAYING
        room.play_round(0.0, 0.0, 0.0)
    assert room.room.state == Room.State.FINISHED
    assert [result["void"] for result in room.match["results"]] == [True, False, False]


def test_a_picture_withdrawn_before_it_was_shown_is_replaced(
    room: Party, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for player in room.players:
            room.guess(player)
    assert not room.game.rounds.filter(wanted=False).exists(), "who guesses last does not wait for the draw"
    room.wait(0)
    drawn = room.game.rounds.get(wanted=False)
    Panorama.objects.filter(pk=drawn.panorama_id).update(withdrawn_at=room.clock.now)
    room.next()
    assert room.match["result"]["void"]
    room.next()
    room.play_round(0.0, 0.0, 0.0)
    assert room.room.state == Room.State.FINISHED
    assert Round.objects.filter(void_reason="").count() == 2


def test_a_map_that_has_too_few_pictures_makes_a_shorter_match_and_says_so(party: MakeParty) -> None:
    room = party(2, panoramas=3, rounds_total=5)
    room.start()
    assert room.match["rounds_total"] == 3
    assert "3 places" in room.match["note"]
    for _ in range(3):
        room.play_round(0.0, 0.0)
    assert room.room.state == Room.State.FINISHED


def test_when_all_leave_the_match_ends(room: Party) -> None:
    for player in room.players:
        services.leave(room=room.room, player=player)
    game = Game.objects.get()
    assert game.state == Game.State.FINISHED
    assert not game.rounds.exclude(state=Round.State.CLOSED).exists()
    assert game.rounds_total == 2, "nothing comes in the place of the round that nobody ended"
    assert room.room.closed_at


def test_who_leaves_keeps_points_and_is_waited_for_no_longer(room: Party) -> None:
    room.play_round(0.0, 1.0, 2.0)
    services.leave(room=room.room, player=room.host)
    assert room.of(room.host)["left"]
    assert room.of(room.host)["points"] == 5000
    for player in room.players[1:]:
        room.guess(player)
    assert room.match["phase"] == "result"
    assert services.snapshot_for(room=room.room, player=room.players[1])[0]["room"]["state"] == "playing"


# --- With a model ----------------------------------------------------------------------------------
def test_a_round_waits_for_the_model_and_opens_when_it_has_answered(
    party: MakeParty, model_version: ModelVersion
) -> None:
    room = party(2, model=model_version.digest)
    room.start()
    assert (room.match["phase"], room.match["round"]["picture"]) == ("preparing", None)
    assert room.match["phase_ends_in_s"] == ANSWER_WAIT_S
    assert room.match["round"]["model"]["state"] == "thinking"
    seal_round(room, model_version)
    shown = room.match["round"]
    assert room.match["phase"] == "guessing"
    assert shown["model"]["state"] == "sealed"
    assert len(shown["model"]["digest"]) == 64
    model = next(player for player in room.state["players"] if player["kind"] == "model")
    assert (model["id"], model["locked"]) == (model_id(model_version.digest), True)
    assert (shown["time_left_s"], shown["ends_early"]) == (LIMIT_S, False), "it starts no countdown"
    room.guess(room.players[0], off=1.0)
    room.guess(room.players[1], off=2.0)
    assert room.match["result"]["winner"] == model["id"]
    assert room.match["result"]["seal"]["digest"] == shown["model"]["digest"]


def test_in_a_duel_the_model_starts_no_countdown(party: MakeParty, model_version: ModelVersion) -> None:
    duel = party(1, kind="duel", model=model_version.digest)
    duel.start()
    seal_round(duel, model_version)
    assert (duel.match["round"]["time_left_s"], duel.match["round"]["ends_early"]) == (LIMIT_S, False)
    duel.wait(40)
    assert duel.match["phase"] == "guessing"
    duel.guess(duel.host, off=10.0)
    assert duel.match["phase"] == "result"
    model = next(player for player in duel.state["players"] if player["kind"] == "model")
    assert (model["health"], duel.of(duel.host)["health"] < 6000) == (6000, True)


def test_without_an_answer_in_time_the_round_opens_without_the_model(
    party: MakeParty, model_version: ModelVersion
) -> None:
    room = party(2, model=model_version.digest)
    room.start()
    room.wait(ANSWER_WAIT_S - 0.1)
    assert room.match["phase"] == "preparing"
    room.wait(0.1)
    assert room.match["phase"] == "guessing"
    assert room.match["round"]["model"]["state"] == "absent"
    assert room.match["round"]["model"]["reason"]
    assert not seal(room.round, model_version), "it never answers late"
    for player in room.players:
        room.guess(player)
    assert len(room.match["result"]["guesses"]) == 2
    assert room.match["result"]["seal"] is None


# --- Crowds ----------------------------------------------------------------------------------------
@pytest.fixture
def crowd(party: MakeParty, model_version: ModelVersion) -> Party:
    found = party(3, kind="crowd", model=model_version.digest, rounds_total=3)
    found.start()
    return found


def all_around(crowd: Party, *, far: float) -> None:
    """Three pins around the truth: nobody is right, together they are."""
    truth = crowd.round.panorama
    stretch = 1 / math.cos(math.radians(truth.lat))
    around = ((1.0, 0.0), (-0.5, 0.87), (-0.5, -0.87))
    for player, (north, east) in zip(crowd.players, around, strict=True):
        at(crowd, player, truth.lat + far * north, truth.lng + far * east * stretch)


def test_together_they_are_better_than_each_of_them_and_than_the_model(
    crowd: Party, model_version: ModelVersion
) -> None:
    seal_round(crowd, model_version, lat_off=8.0)
    all_around(crowd, far=3.0)
    result = crowd.match["result"]
    assert result["winner"] == "crowd"
    best = max(guess["points"] for guess in result["guesses"])
    assert result["crowd"]["points"] > best
    truth = crowd.round.panorama
    assert result["crowd"]["lat"] == pytest.approx(truth.lat, abs=0.5)
    assert result["crowd"]["lng"] == pytest.approx(truth.lng, abs=0.5)
    assert crowd.match["crowd_points"] == result["crowd"]["points"]


def test_each_round_has_its_winner_and_the_most_points_win(crowd: Party, model_version: ModelVersion) -> None:
    seal_round(crowd, model_version, lat_off=8.0)
    all_around(crowd, far=3.0)
    crowd.next()
    seal_round(crowd, model_version)
    all_around(crowd, far=3.0)
    crowd.next()
    seal_round(crowd, model_version, lat_off=-30.0)
    crowd.guess(crowd.players[0])
    crowd.guess(crowd.players[1], off=20.0)
    crowd.guess(crowd.players[2], off=25.0)
    model, ann = model_id(model_version.digest), crowd.member(crowd.host).public_id
    assert [result["winner"] for result in crowd.match["results"]] == ["crowd", model, ann]
    crowd.next()
    assert crowd.room.state == Room.State.FINISHED
    totals = {player["id"]: player["points"] for player in crowd.state["players"]}
    totals["crowd"] = crowd.match["crowd_points"]
    assert crowd.match["winner"] == max(totals, key=lambda side: totals[side])


def test_nothing_of_the_crowd_is_told_before_the_round_is_over(
    crowd: Party, model_version: ModelVersion
) -> None:
    seal_round(crowd, model_version)
    crowd.guess(crowd.players[0])
    crowd.guess(crowd.players[1], off=1.0)
    assert (crowd.match["result"], crowd.match["crowd_points"]) == (None, None)
    crowd.wait(LIMIT_S + GRACE_S)
    assert crowd.match["result"]["crowd"]["points"] > 0, "of those who answered"


def test_where_nobody_answers_there_is_no_crowd(crowd: Party, model_version: ModelVersion) -> None:
    seal_round(crowd, model_version)
    crowd.wait(LIMIT_S + GRACE_S)
    result = crowd.match["result"]
    assert (result["crowd"], result["winner"]) == (None, model_id(model_version.digest))


# --- What people have seen -------------------------------------------------------------------------
def test_who_watches_has_seen_the_pictures_too(party: MakeParty, make_player: Callable[..., Player]) -> None:
    room = party(2, rounds_total=1)
    sue = make_player("Sue")
    services.join(room=room.room, player=sue, as_spectator=True)
    room.start()
    assert set(Exposure.objects.values_list("player", flat=True)) == {
        sue.pk,
        *(player.pk for player in room.players),
    }
    late = make_player("Late")
    services.join(room=room.room, player=late, as_spectator=True)
    assert Exposure.objects.filter(round=room.round, player=late).exists(), "who comes sees it, too"
    room.play_round(0.0, 0.0)
    assert Exposure.objects.count() == 4
    assert not Guess.objects.filter(player__in=[sue, late]).exists()


def test_what_somebody_has_seen_is_drawn_last(party: MakeParty) -> None:
    room = party(2, panoramas=6, rounds_total=3)
    room.start()
    shown = []
    for _ in range(3):
        shown.append(room.round.panorama_id)
        room.play_round(0.0, 0.0)
    for player in room.players:
        services.rematch(room=room.room, player=player)
    room.wait(INTRO_S)
    for _ in range(3):
        shown.append(room.round.panorama_id)
        room.play_round(0.0, 0.0)
    assert len(set(shown)) == 6
