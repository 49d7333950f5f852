"""What comes too often is refused, with a sentence and the time to wait."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess
from geogame.lib import limits
from geogame.lib.env import Limit
from geogame.pages.startup import redis_answers, valkey
from geogame.panoramas.models import Map
from geogame.settings import RATE_LIMITS
from tests.geogame.pages.addresses import addresses

MakeMap = Callable[..., Map]


@pytest.fixture(autouse=True)
def _tight(settings: Any, no_counts: None) -> None:
    settings.RATE_LIMITS = {name: Limit(2, 4, 3600) for name in RATE_LIMITS}


def guess(client: Client, game: Game, **headers: str) -> Any:
    body = json.dumps({"round": "x" * 22, "lat": 1, "lng": 1})
    return client.post(
        f"/api/games/{game.token}/guess/", body, content_type="application/json", headers=headers
    )


# They store nothing, whatever the method.
NO_CHANGE = {"/favicon.ico"}


def test_every_page_that_takes_a_post_has_a_limit(admin_client: Client) -> None:
    taking = [
        address
        for address in addresses()
        if address.route not in NO_CHANGE and admin_client.post(address.path()).status_code != 405
    ]
    assert len(taking) >= 5
    assert [str(address) for address in taking if getattr(address.view, "limit", "") not in RATE_LIMITS] == []


def test_games_that_start_too_often_get_a_page_that_says_when(client: Client, make_map: MakeMap) -> None:
    slug = make_map().slug
    # The first one makes the guest, so it counts for the address alone.
    answers = [client.post("/games/", {"map": slug}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    page = answers[-1].content.decode()
    assert "too often" in page
    assert "Try again in" in page
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3600
    assert client.get("/games/").status_code == 302, "only what changes something is counted"


def test_commands_that_come_too_often_get_json(
    client: Client, alice: Player, make_map: MakeMap, sign_in: Callable[..., None]
) -> None:
    client.post("/games/", {"map": make_map().slug})
    game = Game.objects.get()
    answers = [guess(client, game) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [409, 409, 429]
    error = answers[-1].json()["error"]
    assert error["code"] == "rate-limited"
    assert "Try again in" in error["message"]
    assert answers[-1]["Retry-After"]
    assert not Guess.objects.exists()
    assert client.get(f"/api/games/{game.token}/").status_code == 200


def test_a_forged_address_helps_nobody(client: Client, make_map: MakeMap, settings: Any) -> None:
    client.post("/games/", {"map": make_map().slug})
    game = Game.objects.get()
    strangers = [Client() for _ in range(5)]
    forged = [
        guess(stranger, game, **{"X-Forwarded-For": f"6.6.6.{n}", "X-Real-Ip": f"6.6.6.{n}"}).status_code
        for n, stranger in enumerate(strangers)
    ]
    assert forged == [404] * 4 + [429]
    settings.TRUSTED_PROXIES = 1
    assert guess(Client(), game, **{"X-Forwarded-For": "6.6.6.6, 198.51.100.7"}).status_code == 404
    behind = [
        guess(Client(), game, **{"X-Forwarded-For": f"6.6.6.{n}, 198.51.100.7"}).status_code for n in range(4)
    ]
    assert behind == [404] * 3 + [429]


def test_guessing_at_a_password_is_limited_from_all_addresses(client: Client, admin_user: Any) -> None:
    def log_in(address: str, name: str = "admin", password: str = "wrong") -> int:
        return (
            Client(REMOTE_ADDR=address)
            .post("/admin/login/", {"username": name, "password": password})
            .status_code
        )

    assert [log_in(f"198.51.100.{n}", name) for n, name in enumerate(("admin", "ADMIN"))] == [200, 200]
    assert log_in("198.51.100.3", password="password") == 429
    assert log_in("198.51.100.3", name="somebody") == 200


def test_the_limits_of_the_program_let_people_play() -> None:
    assert RATE_LIMITS["guess"].each_player >= 30
    assert RATE_LIMITS["start"].each_address >= 30 * 5, "a class that starts five games"
    assert {"start", "challenge", "guess", "next", "skip", "country", "login", "register"} <= set(RATE_LIMITS)
    assert all(limit.each_player and limit.each_address for limit in RATE_LIMITS.values())


@pytest.fixture
def server(settings: Any) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="arena-") as directory:
        (settings.DATA_DIR / "run").mkdir(parents=True, exist_ok=True)
        url = f"unix://{directory}/valkey.sock"
        process = subprocess.Popen(valkey(Path(directory)).command)
        deadline = time.monotonic() + 10
        while not redis_answers(url) and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def test_all_processes_count_together_and_a_lost_server_stops_nobody(settings: Any, server: str) -> None:
    """On the server that the program brings, each process with a connection of its own."""
    settings.RATE_LIMITS = {"guess": Limit(0, 3, 3600)}
    settings.CACHES = settings.CACHES | {
        "limits": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": server,
            "OPTIONS": {"serializer": "geogame.lib.limits.Numbers", "socket_connect_timeout": 0.5},
        }
    }

    def asked_by_another_process() -> bool:
        limits._cache.cache_clear()
        return limits.wait_s("guess", address="a") == 0

    assert [asked_by_another_process() for _ in range(4)] == [True, True, True, False]
    settings.CACHES = settings.CACHES | {
        "limits": settings.CACHES["limits"] | {"LOCATION": "unix:///nowhere/valkey.sock"}
    }
    assert asked_by_another_process()
