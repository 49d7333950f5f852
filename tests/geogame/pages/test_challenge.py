from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from geogame.accounts.models import Player
from geogame.games.challenges import accept, send
from geogame.games.models import Challenge, Game, Guess
from geogame.games.services import start_game
from geogame.panoramas.models import Map
from geogame.panoramas.services import unpublish_map
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import guess, play, score

MakeMap = Callable[..., Map]
MakePlayer = Callable[..., Player]
SignIn = Callable[[Client, Player], None]
SECRET_LAT, SECRET_LNG = 47.6543219, -2.1234567
QUERIES_INVITATION, QUERIES_BOARD = 7, 14


@pytest.fixture
def sender(make_player: MakePlayer) -> Player:
    return make_player("Ada <b>", account=True)


@pytest.fixture
def sent(sender: Player, make_map: MakeMap) -> Game:
    """Of three rounds, since the map has no more."""
    game = start_game(player=sender, map_=make_map(3, name="Old Europe"), version=None, time_limit_s=60)
    return score(play(game, sender, lat=SECRET_LAT, lng=SECRET_LNG), sender, 7777)


@pytest.fixture
def challenge(sent: Game, sender: Player) -> Challenge:
    return send(game=sent, player=sender)


@pytest.fixture
def bob(client: Client, alice: Player, sign_in: SignIn) -> Player:
    sign_in(client, alice)
    return alice


def post_nothing(client: Client, path: str) -> Any:
    return client.post(path, "{}", content_type="application/json")


def text_of(response: Any) -> str:
    return str(response.content.decode())


# --- making the link -----------------------------------------------------------------------------
def test_the_link_comes_with_a_text_that_tells_no_place(client: Client, sent: Game, sender: Player) -> None:
    client.force_login(sender.user)  # type: ignore[arg-type]
    answer = post_nothing(client, f"/api/games/{sent.token}/challenge/").json()
    link = Challenge.objects.get()
    assert answer["url"] == f"http://testserver/c/{link.token}/"
    assert answer["text"].splitlines()[0] == "PlaNet Arena · Old Europe"
    assert answer["text"].splitlines()[-1] == answer["url"]
    assert "7,777 of 15,000" in answer["text"]
    assert post_nothing(client, f"/api/games/{sent.token}/challenge/").json() == answer


def test_without_javascript_the_link_is_a_page(client: Client, sent: Game, sender: Player) -> None:
    client.force_login(sender.user)  # type: ignore[arg-type]
    response = client.post(f"/games/{sent.token}/challenge/")
    assert response["Location"] == f"/c/{Challenge.objects.get().token}/"
    page = text_of(client.get(response["Location"]))
    assert "Your challenge" in page
    assert f"http://testserver{response['Location']}" in page


@pytest.mark.parametrize("path", ["/games/{}/challenge/", "/api/games/{}/challenge/"])
def test_nobody_sends_the_game_of_somebody_else(client: Client, bob: Player, sent: Game, path: str) -> None:
    assert post_nothing(client, path.format(sent.token)).status_code == 404
    assert client.get(f"/api/games/{sent.token}/share/").status_code == 404
    assert not Challenge.objects.exists()


@pytest.mark.parametrize("path", ["/games/{}/challenge/", "/api/games/{}/challenge/"])
def test_a_game_that_runs_is_not_sent(client: Client, bob: Player, make_map: MakeMap, path: str) -> None:
    game = start_game(player=bob, map_=make_map(), version=None)
    response = post_nothing(client, path.format(game.token))
    assert response.status_code == 409
    assert "Finish this game first" in text_of(response)
    assert client.get(f"/api/games/{game.token}/share/").status_code == 409


def test_unknown_fields_are_refused(client: Client, sent: Game, sender: Player) -> None:
    client.force_login(sender.user)  # type: ignore[arg-type]
    response = client.post(f"/api/games/{sent.token}/challenge/", '{"x": 1}', content_type="application/json")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "wrong-fields")
    assert not Challenge.objects.exists()


