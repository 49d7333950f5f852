from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from geogame.accounts.models import Player
from geogame.games.models import Round
from geogame.games.services import next_round, place_guess, start_game
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.geogame.games.test_services import play_game, seal

MakeMap = Callable[..., Map]


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("benchmark", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def played(alice: Player, make_map: MakeMap, model_version: ModelVersion) -> Map:
    """Two games against the model on a map of five: the second time each picture is known."""
    map_ = make_map(5)
    for _ in range(2):
        game = start_game(player=alice, map_=map_)
        for number in range(1, 6):
            round_: Round = game.rounds.get(number=number)
            seal(round_, model_version, lat=41.0, lng=-8.0)
            place_guess(game=game, player=alice, round_token=round_.token, lat=45.0, lng=5.0)
            next_round(game=game, player=alice, after=round_.token)
    return map_


def test_without_rounds_it_says_how_to_get_some(db: None) -> None:
    assert "manage.py import_panoramas" in run()


def test_rounds_played_alone_compare_nobody(alice: Player, make_map: MakeMap) -> None:
    play_game(alice, make_map())
    assert "No rounds to compare yet" in run()


def test_first_exposures_count_and_others_do_not(played: Map) -> None:
    text = run("--map", played.name)
    assert "5 rounds" in text
    assert "5 rounds do not count" in text


def test_json_holds_both_sides(played: Map) -> None:
    content = json.loads(run("--format", "json", "--apart"))
    comparison, person = content["comparisons"]
    assert (comparison["person"], person["rounds"]) == ("all", 5)
    assert comparison["rounds"] == 5
    assert comparison["wins"] + comparison["ties"] + comparison["losses"] == 5
    assert set(comparison["sides"]) == {"person", "model"}
    assert content["apart"][0]["rounds"] == 5


def test_an_unknown_map_is_named(played: Map) -> None:
    with pytest.raises(CommandError, match="Maps: “Test”"):
        run("--map", "Atlantis")


def test_rounds_are_selected(played: Map) -> None:
    content = json.loads(
        run("--format", "json", "--condition", "fair", "--since", "2020-01-01", "--map", "test")
    )
    assert content["comparisons"][0]["rounds"] == 5
    assert any("Selected: map Test, condition fair, since 2020-01-01" in note for note in content["notes"])
    text = run("--until", "2020-01-01")
    assert "There are no rounds" in text
    assert "import_panoramas" not in text


@pytest.mark.parametrize("name", ["PlaNet tiny", "alice"])
def test_names_that_no_row_has_are_answered(played: Map, name: str) -> None:
    assert "5 rounds" in run("--model", "PlaNet tiny")
    with pytest.raises(CommandError, match=r"--player .*: no row has it; there are"):
        run("--player", name)


def test_abbreviations_are_not_taken(db: None) -> None:
    with pytest.raises(CommandError, match="unrecognized arguments"):
        run("--mod", "x")
