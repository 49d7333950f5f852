"""What a browser keeps: one cookie that no script can read, another one after each login."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.panoramas.models import Map
from tests.conftest import ROOT

MakeMap = Callable[..., Map]
PASSWORD = "a long pass phrase 7"
COOKIES = ("SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE")


def test_no_script_can_read_the_cookies_and_no_other_site_can_use_them(
    client: Client, make_map: MakeMap
) -> None:
    client.get("/")
    client.post("/games/", {"map": make_map().slug})
    client.post("/settings/", {"theme": "dark"})
    kept = {name: (cookie["httponly"], cookie["samesite"]) for name, cookie in client.cookies.items()}
    assert current.SESSION_COOKIE_NAME in kept
    assert len(kept) >= 2
    assert set(kept.values()) == {(True, "Lax")}


def test_the_key_of_the_session_is_in_no_page(client: Client, make_map: MakeMap) -> None:
    page = client.post("/games/", {"map": make_map().slug}, follow=True).content.decode()
    assert Game.objects.get().token in page
    assert client.cookies[current.SESSION_COOKIE_NAME].value not in page
    assert Player.objects.get().token not in page


def test_logging_in_makes_another_session_and_keeps_the_guest(client: Client, make_map: MakeMap) -> None:
    client.post("/games/", {"map": make_map().slug})
    guest = Player.objects.get()
    before = client.session.session_key
    user = User.objects.create_user("ada", password=PASSWORD)
    client.post(reverse("login"), {"username": "ada", "password": PASSWORD})
    assert client.session.session_key != before
    assert Player.objects.get(user=user).pk == guest.pk
    thief = Client()
    thief.cookies[current.SESSION_COOKIE_NAME] = before or ""
    game = Game.objects.get()
    assert thief.get(f"/games/{game.token}/").status_code == 404
    assert client.get(f"/games/{game.token}/").status_code == 200


def test_logging_out_leaves_nothing(client: Client, make_map: MakeMap) -> None:
    User.objects.create_user("ada", password=PASSWORD)
    client.post(reverse("login"), {"username": "ada", "password": PASSWORD})
    client.post("/games/", {"map": make_map().slug})
    kept = client.session.session_key
    client.post(reverse("logout"))
    thief = Client()
    thief.cookies[current.SESSION_COOKIE_NAME] = kept or ""
    assert thief.get(f"/games/{Game.objects.get().token}/").status_code == 404


def test_a_secure_answer_asks_for_https_from_now_on(client: Client, db: None, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 3600
    assert client.get("/", secure=True)["Strict-Transport-Security"] == "max-age=3600"
    assert "Strict-Transport-Security" not in client.get("/").headers


def settings_with(**variables: str) -> dict[str, Any]:
    names = [f"{cookie}_SECURE" for cookie in COOKIES] + ["SECURE_HSTS_SECONDS", "SECURE_PROXY_SSL_HEADER"]
    code = f"""
import json
from geogame import settings
print(json.dumps({{name: getattr(settings, name, None) for name in {names!r}}}))
"""
    environment = {**os.environ, "SECRET_KEY": "only-for-tests-" * 5, **variables}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("https", "hsts"), [("1", 2_592_000), ("0", None)])
def test_cookies_are_for_https_alone_where_there_is_https(https: str, hsts: int | None) -> None:
    found = settings_with(HTTPS=https)
    assert {found[f"{cookie}_SECURE"] for cookie in COOKIES} == {https == "1"}
    assert found["SECURE_HSTS_SECONDS"] == hsts
    assert bool(found["SECURE_PROXY_SSL_HEADER"]) == (https == "1")
