from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.services import place_guess, start_game
from geogame.panoramas.models import Map

MakeMap = Callable[..., Map]
SignIn = Callable[[Client, Player], None]
pytestmark = pytest.mark.django_db


def test_who_has_not_played_reads_that_nothing_is_stored(client: Client) -> None:
    page = client.get("/account/data/").content.decode()
    assert 'data-testid="nothing-stored"' in page
    assert "sessionid" not in client.cookies
    assert not Player.objects.exists()


def test_the_page_counts_what_is_stored(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn
) -> None:
    sign_in(client, alice)
    game = start_game(player=alice, map_=make_map())
    place_guess(game=game, player=alice, round_token=game.rounds.all()[0].token, lat=1, lng=2)
    response = client.get("/account/data/")
    assert response.context["amounts"] == {"games": 1, "guesses": 1, "exposures": 1}
    assert "The default is yes" in response.content.decode()


def test_the_choice_about_reports_is_kept_with_its_time(
    client: Client, alice: Player, sign_in: SignIn
) -> None:
    sign_in(client, alice)
    page = client.post("/account/data/reports/", {"in_reports": "no"}, follow=True).content.decode()
    alice.refresh_from_db()
    assert alice.in_reports is False
    assert alice.in_reports_chosen_at
    assert "You chose this on" in page


@pytest.mark.parametrize("form", [{}, {"in_reports": "perhaps"}])
def test_an_unclear_choice_changes_nothing(
    client: Client, alice: Player, sign_in: SignIn, form: dict[str, str]
) -> None:
    sign_in(client, alice)
    assert client.post("/account/data/reports/", form).status_code == 400
    alice.refresh_from_db()
    assert alice.in_reports_chosen_at is None


def test_the_export_has_the_rounds_and_only_the_truth_of_closed_ones(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn
) -> None:
    sign_in(client, alice)
    closed, open_ = (start_game(player=alice, map_=make_map(name=name)) for name in ("One", "Two"))
    place_guess(game=closed, player=alice, round_token=closed.rounds.all()[0].token, lat=1, lng=2)
    response = client.get("/account/data/export.json")
    assert response["Content-Disposition"].startswith('attachment; filename="planet-arena-')
    games = {game["map"]: game for game in response.json()["games"]}
    known = games["One"]["rounds"][0]
    panorama = closed.rounds.all()[0].panorama
    assert (known["truth"]["lat"], known["truth"]["lng"]) == (panorama.lat, panorama.lng)
    assert (known["guess"]["lat"], known["guess"]["lng"]) == (1, 2)
    assert games["Two"]["rounds"][0]["truth"] is None
    assert open_.rounds.all()[0].picture_token not in response.content.decode()


def test_an_export_is_of_oneself_alone(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn
) -> None:
    start_game(player=alice, map_=make_map())
    bob = User.objects.create_user("bob", email="bob@example.org")
    client.force_login(bob)
    client.get("/account/")
    data = client.get("/account/data/export.json").json()
    assert data["games"] == []
    assert data["account"]["login_name"] == "bob"
    assert data["account"]["email"] == "bob@example.org"
    assert data["player"]["pseudonym_in_reports"] == bob.player.token
    assert alice.token not in str(data)


@pytest.mark.parametrize("path", ["export.json", "reports/"])
def test_there_is_nothing_of_who_never_played(client: Client, path: str) -> None:
    ask = client.get if path == "export.json" else client.post
    assert ask(f"/account/data/{path}").status_code == 404


def test_a_guest_is_forgotten(client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn) -> None:
    sign_in(client, alice)
    game = start_game(player=alice, map_=make_map())
    assert client.post("/account/data/forget/").status_code == 302
    assert client.get(f"/games/{game.token}/").status_code == 404
    assert Player.objects.get().deleted_at


def test_an_account_is_not_forgotten_without_its_password(client: Client) -> None:
    client.force_login(User.objects.create_user("bob"))
    assert client.post("/account/data/forget/")["Location"] == "/account/delete/"
    assert User.objects.exists()


def test_an_export_asks_the_database_the_same_for_more_games(
    client: Client, alice: Player, make_map: MakeMap, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    sign_in(client, alice)
    for number in range(3):
        game = start_game(player=alice, map_=make_map(name=f"Map {number}"))
        place_guess(game=game, player=alice, round_token=game.rounds.all()[0].token, lat=1, lng=2)
        with django_assert_num_queries(11):
            client.get("/account/data/export.json")
