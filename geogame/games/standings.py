"""Boards and how a run compares with the others: pure, of finished runs only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

PAGE_SIZE = 20
BARS = 10
ENOUGH_FOR_A_PERCENTAGE = 20
Row = TypeVar("Row")


@dataclass(frozen=True)
class Run:
    """One player's finished run. `time_s` is the time they took over all rounds, None when nobody knows."""

    player: int
    name: str
    points: int
    time_s: float | None = None
    model_points: int | None = None
    registered: bool = False


@dataclass(frozen=True)
class Ranked:
    rank: int
    run: Run


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list; pages count from 1 and there is always a first."""

    rows: tuple[Row, ...]
    number: int
    pages: int

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None


@dataclass(frozen=True)
class Bar:
    """So many runs with `low` to `high` points, both included."""

    low: int
    high: int
    count: int
    own: bool


@dataclass(frozen=True)
class Standing:
    """How many of the other players a run beats; players with the same points are not beaten."""

    beaten: int
    others: int

    @property
    def percent(self) -> int | None:
        """The share beaten, rounded down; None where a handful of players gives no percentage."""
        if self.others < ENOUGH_FOR_A_PERCENTAGE:
            return None
        return self.beaten * 100 // self.others


def rank(runs: Iterable[Run]) -> list[Ranked]:
    """Most points first, the quicker first among equals; who has the same of both shares the place."""
    ordered = sorted(runs, key=lambda run: (*_order(run), run.player))
    ranked: list[Ranked] = []
    for place, run in enumerate(ordered, start=1):
        same = bool(ranked) and _order(ranked[-1].run) == _order(run)
        ranked.append(Ranked(ranked[-1].rank if same else place, run))
    return ranked


def _order(run: Run) -> tuple[int, float]:
    return -run.points, math.inf if run.time_s is None else run.time_s


def page_of(rows: Sequence[Row], number: int, *, size: int = PAGE_SIZE) -> Page[Row]:
    """That page, or the nearest there is."""
    pages = max(1, math.ceil(len(rows) / size))
    number = min(max(number, 1), pages)
    return Page(tuple(rows[(number - 1) * size : number * size]), number, pages)


def place_of(ranked: Iterable[Ranked], player: int) -> Ranked | None:
    return next((row for row in ranked if row.run.player == player), None)


def place_beside(ranked: Iterable[Ranked], run: Run) -> int:
    """The place that a run which is not on the board would have."""
    return 1 + sum(1 for row in ranked if _order(row.run) < _order(run))


def histogram(totals: Sequence[int], *, own: int | None, most: int, bars: int = BARS) -> list[Bar]:
    """All totals from 0 to `most` in bars of one width; the last one includes `most`."""
    width = math.ceil(most / bars)
    counts = [0] * bars
    for total in totals:
        counts[_bar(total, width, bars)] += 1
    mine = None if own is None else _bar(own, width, bars)
    return [
        Bar(
            low=number * width,
            high=most if number == bars - 1 else (number + 1) * width - 1,
            count=count,
            own=number == mine,
        )
        for number, count in enumerate(counts)
    ]


def _bar(total: int, width: int, bars: int) -> int:
    return min(max(total, 0) // width, bars - 1)


def standing(others: Sequence[int], own: int) -> Standing:
    return Standing(beaten=sum(1 for total in others if total < own), others=len(others))
