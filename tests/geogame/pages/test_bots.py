"""A program that plays says what it is, once and for good."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from geogame.accounts.models import Player
from geogame.accounts.services import register


def test_a_program_gets_a_player_that_is_labelled(client: Client, db: None) -> None:
    assert client.post("/bots/", {"name": "Rover"}).status_code == 204
    bot = Player.objects.get()
    assert bot.is_bot
    assert bot.name == "Rover (bot)"
    assert not bot.in_reports
    assert client.post("/bots/", {"name": "Other"}).status_code == 204
    assert Player.objects.get() == bot, "asking twice changes nothing"


def test_it_plays_from_then_on_under_that_label(client: Client, db: None) -> None:
    client.post("/bots/", {"name": "Rover"})
    assert "Rover (bot)" in client.get("/players/me/").content.decode()


@pytest.mark.parametrize("name", ["", "PlaNet", "a\u202eb", "x" * 200])
def test_a_name_that_is_not_allowed_is_refused(client: Client, db: None, name: str) -> None:
    assert client.post("/bots/", {"name": name}).status_code == 400
    assert not Player.objects.exists()


def test_unknown_fields_are_refused(client: Client, db: None) -> None:
    answer = client.post("/bots/", {"name": "Rover", "is_bot": "0"})
    assert answer.status_code == 400
    assert not Player.objects.exists()


def test_nobody_who_has_played_becomes_a_bot(
    client: Client, alice: Player, sign_in: Callable[[Client, Player], None]
) -> None:
    sign_in(client, alice)
    assert client.post("/bots/", {"name": "Rover"}).status_code == 409
    alice.refresh_from_db()
    assert not alice.is_bot


def test_an_account_is_no_bot(client: Client, django_user_model: type[User]) -> None:
    client.force_login(django_user_model.objects.create_user("ada"))
    assert client.post("/bots/", {"name": "Rover"}).status_code == 409
    assert not Player.objects.filter(is_bot=True).exists()


def test_an_account_does_not_wash_the_label_off(client: Client, db: None) -> None:
    client.post("/bots/", {"name": "Rover"})
    register(session=client.session, login_name="rover", password="only-for-tests", name="Ada")
    assert Player.objects.get(user__username="rover").is_bot
