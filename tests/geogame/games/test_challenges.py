from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.utils import timezone
from django.utils.translation import override

from geogame.accounts.models import Player
from geogame.games.challenges import accept, board, link_of, run_at, send
from geogame.games.dailies import start_daily, todays
from geogame.games.errors import GameError
from geogame.games.models import Challenge, DailyRound, Exposure, Game, Guess, Round, Seal
from geogame.games.services import next_round, start_game
from geogame.games.snapshots import snapshot
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import unpublish_map, withdraw
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import guess, open_round, panoramas_of, play, score

MakeMap = Callable[..., Map]
MakePlayer = Callable[..., Player]


@pytest.fixture
def alice(make_player: MakePlayer) -> Player:
    return make_player("Alice", account=True)


@pytest.fixture
def bob(make_player: MakePlayer) -> Player:
    return make_player("Bob", account=True)


@pytest.fixture
def sent(alice: Player, make_map: MakeMap) -> Game:
    """Alice's finished game, alone, of all three pictures of a map."""
    game = start_game(player=alice, map_=make_map(3), version=None, time_limit_s=60)
    return play(game, alice, lat=45.0, lng=5.0)


@pytest.fixture
def challenge(sent: Game, alice: Player) -> Challenge:
    return send(game=sent, player=alice)


# --- the link ------------------------------------------------------------------------------------
def test_a_finished_game_has_one_link(sent: Game, alice: Player) -> None:
    assert send(game=sent, player=alice) == send(game=sent, player=alice)
    assert Challenge.objects.get().sender == alice
    assert link_of(sent) == Challenge.objects.get()


def test_a_game_that_is_not_finished_has_none(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map(), version=None)
    with pytest.raises(GameError) as refused:
        send(game=game, player=alice)
    assert refused.value.code == "not-finished"
    assert link_of(game) is None


def test_a_daily_game_is_no_challenge(sent: Game, alice: Player) -> None:
    Game.objects.update(mode=Game.Mode.DAILY)
    sent.refresh_from_db()
    with pytest.raises(GameError) as refused:
        send(game=sent, player=alice)
    assert refused.value.code == "daily-is-shared"


def test_a_game_without_a_round_that_counted_is_no_challenge(sent: Game, alice: Player) -> None:
    Round.objects.update(void_reason="gone")
    with pytest.raises(GameError) as refused:
        send(game=sent, player=alice)
    assert refused.value.code == "nothing-to-send"


# --- a run ---------------------------------------------------------------------------------------
def test_a_challenge_has_the_same_pictures_in_the_same_order_under_the_same_rules(
    challenge: Challenge, sent: Game, bob: Player
) -> None:
    game = play(accept(challenge=challenge, player=bob), bob)
    assert panoramas_of(game) == panoramas_of(sent)
    for setting in ("mode", "condition", "time_limit_s", "scale_km", "rounds_total", "map"):
        assert getattr(game, setting) == getattr(sent, setting), setting


def test_a_challenge_is_a_country_game_where_the_game_was_one(
    alice: Player, bob: Player, make_map: MakeMap
) -> None:
    map_ = make_map(6, country="FR")
    game = start_game(player=alice, map_=map_, version=None, mode=Game.Mode.COUNTRY)
    link = send(game=play(game, alice, lat=47.2, lng=-1.5), player=alice)
    run = play(accept(challenge=link, player=bob), bob, lat=52.0, lng=10.0)
    found = board(link, bob)
    assert run.mode == Game.Mode.COUNTRY
    assert found
    assert [(row.rank, row.run.points) for row in found.page.rows] == [(1, 5), (2, 0)]


def test_the_model_plays_its_locked_answers_under_a_seal_of_their_own(
    alice: Player, bob: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map(), version=model_version)
    sent = play(game, alice, version=model_version, model=(51.5, -0.1))
    run = accept(challenge=send(game=sent, player=alice), player=bob)
    for number in range(1, 6):
        theirs = Seal.objects.get(guess__round__game=sent, guess__round__number=number)
        ours = Seal.objects.get(guess__round__game=run, guess__round__number=number)
        assert (ours.guess.lat, ours.guess.lng) == (theirs.guess.lat, theirs.guess.lng) == (51.5, -0.1)
        assert (ours.top_cells, ours.prediction_digest) == (theirs.top_cells, theirs.prediction_digest)
        assert ours.digest != theirs.digest
        assert json.loads(ours.preimage)["salt"] != json.loads(theirs.preimage)["salt"]
        assert json.loads(ours.preimage)["round"] == ours.guess.round.token
        closed = guess(run, bob)
        next_round(game=run, player=bob, after=closed.token)


def test_the_model_is_absent_where_it_was_absent(
    alice: Player, bob: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map(), version=model_version)
    sent = play(game, alice, version=model_version)
    Guess.objects.filter(round__game=sent, round__number=1, player__kind="model").delete()
    run = accept(challenge=send(game=sent, player=alice), player=bob)
    assert open_round(run).model_absent
    assert not Guess.objects.filter(round__game=run, player__kind="model").exists()


