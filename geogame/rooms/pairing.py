"""Who meets whom in the quick match: the nearest in rating. Pure, with the clock as an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

REACH = 100.0
"""How far apart two ratings may be at once."""
REACH_A_SECOND = 10.0
"""So much more for each second that one of the two has waited."""
ANYBODY_AFTER_S = 60.0


@dataclass(frozen=True)
class Waiting:
    player: int
    rating: float
    since: datetime


def partner(seeker: Waiting, others: Iterable[Waiting], now: datetime) -> Waiting | None:
    """The nearest in rating within reach, of equals who has waited longest. None: go on waiting."""
    possible = [other for other in others if other.player != seeker.player and _may_meet(seeker, other, now)]
    return min(possible, key=lambda other: (gap(seeker, other), other.since, other.player), default=None)


def gap(one: Waiting, other: Waiting) -> float:
    return abs(one.rating - other.rating)


def reach(waited_s: float) -> float:
    """How far apart two ratings may be once one of the two has waited so long."""
    if waited_s >= ANYBODY_AFTER_S:
        return float("inf")
    return REACH + REACH_A_SECOND * max(0.0, waited_s)


def _may_meet(one: Waiting, other: Waiting, now: datetime) -> bool:
    return gap(one, other) <= reach((now - min(one.since, other.since)).total_seconds())
