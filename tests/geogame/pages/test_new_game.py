from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.games.services import start_game
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
