from __future__ import annotations

from collections.abc import Callable

from geogame.accounts.models import Player
from geogame.games.dailies import start_daily
from geogame.games.models import Game, Guess, Round
from geogame.games.services import start_game
from geogame.games.sharing import text_of
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import at, play

MakeMap = Callable[..., Map]
URL = "https://arena.example/"


def lines(game: Game, player: Player) -> list[str]:
    return text_of(game, player, url=URL).splitlines()


def test_points_with_those_of_the_model(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map(name="Here"), version=model_version)
    play(game, alice, version=model_version)
    Guess.objects.filter(round__game=game, player=alice).update(points=2500)
    Guess.objects.filter(round__game=game).exclude(player=alice).update(points=1000)
    assert lines(game, alice) == [
        "PlaNet Arena · Here",
        *["■■□□□ 2,500"] * 5,
        "12,500 of 25,000 points, PlaNet tiny (model): 5,000",
        URL,
    ]


def test_a_void_round_counts_for_nobody(
    alice: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=alice, map_=make_map(), version=model_version)
    play(game, alice, version=model_version)
    Guess.objects.update(points=1000)
    Round.objects.filter(number=2).update(void_reason="gone")
    assert lines(game, alice)[2] == "–––––"
    assert lines(game, alice)[6] == "4,000 of 20,000 points, PlaNet tiny (model): 4,000"


def test_a_daily_game_is_called_by_its_date(alice: Player, make_map: MakeMap) -> None:
    make_map()
    game = play(start_daily(player=alice, now=at("2026-03-04 10:00")), alice)
    assert lines(game, alice)[0] == "PlaNet Arena · 4 March 2026"


def test_countries_are_marks_and_streaks_a_number(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(12, name="{Here}", country="FR")
    france = {"lat": 47.2, "lng": -1.5}
    game = play(start_game(player=alice, map_=map_, version=None, mode=Game.Mode.COUNTRY), alice, **france)
    Guess.objects.filter(round__game=game, round__number=2).update(correct=False)
    assert lines(game, alice) == [
        "PlaNet Arena · country guess on {Here}",
        "✓ ✗ ✓ ✓ ✓",
        "4 of 5 countries right",
        URL,
    ]
    streak = play(start_game(player=alice, map_=map_, version=None, mode=Game.Mode.STREAK), alice, **france)
    assert lines(streak, alice) == [
        "PlaNet Arena · country streak on {Here}",
        "7 countries in a row",
        URL,
    ]
