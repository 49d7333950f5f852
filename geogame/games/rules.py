"""The rules of the game: pure, no clock, no database. Times and random numbers come as arguments."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from planet_core.geo import haversine_km
from planet_core.scoring import points

ROUNDS = 5
STREAK_ROUNDS = 200
TIME_LIMITS_S = (30, 60, 120)
DAILY_TIME_LIMIT_S = 180
GRACE_S = 2.0
"""A guess may come this much after its time is up: it was sent in time and took its way."""
MEDALS = {"platinum": 25_000, "gold": 24_000, "silver": 20_000, "bronze": 15_000}
"""Least points of a game of five rounds, best first."""
Winner = Literal["you", "model", "tie", "nobody"]


@dataclass(frozen=True)
class Candidate:
    """A panorama of the map, as the draw sees it."""

    panorama: int
    group: str
    times_seen: int
    trained_on: bool = False
    group_seen: bool = False

    @property
    def rank(self) -> tuple[int, bool]:
        """Lower is drawn first: seldom seen, then new to the model and of a group new to the player."""
        return self.times_seen, self.trained_on or self.group_seen

    @property
    def group_key(self) -> str | int:
        """A picture without a group is a group of its own."""
        return self.group or self.panorama


@dataclass(frozen=True)
class Score:
    distance_km: float
    points: int


def score(*, lat: float, lng: float, true_lat: float, true_lng: float, scale_km: float) -> Score:
    distance_km = float(haversine_km(lat, lng, true_lat, true_lng))
    return Score(distance_km, points(distance_km, scale_km))


def winner(*, you_km: float | None, model_km: float | None) -> Winner:
    """The smaller distance wins; an answer beats none."""
    if you_km is None and model_km is None:
        return "nobody"
    if model_km is None or (you_km is not None and you_km < model_km):
        return "you"
    if you_km is None or model_km < you_km:
        return "model"
    return "tie"


def country_winner(*, you_correct: bool | None, model_correct: bool | None) -> Winner:
    """Who names the right country wins. None has not answered."""
    if bool(you_correct) != bool(model_correct):
        return "you" if you_correct else "model"
    return "nobody" if you_correct is None or model_correct is None else "tie"


def medal(points_total: int, rounds: int) -> str | None:
    """The medal of a game of five counted rounds, None where it earns none."""
    if rounds != ROUNDS:
        return None
    return next((name for name, least in MEDALS.items() if points_total >= least), None)


def rounds_possible(candidates: Sequence[Candidate], wanted: int = ROUNDS) -> int:
    """How many rounds `draw` can give in one game: see there."""
    unseen_in_group: dict[str | int, int] = {}
    for candidate in candidates:
        if candidate.times_seen == 0:
            unseen_in_group[candidate.group_key] = unseen_in_group.get(candidate.group_key, 0) + 1
    if all(count == 1 for count in unseen_in_group.values()):
        return min(wanted, len({candidate.group_key for candidate in candidates}))
    return min(wanted, len(unseen_in_group))


def draw(
    candidates: Sequence[Candidate],
    *,
    used_groups: Collection[str | int],
    rng: random.Random,
) -> Candidate | None:
    """The next panorama of a game, or None when the game must end here.

    A player never meets a panorama again while unseen ones remain on the map, and a group comes once
    in a game at most; where the two leave nothing, the game is shorter. Among the unseen, those come
    first that count in the comparison: the model did not train on them, the player knows none of the group.
    """
    fewest = min((candidate.times_seen for candidate in candidates), default=0)
    open_groups = [candidate for candidate in candidates if candidate.group_key not in used_groups]
    if fewest == 0:
        open_groups = [candidate for candidate in open_groups if candidate.times_seen == 0]
    if not open_groups:
        return None
    best = min(candidate.rank for candidate in open_groups)
    return rng.choice([candidate for candidate in open_groups if candidate.rank == best])


def draw_for_all(
    candidates: Sequence[Candidate], *, used_groups: Collection[str | int], rng: random.Random
) -> Candidate | None:
    """The next panorama of a live match: what its players together have seen least, by the same ranks.

    People who have played more or less must meet in one match, so it repeats a picture rather than end.
    A group comes once all the same; None where no group is left.
    """
    left = [candidate for candidate in candidates if candidate.group_key not in used_groups]
    best = min((candidate.rank for candidate in left), default=None)
    return rng.choice([candidate for candidate in left if candidate.rank == best]) if left else None
