"""How often each page asks the database: fixed here, and the same however much was played before.

A new page fails until it stands in QUERIES; where it needs more than a token, say in HOW what to ask for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from geogame.accounts.models import Player
from geogame.games.challenges import send as send_challenge
from geogame.games.models import Challenge, Game, Round
from geogame.games.picture_urls import picture_ahead_url, picture_url
from geogame.games.services import next_round, place_guess, start_game
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.geogame.games.test_services import seal
from tests.geogame.pages.addresses import addresses

QUERIES = {
    "home": 12,
    "learn": 2,
    "help": 2,
    "about": 4,
    "settings": 2,
    "set_language": 0,
    "play": 10,
    "game": 13,
    "replay": 3,
    "challenge": 13,
    "challenge-accept": 0,
    "daily": 16,
    "daily-start": 0,
    "daily-archive": 4,
    "borders": 2,
    "account": 1,
    "register": 3,
    "login": 2,
    "change-name": 1,
    "change-password": 1,
    "delete-account": 1,
    "your-data": 6,
    "export-data": 6,
    "profile": 5,
    "health": 0,
    "picture": 3,
    "picture-ahead": 3,
    "start": 29,
    "api-state": 13,
    "api-share": 7,
    "api-layers": 6,
    "api-skip": 8,
    "api-guess": 35,
    "api-next": 17,
}
NO_PAGE = 405
ELSEWHERE = ("layer", "daily-day", "player")
"""Counted where there is something to show: test_explain.py, test_daily.py, test_profile.py."""


@dataclass
class Scene:
    """A player with an open round, and in another game with one that waits to be asked for."""

    client: Client
    player: Player
    game: Game
    waiting: Game
    challenge: Challenge

    @property
    def finished(self) -> Game:
        return self.challenge.game

    @property
    def round(self) -> Round:
        return self.game.rounds.filter(wanted=True).latest("number")


@dataclass(frozen=True)
class Ask:
    path: str
    fields: dict[str, object] | None = None

    def __call__(self, client: Client) -> Any:
        if self.fields is None:
            return client.get(self.path)
        if self.path.startswith("/api/"):
            return client.post(self.path, json.dumps(self.fields), content_type="application/json")
        return client.post(self.path, self.fields)


def command(name: str, **place: object) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name, args=[scene.game.token]), {"round": scene.round.token, **place})


# In the order in which they are asked: what changes the game comes last.
HOW: dict[str, Callable[[Scene], Ask]] = {
    "picture": lambda scene: Ask(picture_url(scene.round)),
    "picture-ahead": lambda scene: Ask(picture_ahead_url(scene.waiting.rounds.latest("number"))),
    "challenge": lambda scene: Ask(reverse("challenge", args=[scene.challenge.token])),
    "replay": lambda scene: Ask(reverse("replay", args=[scene.finished.token])),
    "api-share": lambda scene: Ask(reverse("api-share", args=[scene.finished.token])),
    "api-layers": lambda scene: Ask(
        reverse("api-layers", args=[scene.finished.token, scene.finished.rounds.earliest("number").token])
    ),
    "start": lambda scene: Ask("/games/", {"map": "other"}),
    "api-skip": command("api-skip"),
    "api-guess": command("api-guess", lat=1, lng=2),
    "api-next": command("api-next"),
}


def play(game: Game, player: Player, version: ModelVersion, *, rounds: int) -> None:
    for _ in range(rounds):
        for round_ in game.rounds.filter(state=Round.State.PREPARING):
            seal(round_, version)
        current = game.rounds.filter(wanted=True).latest("number")
        place_guess(game=game, player=player, round_token=current.token, lat=1, lng=2)
        for round_ in game.rounds.filter(state=Round.State.PREPARING):
            seal(round_, version)


@pytest.fixture(params=[1, 4], ids=["little was played", "much was played"])
def scene(
    client: Client,
    alice: Player,
    make_map: Callable[..., Map],
    model_version: ModelVersion,
    sign_in: Callable[..., None],
    request: pytest.FixtureRequest,
) -> Scene:
    sign_in(client, alice)
    map_ = make_map(40)
    make_map(6, name="Other")
    for _ in range(request.param):
        earlier = start_game(player=alice, map_=map_)
        while earlier.state == Game.State.PLAYING:
            play(earlier, alice, model_version, rounds=1)
            last = earlier.rounds.filter(wanted=True).latest("number")
            next_round(game=earlier, player=alice, after=last.token)
            earlier.refresh_from_db()
    waiting = start_game(player=alice, map_=map_)
    play(waiting, alice, model_version, rounds=1)
    game = start_game(player=alice, map_=map_)
    for _ in range(1 + request.param // 2):
        play(game, alice, model_version, rounds=1)
        last = game.rounds.filter(wanted=True).latest("number")
        next_round(game=game, player=alice, after=last.token)
    return Scene(client, alice, game, waiting, send_challenge(game=earlier, player=alice))


def test_every_page_asks_the_database_as_often_as_it_did(scene: Scene) -> None:
    scene.client.get("/")  # what is kept from one request to the next is there
    named = [address for address in addresses() if address.name not in ("", *ELSEWHERE)]
    paths = {address.name: address.path(token=scene.game.token) for address in named}
    order = list(HOW)
    found = {}
    for name in sorted(paths, key=lambda name: order.index(name) if name in HOW else -1):
        ask = HOW[name](scene) if name in HOW else Ask(paths[name])
        with CaptureQueriesContext(connection) as asked:
            response = ask(scene.client)
        if response.status_code == NO_PAGE and name not in HOW:
            continue  # a command: those of the game stand in HOW
        assert response.status_code in (200, 302, 409), (name, response.status_code)
        found[name] = len(asked)
    changed = {
        name: (QUERIES.get(name), count) for name, count in found.items() if count != QUERIES.get(name)
    }
    assert not changed, f"(as it was, as it is): {changed}"
    assert set(QUERIES) == set(found)
