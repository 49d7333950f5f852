"""Rooms as pages: making and joining one, what a stranger sees, the state and a guess over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round
from geogame.lib.env import Limit
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.rooms import services
from geogame.rooms.models import Member, Room

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]


@pytest.fixture
def ada(client: Client, make_player: Callable[..., Player], sign_in: SignIn) -> Player:
    player = make_player("Ada")
    sign_in(client, player)
    return player


@pytest.fixture
def ben(make_player: Callable[..., Player]) -> Player:
    return make_player("Ben")


@pytest.fixture
def bens(ben: Player, sign_in: SignIn) -> Client:
    """Ben's browser."""
    client = Client()
    sign_in(client, ben)
    return client


@pytest.fixture
def room(ada: Player, make_map: MakeMap) -> Room:
    return services.create_room(player=ada, kind=Room.Kind.ROOM, map_=make_map(), settings={"model": None})


def open_match(room: Room, *others: Player) -> Round:
    """A match whose first round is open."""
    for other in others:
        services.join(room=room, player=other)
    services.start(room=room, player=room.host)
    room.refresh_from_db()
    Game.objects.filter(rooms=room).update(created_at=timezone.now() - timedelta(seconds=10))
    Room.objects.update(due_at=timezone.now())
    services.settle(room)
    return Round.objects.get(game__rooms=room, state=Round.State.OPEN)


def boot_of(page: str) -> Any:
    found = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def state_of(client: Client, room: Room) -> Any:
    return client.get(f"/api/rooms/{room.code}/")


def send_guess(client: Client, room: Room, **fields: object) -> Any:
    path = f"/api/rooms/{room.code}/guess/"
    return client.post(path, json.dumps(fields), content_type="application/json")


# --- Making and finding one ------------------------------------------------------------------------
def test_a_guest_makes_a_room_under_a_name(
    client: Client, make_map: MakeMap, model_version: ModelVersion
) -> None:
    map_ = make_map()
    fields = {"kind": "crowd", "map": map_.slug, "condition": "fair", "name": "Ada"}
    answer = client.post("/rooms/", fields)
    room = Room.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/rooms/{room.code}/")
    assert (room.kind, room.condition, room.map, room.host.name) == ("crowd", "fair", map_, "Ada")
    page = client.get(answer["Location"]).content.decode()
    assert boot_of(page)["private"]["you"]["is_host"]
    assert room.code in page
    assert f"http://testserver/rooms/{room.code}/" in page


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"kind": "chess"}, 409, "no such way to play"),
        ({"map": "nowhere"}, 409, "not there any more"),
        ({"condition": "blindfolded"}, 409, "fair view"),
        ({"kind": "crowd"}, 409, "against a model"),
        ({"name": "PlaNet"}, 400, "name-problem"),
    ],
)
def test_what_cannot_be_made_is_said_above_the_form(
    client: Client, make_map: MakeMap, fields: dict[str, str], status: int, said: str
) -> None:
    answer = client.post("/rooms/", {"kind": "room", "map": make_map().slug, "condition": "free", **fields})
    assert answer.status_code == status
    assert said in answer.content.decode()
    assert not Room.objects.exists()


def test_without_maps_the_page_says_what_to_do(client: Client, db: None) -> None:
    assert "No maps yet" in client.get("/rooms/").content.decode()
    assert "No maps yet" in client.get("/duel/").content.decode()


def test_a_code_is_taken_as_people_type_it(room: Room, bens: Client) -> None:
    typed = f" {room.code[:3].lower()}-{room.code[3:]} "
    assert bens.post("/rooms/join/", {"code": typed})["Location"] == f"/rooms/{room.code}/"
    assert bens.get(f"/rooms/{room.code.lower()}/").status_code == 200


def test_a_wrong_code_is_said_at_the_field(bens: Client, room: Room) -> None:
    answer = bens.post("/rooms/join/", {"code": "ZZZZZZ\x00"})
    assert answer.status_code == 404
    assert "No room has this code" in answer.content.decode()
    assert bens.get("/rooms/ZZZZZZ/").status_code == 404


@pytest.mark.usefixtures("no_counts")
def test_nobody_tries_all_codes(bens: Client, room: Room, settings: Any) -> None:
    settings.RATE_LIMITS = {"room-code": Limit(3, 100, 3600)}
    codes = [bens.get(f"/rooms/ZZZZZ{number}/").status_code for number in range(2, 7)]
    assert codes == [404, 404, 404, 429, 429]
    assert bens.get(f"/rooms/{room.code}/").status_code == 200, "a code that is right is not counted"


# --- Coming in -------------------------------------------------------------------------------------
def test_a_stranger_sees_an_invitation_and_no_names(bens: Client, room: Room, ada: Player) -> None:
    page = bens.get(f"/rooms/{room.code}/").content.decode()
    assert "1 player is here." in page
    assert 'data-testid="join-room"' in page
    assert 'id="boot"' not in page
    assert ada.name not in page
    assert state_of(bens, room).status_code == 404
    assert not Member.objects.filter(player__name="Ben").exists(), "looking is not joining"


def test_a_guest_joins_under_a_name(room: Room) -> None:
    guest = Client()
    answer = guest.post(f"/rooms/{room.code}/join/", {"name": "Cy", "role": "player"})
    assert answer["Location"] == f"/rooms/{room.code}/"
    state = boot_of(guest.get(answer["Location"]).content.decode())["state"]
    assert [player["name"] for player in state["players"]] == ["Ada", "Cy"]


