from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from geogame.lib.env import Limit
from geogame.panoramas.services import withdraw
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetAnswer
from geogame.round_sets.services import close, create, revoke
from planet_core.scoring import points
from tests.geogame.pages.truth import assert_bare
from tests.geogame.round_sets.taking_part import client_of

MakeSet = Callable[..., RoundSet]


@pytest.fixture
def robot(db: None) -> Client:
    return client_of("Robot")


@pytest.fixture
def made(make_map: Callable[..., Any]) -> RoundSet:
    return create(name="Trial", map_=make_map(3), seed=1)


def post(client: Client, path: str, body: object) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def rounds(client: Client, made: RoundSet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/sets/{made.token}/").json()["rounds"]
    return found


def test_a_set_is_played_to_its_results(robot: Client, made: RoundSet) -> None:
    listed = robot.get("/api/sets/").json()["sets"]
    assert [(one["id"], one["name"], one["state"], one["rounds"]) for one in listed] == [
        (made.token, "Trial", "open", 3)
    ]
    first, second, third = rounds(robot, made)
    picture = robot.get(first["picture"])
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/jpeg")
    assert_bare(picture.content)
    assert "no-store" in picture["Cache-Control"]
    assert "ETag" not in picture.headers
    body = {"lat": 41, "lng": -6.5, "country_probabilities": {"FR": 0.75}, "confidence": 0.75}
    kept = post(robot, first["answer"], body)
    assert kept.status_code == 201
    answer = kept.json()["answer"]
    assert answer.pop("answered_at")
    assert answer == body | {"outcome": "answered", "seen_in_training": False}
    assert post(robot, first["answer"], body).status_code == 200
    other = post(robot, first["answer"], {"lat": 1, "lng": 1})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "already-answered")
    assert other.json()["answer"]["lat"] == 41.0
    assert post(robot, second["answer"], {"refusal": True}).status_code == 201
    assert len(rounds(robot, made)) == 1
    assert robot.get(f"/api/sets/{made.token}/results/").json()["error"]["code"] == "set-open"
    close(made)
    assert rounds(robot, made) == []
    results = robot.get(f"/api/sets/{made.token}/results/").json()["results"]
    assert [one["outcome"] for one in results] == ["answered", "refused", "timeout"]
    assert results[0]["distance_km"] > 0
    assert results[0]["points"] == points(results[0]["distance_km"], made.scale_km)
    assert [one["points"] for one in results[1:]] == [0, 0]
    assert robot.get(first["picture"]).json()["error"]["code"] == "set-closed"
    assert post(robot, third["answer"], body).json()["error"]["code"] == "set-closed"


def test_no_answer_sets_a_cookie_or_needs_one(made: RoundSet) -> None:
    robot = client_of("Robot")
    robot.handler.enforce_csrf_checks = True
    for response in (
        robot.get("/api/sets/"),
        post(robot, rounds(robot, made)[0]["answer"], {"lat": 1, "lng": 2}),
        Client().get("/api/sets/"),
    ):
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")
    assert not robot.session.keys()


def test_without_a_token_nothing_is_told(made: RoundSet, robot: Client) -> None:
    one = rounds(robot, made)[0]
    paths = ["/api/sets/", f"/api/sets/{made.token}/", f"/api/sets/{made.token}/results/", one["picture"]]
    tokens = ("", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "Bearer \x80")
    for token in tokens:
        stranger = Client(headers={"authorization": token})
        answers = [stranger.get(path) for path in paths] + [
            post(stranger, one["answer"], {"lat": 1, "lng": 1})
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "no-token"), token
            assert answer["WWW-Authenticate"] == "Bearer"
    assert not SetAnswer.objects.exists()


def test_a_revoked_token_opens_nothing(made: RoundSet, robot: Client) -> None:
    revoke(OutsidePlayer.objects.get())
    assert robot.get("/api/sets/").json()["error"]["code"] == "revoked"
    again = client_of("Robot", anew=True)
    assert (again.get("/api/sets/").status_code, robot.get("/api/sets/").status_code) == (200, 401)


