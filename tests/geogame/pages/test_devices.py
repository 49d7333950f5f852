from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory

from geogame.accounts.models import Player
from geogame.games.challenges import send
from geogame.games.models import Game, Seat
from geogame.games.services import start_game
from geogame.pages.devices import device_of
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.reports.rows import rows_of
from tests.geogame.games.playing import play

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)
ANDROID = "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0"
IPAD = "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.mark.parametrize(
    ("agent", "hint", "device"),
    [
        (IPHONE, "", "phone"),
        (ANDROID, "", "phone"),
        (IPAD, "", "desktop"),
        (LAPTOP, "", "desktop"),
        (LAPTOP, "?1", "phone"),
        (ANDROID, "?0", "desktop"),
        ("", "", ""),
        ("", "nonsense", ""),
    ],
)
def test_a_phone_is_told_from_the_rest(agent: str, hint: str, device: str) -> None:
    headers = {"User-Agent": agent, "Sec-CH-UA-Mobile": hint}
    assert device_of(RequestFactory().get("/", headers={k: v for k, v in headers.items() if v})) == device


def test_a_game_keeps_what_it_was_begun_on(
    client: Client, make_map: Callable[..., Map], sign_in: Callable[[Client, Player], None], alice: Player
) -> None:
    sign_in(client, alice)
    map_ = make_map(12)
    client.post("/games/", {"map": map_.slug, "opponent": "none"}, headers={"User-Agent": IPHONE})
    play(Game.objects.get(), alice)
    play(start_game(player=alice, map_=map_), alice)
    client.post("/daily/start/", headers={"User-Agent": LAPTOP})
    assert list(Seat.objects.order_by("pk").values_list("device", flat=True)) == ["phone", "", "desktop"]
    assert {row.device for row in rows_of()} == {"phone", ""}
    games = client.get("/account/data/export.json").json()["games"]
    assert [(game["device"], game["with_an_account"]) for game in games] == [
        ("phone", False),
        (None, False),
        ("desktop", False),
    ]


def test_a_challenge_keeps_it_too(
    client: Client,
    alice: Player,
    make_player: Callable[..., Player],
    make_map: Callable[..., Map],
    sign_in: Callable[[Client, Player], None],
    model_version: ModelVersion,
) -> None:
    game = play(start_game(player=alice, map_=make_map(5)), alice, version=model_version)
    ben = make_player("ben")
    sign_in(client, ben)
    challenge = send(game=game, player=alice)
    client.post(f"/c/{challenge.token}/accept/", headers={"User-Agent": ANDROID})
    assert Seat.objects.get(player=ben).device == "phone"
