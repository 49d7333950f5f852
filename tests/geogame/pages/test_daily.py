from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from geogame.accounts.models import Player
from geogame.games.dailies import start_daily
from geogame.games.models import Daily, DailyAttempt, Game, Guess
from geogame.panoramas.models import Map
from tests.geogame.games.playing import at, guess, play, score

MakeMap = Callable[..., Map]
MakePlayer = Callable[..., Player]
SignIn = Callable[[Client, Player], None]
QUERIES_BEFORE, QUERIES_AFTER, QUERIES_ARCHIVE = 12, 13, 5


@pytest.fixture
def bob(client: Client, alice: Player, sign_in: SignIn) -> Player:
    """The guest of the client."""
    sign_in(client, alice)
    return alice


@pytest.fixture
def map_of_the_day(make_map: MakeMap) -> Map:
    return make_map(12, name="Old Europe")


@pytest.fixture
def small_map_of_the_day(make_map: MakeMap) -> Map:
    """Its daily games have two rounds."""
    return make_map(2, name="Old Europe")


def page(client: Client, path: str = "/daily/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return str(response.content.decode())


def played(player: Player, points: int, **when: Any) -> Game:
    return score(play(start_daily(player=player, **when), player), player, points)


def test_without_a_map_the_page_says_so(client: Client, db: None) -> None:
    assert "no map is open for play" in page(client)
    assert client.post("/daily/start/").status_code == 409


def test_the_page_says_what_the_daily_game_is(client: Client, map_of_the_day: Map) -> None:
    text = page(client)
    for words in ("5 pictures, 180 seconds each", "Old Europe", "The next one comes in", "Play today’s game"):
        assert words in text, words
    assert not Player.objects.exists(), "looking makes no player"


def test_a_guest_plays_once(client: Client, map_of_the_day: Map) -> None:
    first = client.post("/daily/start/")
    game = Game.objects.get()
    assert first["Location"] == f"/games/{game.token}/"
    assert client.get(first["Location"]).status_code == 200
    assert client.post("/daily/start/")["Location"] == first["Location"]
    assert 'data-testid="continue-daily"' in page(client)
    assert DailyAttempt.objects.count() == 1


def test_a_form_of_another_site_is_refused(map_of_the_day: Map) -> None:
    assert Client(enforce_csrf_checks=True).post("/daily/start/").status_code == 403
    assert not DailyAttempt.objects.exists()


def test_looking_starts_nothing(client: Client, map_of_the_day: Map) -> None:
    assert client.get("/daily/start/")["Location"] == "/daily/"
    assert not DailyAttempt.objects.exists()


def test_nothing_of_the_results_or_the_places_is_told_before_the_own_run_is_finished(
    client: Client, bob: Player, small_map_of_the_day: Map, make_player: MakePlayer
) -> None:
    for panorama in small_map_of_the_day.panoramas.all():
        panorama.place = "Secretville"
        panorama.save()
    played(make_player("Carol", account=True), 12_345)
    before = page(client)
    client.post("/daily/start/")
    guess(Game.objects.get(seats__player=bob), bob)
    for text in (before, page(client)):
        for secret in ("12,345", "12345", "Carol", "Secretville", "histogram"):
            assert secret not in text, secret
    assert client.get(f"/daily/{timezone.now().date()}/").status_code == 404


def test_the_results_follow_the_own_run(
    client: Client, bob: Player, map_of_the_day: Map, make_player: MakePlayer
) -> None:
    for name, points in (("Carol", 12_345), ("Dan", 5_432)):
        played(make_player(name, account=True), points)
    played(bob, 10_000)
    text = page(client)
    for words in ("10,000", "of 25,000 points", "Better than 1 of 2 other players.", "12,345", "5,432"):
        assert words in text, words
    assert "Your place would be number 2" in text
    assert text.index("Carol") < text.index("Dan")
    assert "Play today’s game" not in text
    assert "10,000 of 25,000 points" in text


def test_a_guest_is_not_on_the_board_and_an_account_is(
    client: Client, map_of_the_day: Map, make_player: MakePlayer
) -> None:
    carol = make_player("Carol", account=True)
    played(make_player("Somebody"), 24_000)
    played(carol, 12_345)
    client.force_login(carol.user)  # type: ignore[arg-type]
    text = page(client)
    board = re.search(r'data-testid="board".*?</table>', text, flags=re.DOTALL)
    assert board
    assert ("Carol" in board[0], "Somebody" in text, "Your place would be" in text) == (True, False, False)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_histogram_is_a_picture_with_words(
    client: Client, bob: Player, map_of_the_day: Map, make_player: MakePlayer, language: str
) -> None:
    played(make_player("Carol", account=True), 12_345)
    played(bob, 10_000)
    with translation.override(language):
        text = page(client)
    chart = re.search(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert chart
    assert chart[0].count("<rect") == 10
    assert chart[0].count("histogram-own") == 1
    assert re.search(r"<title[^>]*>[^<]*10[,.]000[^<]*12[,.]499", chart[0])
    numbers = re.findall(r' (?:x|y|width|height)="([^"]*)"', chart[0])
    assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", number) for number in numbers), "as SVG reads numbers"
    assert "style=" not in text


def test_yesterday_and_the_row_of_days(client: Client, bob: Player, small_map_of_the_day: Map) -> None:
    today = timezone.now().replace(hour=12)
    for ago in (1, 2, 4, 5, 6):
        played(bob, ago * 1000, now=today - timedelta(days=ago))
    text = page(client)
    assert "You had 1,000 of 10,000 points. Nobody else has finished yet." in text
    assert "You have played 2 days in a row." in text
    assert "Your longest row: 3 days." in text
    played(bob, 7)
    assert "You have played 3 days in a row." in page(client)


def test_earlier_days_are_listed_for_who_played_them(
    client: Client, bob: Player, small_map_of_the_day: Map, make_player: MakePlayer
) -> None:
    played(bob, 1500, now=at("2026-03-04 10:00"))
    played(make_player("Carol"), 9999, now=at("2026-03-05 10:00"))
    start_daily(player=bob, now=at("2026-03-06 10:00"))
    text = page(client, "/daily/archive/")
    assert ("1,500" in text, "4 March 2026" in text, "9,999" in text) == (True, True, False)
    assert "1,500" in page(client, "/daily/2026-03-04/")
    for day in ("2026-03-05", "2026-03-06", "2026-03-07", "2026-02-30", "0000-00-00", "x"):
        assert client.get(f"/daily/{day}/").status_code == 404


def test_a_run_begun_before_midnight_is_found_after_it(
    client: Client, bob: Player, small_map_of_the_day: Map
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    game = start_daily(player=bob, now=yesterday)
    assert "Play today’s game" in page(client)
    score(play(game, bob), bob, 4321)
    text = page(client)
    assert "Play today’s game" in text
    assert "You had 4,321 of 10,000 points." in text
    assert "4,321" in page(client, f"/daily/{yesterday.date()}/")


def test_nobody_has_no_earlier_days(client: Client, db: None) -> None:
    assert "not finished a daily game yet" in page(client, "/daily/archive/")


def test_a_daily_game_is_shared_by_its_date(client: Client, bob: Player, small_map_of_the_day: Map) -> None:
    game = played(bob, 10_000)
    answer = client.get(f"/api/games/{game.token}/share/").json()
    day = Daily.objects.get().date
    assert answer["url"] == "http://testserver/daily/"
    assert str(day.year) in answer["text"].splitlines()[0]
    refused = client.post(f"/api/games/{game.token}/challenge/", "{}", content_type="application/json")
    assert refused.json()["error"]["code"] == "daily-is-shared"


def test_the_board_of_a_day_has_pages(
    client: Client, bob: Player, small_map_of_the_day: Map, make_player: MakePlayer
) -> None:
    played(bob, 10)
    daily = Daily.objects.get()
    for number in range(21):
        fake_run(daily, make_player(f"P{number:02}", account=True), 1000 + number)
    text = page(client, "/daily/?page=2")
    assert ("P00" in text, "P20" in text, "Page 2 of 2" in text) == (True, False, True)
    assert "Better than 0 % of 21 other players." in text


def fake_run(daily: Daily, player: Player, points: int) -> None:
    game = start_daily(player=player)
    Game.objects.filter(pk=game.pk).update(state=Game.State.FINISHED)
    Guess.objects.create(
        round=game.rounds.get(), player=player, lat=0, lng=0, condition="fair", points=points, time_used_s=1
    )


def test_the_pages_ask_the_database_the_same_for_more_players_and_days(
    client: Client,
    bob: Player,
    small_map_of_the_day: Map,
    make_player: MakePlayer,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    today = timezone.now()
    played(bob, 100, now=today - timedelta(days=1))
    page(client)
    with django_assert_num_queries(QUERIES_BEFORE):
        page(client)
    with django_assert_num_queries(QUERIES_ARCHIVE):
        page(client, "/daily/archive/")
    played(bob, 100, now=today - timedelta(days=2))
    for name in ("Carol", "Dan"):
        player = make_player(name, account=True)
        fake_run(Daily.objects.get(date=today.date()), player, 50)
        played(player, 50, now=today - timedelta(days=1))
    with django_assert_num_queries(QUERIES_BEFORE):
        page(client)
    with django_assert_num_queries(QUERIES_ARCHIVE):
        page(client, "/daily/archive/")
    played(bob, 70)
    with django_assert_num_queries(QUERIES_AFTER):
        page(client)
    fake_run(Daily.objects.get(date=today.date()), make_player("Eve", account=True), 1)
    with django_assert_num_queries(QUERIES_AFTER):
        page(client)
