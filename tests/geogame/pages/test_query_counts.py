"""How often each page asks the database: fixed here, and the same however much was played before.

A new page fails until it stands in QUERIES; where it needs more than a token, say in HOW what to ask for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.albums.models import AlbumRound, Sight
from geogame.albums.services import place_pin, start_album
from geogame.albums.snapshots import PICTURE
from geogame.games.challenges import send
from geogame.games.dailies import start_daily
from geogame.games.models import Challenge, Game, Round
from geogame.games.picture_urls import picture_ahead_url, picture_url, signed_url
from geogame.games.services import next_round, start_game
from geogame.panoramas.models import Map, Panorama
from geogame.ratings.models import Rating
from geogame.ratings.services import rate_games
from geogame.registry.models import ModelVersion
from geogame.reports.stored import refresh_all
from geogame.rooms import services
from geogame.rooms.models import Room
from geogame.round_sets.models import OutsidePlayer, RoundSet
from geogame.round_sets.services import close, create, issue_token
from geogame.studies.models import Study
from tests.geogame.albums.playing import album_of
from tests.geogame.albums.playing import play as play_trip
from tests.geogame.albums.playing import seal as seal_trip
from tests.geogame.games.playing import guess, play, seal
from tests.geogame.pages.addresses import addresses
from tests.geogame.round_sets.taking_part import answer
from tests.geogame.studies.making import lay_out

QUERIES = {
    "about": 5,
    "account": 5,
    "album": 9,
    "album-picture": 4,
    "album-start": 10,
    "albums": 10,
    "api-album": 9,
    "api-album-hand-in": 23,
    "api-album-next": 23,
    "api-album-pin": 22,
    "api-challenge": 9,
    "api-country": 4,
    "api-guess": 35,
    "api-layers": 7,
    "api-next": 20,
    "api-openapi": 0,
    "api-duel": 10,
    "api-rating": 6,
    "api-room": 15,
    "api-room-guess": 30,
    "api-set": 3,
    "api-set-answer": 10,
    "api-set-picture": 3,
    "api-set-results": 6,
    "api-sets": 2,
    "api-share": 8,
    "api-skip": 9,
    "api-state": 14,
    "benchmark": 7,
    "benchmark-state": 2,
    "borders": 3,
    "bots": 6,
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
    "duel": 13,
    "duel-cancel": 7,
    "duel-model": 50,
    "duel-queue": 18,
    "export-data": 15,
    "forget-guest": 2,
    "game": 14,
    "health": 0,
    "help": 3,
    "home": 17,
    "layer": 5,
    "leaderboards": 10,
    "learn": 3,
    "login": 2,
    "logout": 4,
    "picture": 4,
    "picture-ahead": 4,
    "play": 11,
    "player": 7,
    "profile": 9,
    "register": 2,
    "replay": 4,
    "report": 7,
    "report-json": 1,
    "report-rows": 2,
    "reports-choice": 4,
    "room": 17,
    "room-enter": 2,
    "room-join": 19,
    "rooms": 11,
    "set_language": 1,
    "settings": 3,
    "start": 30,
    "study": 7,
    "study-begin": 25,
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
    room: Room
    lobby: Room
    study: Study
    round_set: RoundSet
    closed_set: RoundSet
    outside_token: str
    trip: AlbumRound
    waiting_trip: AlbumRound

    @property
    def round(self) -> Round:
        return self.game.rounds.filter(wanted=True).latest("number")


@dataclass(frozen=True)
class Ask:
    path: str
    fields: dict[str, object] | None = None
    token: str = ""

    def __call__(self, client: Client) -> Any:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        if self.fields is None:
            return client.get(self.path, headers=headers)
        if self.path.startswith("/api/"):
            body = json.dumps(self.fields)
            return client.post(self.path, body, content_type="application/json", headers=headers)
        return client.post(self.path, self.fields)


def command(name: str, **place: object) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name, args=[scene.game.token]), {"round": scene.round.token, **place})


def of_the_finished(name: str, fields: dict[str, object] | None = None) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name, args=[scene.finished.token]), fields)


def of_a_set(name: str, fields: dict[str, object] | None = None) -> Callable[[Scene], Ask]:
    def ask(scene: Scene) -> Ask:
        round_set = scene.closed_set if name == "api-set-results" else scene.round_set
        one = round_set.rounds.latest("number")
        parts = [round_set.token, one.token][
            : {"api-sets": 0, "api-set": 1, "api-set-results": 1}.get(name, 2)
        ]
        return Ask(reverse(name, args=parts), fields, scene.outside_token)

    return ask


def picture_of_sight(sight: Sight) -> str:
    return signed_url(PICTURE, sight.picture_token, since=sight.opened_at)


def of_the_trip(name: str, fields: dict[str, object] | None = None) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name, args=[scene.trip.token]), fields)


def form(name: str, **fields: object) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name), fields)


def form_page(name: str) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name))


def of_a_report(name: str, *more: str) -> Callable[[Scene], Ask]:
    return lambda scene: Ask(reverse(name, args=["test", "fair", "photo", *more]))


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
    "api-rating": of_the_finished("api-rating"),
    "leaderboards": lambda scene: Ask(f"{reverse('leaderboards')}?mode=classic&period=month"),
    "replay": of_the_finished("replay"),
    "report": of_a_report("report"),
    "report-json": of_a_report("report-json"),
    "report-rows": of_a_report("report-rows", "pairs", "csv"),
    "api-layers": layer("api-layers"),
    "layer": layer("layer", "view", "jpg"),
    "start": lambda scene: Ask("/games/", {"map": "other"}),
    "album": of_the_trip("album"),
    "api-album": of_the_trip("api-album"),
    "album-picture": lambda scene: Ask(picture_of_sight(scene.trip.sights.latest("pk"))),
    "api-album-pin": of_the_trip("api-album-pin", {"photo": 1, "lat": 1, "lng": 2}),
    "api-album-next": of_the_trip("api-album-next", {"photo": 1}),
    "api-album-hand-in": lambda scene: Ask(reverse("api-album-hand-in", args=[scene.waiting_trip.token]), {}),
    "album-start": form("album-start", map="trips"),
    "daily-start": form("daily-start"),
    "study": lambda scene: Ask(reverse("study", args=[scene.study.subjects.get(number=1).token])),
    "study-begin": lambda scene: Ask(
        reverse("study-begin", args=[scene.study.subjects.get(number=1).token]), {"agree": "yes"}
    ),
    "rooms": lambda scene: Ask("/rooms/"),
    "room": lambda scene: Ask(reverse("room", args=[scene.room.code])),
    "api-room": lambda scene: Ask(reverse("api-room", args=[scene.room.code])),
    "api-room-guess": lambda scene: Ask(
        reverse("api-room-guess", args=[scene.room.code]),
        {
            "round": Round.objects.get(game__rooms=scene.room, state=Round.State.OPEN).token,
            "lat": 1,
            "lng": 2,
        },
    ),
    "room-enter": lambda scene: Ask("/rooms/join/", {"code": scene.lobby.code}),
    "room-join": lambda scene: Ask(reverse("room-join", args=[scene.lobby.code]), {"role": "player"}),
    "duel-queue": form("duel-queue", map="other"),
    "duel": form_page("duel"),
    "api-duel": lambda scene: Ask("/api/duel/", {}),
    "duel-cancel": form("duel-cancel"),
    "duel-model": form("duel-model", map="other"),
    "bots": lambda scene: Ask("/bots/", {"name": "Robbie"}),
    "reports-choice": form("reports-choice", in_reports="yes"),
    "forget-guest": form("forget-guest"),
    "api-country": lambda scene: Ask(reverse("api-country", args=[scene.game.token]), {"lat": 1, "lng": 2}),
    "api-skip": command("api-skip"),
    "api-sets": of_a_set("api-sets"),
    "api-set": of_a_set("api-set"),
    "api-set-picture": of_a_set("api-set-picture"),
    "api-set-results": of_a_set("api-set-results"),
    "api-set-answer": of_a_set("api-set-answer", {"lat": 1, "lng": 2}),
    "api-guess": command("api-guess", lat=1, lng=2),
    "api-next": command("api-next"),
    "set_language": form("set_language", language="de"),
    "logout": form("logout"),
}


def sets_of(map_: Map, answers: int) -> tuple[RoundSet, RoundSet, str]:
    """A closed and an open set of the map, half of each answered, and the token of who answered."""
    token = issue_token("Robot")
    sets = [create(name=name, map_=map_, count=2 * answers, seed=1) for name in ("Closed", "Open")]
    for round_set in sets:
        for round_ in round_set.rounds.select_related("panorama")[:answers]:
            answer(OutsidePlayer.objects.get(), round_)
    close(sets[0])
    return sets[1], sets[0], token


def play_round(game: Game, player: Player, version: ModelVersion) -> None:
    for _ in range(2):  # this one, and the one that is drawn when it closes
        for round_ in game.rounds.filter(state=Round.State.PREPARING):
            seal(round_, version)
        if game.rounds.filter(state=Round.State.OPEN).exists():
            guess(game, player, lat=1, lng=2)


def rooms_of(player: Player, others: list[Player], map_: Map) -> tuple[Room, Room]:
    """One with an open round of the player's, one in the lobby of somebody else."""
    settings = {"model": None}
    room = services.create_room(player=player, kind=Room.Kind.ROOM, map_=map_, settings=settings)
    for other in others:
        services.join(room=room, player=other)
    services.start(room=room, player=player)
    Game.objects.filter(rooms=room).update(created_at=timezone.now() - timedelta(seconds=10))
    Room.objects.update(due_at=timezone.now())
    services.settle(room)
    lobby = services.create_room(player=others[0], kind=Room.Kind.ROOM, map_=map_, settings=settings)
    return room, lobby


