"""Quick match: the wait, the match, and PlaNet where nobody is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.rooms.models import Room, Ticket


@pytest.fixture
def choice(make_map: Callable[..., Map]) -> dict[str, str]:
    return {"map": make_map().slug, "condition": "fair"}


def ask(client: Client) -> dict[str, object]:
    answer: dict[str, object] = client.post("/api/duel/", "{}", content_type="application/json").json()
    return answer


def test_two_who_wait_meet(choice: dict[str, str]) -> None:
    one, other = Client(), Client()
    assert one.post("/duel/queue/", choice | {"name": "Ada"})["Location"] == "/duel/"
    page = one.get("/duel/").content.decode()
    assert 'data-testid="waiting"' in page
    assert ask(one) == {"url": None, "is_waiting": True}
    found = other.post("/duel/queue/", choice | {"name": "Ben"})["Location"]
    room = Room.objects.get()
    assert found == f"/rooms/{room.code}/"
    assert ask(one) == {"url": found, "is_waiting": False}
    assert one.get("/duel/")["Location"] == found, "a page that is loaded again goes there, too"
    assert (room.is_quick, room.kind, room.condition) == (True, "duel", "fair")
    assert {member.player.name for member in room.members.all()} == {"Ada", "Ben"}


def test_a_duel_of_the_quick_match_is_for_its_two(choice: dict[str, str]) -> None:
    one, other, third = Client(), Client(), Client()
    one.post("/duel/queue/", choice)
    path = other.post("/duel/queue/", choice)["Location"]
    page = third.get(path)
    assert 'data-testid="join-room"' not in page.content.decode()


def test_who_cancels_waits_no_longer(choice: dict[str, str]) -> None:
    one, other = Client(), Client()
    one.post("/duel/queue/", choice)
    assert one.post("/duel/cancel/")["Location"] == "/duel/"
    assert not Ticket.objects.exists()
    assert ask(one) == {"url": None, "is_waiting": False}
    assert other.post("/duel/queue/", choice)["Location"] == "/duel/"
    assert Client().post("/duel/cancel/").status_code == 302, "nobody has nothing to cancel"


def test_different_choices_do_not_meet(choice: dict[str, str]) -> None:
    Client().post("/duel/queue/", choice)
    assert Client().post("/duel/queue/", choice | {"condition": "free"})["Location"] == "/duel/"
    assert not Room.objects.exists()


def test_the_model_can_be_dueled_at_once(choice: dict[str, str], model_version: ModelVersion) -> None:
    client = Client()
    client.post("/duel/queue/", choice)
    assert 'data-testid="duel-model"' in client.get("/duel/").content.decode()
    found = client.post("/duel/model/", choice)["Location"]
    room = Room.objects.get()
    assert found == f"/rooms/{room.code}/"
    assert (room.state, room.model_version, room.is_quick) == ("playing", model_version, True)
    assert not Ticket.objects.exists(), "who plays does not wait"


def test_without_a_model_nobody_is_offered(choice: dict[str, str]) -> None:
    client = Client()
    assert 'data-testid="duel-model"' not in client.get("/duel/").content.decode()
    answer = client.post("/duel/model/", choice)
    assert answer.status_code == 409
    assert "No model is trained yet" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "status"), [({"map": "nowhere"}, 409), ({"condition": "blind"}, 409), ({"name": "bot"}, 400)]
)
def test_what_cannot_be_waited_for_is_said(
    choice: dict[str, str], fields: dict[str, str], status: int
) -> None:
    answer = Client().post("/duel/queue/", choice | fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert not Ticket.objects.exists()
