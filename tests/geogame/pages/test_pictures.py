"""Addresses of pictures: of one round and one player, signed, for some hours; headers that tell nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games import picture_urls
from geogame.games.models import Game, Round
from geogame.games.picture_urls import GOOD_FOR, picture_ahead_url, picture_url
from geogame.games.services import next_round, place_guess, start_game
from geogame.games.snapshots import picture_of, snapshot
from geogame.panoramas.models import Map

MakeMap = Callable[..., Map]
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def game(client: Client, alice: Player, make_map: MakeMap, sign_in: Callable[..., None]) -> Game:
    sign_in(client, alice)
    return start_game(player=alice, map_=make_map())


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock of the addresses."""
    began = timezone.now()

    def move(by: timedelta) -> None:
        monkeypatch.setattr(picture_urls.timezone, "now", lambda: began + by)

    return move


def ready_round(game: Game, player: Player) -> Round:
    first = game.rounds.get()
    place_guess(game=game, player=player, round_token=first.token, lat=1, lng=1)
    return game.rounds.get(number=2)


def changed(url: str, **query: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{urlencode(dict(parse_qsl(parts.query)) | query)}"


def test_the_address_in_the_snapshot_opens_the_picture(client: Client, game: Game, alice: Player) -> None:
    picture = snapshot(game, alice)["round"]["picture"]
    assert picture
    assert client.get(picture["url"]).content == picture_of(game.rounds.get()).path.read_bytes()


def test_an_address_that_we_did_not_make_opens_nothing(client: Client, game: Game) -> None:
    round_ = game.rounds.get()
    url = picture_url(round_)
    until = dict(parse_qsl(urlsplit(url).query))["until"]
    wrong = [
        urlsplit(url).path,
        changed(url, signature="x" * 43),
        changed(url, signature=""),
        changed(url, until=str(int(until) + 1)),
        changed(url, until="soon"),
        changed(url, until="²"),
        changed(picture_ahead_url(round_)).replace(".bin", ".jpg"),
    ]
    assert [client.get(address).status_code for address in wrong] == [404] * len(wrong)
    assert client.get(url).status_code == 200


def test_an_address_expires_and_says_so(client: Client, game: Game, later: Callable[..., None]) -> None:
    url = picture_url(game.rounds.get())
    later(GOOD_FOR - timedelta(minutes=1))
    assert client.get(url).status_code == 200
    later(2 * GOOD_FOR + timedelta(minutes=1))
    program = client.get(url, headers={"Accept": "image/avif,image/webp,*/*;q=0.8"})
    assert (program.status_code, program.json()["error"]["code"]) == (404, "picture-expired")
    page = client.get(url, headers=HTML)
    assert page.status_code == 404
    assert "expired" in page.content.decode()


def test_a_new_snapshot_brings_a_new_address_only_after_some_hours(
    client: Client, game: Game, later: Callable[..., None]
) -> None:
    round_ = game.rounds.get()
    first = picture_url(round_)
    later(GOOD_FOR - timedelta(minutes=1))
    assert picture_url(round_) == first
    later(timedelta(days=9))
    second = picture_url(round_)
    assert second != first
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_the_address_of_somebody_else_opens_nothing(
    game: Game, make_map: MakeMap, sign_in: Callable[..., None]
) -> None:
    url = picture_url(game.rounds.get())
    stranger, player_of_another_game = Client(), Client()
    bob = Player.objects.create(kind="person", name="Bob")
    sign_in(player_of_another_game, bob)
    start_game(player=bob, map_=game.map)
    assert [someone.get(url).status_code for someone in (stranger, player_of_another_game)] == [404, 404]


def test_the_next_picture_travels_ahead_and_opens_with_the_round(
    client: Client, game: Game, alice: Player
) -> None:
    following = ready_round(game, alice)
    sent = client.get(picture_ahead_url(following))
    again = client.get(picture_ahead_url(following))
    assert sent.status_code == 200
    assert sent.content != again.content, "each time under another nonce"
    assert client.get(picture_url(following)).status_code == 404
    game.refresh_from_db()
    assert following.picture_key not in str(snapshot(game, alice))
    next_round(game=game, player=alice, after=game.rounds.get(number=1).token)
    shown = client.get(f"/api/games/{game.token}/").json()["round"]["picture"]
    key = AESGCM(base64.b64decode(shown["key"]))
    assert key.decrypt(sent.content[:12], sent.content[12:], None) == client.get(shown["url"]).content
    with pytest.raises(InvalidTag):
        AESGCM(bytes(32)).decrypt(sent.content[:12], sent.content[12:], None)


def test_the_headers_of_two_pictures_differ_in_nothing_but_their_length(
    client: Client, game: Game, alice: Player
) -> None:
    following = ready_round(game, alice)
    next_round(game=game, player=alice, after=game.rounds.get(number=1).token)
    following.refresh_from_db()
    answers: list[Any] = [client.get(picture_url(round_)) for round_ in game.rounds.filter(number__lte=2)]
    answers += [client.get(picture_ahead_url(following))]
    kept = [
        {
            name: value
            for name, value in answer.headers.items()
            if name not in {"Content-Length", "Content-Type"}
        }
        for answer in answers
    ]
    assert kept[0] == kept[1] == kept[2]
    assert kept[0]["Cache-Control"] == "private, no-store"
    assert kept[0]["Content-Disposition"] == 'inline; filename="picture"'
    assert "noindex" in kept[0]["X-Robots-Tag"]
    assert not {"ETag", "Last-Modified", "Content-Location", "Location"} & set(kept[0])


def test_addresses_are_random_and_no_two_rounds_share_one(game: Game, make_map: MakeMap) -> None:
    bob = Player.objects.create(kind="person", name="Bob")
    other = start_game(player=bob, map_=game.map)
    Round.objects.filter(game=other).update(panorama=game.rounds.get().panorama)
    mine, theirs = (picture_url(each.rounds.get()) for each in (game, other))
    assert urlsplit(mine).path != urlsplit(theirs).path
    assert len(game.rounds.get().picture_token) == 22