def test_a_player_has_one_run(challenge: Challenge, bob: Player) -> None:
    run = accept(challenge=challenge, player=bob)
    assert accept(challenge=challenge, player=bob) == run
    play(run, bob)
    assert accept(challenge=challenge, player=bob) == run
    assert Game.objects.filter(challenge=challenge).count() == 1


def test_pictures_of_todays_daily_wait_until_the_player_has_finished_it(
    challenge: Challenge, bob: Player
) -> None:
    assert todays()
    with pytest.raises(GameError, match="in today’s daily game") as refused:
        accept(challenge=challenge, player=bob)
    assert refused.value.code == "finish-first"
    assert run_at(challenge, bob) is None
    daily = start_daily(player=bob)
    with pytest.raises(GameError, match="finish that first"):
        accept(challenge=challenge, player=bob)
    play(daily, bob)
    assert play(accept(challenge=challenge, player=bob), bob).state == Game.State.FINISHED


def test_others_of_a_walk_of_todays_daily_wait_too(alice: Player, bob: Player, make_map: MakeMap) -> None:
    map_ = make_map(2)
    sent = play(start_game(player=alice, map_=map_, version=None), alice)
    make_map(6, name="Larger")
    assert todays()
    challenge = send(game=sent, player=alice)
    shown = DailyRound.objects.select_related("panorama")[0].panorama
    Panorama.objects.filter(pk=shown.pk).update(group="walk")
    assert accept(challenge=challenge, player=alice) == sent
    Panorama.objects.filter(rounds__game=sent).update(group="walk")
    with pytest.raises(GameError, match="in today’s daily game"):
        accept(challenge=challenge, player=bob)
    Panorama.objects.filter(rounds__game=sent).update(group="another")
    accept(challenge=challenge, player=bob)


def test_a_run_that_began_before_the_day_waits_before_the_next_picture(
    challenge: Challenge, bob: Player
) -> None:
    run = accept(challenge=challenge, player=bob)
    first = guess(run, bob)
    next_round(game=run, player=bob, after=first.token)
    second = guess(run, bob)
    assert todays()
    next_round(game=run, player=bob, after=first.token)  # that one is open: asking again changes nothing
    with pytest.raises(GameError, match="next picture of this challenge") as refused:
        next_round(game=run, player=bob, after=second.token)
    assert refused.value.code == "finish-first"
    assert not run.rounds.get(number=3).wanted
    play(start_daily(player=bob), bob)
    assert play(run, bob).state == Game.State.FINISHED


def test_the_sender_has_played_already(challenge: Challenge, sent: Game, alice: Player) -> None:
    assert accept(challenge=challenge, player=alice) == sent
    assert not Game.objects.filter(challenge=challenge).exists()


def test_a_new_game_is_not_that_of_the_challenge(challenge: Challenge, bob: Player) -> None:
    run = accept(challenge=challenge, player=bob)
    other = start_game(player=bob, map_=run.map, version=None, time_limit_s=60)
    assert other != run
    assert other.challenge is None


def test_a_closed_map_takes_no_new_player_and_stops_nobody(
    challenge: Challenge, bob: Player, make_player: MakePlayer
) -> None:
    run = accept(challenge=challenge, player=bob)
    unpublish_map(challenge.game.map)
    assert accept(challenge=challenge, player=bob) == run
    with pytest.raises(GameError) as refused:
        accept(challenge=Challenge.objects.get(), player=make_player("Carol"))
    assert refused.value.code == "map-closed"


def test_a_picture_seen_before_is_counted_as_such(alice: Player, bob: Player, make_map: MakeMap) -> None:
    map_ = make_map(7)
    challenge = send(game=play(start_game(player=alice, map_=map_, version=None), alice), player=alice)
    play(start_game(player=bob, map_=map_, version=None), bob)
    seen = set(Exposure.objects.filter(player=bob).values_list("panorama", flat=True))
    run = play(accept(challenge=challenge, player=bob), bob)
    for exposure in Exposure.objects.filter(round__game=run):
        assert exposure.times_seen == int(exposure.panorama_id in seen)
    assert {e.times_seen for e in Exposure.objects.filter(round__game=run)} >= {1}


def test_a_challenge_of_a_challenge_has_the_same_pictures(
    challenge: Challenge, bob: Player, make_player: MakePlayer
) -> None:
    run = play(accept(challenge=challenge, player=bob), bob)
    passed_on = send(game=run, player=bob)
    carol = make_player("Carol")
    assert panoramas_of(play(accept(challenge=passed_on, player=carol), carol)) == panoramas_of(run)