def test_a_name_that_is_none_is_said_at_the_field(room: Room) -> None:
    answer = Client().post(f"/rooms/{room.code}/join/", {"name": "Moderator", "role": "player"})
    assert answer.status_code == 400
    assert "name-problem" in answer.content.decode()
    assert room.members.count() == 1


def test_one_may_watch(room: Room, bens: Client) -> None:
    bens.post(f"/rooms/{room.code}/join/", {"role": "spectator"})
    assert boot_of(bens.get(f"/rooms/{room.code}/").content.decode())["private"]["you"]["role"] == "spectator"


def test_a_full_room_offers_to_watch(ada: Player, bens: Client, make_map: MakeMap, make_player: Any) -> None:
    duel = services.create_room(player=ada, kind=Room.Kind.DUEL, map_=make_map())
    services.join(room=duel, player=make_player("Cy"))
    page = bens.get(f"/rooms/{duel.code}/").content.decode()
    assert 'data-testid="join-room"' not in page
    assert 'data-testid="watch-room"' in page
    answer = bens.post(f"/rooms/{duel.code}/join/", {"role": "player"})
    assert (answer.status_code, duel.members.count()) == (409, 2)
    assert "full" in answer.content.decode()


def test_who_was_removed_stays_outside(room: Room, ada: Player, ben: Player, bens: Client) -> None:
    member = services.join(room=room, player=ben)
    services.kick(room=room, player=ada, public_id=member.public_id)
    page = bens.get(f"/rooms/{room.code}/")
    assert page.status_code == 403
    assert "removed you" in page.content.decode()
    answer = state_of(bens, room)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "kicked")
    assert bens.post(f"/rooms/{room.code}/join/", {"role": "player"}).status_code == 403


def test_who_left_may_come_back(room: Room, ben: Player, bens: Client) -> None:
    services.join(room=room, player=ben)
    services.leave(room=room, player=ben)
    assert state_of(bens, room).json()["error"]["code"] == "not-a-member"
    assert 'data-testid="join-room"' in bens.get(f"/rooms/{room.code}/").content.decode()


def test_the_pages_name_the_rooms_one_is_in(client: Client, room: Room, bens: Client) -> None:
    assert f"Back to {room.code}" in client.get("/rooms/").content.decode()
    assert room.code not in bens.get("/rooms/").content.decode()
    services.leave(room=room, player=room.host)
    assert room.code not in client.get("/rooms/").content.decode()
    assert client.get(f"/rooms/{room.code}/").status_code == 404, "the last one out closes it"


def test_the_qr_code_is_drawn_here_and_holds_no_script(client: Client, room: Room) -> None:
    page = client.get(f"/rooms/{room.code}/").content.decode()
    (svg,) = re.findall(
        r"<svg[^>]*>(?:(?!</svg>).)*qrline|<div class=\"qr\".*?(<svg.*?</svg>)", page, re.DOTALL
    )
    assert "<path" in svg
    assert not re.search(r"style=|<script|href|on\w+=", svg)


def test_a_forged_form_makes_no_room(make_map: MakeMap) -> None:
    strict = Client(enforce_csrf_checks=True)
    map_ = make_map()
    for path, fields in (
        ("/rooms/", {"kind": "room", "map": map_.slug}),
        ("/duel/queue/", {"map": map_.slug}),
        ("/duel/model/", {"map": map_.slug}),
    ):
        assert strict.post(path, fields).status_code == 403, path
    assert not Room.objects.exists()


# --- Without the socket ----------------------------------------------------------------------------
def test_a_guess_by_http_counts_once(client: Client, room: Room, ben: Player, bens: Client) -> None:
    round_ = open_match(room, ben)
    answer = send_guess(client, room, round=round_.token, lat=1, lng=2)
    assert answer.json()["private"]["your_guess"] == {"lat": 1.0, "lng": 2.0}
    assert send_guess(client, room, round=round_.token, lat=1, lng=2).status_code == 200, "the same again"
    other = send_guess(client, room, round=round_.token, lat=3, lng=4)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "already-guessed")
    assert Guess.objects.count() == 1
    told = state_of(bens, room).json()
    assert [player["locked"] for player in told["state"]["players"]] == [True, False]
    assert told["private"]["your_guess"] is None


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"round": "x" * 22, "lat": 1, "lng": 2}, 409, "no-such-round"),
        ({"round": "x" * 22, "lat": 91, "lng": 2}, 400, "out-of-range"),
        ({"round": "x" * 22, "lat": 1}, 400, "wrong-fields"),
        ({"round": "x" * 22, "lat": 1, "lng": 2, "points": 5000}, 400, "wrong-fields"),
    ],
)
def test_a_guess_that_is_none_is_refused(
    client: Client, room: Room, ben: Player, fields: dict[str, object], status: int, code: str
) -> None:
    open_match(room, ben)
    answer = send_guess(client, room, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not Guess.objects.exists()


def test_strangers_cannot_guess(room: Room, ben: Player, make_player: Any, sign_in: SignIn) -> None:
    round_ = open_match(room, ben)
    stranger = Client()
    sign_in(stranger, make_player("Cy"))
    for client in (stranger, Client()):
        assert send_guess(client, room, round=round_.token, lat=1, lng=2).status_code == 404
    assert not Guess.objects.exists()