def trips_of(
    player: Player, make_panorama: Callable[..., Panorama], played: int
) -> tuple[AlbumRound, AlbumRound]:
    """One with its first photo open, one with a pin for each photo; before, some that were handed in."""
    map_ = album_of(make_panorama).map
    for number in range(played):
        finished = start_album(player=player, map_=map_)
        seal_trip(finished)
        play_trip(finished, player, [(1.0, number)] * 3)
    trip = start_album(player=player, map_=map_)
    seal_trip(trip)
    other = album_of(make_panorama, [(1.0, 2.0)], map_=Map.objects.create(name="T", slug="t", scale_km=50.0))
    waiting = start_album(player=player, map_=other.map)
    seal_trip(waiting)
    place_pin(round_=waiting, player=player, number=1, lat=1.0, lng=2.0)
    return trip, waiting


@pytest.fixture(params=[1, 4], ids=["little was played", "much was played"])
def scene(
    client: Client,
    make_player: Callable[..., Player],
    make_map: Callable[..., Map],
    make_panorama: Callable[..., Panorama],
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
    trips = trips_of(player, make_panorama, request.param)
    rate_games()
    refresh_all()
    daily = play(start_daily(player=player), player, version=model_version)
    waiting = start_game(player=player, map_=map_)
    play_round(waiting, player, model_version)
    game = start_game(player=player, map_=map_)
    for _ in range(1 + request.param // 2):
        play_round(game, player, model_version)
        next_round(game=game, player=player, after=game.rounds.filter(wanted=True).latest("number").token)
    challenge = send(game=finished, player=player)
    others = [make_player(f"Guest {number}") for number in range(request.param)]
    room, lobby = rooms_of(player, others, make_map(6, name="Rooms"))
    studied = make_map(4, name="Studied")
    study = lay_out(studied, model_version, [[panorama] for panorama in studied.panoramas.all()])
    sets = sets_of(make_map(16, name="Sets"), request.param)
    return Scene(client, player, game, waiting, finished, challenge, daily, room, lobby, study, *sets, *trips)


def test_every_page_asks_the_database_as_often_as_it_did(scene: Scene) -> None:
    assert Rating.objects.filter(player=scene.player).exists()
    scene.client.get("/")  # what is kept from one request to the next is there
    paths = {address.name: address.path(token=scene.game.token) for address in addresses() if address.name}
    order = list(HOW)
    found = {}
    for name in sorted(paths, key=lambda name: order.index(name) if name in HOW else -1):
        ask = HOW[name](scene) if name in HOW else Ask(paths[name])
        with CaptureQueriesContext(connection) as asked:
            response = ask(scene.client)
        assert response.status_code in (200, 201, 302, 409), (name, response.status_code, ask)
        found[name] = len(asked)
    changed = {
        name: (QUERIES.get(name), count) for name, count in found.items() if count != QUERIES.get(name)
    }
    assert not changed, f"(as it was, as it is): {changed}"
    assert set(QUERIES) == set(found)
