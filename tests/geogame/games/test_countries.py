"""Games in which the country counts: what is right, who wins, how a streak ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.challenges import accept, send
from geogame.games.errors import GameError
from geogame.games.lifecycle import close_overdue_rounds
from geogame.games.models import Game, Guess, Round
from geogame.games.queries import game_of
from geogame.games.services import next_round, start_game
from geogame.games.snapshots import Snapshot, snapshot
from geogame.games.streaks import BestStreak, best_streak, best_streaks
from geogame.panoramas.models import Map
from geogame.panoramas.services import withdraw
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import guess, open_round, panoramas_of, play, seal

MakeMap = Callable[..., Map]
FRANCE = {"lat": 47.2, "lng": -1.5}
GERMANY = {"lat": 52.0, "lng": 10.0}
OPEN_SEA = {"lat": -30.0, "lng": -20.0}


@pytest.fixture
def france(make_map: MakeMap) -> Map:
    return make_map(8, name="France", country="FR")


def start(player: Player, map_: Map, mode: Game.Mode = Game.Mode.STREAK, **settings: Any) -> Game:
    return start_game(player=player, map_=map_, mode=mode, **{"version": None, **settings})


def shown(game: Game, player: Player) -> Snapshot:
    found = game_of(player, game.token)
    assert found
    return snapshot(found, player)


def go_on(game: Game, player: Player, times: int, **place: float) -> None:
    for _ in range(times):
        closed = guess(game, player, **place)
        next_round(game=game, player=player, after=closed.token)


# --- what is right -------------------------------------------------------------------------------
@pytest.mark.parametrize(("place", "code", "right"), [(FRANCE, "FR", True), (GERMANY, "DE", False)])
def test_the_country_at_the_pin_counts_and_not_the_distance(
    alice: Player, france: Map, place: dict[str, float], code: str, right: bool
) -> None:
    game = start(alice, france, Game.Mode.COUNTRY)
    guess(game, alice, **place)
    stored = Guess.objects.get()
    assert (stored.country, stored.correct) == (code, right)
    assert (stored.distance_km, stored.points) == (None, 0)
    result = shown(game, alice)["results"][0]
    assert result["you"]["country"]
    assert result["country"]
    assert (result["you"]["country"]["code"], result["country"]["code"]) == (code, "FR")
    assert shown(game, alice)["game"]["right"] == {"you": int(right), "model": None}


def test_a_pin_on_the_open_sea_is_no_guess(alice: Player, france: Map) -> None:
    game = start(alice, france, Game.Mode.COUNTRY)
    with pytest.raises(GameError) as refused:
        guess(game, alice, **OPEN_SEA)
    assert refused.value.code == "at-sea"
    assert not Guess.objects.exists()
    guess(game, alice, **FRANCE)
    assert Guess.objects.get().correct


def test_a_classic_game_takes_a_pin_on_the_open_sea(alice: Player, france: Map) -> None:
    game = start(alice, france, Game.Mode.CLASSIC)
    guess(game, alice, **OPEN_SEA)
    assert (Guess.objects.get().country, Guess.objects.get().correct) == ("", None)


def test_only_pictures_with_a_country_are_drawn(alice: Player, make_map: MakeMap, france: Map) -> None:
    at_sea = france.panoramas.first()
    assert at_sea
    at_sea.country = ""
    at_sea.save()
    game = play(start(alice, france), alice, **FRANCE)
    assert game.rounds.count() == 7
    assert at_sea.pk not in panoramas_of(game)


# --- the model -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("you", "model", "winner"),
    [
        (FRANCE, GERMANY, "you"),
        (GERMANY, FRANCE, "model"),
        (FRANCE, FRANCE, "tie"),
        (GERMANY, GERMANY, "tie"),
        (FRANCE, OPEN_SEA, "you"),
    ],
)
def test_who_names_the_right_country_wins(
    alice: Player,
    france: Map,
    model_version: ModelVersion,
    you: dict[str, float],
    model: dict[str, float],
    winner: str,
) -> None:
    game = start(alice, france, Game.Mode.COUNTRY, version=model_version)
    seal(game.rounds.get(), model_version, **model)
    guess(game, alice, **you)
    assert shown(game, alice)["results"][0]["winner"] == winner


def test_the_models_country_is_the_one_at_its_pin(
    alice: Player, france: Map, model_version: ModelVersion
) -> None:
    game = start(alice, france, Game.Mode.COUNTRY, version=model_version)
    seal(game.rounds.get(), model_version, **GERMANY)
    guess(game, alice, **FRANCE)
    model = shown(game, alice)["results"][0]["model"]
    assert model
    assert model["country"]
    assert (model["country"]["code"], model["correct"]) == ("DE", False)


# --- streaks -------------------------------------------------------------------------------------
def test_a_streak_ends_with_the_first_wrong_country(alice: Player, france: Map) -> None:
    game = start(alice, france)
    assert shown(game, alice)["game"]["rounds_total"] is None
    go_on(game, alice, 2, **FRANCE)
    guess(game, alice, **GERMANY)
    game.refresh_from_db()
    assert (game.state, game.rounds_total, game.note) == (Game.State.FINISHED, 3, "")
    assert shown(game, alice)["game"]["right"]["you"] == 2
    assert game.rounds.count() == 3


def test_a_streak_ends_when_the_time_is_up(alice: Player, france: Map) -> None:
    game = start(alice, france, time_limit_s=30)
    go_on(game, alice, 1, **FRANCE)
    Round.objects.filter(state=Round.State.OPEN).update(deadline_at=timezone.now() - timedelta(seconds=5))
    assert close_overdue_rounds() == 1
    game.refresh_from_db()
    assert (game.state, game.rounds_total) == (Game.State.FINISHED, 2)
    assert best_streak(alice, france, game.condition) == 1


def test_a_streak_that_has_seen_the_whole_map_ends_with_a_note(alice: Player, france: Map) -> None:
    game = play(start(alice, france), alice, **FRANCE)
    assert (game.rounds.count(), game.rounds_total) == (8, 8)
    assert "unbroken" in game.note
    assert best_streak(alice, france, game.condition) == 8


def test_a_streak_shows_nothing_that_was_seen_before_while_it_could_be_new(
    alice: Player, france: Map
) -> None:
    before = play(start(alice, france, Game.Mode.CLASSIC), alice)
    game = play(start(alice, france), alice, **FRANCE)
    assert not set(panoramas_of(before)) & set(panoramas_of(game))
    assert game.rounds.count() == 3
    assert "unbroken" in game.note


def test_a_streak_over_pictures_that_are_known_says_so_and_is_no_best(
    alice: Player, make_map: MakeMap
) -> None:
    france = make_map(3, country="FR")
    play(start(alice, france), alice, **FRANCE)
    again = start(alice, france)
    assert "repeats" in again.note
    play(again, alice, **FRANCE)
    assert again.rounds.count() == 3
    assert best_streak(alice, france, "free") == 3
    Guess.objects.exclude(round__game=again).delete()
    assert best_streak(alice, france, "free") == 0


def test_a_withdrawn_picture_ends_no_streak(alice: Player, france: Map) -> None:
    game = start(alice, france)
    go_on(game, alice, 1, **FRANCE)
    withdraw(open_round(game).panorama)
    game = play(game, alice, **FRANCE)
    assert best_streak(alice, france, game.condition) == 7


def test_a_challenge_to_a_streak_has_its_rounds_and_ends_with_the_first_wrong_one(
    alice: Player, france: Map, make_player: Callable[..., Player]
) -> None:
    game = start(alice, france)
    go_on(game, alice, 3, **FRANCE)
    guess(game, alice, **GERMANY)
    game.refresh_from_db()
    link = send(game=game, player=alice)
    bob, carol = make_player("Bob"), make_player("Carol")
    worse = play(accept(challenge=link, player=bob), bob, **GERMANY)
    better = play(accept(challenge=link, player=carol), carol, **FRANCE)
    assert (worse.rounds.count(), better.rounds.count()) == (1, 4)
    assert panoramas_of(better) == panoramas_of(game)
    assert best_streaks(carol) == [], "these were rounds of somebody else"


def test_the_best_streak_is_kept_for_each_map_and_condition(
    alice: Player, france: Map, make_map: MakeMap
) -> None:
    other = make_map(3, name="Another", country="FR")
    for times, settings in [(1, {}), (2, {}), (1, {"condition": Game.Condition.FAIR})]:
        game = start(alice, france, **settings)
        go_on(game, alice, times, **FRANCE)
        guess(game, alice, **GERMANY)
    go_on(start(alice, other), alice, 1, **FRANCE)
    assert best_streaks(alice) == [
        BestStreak(other, "free", 1),
        BestStreak(france, "fair", 1),
        BestStreak(france, "free", 2),
    ]
    assert best_streak(alice, france, "free") == 2
    assert best_streak(alice, other, "fair") == 0
