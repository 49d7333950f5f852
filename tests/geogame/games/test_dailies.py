from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games import dailies
from geogame.games.dailies import (
    attempt_of,
    daily_of,
    dates_played,
    finished_attempts,
    make_todays,
    own_runs,
    result_of,
    start_daily,
)
from geogame.games.errors import GameError
from geogame.games.models import Daily, DailyAttempt, DailyRound, Game, Guess, Round
from geogame.games.queries import candidates_for, candidates_for_all
from geogame.games.services import start_game
from geogame.panoramas.models import Map
from geogame.panoramas.services import unpublish_map, withdraw
from geogame.registry.models import ModelVersion
from tests.geogame.games.playing import at, guess, panoramas_of, play, score

MakeMap = Callable[..., Map]
MakePlayer = Callable[..., Player]
DAY = date(2026, 11, 22)
NOON = at("2026-11-22 12:00")


def rounds_of(daily: Daily | None) -> list[int]:
    assert daily
    return list(daily.rounds.order_by("number").values_list("panorama", flat=True))


def played(player: Player, points: int = 0, *, time_s: float = 60.0) -> Game:
    """A finished run of today's game, worth so many points."""
    return score(play(start_daily(player=player), player), player, points, time_s=time_s)


# --- the day -------------------------------------------------------------------------------------
def test_a_day_has_five_rounds_that_stay(make_map: MakeMap) -> None:
    make_map(12)
    first = rounds_of(daily_of(DAY))
    assert len(set(first)) == 5
    assert rounds_of(daily_of(DAY)) == first
    assert Daily.objects.count() == 1


def test_two_processes_at_once_make_one_day(make_map: MakeMap, monkeypatch: pytest.MonkeyPatch) -> None:
    make_map(12)
    made = daily_of(DAY)
    answers = iter([None, made])
    monkeypatch.setattr(dailies, "_find", lambda day: next(answers))
    assert daily_of(DAY) == made
    assert (Daily.objects.count(), DailyRound.objects.count()) == (1, 5)


def test_earlier_days_pictures_come_again_only_when_the_others_are_used_up(make_map: MakeMap) -> None:
    make_map(12)
    days = [rounds_of(daily_of(DAY + timedelta(days=number))) for number in range(3)]
    assert not set(days[0]) & set(days[1])
    unused = set(Map.objects.get().panoramas.values_list("pk", flat=True)) - set(days[0]) - set(days[1])
    assert len(unused) == 2
    assert unused < set(days[2])


def test_a_walk_comes_once_a_day(make_map: MakeMap) -> None:
    make_map(9, groups=["walk"] * 6 + ["", "", ""])
    assert len(rounds_of(daily_of(DAY))) == 4


def test_the_map_of_the_day_is_the_largest(make_map: MakeMap) -> None:
    make_map(2, name="Small")
    large = make_map(4, name="Large")
    unpublish_map(make_map(6, name="Closed"))
    daily = daily_of(DAY)
    assert daily
    assert daily.map == large


