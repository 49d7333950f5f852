"""The course of one ladder: rated games in order, each an update of both sides. Pure, so that whoever has the
games gets the same numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from geogame.ratings.glicko2 import Rating, Result, aged, update
from geogame.ratings.rules import PAIR_WINDOW, pair_weight, periods_between

Pair = tuple[int, int]


@dataclass(frozen=True)
class Contest:
    """A game between two players that counts. `score` is the first one's: 1, 0.5 or 0."""

    game: int
    settled_at: datetime
    first: int
    second: int
    score: float

    @property
    def key(self) -> tuple[datetime, int]:
        """In this order games are rated; what ends at the same moment goes by number."""
        return self.settled_at, self.game

    @property
    def pair(self) -> Pair:
        return min(self.first, self.second), max(self.first, self.second)


@dataclass(frozen=True)
class Standing:
    """Where a player stands on a ladder; `played_at` is the last game that counted."""

    rating: Rating = field(default_factory=Rating)
    played_at: datetime | None = None
    won: int = 0
    drawn: int = 0
    lost: int = 0

    @property
    def games(self) -> int:
        return self.won + self.drawn + self.lost

    def at(self, moment: datetime) -> Rating:
        """As it is believed then: less certain the longer nothing was played."""
        return aged(self.rating, max(0.0, periods_between(self.played_at, moment)))

    def counted(self, score: float, *, times: int = 1) -> Standing:
        """With a game more, or less."""
        return replace(
            self,
            won=self.won + times * (score == 1.0),
            drawn=self.drawn + times * (score == 0.5),
            lost=self.lost + times * (score == 0.0),
        )


@dataclass(frozen=True)
class Rated:
    """A contest with its weight, and both players before and after it. With weight 0 nothing changes."""

    contest: Contest
    weight: float
    before: tuple[Standing, Standing]
    after: tuple[Standing, Standing]


def run(
    contests: Iterable[Contest],
    standings: Mapping[int, Standing] | None = None,
    earlier: Iterable[tuple[Pair, datetime]] = (),
) -> Iterator[Rated]:
    """Rate the contests in order.

    Args:
        standings: where the players stand before the first contest; who is missing is new.
        earlier: the games of pairs that counted before the first contest, in order.
    """
    now = dict(standings or {})
    met: dict[Pair, list[datetime]] = defaultdict(list)
    for pair, moment in earlier:
        met[pair].append(moment)
    for contest in sorted(contests, key=lambda contest: contest.key):
        moment = contest.settled_at
        times = met[contest.pair] = [time for time in met[contest.pair] if moment - time < PAIR_WINDOW]
        weight = pair_weight(times, moment)
        before = now.get(contest.first, Standing()), now.get(contest.second, Standing())
        after = _after(before, contest, weight) if weight else before
        if weight:
            times.append(moment)
        now[contest.first], now[contest.second] = after
        yield Rated(contest, weight, before, after)


def _after(before: tuple[Standing, Standing], contest: Contest, weight: float) -> tuple[Standing, Standing]:
    first, second = before
    return (
        _one(first, second, contest.score, contest.settled_at, weight),
        _one(second, first, 1.0 - contest.score, contest.settled_at, weight),
    )


def _one(own: Standing, opponent: Standing, score: float, moment: datetime, weight: float) -> Standing:
    result = Result(opponent.at(moment), score, weight)
    rating = update(own.rating, [result], periods=periods_between(own.played_at, moment))
    return replace(own, rating=rating, played_at=moment).counted(score)