# --- the ghost -----------------------------------------------------------------------------------
def test_the_senders_guess_shows_with_the_closed_round_and_not_before(
    challenge: Challenge, sent: Game, bob: Player
) -> None:
    run = accept(challenge=challenge, player=bob)
    run = Game.objects.select_related("map", "challenge__sender", "challenge__game", "daily").get(pk=run.pk)
    assert "45.0" not in json.dumps(snapshot(run, bob))
    guess(run, bob, lat=1.25, lng=2.5)
    run.refresh_from_db()
    shown = snapshot(run, bob)["results"]
    assert len(shown) == 1
    theirs = sent.rounds.get(number=1).guesses.get(player=challenge.sender)
    ghost = shown[0]["ghost"]
    assert ghost
    assert (ghost["name"], ghost["lat"], ghost["lng"]) == ("Alice", 45.0, 5.0)
    assert (ghost["points"], ghost["distance_km"]) == (theirs.points, theirs.distance_km)


# --- withdrawn pictures --------------------------------------------------------------------------
def test_a_withdrawn_picture_makes_its_round_void_and_is_compared_for_nobody(
    challenge: Challenge, sent: Game, alice: Player, bob: Player
) -> None:
    Guess.objects.filter(round__game=sent).update(points=0)
    Guess.objects.filter(round__game=sent, round__number__in=(1, 2)).update(points=1000)
    withdraw(sent.rounds.get(number=2).panorama)
    run = play(accept(challenge=challenge, player=bob), bob)
    void = run.rounds.get(number=2)
    assert (void.state, bool(void.void_reason), void.guesses.count()) == (Round.State.CLOSED, True, 0)
    assert run.rounds.count() == 3
    found = board(challenge, bob)
    assert found
    assert found.void == [2]
    assert {row.run.name: row.run.points for row in found.page.rows}["Alice"] == 1000


# --- the board -----------------------------------------------------------------------------------
def test_nobody_sees_the_board_before_their_own_run_is_finished(challenge: Challenge, bob: Player) -> None:
    assert board(challenge, bob) is None
    run = accept(challenge=challenge, player=bob)
    assert board(challenge, bob) is None
    play(run, bob)
    assert board(challenge, bob)


def test_the_sender_sees_the_board_at_once(challenge: Challenge, alice: Player) -> None:
    found = board(challenge, alice)
    assert found
    assert found.own
    assert (found.own.rank, found.players) == (1, 1)


def test_the_board_has_finished_runs_with_points_time_and_the_models_points(
    challenge: Challenge, sent: Game, alice: Player, bob: Player, make_player: MakePlayer
) -> None:
    score(sent, alice, 3000, time_s=100)
    score(play(accept(challenge=challenge, player=bob), bob), bob, 3000, time_s=90)
    accept(challenge=challenge, player=make_player("Carol"))
    found = board(challenge, bob)
    assert found
    rows = [(row.rank, row.run.name, row.run.points, row.run.time_s) for row in found.page.rows]
    assert rows == [(1, "Bob", 3000, 90), (2, "Alice", 3000, 100)]
    assert {row.run.model_points for row in found.page.rows} == {None}


def test_boards_and_snapshots_call_who_has_no_name_by_what_they_are(
    challenge: Challenge, alice: Player, bob: Player
) -> None:
    run = play(accept(challenge=challenge, player=bob), bob)
    Player.objects.filter(pk=alice.pk).update(user=None, deleted_at=timezone.now())
    Player.objects.filter(pk=bob.pk).update(user=None)
    found = board(challenge, bob)
    assert found
    assert {row.run.name for row in found.page.rows} == {"Deleted player", "Guest"}
    with override("de"):
        known = snapshot(Game.objects.get(pk=run.pk), bob)
    ghost = known["results"][0]["ghost"]
    assert known["game"]["challenge"] == {"token": challenge.token, "sender": "Gelöschter Spieler"}
    assert ghost
    assert ghost["name"] == "Gelöschter Spieler"


def test_the_models_points_stand_beside_each_run(
    alice: Player, bob: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map(), version=model_version)
    link = send(game=play(game, alice, version=model_version), player=alice)
    play(accept(challenge=link, player=bob), bob)
    found = board(link, bob)
    assert found
    points = {row.run.model_points for row in found.page.rows}
    assert len(points) == 1
    assert points != {None}


def test_two_runs_of_one_player_count_as_the_first(
    challenge: Challenge, bob: Player, make_player: MakePlayer
) -> None:
    guest = make_player("Guest")
    score(play(accept(challenge=challenge, player=bob), bob), bob, 100)
    second = score(play(accept(challenge=challenge, player=guest), guest), guest, 4999)
    second.seats.update(player=bob)
    second_guesses = Guess.objects.filter(round__game=second, player=guest)
    second_guesses.update(player=bob)
    found = board(challenge, bob)
    assert found
    assert found.own
    assert (found.players, found.own.run.points) == (2, 100)
    assert run_at(challenge, bob) != second
