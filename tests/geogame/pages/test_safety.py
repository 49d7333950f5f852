"""Holes of other games that no other file of these tests is about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess
from geogame.games.services import start_game
from geogame.panoramas.models import Map, Panorama
from tests.conftest import ROOT

MakeMap = Callable[..., Map]
SIGNS = '</script><img src=x onerror="alert(1)">&\u2028'


def test_a_second_guess_cannot_be_stored_by_the_database(alice: Player, make_map: MakeMap) -> None:
    game = start_game(player=alice, map_=make_map())
    round_ = game.rounds.get()
    fields = {"round": round_, "player": alice, "lat": 1.0, "lng": 2.0, "condition": round_.condition}
    Guess.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Guess.objects.create(**fields)


def test_play_changes_no_panorama(client: Client, make_map: MakeMap) -> None:
    map_ = make_map()
    before = [model_to_dict(panorama) for panorama in Panorama.objects.order_by("pk")]
    client.post("/games/", {"map": map_.slug})
    game = Game.objects.get()
    while game.state == Game.State.PLAYING:
        token = game.rounds.filter(wanted=True).latest("number").token
        for command, body in (("guess", {"round": token, "lat": 1, "lng": 2}), ("next", {"round": token})):
            client.post(
                f"/api/games/{game.token}/{command}/", json.dumps(body), content_type="application/json"
            )
        game.refresh_from_db()
    assert [model_to_dict(panorama) for panorama in Panorama.objects.order_by("pk")] == before


@pytest.mark.parametrize(
    "claim", ["points", "distance_km", "time_used_s", "correct", "country", "outcome", "timed_out"]
)
def test_a_browser_cannot_claim_a_result(client: Client, make_map: MakeMap, claim: str) -> None:
    client.post("/games/", {"map": make_map().slug})
    game = Game.objects.get()
    body = {"round": game.rounds.get().token, "lat": 1, "lng": 2, claim: 5000}
    answer = client.post(f"/api/games/{game.token}/guess/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "wrong-fields")
    assert not Guess.objects.exists()


def test_names_from_outside_stay_text_on_every_page(client: Client, make_map: MakeMap) -> None:
    map_ = make_map(1, author=SIGNS, place=SIGNS, source=SIGNS, licence=SIGNS)
    Map.objects.update(name=SIGNS)
    client.post("/games/", {"map": map_.slug})
    Player.objects.update(name=SIGNS[:60])
    game = Game.objects.get()
    body = {"round": game.rounds.get().token, "lat": 1, "lng": 2}
    client.post(f"/api/games/{game.token}/guess/", json.dumps(body), content_type="application/json")
    token = Player.objects.get().token
    paths = ["/", "/play/", "/about/", f"/games/{game.token}/", f"/games/{game.token}/replay/"]
    pages: list[Any] = [client.get(path) for path in [*paths, "/players/me/", f"/players/{token}/"]]
    shown = [page.content.decode() for page in pages if page.status_code == 200]
    assert len(shown) >= 5
    assert sum("img src=x" in page for page in shown) >= 3
    assert not [page for page in shown if "<img src=x" in page]


def test_scripts_read_no_cookie_and_write_names_as_text() -> None:
    scripts = {path: path.read_text() for path in (ROOT / "static" / "js").rglob("*.js")}
    assert len(scripts) > 10
    assert not [path.name for path, text in scripts.items() if "document.cookie" in text]
    as_html = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser"
    lines = [line for text in scripts.values() for line in text.splitlines() if re.search(as_html, line)]
    from_the_server = "parseFromString(await answer.text()"  # a page in which names are text already
    assert [line.strip() for line in lines if "shapeSvg(" not in line and from_the_server not in line] == []
