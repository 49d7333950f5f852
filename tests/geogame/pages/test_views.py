from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.games.services import next_round, place_guess, start_game
from geogame.panoramas.models import Map
from geogame.panoramas.services import unpublish_map
from geogame.registry.models import ModelVersion

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]


@pytest.mark.django_db
def test_an_empty_site_says_how_to_begin(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "manage.py import_panoramas" in page


def test_home_shows_the_maps_and_the_model(
    client: Client, make_map: MakeMap, model_version: ModelVersion
) -> None:
    make_map(name="Old Europe")
    page = client.get("/").content.decode()
    assert "Old Europe" in page
    assert model_version.name in page


def test_home_hides_a_closed_map(client: Client, make_map: MakeMap) -> None:
    unpublish_map(make_map(name="Old Europe"))
    assert "Old Europe" not in client.get("/").content.decode()


def test_a_guest_starts_a_game(client: Client, make_map: MakeMap) -> None:
    response = client.post("/games/", {"map": make_map().slug})
    game = Game.objects.get()
    assert response["Location"] == f"/games/{game.token}/"
    assert client.get(response["Location"]).status_code == 200
    assert Player.objects.get().name == "Guest"


def test_a_guest_stays_the_same_player(client: Client, make_map: MakeMap) -> None:
    for name in ("One", "Two"):
        client.post("/games/", {"map": make_map(name=name).slug})
    assert (Player.objects.count(), Game.objects.count()) == (1, 2)


def test_an_account_has_one_player(client: Client, make_map: MakeMap, django_user_model: type) -> None:
    client.force_login(django_user_model.objects.create_user("bob"))  # type: ignore[attr-defined]
    slug = make_map().slug
    for _ in range(2):
        client.post("/games/", {"map": slug})
    assert Player.objects.get().user.username == "bob"  # type: ignore[union-attr]


def test_an_unknown_map_is_not_found(client: Client, db: None) -> None:
    assert client.post("/games/", {"map": "atlantis"}).status_code == 404


def test_home_offers_the_unfinished_game(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn
) -> None:
    sign_in(client, alice)
    game = start_game(player=alice, map_=make_map())
    assert f"/games/{game.token}/" in client.get("/").content.decode()


def test_a_reload_goes_on_where_the_game_was(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn
) -> None:
    sign_in(client, alice)
    game = start_game(player=alice, map_=make_map())
    first = game.rounds.get()
    place_guess(game=game, player=alice, round_token=first.token, lat=1, lng=2)
    next_round(game=game, player=alice, after=first.token)
    boot = client.get(f"/games/{game.token}/").context["boot"]
    assert boot["snapshot"]["round"]["number"] == 2
    assert len(boot["snapshot"]["results"]) == 1


def test_health(client: Client) -> None:
    assert client.get("/health/").json() == {"status": "ok"}


def test_home_asks_the_database_the_same_for_more_games(
    client: Client,
    alice: Player,
    make_map: MakeMap,
    sign_in: SignIn,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    sign_in(client, alice)
    map_ = make_map()
    for _ in range(4):
        start_game(player=alice, map_=map_)
    with django_assert_max_num_queries(16):  # type: ignore[attr-defined]
        client.get("/")