def test_the_map_of_the_day_can_be_chosen(
    make_map: MakeMap, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    small = make_map(2, name="Small")
    large = make_map(4, name="Large")
    settings.DAILY_MAP = "small"
    chosen = daily_of(DAY)
    settings.DAILY_MAP = "no-such-map"
    other = daily_of(DAY + timedelta(days=1))
    assert chosen
    assert other
    assert (chosen.map, other.map) == (small, large)
    assert "no-such-map" in caplog.text


def test_without_a_map_there_is_no_day(alice: Player) -> None:
    assert daily_of(DAY) is None
    assert make_todays() == 0
    with pytest.raises(GameError) as refused:
        start_daily(player=alice)
    assert refused.value.code == "no-daily"
    assert not Game.objects.exists()


def test_the_clock_makes_the_day_once(make_map: MakeMap) -> None:
    make_map(6)
    assert [make_todays(), make_todays()] == [1, 0]
    assert Daily.objects.get().date == timezone.now().date()


def test_the_model_of_the_day_is_fixed(alice: Player, make_map: MakeMap, model_version: ModelVersion) -> None:
    make_map(6)
    daily = daily_of(timezone.now().date())
    assert daily
    ModelVersion.objects.update(is_active=False)
    game = start_daily(player=alice)
    assert game.seats.get(player__kind="model").player.model_version == daily.model_version == model_version


def test_todays_pictures_are_drawn_in_no_other_game(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(8)
    today = set(rounds_of(daily_of(timezone.now().date())))
    game = start_game(player=alice, map_=map_, version=None)
    assert game.rounds_total == 3
    assert not set(panoramas_of(play(game, alice))) & today


def test_while_the_run_is_not_finished_others_of_its_walks_are_drawn_nowhere(
    alice: Player, make_player: MakePlayer, make_map: MakeMap
) -> None:
    map_ = make_map(8, groups=["walk"] * 4 + ["one", "two", "three", "four"])
    rounds_of(daily_of(timezone.now().date()))
    bob = make_player("Bob")

    def walks() -> list[set[str]]:
        alone = candidates_for(map_=map_, player=alice, version=None)
        together = candidates_for_all(map_=map_, players=[alice.pk], watching=[bob.pk], version=None)
        return [{found.group for found in several} for several in (alone, together)]

    assert walks() == [set(), set()]
    played(alice)
    alone, together = walks()
    assert "walk" in alone
    assert "walk" not in together, "Bob, who watches, has not finished his"


# --- a run ---------------------------------------------------------------------------------------
def test_a_run_has_the_rounds_of_the_day_and_three_minutes_for_each(alice: Player, make_map: MakeMap) -> None:
    make_map(12)
    game = start_daily(player=alice)
    assert (game.mode, game.time_limit_s, game.rounds_total) == (Game.Mode.DAILY, 180, 5)
    assert game.daily
    assert panoramas_of(play(game, alice)) == rounds_of(game.daily)


def test_everybody_gets_the_same_rounds(alice: Player, make_player: MakePlayer, make_map: MakeMap) -> None:
    make_map(12)
    bob = make_player("Bob", account=True)
    one, other = (play(start_daily(player=player), player) for player in (alice, bob))
    assert panoramas_of(one) == panoramas_of(other)


def test_a_player_has_one_run_a_day(alice: Player, make_map: MakeMap) -> None:
    make_map(2)
    game = start_daily(player=alice)
    assert start_daily(player=alice) == game
    play(game, alice)
    assert start_daily(player=alice) == game
    assert DailyAttempt.objects.count() == 1


def test_a_closed_map_keeps_the_day_that_has_begun(alice: Player, make_map: MakeMap) -> None:
    map_ = make_map(6)
    daily_of(timezone.now().date())
    unpublish_map(map_)
    assert start_daily(player=alice).map == map_


def test_midnight_ends_no_run_and_begins_another(alice: Player, make_map: MakeMap) -> None:
    make_map(2)
    game = start_daily(player=alice, now=at("2026-11-22 23:59:59"))
    guess(game, alice)
    after_midnight = start_daily(player=alice, now=at("2026-11-23 00:00:00"))
    assert after_midnight != game
    play(game, alice)
    assert dates_played(alice) == {DAY}
    assert result_of(Daily.objects.get(date=DAY), alice)
    assert result_of(Daily.objects.get(date=DAY + timedelta(days=1)), alice) is None


def test_the_day_is_not_the_one_of_the_players_clock(alice: Player, make_map: MakeMap) -> None:
    make_map(12)
    game = start_daily(player=alice, now=NOON)
    assert game.daily
    assert game.daily.date == DAY


# --- results -------------------------------------------------------------------------------------
def test_no_result_before_the_own_run_is_finished(
    alice: Player, make_player: MakePlayer, make_map: MakeMap
) -> None:
    make_map(2)
    played(make_player("Bob", account=True), 9000)
    daily = Daily.objects.get()
    assert result_of(daily, alice) is None
    game = start_daily(player=alice)
    guess(game, alice)
    assert result_of(daily, alice) is None
    play(game, alice)
    assert result_of(daily, alice)


def test_a_result_stands_among_all_and_the_board_lists_accounts(
    alice: Player, make_player: MakePlayer, make_map: MakeMap
) -> None:
    make_map(12)
    for name, points, time_s, account in [
        ("Bob", 9000, 50, True),
        ("Carol", 9000, 40, True),
        ("Dan", 12_000, 90, True),
        ("Guest", 20_000, 10, False),
    ]:
        played(make_player(name, account=account), points, time_s=time_s)
    played(alice, 10_000)
    start_daily(player=make_player("Eve", account=True))
    result = result_of(Daily.objects.get(), alice)
    assert result
    assert [(row.rank, row.run.name) for row in result.board.rows] == [(1, "Dan"), (2, "Carol"), (3, "Bob")]
    assert (result.place, result.own.registered) == (2, False)
    assert (result.standing.beaten, result.standing.others, result.players) == (2, 4, 5)
    assert sum(bar.count for bar in result.bars) == 5
    assert [bar.low for bar in result.bars if bar.own] == [10_000]


def test_an_accounts_place_is_that_on_the_board(make_player: MakePlayer, make_map: MakeMap) -> None:
    make_map(2)
    bob = make_player("Bob", account=True)
    played(make_player("Carol", account=True), 9000)
    played(bob, 4000)
    result = result_of(Daily.objects.get(), bob)
    assert result
    assert (result.place, result.own.registered) == (2, True)


def test_a_withdrawn_picture_counts_for_nobody(
    alice: Player, make_player: MakePlayer, make_map: MakeMap
) -> None:
    make_map(12)
    bob = make_player("Bob", account=True)
    game = played(bob)
    Guess.objects.filter(round__game=game).update(points=1000)
    withdraw(game.rounds.get(number=3).panorama)
    run = play(start_daily(player=alice), alice)
    assert run.rounds.get(number=3).void_reason
    assert run.rounds.count() == 5
    result = result_of(Daily.objects.get(), bob)
    assert result
    assert (result.own.points, result.most, result.void) == (4000, 20_000, [3])


def test_a_run_of_void_rounds_alone_is_a_run(alice: Player, make_map: MakeMap) -> None:
    make_map(6)
    game = start_daily(player=alice)
    Guess.objects.all().delete()
    game.rounds.update(void_reason="gone", state=Round.State.CLOSED)
    Game.objects.update(state=Game.State.FINISHED)
    result = result_of(Daily.objects.get(), alice)
    assert result
    assert (result.own.points, result.standing.others) == (0, 0)


def test_the_earlier_days_of_a_player(alice: Player, make_map: MakeMap) -> None:
    make_map(2)
    for day in ("2026-11-20", "2026-11-22", "2026-11-21"):
        game = start_daily(player=alice, now=at(f"{day} 10:00"))
        if day != "2026-11-22":
            score(play(game, alice), alice, int(day[-2:]) * 100)
    attempts = finished_attempts(alice)
    runs = own_runs(attempts, alice)
    assert [(a.daily.date.day, runs[a.game_id].points) for a in attempts] == [(21, 2100), (20, 2000)]
    assert dates_played(alice) == {date(2026, 11, 20), date(2026, 11, 21)}
    unfinished = attempt_of(Daily.objects.get(date=DAY), alice)
    assert unfinished
    assert unfinished.game.state == Game.State.PLAYING
