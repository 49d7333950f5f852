"""Plays a game, keeps every byte that the server sends before a round is closed, and looks for its truth."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import Client
from s2sphere import CellId, LatLng

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.lifecycle import seal_answer
from geogame.games.models import Game, Round
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import publish_map
from geogame.registry.models import ModelVersion
from tests.conftest import jpeg
from tests.sockets import Socket

LAT, LNG = 47.6543219, -122.1234567
SECRETS = {
    "digest": "c0ffee" * 10 + "beef",
    "source": "https://provider.example/pano/8Zx-secret",
    "author": "Photographer Secretname",
    "licence": "CC-SECRET-4.0",
    "taken_at": "2019-07-13T09:41:07",
    "place": "Near Secretville, Nowhere",
    "group": "walk-of-secrets",
    "heading": 213.37,
}


def forms_of_the_truth(panorama: Panorama) -> Iterator[str]:
    for degrees in (LAT, LNG):
        for digits in range(2, 8):
            yield f"{abs(degrees):.{digits}f}"
            yield str(int(abs(degrees) * 10**digits))
    cell = CellId.from_lat_lng(LatLng.from_degrees(LAT, LNG))
    for level in range(6, 31, 4):
        yield cell.parent(level).to_token()
        yield str(cell.parent(level).id())
    for secret in (*SECRETS.values(), panorama.file, panorama.file_digest):
        yield str(secret)
        yield json.dumps(str(secret)).strip('"')


def assert_no_truth(sent: list[bytes], panorama: Panorama) -> None:
    everything = b"\n".join(sent).decode("latin-1").lower()
    found = [
        form
        for form in forms_of_the_truth(panorama)
        if re.search(rf"(?<![\w.]){re.escape(form.lower())}", everything)
    ]
    assert not found


class Tap:
    """A client that keeps all that comes back: status, headers, body."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.sent: list[bytes] = []

    def get(self, path: str) -> Any:
        return self.keep(self.client.get(path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.keep(self.client.post(path, json.dumps(body), content_type="application/json"))

    def keep(self, response: Any) -> Any:
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        self.sent += [headers.encode(), response.content]
        return response

    def frames(self, game: Game, meanwhile: Callable[[], None]) -> None:
        async def listen() -> None:
            socket = Socket(f"/ws/games/{game.token}/", self.client)
            await socket.connect()
            await sync_to_async(meanwhile)()
            await socket.send('{"type": "snapshot.request"}')
            while not await socket.nothing_more():
                self.sent.append(json.dumps(await socket.receive()).encode())
            await socket.close()

        async_to_sync(listen)()


@pytest.fixture
def secret_map(make_panorama: Callable[..., Panorama]) -> Map:
    map_ = Map.objects.create(name="Secrets", slug="secrets")
    map_.panoramas.add(make_panorama(LAT, LNG))
    Panorama.objects.update(**SECRETS)
    publish_map(map_)
    return map_


@pytest.mark.parametrize("with_model", [True, False])
@pytest.mark.parametrize("projection", ["flat", "equirectangular"])
def test_no_byte_before_the_guess_holds_the_truth(
    client: Client,
    secret_map: Map,
    model_version: ModelVersion,
    django_capture_on_commit_callbacks: Any,
    with_model: bool,
    projection: str,
) -> None:
    type(model_version).objects.update(is_active=with_model)
    Panorama.objects.update(projection=projection, width=640, height=320)
    Panorama.objects.get().path.write_bytes(jpeg(640, 320))
    tap = Tap(client)
    tap.get("/")
    tap.keep(client.post("/games/", {"map": "secrets"}))
    game = Game.objects.get()

    def seal() -> None:
        if with_model:
            with django_capture_on_commit_callbacks(execute=True):
                cells = [CellProbability(LAT, LNG, 0.9)]
                answer = ModelAnswer(
                    lat=LAT,
                    lng=LNG,
                    rule="top-cell",
                    top_cells=cells,
                    prediction_digest="e" * 64,
                    seen_in_training=True,
                )
                seal_answer(
                    round_id=game.rounds.get().pk, model=player_of_model(model_version), answer=answer
                )

    tap.get(f"/games/{game.token}/")
    tap.frames(game, seal)
    tap.get(f"/games/{game.token}/")
    state = tap.get(f"/api/games/{game.token}/").json()
    assert state["round"]["state"] == Round.State.OPEN
    assert state["round"]["model"]["state"] == ("sealed" if with_model else "absent")
    picture = tap.get(state["round"]["picture"]["url"])
    assert picture.status_code == 200
    tap.post(f"/api/games/{game.token}/guess/", {"round": state["round"]["id"], "lat": "x", "lng": 1})
    tap.post(f"/api/games/{game.token}/next/", {"round": state["round"]["id"]})
    tap.get("/")
    assert len(tap.sent) >= 16
    assert_no_truth(tap.sent, Panorama.objects.get())


def test_the_search_would_find_a_leak(client: Client, alice: Player, secret_map: Map) -> None:
    tap = Tap(client)
    client.post("/games/", {"map": "secrets"})
    game = Game.objects.get()
    tap.post(f"/api/games/{game.token}/guess/", {"round": game.rounds.get().token, "lat": 1, "lng": 1})
    with pytest.raises(AssertionError, match=r"47\.65"):
        assert_no_truth(tap.sent, Panorama.objects.get())


def test_a_round_tells_its_own_truth_and_no_other(
    client: Client, make_panorama: Callable[..., Panorama]
) -> None:
    map_ = Map.objects.create(name="Three", slug="three")
    for number in range(3):
        place = {"lat": 11.1111111 * (number + 1), "lng": -21.9876543 - number}
        map_.panoramas.add(make_panorama(**place, author=f"Author-{number}-secret"))
    publish_map(map_)
    tap = Tap(client)
    tap.keep(client.post("/games/", {"map": "three"}))
    game = Game.objects.get()
    for number in range(1, 4):
        round_ = game.rounds.get(number=number)
        tap.get("/")
        tap.get(f"/games/{game.token}/")
        tap.get(f"/api/games/{game.token}/")
        tap.get(f"/pictures/{round_.picture_token}.jpg")
        closed = set(game.rounds.filter(state=Round.State.CLOSED).values_list("panorama__author", flat=True))
        assert authors_in(tap) == closed
        tap.post(f"/api/games/{game.token}/guess/", {"round": round_.token, "lat": 1, "lng": 1})
        assert authors_in(tap) == closed | {round_.panorama.author}
        tap.post(f"/api/games/{game.token}/next/", {"round": round_.token})


def authors_in(tap: Tap) -> set[str]:
    return set(re.findall(r"Author-\d-secret", b"".join(tap.sent).decode("latin-1")))


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_page_holds_no_truth(
    client: Client, secret_map: Map, monkeypatch: pytest.MonkeyPatch, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    client.raise_request_exception = False
    tap = Tap(client)
    client.post("/games/", {"map": "secrets"})
    game = Game.objects.get()

    def broken(game: Game, player: Player) -> None:
        panorama = game.rounds.get().panorama
        raise RuntimeError(f"about panorama {panorama.pk}")

    monkeypatch.setattr("geogame.pages.api.snapshot", broken)
    assert tap.get(f"/api/games/{game.token}/").status_code == 500
    assert_no_truth(tap.sent, Panorama.objects.get())
