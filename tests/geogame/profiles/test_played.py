from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.services import start_game
from geogame.panoramas.models import Map, Panorama
from geogame.profiles.history import PAGE_SIZE, history_page
from geogame.profiles.played import played_games, with_countries
from geogame.registry.models import ModelVersion
from tests.geogame.profiles.games import Answer, add_game

MakeMap = Callable[..., Map]


@pytest.fixture
def planet(model_version: ModelVersion) -> Player:
    return player_of_model(model_version)


def test_rounds_stand_beside_the_models(alice: Player, planet: Player, make_map: MakeMap) -> None:
    answers = [Answer(points=3000, km=80.0, model_points=1000, model_km=700.0, trained_on=True), Answer()]
    add_game(alice, make_map(2), answers, model=planet)
    (game,) = played_games(alice)
    first, second = game.rounds
    assert (first.points, first.distance_km) == (3000, 80.0)
    assert first.model
    assert (first.model.name, first.model.points, first.model.distance_km) == (planet.name, 1000, 700.0)
    assert first.model.trained_on
    assert second.model is None
    assert game.points == 4000
    assert game.model_points is None, "it did not play every round"


@pytest.mark.parametrize("known", [{"seen": 1}, {"revealed": 1}, {"group_revealed": 1}])
def test_what_was_known_before_does_not_count(
    alice: Player, planet: Player, make_map: MakeMap, known: dict[str, int]
) -> None:
    answer = Answer(model_points=1)
    add_game(alice, make_map(2), [replace(answer, **known), answer], model=planet)
    assert [round_.counts for round_ in played_games(alice)[0].rounds] == [False, True]


def test_void_and_open_rounds_and_those_of_others_are_left_out(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(3)
    add_game(alice, map_, [Answer(points=1), Answer(points=2, void="gone"), Answer(points=4)])
    add_game(Player.objects.create(kind="person", name="Bob"), map_, [Answer(points=8)])
    start_game(player=alice, map_=make_map(name="Other"))
    assert [game.points for game in played_games(alice)] == [5]


def test_the_country_of_a_pin_is_looked_up_where_distance_counted(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(3)
    Panorama.objects.update(country="PT")
    lisbon, madrid = {"lat": 38.72, "lng": -9.14}, {"lat": 40.42, "lng": -3.7}
    add_game(
        alice, map_, [Answer(**lisbon), Answer(**madrid), Answer(**madrid, correct=True), Answer(km=None)]
    )
    rounds = with_countries(played_games(alice)[0].rounds)
    assert [round_.correct for round_ in rounds] == [True, False, True, None]


def test_any_number_of_games_takes_two_queries(
    alice: Player, planet: Player, make_map: MakeMap, django_assert_num_queries: Any
) -> None:
    map_ = make_map(5)
    for _ in range(3):
        add_game(alice, map_, [Answer(model_points=1)] * 5, model=planet)
    with django_assert_num_queries(2):
        games = played_games(alice)
    assert len(games) == 3


def test_history_is_paged_the_latest_first(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(1)
    tokens = [add_game(alice, map_, [Answer()]).token for _ in range(PAGE_SIZE + 1)]
    add_game(alice, map_, [Answer()], state="playing")
    games = played_games(alice)
    assert [game.token for game in history_page(games, "1")] == tokens[:0:-1]
    assert [game.token for game in history_page(games, "2")] == tokens[:1]
    assert history_page(games, "x").number == 1
    assert history_page(games, "999").number == 2
