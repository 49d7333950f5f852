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
from geogame.games.challenges import send
from geogame.games.dailies import start_daily
from geogame.games.models import Challenge, Game, Round
from geogame.games.picture_urls import picture_ahead_url, picture_url
from geogame.games.services import next_round, start_game
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import guess, play, seal
from tests.geogame.pages.addresses import addresses

QUERIES = {
    "about": 5,
    "account": 5,
    "api-challenge": 9,
    "api-guess": 35,
    "api-layers": 7,
    "api-next": 18,
    "api-share": 8,
    "api-skip": 9,
    "api-state": 14,
    "borders": 3,
    "challenge": 14,
    "challenge-accept": 10,
    "challenge-send": 6,
    "change-name": 5,
    "change-password": 3,
    "daily": 14,
    "daily-archive": 6,
    "daily-day": 13,
    "daily-start": 10,
    "delete-account": 3,
    "export-data": 7,
    "forget-guest": 2,
    "game": 14,
    "health": 0,
    "help": 3,
    "home": 13,
    "layer": 5,
    "learn": 3,
    "login": 2,
    "logout": 4,
    "picture": 4,
    "picture-ahead": 4,
    "play": 11,
    "player": 6,
    "profile": 6,
    "register": 2,
    "replay": 4,
    "reports-choice": 4,
    "set_language": 1,
    "settings": 3,
    "start": 30,
    "your-data": 7,
}


@dataclass
class Scene:
    """An account with an open round, in another game with one that waits, and with finished games."""

    client: Client
    player: Player
    game: Game
    waiting: Game
    finished: Game
    challenge: Challenge
    daily: Game

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


def of_the_finished(name: str, fields: dict[str, object] | None = None) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name, args=[scene.finished.token]), fields)


def form(name: str, **fields: object) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name), fields)


def layer(name: str, *more: str) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(
        reverse(name, args=[scene.finished.token, scene.finished.rounds.latest("number").token, *more])
    )


# In the order in which they are asked: what changes the game, the language or the session comes last.
HOW: dict[str, Callable[[Scene], Ask]] = {
    "picture": lambda scene: Ask(picture_url(scene.round)),
    "picture-ahead": lambda scene: Ask(picture_ahead_url(scene.waiting.rounds.latest("number"))),
    "player": lambda scene: Ask(reverse("player", args=[scene.player.profile_token])),
    "challenge": lambda scene: Ask(reverse("challenge", args=[scene.challenge.token])),
    "challenge-accept": lambda scene: Ask(reverse("challenge-accept", args=[scene.challenge.token]), {}),
    "challenge-send": of_the_finished("challenge-send", {}),
    "api-challenge": of_the_finished("api-challenge", {}),
    "api-share": of_the_finished("api-share"),
    "replay": of_the_finished("replay"),
    "api-layers": layer("api-layers"),
    "layer": layer("layer", "view", "jpg"),
    "start": lambda scene: Ask("/games/", {"map": "other"}),
    "daily-start": form("daily-start"),
    "reports-choice": form("reports-choice", in_reports="yes"),
    "forget-guest": form("forget-guest"),
    "api-skip": command("api-skip"),
    "api-guess": command("api-guess", lat=1, lng=2),
    "api-next": command("api-next"),
    "set_language": form("set_language", language="de"),
    "logout": form("logout"),
}


def play_round(game: Game, player: Player, version: ModelVersion) -> None:
    for _ in range(2):  # this one, and the one that is drawn when it closes
        for round_ in game.rounds.filter(state=Round.State.PREPARING):
            seal(round_, version)
        if game.rounds.filter(state=Round.State.OPEN).exists():
            guess(game, player, lat=1, lng=2)


@pytest.fixture(params=[1, 4], ids=["little was played", "much was played"])
def scene(
    client: Client,
    make_player: Callable[..., Player],
    make_map: Callable[..., Map],
    model_version: ModelVersion,
    request: pytest.FixtureRequest,
) -> Scene:
    player = make_player("Ada", account=True)
    assert player.user
    client.force_login(player.user)
    map_ = make_map(40)
    make_map(6, name="Other")
    for _ in range(request.param):
        finished = play(start_game(player=player, map_=map_), player, version=model_version)
    daily = play(start_daily(player=player), player, version=model_version)
    waiting = start_game(player=player, map_=map_)
    play_round(waiting, player, model_version)
    game = start_game(player=player, map_=map_)
    for _ in range(1 + request.param // 2):
        play_round(game, player, model_version)
        next_round(game=game, player=player, after=game.rounds.filter(wanted=True).latest("number").token)
    challenge = send(game=finished, player=player)
    return Scene(client, player, game, waiting, finished, challenge, daily)


def test_every_page_asks_the_database_as_often_as_it_did(scene: Scene) -> None:
    scene.client.get("/")  # what is kept from one request to the next is there
    paths = {address.name: address.path(token=scene.game.token) for address in addresses() if address.name}
    order = list(HOW)
    found = {}
    for name in sorted(paths, key=lambda name: order.index(name) if name in HOW else -1):
        ask = HOW[name](scene) if name in HOW else Ask(paths[name])
        with CaptureQueriesContext(connection) as asked:
            response = ask(scene.client)
        assert response.status_code in (200, 302, 409), (name, response.status_code, ask)
        found[name] = len(asked)
    changed = {
        name: (QUERIES.get(name), count) for name, count in found.items() if count != QUERIES.get(name)
    }
    assert not changed, f"(as it was, as it is): {changed}"
    assert set(QUERIES) == set(found)
