"""The rules of the daily game: pure. Dates are UTC; times and random numbers come as arguments."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta

from geogame.games.rules import ROUNDS, Candidate

DAY = timedelta(days=1)


def date_at(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def seconds_to_next(moment: datetime) -> int:
    """Whole seconds until the next daily game, at least one."""
    midnight = datetime.combine(date_at(moment) + DAY, time(), tzinfo=UTC)
    return max(1, -int((moment - midnight).total_seconds() // 1))


def streak_of_days(played: Collection[date], today: date) -> int:
    """Days in a row up to today. A day that is not over yet breaks nothing."""
    day = today if today in played else today - DAY
    days = 0
    while day in played:
        days += 1
        day -= DAY
    return days


def longest_streak(played: Collection[date]) -> int:
    starts = (day for day in played if day - DAY not in played)
    return max((_run_from(start, played) for start in starts), default=0)


def _run_from(day: date, played: Collection[date]) -> int:
    days = 0
    while day in played:
        days += 1
        day += DAY
    return days


def draw_rounds(
    candidates: Sequence[Candidate], *, rng: random.Random, wanted: int = ROUNDS
) -> list[Candidate]:
    """The panoramas of a day, fewer only where the map has fewer groups.

    `times_seen` of a candidate is how many earlier days had it: the least used come first, and among
    them those that the model did not train on. A group comes once.
    """
    drawn: list[Candidate] = []
    left = list(candidates)
    while left and len(drawn) < wanted:
        best = min(candidate.rank for candidate in left)
        chosen = rng.choice([candidate for candidate in left if candidate.rank == best])
        drawn.append(chosen)
        left = [candidate for candidate in left if candidate.group_key != chosen.group_key]
    return drawn