# --- the invitation ------------------------------------------------------------------------------
def test_the_invitation_says_who_and_under_which_rules(client: Client, challenge: Challenge) -> None:
    page = text_of(client.get(f"/c/{challenge.token}/"))
    assert "Ada &lt;b&gt; challenges you" in page
    for words in ("Old Europe", "60 seconds", "Free look", "<dd>3</dd>", "you play alone"):
        assert words in page, words
    assert not Player.objects.exclude(pk=challenge.sender_id).exists(), "looking makes no player"


def test_a_guest_is_called_a_guest(client: Client, challenge: Challenge) -> None:
    Player.objects.update(user=None, name="Call me by my name")
    page = text_of(client.get(f"/c/{challenge.token}/"))
    assert "A guest challenges you" in page
    assert "Call me" not in page


def test_the_invitation_names_the_model_as_one(
    client: Client, sender: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    game = start_game(player=sender, map_=make_map(), version=model_version)
    link = send(game=play(game, sender, version=model_version), player=sender)
    page = text_of(client.get(f"/c/{link.token}/"))
    assert re.search(r"PlaNet tiny <small>model</small>", page)


def test_nothing_of_the_results_or_the_places_is_told_before_the_own_run_is_finished(
    client: Client, bob: Player, challenge: Challenge
) -> None:
    Guess.objects.update(points=1234)
    panoramas = list(challenge.game.map.panoramas.all())
    for panorama in panoramas:
        panorama.place = panorama.author = "Secretville"
        panorama.save()
    sent = []

    def look() -> None:
        link = f"/c/{challenge.token}/"
        for path in (link, f"{link}?page=2", f"{link}accept/"):
            response = client.get(path, follow=True)
            sent.append(json.dumps(dict(response.headers)) + text_of(response))

    look()
    client.post(f"/c/{challenge.token}/accept/")
    game = Game.objects.get(challenge=challenge)
    sent.append(text_of(client.get(f"/games/{game.token}/")))
    sent.append(text_of(client.get(f"/api/games/{game.token}/")))
    look()
    everything = "".join(sent)
    for secret in ("1,234", "1234", "6,170", "6170", "47.65", "2.123", "Secretville", 'data-testid="board"'):
        assert not re.search(rf"(?<![\w-]){re.escape(secret)}", everything), secret


# --- playing -------------------------------------------------------------------------------------
def test_accepting_starts_the_game_and_accepting_again_continues_it(
    client: Client, challenge: Challenge
) -> None:
    first = client.post(f"/c/{challenge.token}/accept/")
    game = Game.objects.get(challenge=challenge)
    assert first["Location"] == f"/games/{game.token}/"
    assert client.get(first["Location"]).status_code == 200
    assert client.post(f"/c/{challenge.token}/accept/")["Location"] == first["Location"]
    assert f'href="/games/{game.token}/"' in text_of(client.get(f"/c/{challenge.token}/"))


def test_the_sender_gets_the_results_and_no_game(
    client: Client, challenge: Challenge, sender: Player
) -> None:
    client.force_login(sender.user)  # type: ignore[arg-type]
    assert client.post(f"/c/{challenge.token}/accept/")["Location"] == f"/c/{challenge.token}/"
    assert not Game.objects.filter(challenge=challenge).exists()
    assert "7,777" in text_of(client.get(f"/c/{challenge.token}/"))


def test_the_senders_pin_comes_with_the_closed_round(
    client: Client, bob: Player, challenge: Challenge
) -> None:
    game = accept(challenge=challenge, player=bob)
    assert client.get(f"/api/games/{game.token}/").json()["results"] == []
    guess(game, bob)
    result = client.get(f"/api/games/{game.token}/").json()["results"][0]
    assert (result["ghost"]["lat"], result["ghost"]["name"]) == (SECRET_LAT, "Ada <b>")


def test_a_closed_map_says_so(client: Client, challenge: Challenge) -> None:
    unpublish_map(challenge.game.map)
    response = client.post(f"/c/{challenge.token}/accept/")
    assert response.status_code == 409
    assert "not open for play" in text_of(response)


@pytest.mark.parametrize("token", ["A" * 22, "x", "%00"])
def test_no_such_challenge(client: Client, db: None, token: str) -> None:
    assert client.get(f"/c/{token}/").status_code == 404
    assert client.post(f"/c/{token}/accept/").status_code == 404


def test_a_form_of_another_site_is_refused(challenge: Challenge) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/c/{challenge.token}/accept/").status_code == 403
    assert not Game.objects.filter(challenge=challenge).exists()


# --- the board -----------------------------------------------------------------------------------
def test_the_results_follow_the_own_run(client: Client, bob: Player, challenge: Challenge) -> None:
    game = score(play(accept(challenge=challenge, player=bob), bob), bob, 8000, time_s=65)
    page = text_of(client.get(f"/c/{challenge.token}/"))
    assert "You are number 1 of 2" in page
    rows = re.findall(r"<tr.*?</tr>", page, flags=re.DOTALL)[1:]
    assert ["8,000" in rows[0], "1:05" in rows[0], "7,777" in rows[1], "sent it" in rows[1]] == [True] * 4
    assert f"/games/{game.token}/" in page
    assert "8,000 of 15,000 points" in page


def test_the_board_has_twenty_players_a_page(
    client: Client, bob: Player, challenge: Challenge, make_player: MakePlayer
) -> None:
    score(play(accept(challenge=challenge, player=bob), bob), bob, 1)
    for number in range(20):
        run = accept(challenge=challenge, player=make_player(f"P{number:02}", account=True))
        Game.objects.filter(pk=run.pk).update(state=Game.State.FINISHED)
        Guess.objects.create(
            round=run.rounds.get(),
            player=run.seats.get().player,
            lat=0,
            lng=0,
            condition="fair",
            points=100 + number,
            time_used_s=9,
        )
    first = text_of(client.get(f"/c/{challenge.token}/"))
    second = text_of(client.get(f"/c/{challenge.token}/?page=2"))
    assert ("P19" in first, "P00" in first, "Page 1 of 2" in first) == (True, False, True)
    assert ("P19" in second, "P00" in second, "Page 2 of 2" in second) == (False, True, True)
    assert "Page 1 of 2" in text_of(client.get(f"/c/{challenge.token}/?page=%00"))


def test_the_board_asks_the_database_the_same_for_more_players(
    client: Client,
    bob: Player,
    challenge: Challenge,
    make_player: MakePlayer,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    client.get(f"/c/{challenge.token}/")
    with django_assert_num_queries(QUERIES_INVITATION):
        client.get(f"/c/{challenge.token}/")
    play(accept(challenge=challenge, player=bob), bob)
    with django_assert_num_queries(QUERIES_BOARD):
        client.get(f"/c/{challenge.token}/")
    for name in ("Carol", "Dan"):
        player = make_player(name, account=True)
        play(accept(challenge=challenge, player=player), player)
    with django_assert_num_queries(QUERIES_BOARD):
        client.get(f"/c/{challenge.token}/")


# --- the text ------------------------------------------------------------------------------------
def test_a_finished_game_has_a_text_to_share(client: Client, bob: Player, make_map: MakeMap) -> None:
    game = play(start_game(player=bob, map_=make_map(name="Here"), version=None), bob)
    answer = client.get(f"/api/games/{game.token}/share/").json()
    assert (answer["url"], answer["best_streak"]) == ("http://testserver/", None)
    assert len(answer["text"].splitlines()) == 8
    link = send(game=game, player=bob)
    assert client.get(f"/api/games/{game.token}/share/").json()["url"].endswith(f"/c/{link.token}/")


def test_the_text_of_a_challenge_leads_to_the_same_rounds(
    client: Client, bob: Player, challenge: Challenge
) -> None:
    game = play(accept(challenge=challenge, player=bob), bob)
    url = client.get(f"/api/games/{game.token}/share/").json()["url"]
    assert url == f"http://testserver/c/{challenge.token}/"
