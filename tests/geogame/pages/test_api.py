from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.games.picture_urls import picture_url
from geogame.games.services import start_game
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]


@pytest.fixture
def game(client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn) -> Game:
    sign_in(client, alice)
    return start_game(player=alice, map_=make_map())


def post(client: Client, path: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(path, text, content_type="application/json")


def guess(client: Client, game: Game, **changes: Any) -> Any:
    body = {"round": game.rounds.filter(wanted=True).last().token, "lat": 10.5, "lng": 20.25} | changes  # type: ignore[union-attr]
    return post(client, f"/api/games/{game.token}/guess/", body)


def test_an_open_round_shows_its_picture_alone(client: Client, game: Game) -> None:
    round_ = client.get(f"/api/games/{game.token}/").json()["round"]
    assert round_["state"] == "open"
    assert round_["result"] is None
    assert (round_["picture"]["width"], round_["picture"]["height"]) == (320, 240)
    assert round_["model"]["state"] == "absent"


def test_a_guess_brings_the_result(client: Client, game: Game) -> None:
    state = guess(client, game).json()
    result = state["round"]["result"]
    panorama = game.rounds.get(number=1).panorama
    assert result["truth"] == {"lat": panorama.lat, "lng": panorama.lng}
    assert (result["you"]["lat"], result["you"]["lng"]) == (10.5, 20.25)
    assert result["winner"] == "you"
    assert state["game"]["points"] == {"you": result["you"]["points"], "model": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"lat": "10"},
        {"lat": None},
        {"lat": True},
        {"lat": 90.01},
        {"lng": -180.5},
        {"lat": [1]},
        {"round": 7},
        {"round": "\ud800"},
        {"round": "\x00" * 22},
        {"lat": int("1" + "0" * 400)},
        {"points": 5000},
    ],
)
def test_a_wrong_guess_is_refused_with_a_reason(client: Client, game: Game, changes: dict[str, Any]) -> None:
    response = guess(client, game, **changes)
    assert response.status_code == 400
    assert response.json()["error"]["message"]
    assert not Guess.objects.exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"lat": NaN}', "7" * 5000, "[" * 2000])
def test_what_is_no_guess_at_all_is_refused(client: Client, game: Game, text: str) -> None:
    response = post(client, f"/api/games/{game.token}/guess/", text)
    assert response.status_code == 400


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_json_does_not_know_as_a_number_is_refused(client: Client, game: Game, number: str) -> None:
    token = game.rounds.get(number=1).token
    response = post(
        client, f"/api/games/{game.token}/guess/", f'{{"round": "{token}", "lat": {number}, "lng": 1}}'
    )
    assert response.json()["error"]["code"] == "wrong-type"


def test_a_second_guess_is_a_conflict(client: Client, game: Game) -> None:
    guess(client, game)
    response = guess(client, game, lat=1.0)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "already-guessed")


def test_the_next_round_has_another_picture(client: Client, game: Game) -> None:
    first = guess(client, game).json()["round"]
    second = post(client, f"/api/games/{game.token}/next/", {"round": first["id"]}).json()
    assert second["round"]["number"] == 2
    assert second["round"]["picture"]["url"] != first["picture"]["url"]
    assert [result["number"] for result in second["results"]] == [1]


def test_the_next_round_needs_a_guess(client: Client, game: Game) -> None:
    response = post(client, f"/api/games/{game.token}/next/", {"round": game.rounds.get(number=1).token})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "round-open")


def test_the_game_of_somebody_else_does_not_exist(game: Game) -> None:
    stranger = Client()
    for path in (f"/games/{game.token}/", f"/api/games/{game.token}/"):
        assert stranger.get(path).status_code == 404
    response = guess(stranger, game)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not-found")
    picture = game.rounds.get(number=1).picture_token
    assert stranger.get(f"/pictures/{picture}.jpg").status_code == 404


def test_the_picture_is_the_stored_file_and_is_kept_nowhere(client: Client, game: Game) -> None:
    round_ = game.rounds.get(number=1)
    response = client.get(picture_url(round_))
    assert response.content == round_.panorama.path.read_bytes()
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, no-store"
    assert not {"ETag", "Last-Modified"} & set(response.headers)


def test_no_picture_before_the_round_is_open(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn, model_version: ModelVersion
) -> None:
    sign_in(client, alice)
    round_ = start_game(player=alice, map_=make_map()).rounds.get()
    state = client.get(f"/api/games/{round_.game.token}/").json()["round"]
    assert (state["state"], state["picture"], state["model"]["state"]) == ("preparing", None, "thinking")
    assert client.get(picture_url(round_)).status_code == 404


def test_asking_for_the_state_opens_an_overdue_round(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn, model_version: ModelVersion
) -> None:
    sign_in(client, alice)
    game = start_game(player=alice, map_=make_map())
    Round.objects.update(answer_deadline=timezone.now() - timedelta(seconds=1))
    state = client.get(f"/api/games/{game.token}/").json()["round"]
    assert (state["state"], state["model"]["state"]) == ("open", "absent")


def test_a_form_of_another_site_is_refused(game: Game, alice: Player, sign_in: SignIn) -> None:
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, alice)
    response = guess(strict, game)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "csrf")


@pytest.mark.parametrize("path", ["/games/%00/", "/api/games/%00/", "/pictures/%00.jpg", "/games/x/"])
def test_a_strange_address_is_not_found(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_strange_map_is_not_found(client: Client, db: None) -> None:
    assert client.post("/games/", {"map": "\x00"}).status_code == 404


def test_a_picture_that_is_gone_is_not_found(client: Client, game: Game) -> None:
    path = game.rounds.get().panorama.path
    path.unlink()
    path.mkdir()
    assert client.get(picture_url(game.rounds.get(number=1))).status_code == 404
