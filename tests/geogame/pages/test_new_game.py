from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.games.queries import model_of
from geogame.games.services import _note, _note_of_streak, start_game
from geogame.pages.setup import opponent_again
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion

MakeMap = Callable[..., Map]


def checked(page: str) -> dict[str, str]:
    """What the form has chosen."""
    found = re.findall(r'<input type="radio" name="(\w+)" value="([^"]*)" checked', page)
    assert len(found) == len({name for name, _ in found})
    return dict(found)


def test_the_form_begins_with_the_usual_game(
    client: Client, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map()
    assert checked(client.get("/play/").content.decode()) == {
        "map": map_.slug,
        "mode": "classic",
        "condition": "free",
        "time_limit": "0",
        "opponent": "",
    }


def test_the_address_can_choose(client: Client, make_map: MakeMap) -> None:
    make_map(name="One")
    two = make_map(name="Two")
    chosen = checked(client.get(f"/play/?map={two.slug}&condition=fair&time_limit=999").content.decode())
    assert (chosen["map"], chosen["condition"], chosen["time_limit"]) == (two.slug, "fair", "0")


def test_a_game_starts_as_chosen_and_the_choice_is_remembered(client: Client, make_map: MakeMap) -> None:
    fields = {"map": make_map().slug, "condition": "fair", "time_limit": "60", "opponent": "none"}
    response = client.post("/games/", fields | {"mode": "classic"})
    game = Game.objects.get()
    assert response["Location"] == f"/games/{game.token}/"
    assert (game.mode, game.condition, game.time_limit_s) == ("classic", "fair", 60)
    assert checked(client.get("/play/").content.decode()) == fields | {"mode": "classic"}
    home = client.get("/").content.decode()
    assert '<input type="hidden" name="time_limit" value="60">' in home
    assert "Classic · Fair view · 60" in home


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("mode", "battle", "There is no such way to play."),
        ("mode", "daily", "There is no such way to play."),
        ("condition", "x", "Play either with a free look or with the fair view."),
        ("time_limit", "45", "There is no such time limit."),
        ("time_limit", "-1", "There is no such time limit."),
        ("opponent", "0" * 64, "This model does not play any longer"),
        ("cheat", "1", "A game has no setting named “cheat”."),
    ],
)
def test_a_bad_value_is_told_and_the_rest_of_the_form_kept(
    client: Client, make_map: MakeMap, field: str, value: str, told: str
) -> None:
    make_map(name="One")
    fields = {"map": make_map(name="Two").slug, "condition": "fair", "time_limit": "30", "opponent": "none"}
    response = client.post("/games/", fields | {field: value})
    page = response.content.decode()
    assert response.status_code == 400
    assert told in page
    assert {name: text for name, text in checked(page).items() if name != field} == {
        name: text for name, text in (fields | {"mode": "classic"}).items() if name != field
    }
    assert not Game.objects.exists()
    assert not Player.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"map": ""}, {"map": "atlantis"}, {"map": "a\x00b"}])
def test_a_map_that_is_gone_is_told(client: Client, make_map: MakeMap, fields: dict[str, str]) -> None:
    make_map()
    response = client.post("/games/", fields)
    assert response.status_code == 404
    assert "This map is not there any more" in response.content.decode()


def test_what_the_game_refuses_is_told(client: Client, make_map: MakeMap) -> None:
    map_ = make_map(1)
    client.post("/games/", {"map": map_.slug})
    response = client.post("/games/", {"map": map_.slug, "condition": "fair"})
    assert response.status_code == 409
    assert "finish that first" in response.content.decode()


def test_without_maps_it_says_what_to_do(client: Client, db: None) -> None:
    assert "No maps yet" in client.get("/play/").content.decode()


def test_an_opponent_that_stopped_playing_is_forgotten(
    client: Client, make_map: MakeMap, model_version: ModelVersion
) -> None:
    client.post("/games/", {"map": make_map().slug, "opponent": model_version.digest})
    ModelVersion.objects.update(is_active=False)
    assert checked(client.get("/play/").content.decode())["opponent"] == "none"


def test_the_form_asks_the_database_the_same_for_more_maps(
    client: Client,
    alice: Player,
    make_map: MakeMap,
    sign_in: Callable[[Client, Player], None],
    django_assert_num_queries: Callable[..., object],
) -> None:
    sign_in(client, alice)
    for number in range(3):
        start_game(player=alice, map_=make_map(name=f"Map {number}"))
    with django_assert_num_queries(9):  # type: ignore[attr-defined]
        client.get("/play/")


def newer(version: ModelVersion) -> ModelVersion:
    """Another version in play, activated later."""
    return ModelVersion.objects.create(
        digest="b" * 64,
        name="PlaNet newer",
        recipe="tiny",
        directory=version.directory,
        cells=version.cells,
        is_active=True,
        activated_at=timezone.now(),
    )


def opponent_of(game: Game) -> ModelVersion | None:
    model = model_of(game)
    return model.model_version if model else None


def test_playing_again_keeps_the_opponent(
    client: Client, make_map: MakeMap, model_version: ModelVersion
) -> None:
    one = make_map(name="One")
    page = client.post("/games/", {"map": one.slug}, follow=True).content.decode()
    newest = newer(model_version)
    again = re.findall(r'<input type="hidden" name="again" value="(\w+)">', page)
    assert again == [model_version.digest[:8]]
    assert f"{model_version.name} ({again[0]})" in page
    client.post("/games/", {"map": make_map(name="Two").slug, "again": again[0]})
    game = Game.objects.latest("pk")
    assert (opponent_of(game), game.note) == (model_version, "")
    assert checked(client.get("/play/").content.decode())["opponent"] == model_version.digest
    client.post("/games/", {"map": make_map(name="Three").slug, "again": newest.digest[:8]})
    assert opponent_of(Game.objects.latest("pk")) == newest
    assert checked(client.get("/play/").content.decode())["opponent"] == ""


def test_playing_again_says_who_plays_for_a_model_that_stopped(
    client: Client, make_map: MakeMap, model_version: ModelVersion
) -> None:
    newest = newer(model_version)
    ModelVersion.objects.filter(pk=model_version.pk).update(is_active=False)
    fields = {"map": make_map().slug, "again": model_version.digest[:8]}
    page = client.post("/games/", fields, follow=True)
    game = Game.objects.get()
    assert opponent_of(game) == newest
    assert "now it is PlaNet newer, the newest" in game.note
    assert page.context["boot"]["snapshot"]["game"]["note"] == game.note


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_longest_notes_fit_into_a_game(model_version: ModelVersion, language: str) -> None:
    ModelVersion.objects.filter(pk=newer(model_version).pk).update(name="N" * 100)
    with override(language):
        _, note = opponent_again("c" * 8)
        others = [_note_of_streak([]), *(_note(rounds) for rounds in (1, 2))]
    most = Game._meta.get_field("note").max_length
    assert most
    assert max(len(f"{note} {other}") for other in others) <= most


def test_playing_again_without_any_model_left_is_alone(
    client: Client, make_map: MakeMap, model_version: ModelVersion
) -> None:
    ModelVersion.objects.update(is_active=False)
    client.post("/games/", {"map": make_map().slug, "again": model_version.digest[:8]})
    game = Game.objects.get()
    assert opponent_of(game) is None
    assert "you play alone" in game.note
