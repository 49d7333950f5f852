"""The name under the pin is the one that the guess is judged by, and tells nothing of the round."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.countries import country_of_pin
from geogame.games.errors import GameError
from geogame.games.models import Game
from geogame.games.services import start_game
from geogame.panoramas.models import Map

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]
NEAR_A_BORDER = [(49.0, 8.2), (47.56, 7.6), (50.75, 6.02), (43.75, 7.4), (32.5, -117.05), (-25.6, -54.59)]


@pytest.fixture
def game(client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn) -> Game:
    sign_in(client, alice)
    return start_game(player=alice, map_=make_map(country="FR"), mode=Game.Mode.COUNTRY)


def ask(client: Client, game: Game, fields: object, **headers: str) -> Any:
    path = f"/api/games/{game.token}/country/"
    return client.post(path, json.dumps(fields), content_type="application/json", headers=headers)


def judged(lat: float, lng: float) -> str | None:
    """The country that a guess there counts as; None where it is refused."""
    try:
        return country_of_pin(lat, lng)
    except GameError:
        return None


def test_the_name_is_that_of_the_country_which_the_guess_counts_as(client: Client, game: Game) -> None:
    rng = random.Random(6)
    everywhere = [(rng.uniform(-60, 75), rng.uniform(-180, 180)) for _ in range(150)]
    near = [(lat + rng.gauss(0, 0.02), lng + rng.gauss(0, 0.02)) for lat, lng in NEAR_A_BORDER * 20]
    found = set()
    for lat, lng in everywhere + near:
        country = ask(client, game, {"lat": lat, "lng": lng}).json()["country"]
        assert (country and country["code"]) == judged(lat, lng), (lat, lng)
        found.add(country and country["code"])
    assert {None, "FR", "DE", "US", "MX"} <= found


def test_the_name_is_in_the_readers_language(client: Client, game: Game) -> None:
    german = {"Accept-Language": "de"}
    answer = ask(client, game, {"lat": 52.5, "lng": 13.4}, **german).json()
    assert answer == {"country": {"code": "DE", "name": "Deutschland"}}


@pytest.mark.parametrize(
    "fields",
    [
        *({}, {"lat": 1}, {"lat": 91, "lng": 0}, {"lat": "1", "lng": 0}, {"lat": True, "lng": 0}),
        {"lat": 1, "lng": 2, "round": "x" * 22},
    ],
)
def test_what_is_no_place_is_refused(client: Client, game: Game, fields: dict[str, object]) -> None:
    assert ask(client, game, fields).status_code == 400


def test_nobody_asks_in_the_game_of_somebody_else(game: Game) -> None:
    assert ask(Client(), game, {"lat": 1, "lng": 2}).status_code == 404


def test_asking_changes_nothing(client: Client, game: Game) -> None:
    before = client.get(f"/api/games/{game.token}/").json()
    ask(client, game, {"lat": 1, "lng": 2})
    after = client.get(f"/api/games/{game.token}/").json()
    assert {**before, "server_time": ""} == {**after, "server_time": ""}
