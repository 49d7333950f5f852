from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.models import Round
from geogame.games.services import next_round, place_guess, start_game
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion
from geogame.reports.pictures import picture_of
from geogame.reports.training_photos import training_of
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


@pytest.mark.parametrize(
    ("arguments", "tells"),
    [
        (["--format", "html"], True),
        (["--format", "json", "--protocol", "planet-study"], True),
        (["--out", "{folder}"], True),
        (["--format", "json"], False),
        (["--format", "csv", "--protocol", "planet-study"], False),
        (["--protocol", "planet-study"], False),
    ],
)
def test_who_gets_places_that_may_still_be_met_is_told(
    played: Map, tmp_path: Path, arguments: list[str], tells: bool
) -> None:
    told, said = io.StringIO(), io.StringIO()
    arguments = [one.format(folder=tmp_path / "out") for one in arguments]
    call_command("benchmark", *arguments, stdout=told, stderr=said)
    assert ("give it to nobody who plays" in said.getvalue()) == tells
    assert "nobody who plays" not in told.getvalue()
    Panorama.objects.update(withdrawn_at=timezone.now(), group="")
    Round.objects.exclude(state=Round.State.CLOSED).update(state=Round.State.CLOSED)
    again = io.StringIO()
    call_command("benchmark", *arguments, stdout=told, stderr=again)
    assert "nobody who plays" not in again.getvalue(), "nobody can meet any of them"


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


def test_the_page_has_pictures_with_their_credit(played: Map) -> None:
    first = played.panoramas.earliest("pk")
    Panorama.objects.update(author="Ann", licence="CC BY 4.0")
    found = picture_of(str(first.pk))
    assert found is not None
    assert found.credit == "Ann · CC BY 4.0"
    assert "data:image/jpeg;base64," in run("--format", "html")


def test_what_is_withdrawn_or_gone_has_no_picture(played: Map) -> None:
    gone, withdrawn, drawn = played.panoramas.order_by("pk")[:3]
    gone.path.unlink()
    Panorama.objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now())
    Panorama.objects.filter(pk=drawn.pk).update(drawn=True)
    assert (
        picture_of(str(gone.pk))
        is picture_of(str(withdrawn.pk))
        is picture_of("0")
        is picture_of("x")
        is None
    )
    found = picture_of(str(drawn.pk))
    assert found is not None
    assert found.credit == "drawn from facts, not photographed"


def test_trivial_players_know_where_the_model_was_trained(played: Map) -> None:
    comparison = json.loads(run("--format", "json"))["comparisons"][0]
    assert {one["rounds"] for one in comparison["trivial"]} == {5}
    assert "16 training photos of the model" in comparison["trivial_fitted"]


def test_of_a_model_without_files_nobody_knows_the_training_photos(
    played: Map, tmp_path: Path, settings: Settings
) -> None:
    settings.MODEL_ROOT = tmp_path
    comparison = json.loads(run("--format", "json"))["comparisons"][0]
    assert comparison["trivial"] is None
    assert training_of("nobody (unknown)") is None


def test_many_training_photos_keep_their_shares(
    model_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"PlaNet tiny ({player_of_model(model_version).token})"
    whole = training_of(name)
    monkeypatch.setattr("geogame.reports.training_photos.MOST", 8)
    some = training_of(name)
    assert whole is not None
    assert some is not None
    assert 8 <= some.lat.size < whole.lat.size
    assert set(some.lat.tolist()) == set(whole.lat.tolist())
