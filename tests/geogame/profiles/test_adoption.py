from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.accounts.services import SESSION_KEY, choose_reports, player_of_model
from geogame.games.models import Challenge, Daily, DailyAttempt, Exposure, Game, Guess, Round, Seat
from geogame.games.services import place_guess, start_game
from geogame.panoramas.models import Map
from geogame.profiles.adoption import adopt_guest, move_games
from geogame.ratings.models import RatedResult, Rating
from geogame.ratings.recompute import differences, from_games
from geogame.ratings.services import rate_games
from geogame.registry.models import ModelVersion
from geogame.reports.rows import rows_of
from tests.geogame.profiles.games import EPOCH, Answer, add_game
from tests.geogame.ratings.playing import add

MakeMap = Callable[..., Map]
pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> Player:
    return Player.objects.create(kind="person", name="Bob", user=User.objects.create_user("bob"))


@pytest.fixture
def guest() -> Player:
    return Player.objects.create(kind="person", name="Guest")


def play_a_round(player: Player, map_: Map) -> Round:
    game = start_game(player=player, map_=map_)
    round_ = game.rounds.get(number=1)
    place_guess(game=game, player=player, round_token=round_.token, lat=1, lng=2)
    return round_


def test_a_guest_who_logs_in_keeps_the_game(client: Client, make_map: MakeMap) -> None:
    client.post("/games/", {"map": make_map().slug})
    client.force_login(User.objects.create_user("bob"))
    assert client.get(f"/games/{Game.objects.get().token}/").status_code == 200
    player = Player.objects.get()
    assert player.user
    assert player.name == "bob"
    assert SESSION_KEY not in client.session


def test_the_games_of_a_guest_go_to_the_account_that_played_before(
    client: Client, bob: Player, make_map: MakeMap
) -> None:
    own = play_a_round(bob, make_map(name="One")).game
    client.post("/games/", {"map": make_map(name="Two").slug})
    as_guest = Game.objects.exclude(pk=own.pk).get()
    client.force_login(User.objects.get())
    for game in (own, as_guest):
        assert client.get(f"/games/{game.token}/").status_code == 200
    assert list(Player.objects.all()) == [bob]


def test_seats_exposures_and_guesses_move(bob: Player, guest: Player, make_map: MakeMap) -> None:
    round_ = play_a_round(guest, make_map())
    move_games(guest=guest, to=bob)
    assert Seat.objects.get(game=round_.game).player == bob
    assert Guess.objects.get(round=round_).player == bob
    assert Exposure.objects.get(round=round_).player == bob
    assert not Player.objects.filter(pk=guest.pk).exists()


def test_what_a_guess_knew_stays_and_the_picture_counts_as_seen_before(
    bob: Player, guest: Player, make_map: MakeMap
) -> None:
    map_ = make_map(1)
    first, second = play_a_round(bob, map_), play_a_round(guest, map_)
    assert [row.exposure for row in rows_of()] == [1, 1]
    move_games(guest=guest, to=bob)
    assert Guess.objects.get(round=second).times_revealed == 0
    assert {row.round_id: row.exposure for row in rows_of()} == {first.token: 1, second.token: 2}


def test_the_order_of_time_decides_which_sight_was_the_first(
    bob: Player, guest: Player, make_map: MakeMap
) -> None:
    map_ = make_map(1)
    later, earlier = play_a_round(bob, map_), play_a_round(guest, map_)
    Round.objects.filter(pk=earlier.pk).update(opened_at=timezone.now() - timedelta(days=1))
    move_games(guest=guest, to=bob)
    seen = dict(Exposure.objects.values_list("round", "times_seen"))
    assert seen == {earlier.pk: 0, later.pk: 1}


def test_a_game_of_both_stays_with_both(bob: Player, guest: Player, make_map: MakeMap) -> None:
    shared = play_a_round(bob, make_map()).game
    Seat.objects.create(game=shared, player=guest)
    for row in (*Guess.objects.all(), *Exposure.objects.all()):
        row.pk, row.player = None, guest
        row.save()
    alone = play_a_round(guest, make_map(name="Other")).game
    move_games(guest=guest, to=bob)
    assert set(Game.objects.filter(seats__player=guest)) == {shared}
    assert set(Game.objects.filter(seats__player=bob)) == {shared, alone}
    assert Guess.objects.filter(player=guest, round__game=shared).count() == 1
    assert Exposure.objects.filter(player=guest, round__game=shared).count() == 1


@pytest.fixture
def today(make_map: MakeMap) -> Daily:
    return Daily.objects.create(date=date(2026, 11, 22), map=make_map(name="Daily"))