def test_players_do_not_see_each_other(made: RoundSet, robot: Client) -> None:
    other = client_of("Other")
    assert post(robot, rounds(robot, made)[0]["answer"], {"lat": 1, "lng": 2}).status_code == 201
    assert len(rounds(other, made)) == 3
    close(made)
    assert other.get("/api/sets/").json()["sets"] == []
    assert other.get(f"/api/sets/{made.token}/results/").status_code == 404
    assert len(robot.get("/api/sets/").json()["sets"]) == 1


def test_what_is_not_there_is_said(robot: Client, made: RoundSet) -> None:
    for path in (f"/api/sets/{'x' * 22}/", f"/api/sets/{made.token}/rounds/{'x' * 22}/picture/"):
        answer = robot.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    one = rounds(robot, made)[0]
    round_ = made.rounds.select_related("panorama").get(token=one["id"])
    assert round_.panorama
    withdraw(round_.panorama)
    assert robot.get(one["picture"]).status_code == 410
    assert post(robot, one["answer"], {"lat": 1, "lng": 1}).json()["error"]["code"] == "round-void"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "not-json"),
        (b"[" * 5000, "not-json"),
        (b" " * 20_000, "too-long"),
        (b"[1]", "wrong-fields"),
        ({}, "wrong-fields"),
        ({"lat": 1}, "wrong-fields"),
        ({"lat": 1, "lng": 2, "refusal": True}, "wrong-fields"),
        ({"lat": 1, "lng": 2, "points": 5000}, "wrong-fields"),
        ({"refusal": False}, "wrong-type"),
        ({"lat": "1", "lng": 2}, "wrong-type"),
        ({"lat": True, "lng": 2}, "wrong-type"),
        ({"lat": None, "lng": None}, "wrong-type"),
        ({"lat": float("nan"), "lng": 2}, "wrong-type"),
        ({"lat": float("inf"), "lng": 2}, "out-of-range"),
        ({"lat": 10**400, "lng": 2}, "out-of-range"),
        ({"lat": 90.1, "lng": 2}, "out-of-range"),
        ({"lat": 1, "lng": -180.5}, "out-of-range"),
        ({"lat": 1, "lng": 2, "confidence": 1.5}, "out-of-range"),
        ({"lat": 1, "lng": 2, "confidence": "sure"}, "wrong-type"),
        ({"lat": 1, "lng": 2, "seen_in_training": 1}, "wrong-type"),
        ({"lat": 1, "lng": 2, "country_probabilities": ["FR"]}, "wrong-type"),
        ({"lat": 1, "lng": 2, "country_probabilities": {"France": 1}}, "unknown-country"),
        ({"lat": 1, "lng": 2, "country_probabilities": {"FR": -0.1}}, "out-of-range"),
        ({"lat": 1, "lng": 2, "country_probabilities": {"FR": 0.8, "BE": 0.3}}, "out-of-range"),
    ],
)
def test_a_bad_answer_is_refused_and_the_round_stays_open(
    robot: Client, made: RoundSet, body: Any, code: str
) -> None:
    path = rounds(robot, made)[0]["answer"]
    content = body if isinstance(body, bytes) else json.dumps(body)
    answer = robot.post(path, content, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert len(rounds(robot, made)) == 3


def test_what_comes_too_often_has_to_wait(made: RoundSet, settings: Any, no_counts: None) -> None:
    robot, other = client_of("Robot"), client_of("Other")
    settings.RATE_LIMITS = {"player-api": Limit(2, 5, 3600)}
    assert [robot.get("/api/sets/").status_code for _ in range(3)] == [200, 200, 429]
    assert other.get("/api/sets/").status_code == 200
    guessing = [Client(headers={"authorization": f"Bearer {n}"}).get("/api/sets/") for n in range(2)]
    assert [answer.status_code for answer in guessing] == [401, 429]
    assert int(guessing[1]["Retry-After"]) >= 1
    assert guessing[1].json()["error"]["code"] == "rate-limited"


def test_a_request_of_another_kind_is_not_allowed(made: RoundSet, robot: Client) -> None:
    one = rounds(robot, made)[0]
    assert robot.get(one["answer"]).status_code == 405
    assert post(robot, one["picture"], {}).status_code == 405
