from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.panoramas.models import Map


def test_a_guest_who_logs_in_keeps_the_game(client: Client, make_map: Callable[..., Map]) -> None:
    client.post("/games/", {"map": make_map().slug})
    client.force_login(User.objects.create_user("bob"))
    assert client.get(f"/games/{Game.objects.get().token}/").status_code == 200
    player = Player.objects.get()
    assert player.user
    assert player.name == "bob"


def test_an_account_that_played_before_keeps_its_player(client: Client, make_map: Callable[..., Map]) -> None:
    bob = User.objects.create_user("bob")
    own = Player.objects.create(kind="person", name="bob", user=bob)
    client.post("/games/", {"map": make_map().slug})
    client.force_login(bob)
    client.post("/games/", {"map": "test"})
    assert Game.objects.filter(seats__player=own).count() == 1
    assert Player.objects.filter(user=None).count() == 1