def test_a_daily_moves_with_its_attempt(bob: Player, guest: Player, today: Daily) -> None:
    game = add_game(guest, today.map, [Answer()], mode="daily", daily=today)
    move_games(guest=guest, to=bob)
    assert DailyAttempt.objects.get(daily=today, player=bob).game == game


def test_a_second_attempt_at_a_daily_stays_with_the_guest(bob: Player, guest: Player, today: Daily) -> None:
    own = add_game(bob, today.map, [Answer()], mode="daily", daily=today)
    as_guest = add_game(guest, today.map, [Answer()], mode="daily", daily=today)
    move_games(guest=guest, to=bob)
    assert DailyAttempt.objects.get(player=bob).game == own
    assert Seat.objects.get(game=as_guest).player == guest
    assert Guess.objects.get(round__game=as_guest).player == guest
    assert DailyAttempt.objects.get(player=guest).game == as_guest


def test_a_challenge_moves_with_its_game(bob: Player, guest: Player, make_map: MakeMap) -> None:
    sent = Challenge.objects.create(game=add_game(guest, make_map(), [Answer()]), sender=guest)
    move_games(guest=guest, to=bob)
    sent.refresh_from_db()
    assert sent.sender == bob


@pytest.mark.parametrize("account_is", ["sender", "player"])
def test_a_player_runs_once_at_the_rounds_of_a_challenge(
    bob: Player, guest: Player, make_map: MakeMap, account_is: str
) -> None:
    sender, taker = (bob, guest) if account_is == "sender" else (guest, bob)
    map_ = make_map()
    sent = Challenge.objects.create(game=add_game(sender, map_, [Answer()]), sender=sender)
    run = add_game(taker, map_, [Answer()], challenge=sent)
    move_games(guest=guest, to=bob)
    assert {seat.game_id: seat.player for seat in Seat.objects.all()} == {sent.game_id: sender, run.pk: taker}


def test_a_move_that_fails_moves_nothing(
    bob: Player, guest: Player, make_map: MakeMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_ = play_a_round(guest, make_map())

    def broken(player: Player) -> None:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr("geogame.profiles.adoption._recount_exposures", broken)
    with pytest.raises(RuntimeError, match="power"):
        move_games(guest=guest, to=bob)
    assert Seat.objects.get(game=round_.game).player == guest
    assert Guess.objects.get(round=round_).player == guest


@pytest.mark.parametrize("said_last", ["guest", "account"])
def test_what_was_said_last_about_reports_holds(bob: Player, guest: Player, said_last: str) -> None:
    first, last = (bob, guest) if said_last == "guest" else (guest, bob)
    choose_reports(player=first, in_reports=True)
    choose_reports(player=last, in_reports=False)
    move_games(guest=guest, to=bob)
    bob.refresh_from_db()
    assert bob.in_reports is False


def test_a_guest_who_said_nothing_changes_no_choice(bob: Player, guest: Player) -> None:
    choose_reports(player=bob, in_reports=False)
    move_games(guest=guest, to=bob)
    bob.refresh_from_db()
    assert bob.in_reports is False


def test_a_second_login_of_the_same_browser_moves_nothing_more(bob: Player, guest: Player) -> None:
    session = SessionStore()
    session[SESSION_KEY] = guest.token
    user = User.objects.get()
    adopt_guest(session=session, user=user)
    session[SESSION_KEY] = guest.token
    adopt_guest(session=session, user=user)
    assert list(Player.objects.all()) == [bob]


def test_moving_asks_the_database_the_same_for_more_games(
    bob: Player, guest: Player, make_map: MakeMap, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(4):
        play_a_round(guest, make_map(name=f"Map {number}"))
    with django_assert_max_num_queries(37):  # type: ignore[attr-defined]
        move_games(guest=guest, to=bob)
    assert Game.objects.filter(seats__player=bob).count() == 4


def test_what_the_guest_had_seen_is_no_first_sight_for_the_rating(
    bob: Player, guest: Player, make_map: MakeMap, model_version: ModelVersion
) -> None:
    """The guest looked at the pictures first, then the account was rated on them."""
    map_, model = make_map(5), player_of_model(model_version)
    as_guest = add(guest, map_, model, registered=False, at=EPOCH)
    rated = add(bob, map_, model, at=EPOCH + timedelta(hours=1))
    rate_games()
    assert Rating.objects.filter(player=bob).exists()
    move_games(guest=guest, to=bob)
    rate_games()
    reasons = RatedResult.objects.in_bulk(field_name="game_id")
    assert (reasons[as_guest.pk].reason, reasons[rated.pk].reason) == ("guest", "known-places")
    assert not Rating.objects.exists()
    assert list(differences(from_games(timezone.now()))) == []
