from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogame.games.daily_rules import date_at, draw_rounds, longest_streak, seconds_to_next, streak_of_days
from geogame.games.rules import ROUNDS, Candidate

TODAY = date(2026, 11, 22)


def days_ago(*numbers: int) -> set[date]:
    return {TODAY - timedelta(days=number) for number in numbers}


@pytest.mark.parametrize(
    ("played", "days"),
    [
        (set(), 0),
        (days_ago(0), 1),
        (days_ago(1), 1),
        (days_ago(2), 0),
        (days_ago(0, 1, 2), 3),
        (days_ago(1, 2, 3), 3),
        (days_ago(0, 2, 3), 1),
    ],
)
def test_the_streak_of_days_ends_today_or_yesterday(played: set[date], days: int) -> None:
    assert streak_of_days(played, TODAY) == days


def test_the_longest_streak_may_be_over() -> None:
    assert longest_streak(days_ago(0, 1, 5, 6, 7, 8, 20)) == 4
    assert longest_streak(set()) == 0


@given(st.sets(st.integers(0, 40)))
def test_no_streak_is_longer_than_the_longest(ago: set[int]) -> None:
    played = days_ago(*ago)
    assert streak_of_days(played, TODAY) <= longest_streak(played) <= len(played)


def test_the_day_is_that_of_utc() -> None:
    late_in_new_york = datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert date_at(late_in_new_york) == TODAY


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(2026, 11, 22, 0, 0, 0, tzinfo=UTC), 86_400),
        (datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 22, 23, 59, 59, 999_000, tzinfo=UTC), 1),
        (datetime(2026, 12, 31, 12, 0, 0, tzinfo=UTC), 43_200),
    ],
)
def test_the_time_to_the_next_daily_game(moment: datetime, seconds: int) -> None:
    assert seconds_to_next(moment) == seconds


def test_a_day_takes_what_earlier_days_had_least() -> None:
    candidates = [Candidate(number, "", times_seen=number % 2) for number in range(1, 11)]
    drawn = draw_rounds(candidates, rng=random.Random(1))
    assert sorted(candidate.panorama for candidate in drawn) == [2, 4, 6, 8, 10]


def test_a_day_repeats_only_what_it_must() -> None:
    candidates = [Candidate(number, "", times_seen=int(number > 2)) for number in range(1, 8)]
    drawn = draw_rounds(candidates, rng=random.Random(1))
    assert [candidate.panorama for candidate in drawn[:2]] in ([1, 2], [2, 1])
    assert len(drawn) == ROUNDS


def test_a_group_comes_once_a_day() -> None:
    candidates = [Candidate(number, "walk", 0) for number in range(1, 9)] + [Candidate(9, "", 3)]
    drawn = draw_rounds(candidates, rng=random.Random(1))
    assert [candidate.group for candidate in drawn] == ["walk", ""]


def test_a_day_prefers_what_the_model_did_not_train_on() -> None:
    candidates = [Candidate(number, "", 0, trained_on=number > 5) for number in range(1, 11)]
    drawn = draw_rounds(candidates, rng=random.Random(1))
    assert sorted(candidate.panorama for candidate in drawn) == [1, 2, 3, 4, 5]


def test_a_day_on_an_empty_map_has_no_rounds() -> None:
    assert draw_rounds([], rng=random.Random(1)) == []
