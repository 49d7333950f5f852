"""Which games are rated, who wins, how much a repeated pair counts. Pure: times come as arguments.

Every game gets a verdict: it counts, or one stable code says why not. Another kind of rated game needs a name
in `RATED_MODES` and a reader that says what decides (`sides.py`): the rest asks for two sides and a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from geogame.games.rules import ROUNDS

RATED_MODES = frozenset({"classic", "daily", "duel"})
RULES_VERSION = 1
"""Rises when numbers would come out differently: `recompute_ratings` then makes them anew."""

PERIOD = timedelta(days=7)
"""One rating period of Glicko-2: how fast a rating that is not played grows uncertain."""
CERTAIN_DEVIATION = 140.0
"""A rating whose deviation is larger is provisional."""

PAIR_WINDOW = timedelta(days=7)
PAIR_FULL = 10
PAIR_LEAST = 1 / 8
"""The first games of a pair within the window count in full, each further one half of the one before, down to
this; then none.
"""

LEFT_AFTER = timedelta(days=7)
"""Who leaves a game for longer has lost it."""


class Reason(StrEnum):
    """Why a game is not rated. The codes are stored: a code never changes its meaning."""

    NONE = ""
    PRIVATE = "private"
    STUDY = "study"
    OTHER_MODE = "other-mode"
    CHALLENGE = "challenge"
    ALONE = "alone"
    GUEST = "guest"
    NOT_BEGUN = "not-begun"
    VOID_ROUNDS = "void-rounds"
    SHORT = "short"
    MIXED_VIEW = "mixed-view"
    MODEL_ABSENT = "model-absent"
    TRAINED_ON = "trained-on"
    KNOWN_PLACES = "known-places"
    PAIR_DECAY = "pair-decay"


@dataclass(frozen=True)
class Side:
    """One player of a game. `score` decides, points or health: the higher one wins."""

    player: int
    is_model: bool
    registered: bool
    score: int
    absent_rounds: int = 0
    known_rounds: int = 0
    left: bool = False


@dataclass(frozen=True)
class PlayedGame:
    """A game that is over for the ratings: finished, or left for too long. `rounds` were played to their end
    and count, `planned` is how many would have counted. Of live games those are private that no quick match
    made.
    """

    game: int
    map: int
    mode: str
    is_challenge: bool
    is_private: bool
    settled_at: datetime
    conditions: frozenset[str]
    rounds: int
    planned: int
    void_rounds: int
    sides: tuple[Side, ...]

    @property
    def condition(self) -> str:
        """How the pictures were seen; empty where not all were seen alike."""
        return next(iter(self.conditions)) if len(self.conditions) == 1 else ""


@dataclass(frozen=True)
class Verdict:
    """`reason` is empty where the game counts; `count` says in how many rounds the reason held."""

    reason: Reason = Reason.NONE
    count: int = 0

    @property
    def is_rated(self) -> bool:
        return not self.reason


def verdict(played: PlayedGame) -> Verdict:
    """Whether the game counts, as far as the game alone can say. The first reason that holds is told."""
    for reason, count in _objections(played):
        if count:
            return Verdict(reason, count)
    return Verdict()


def _objections(played: PlayedGame) -> Iterable[tuple[Reason, int]]:
    people = [side for side in played.sides if not side.is_model]
    models = [side for side in played.sides if side.is_model]
    yield Reason.PRIVATE, int(played.is_private)
    yield Reason.STUDY, int(played.mode == "study")
    yield Reason.OTHER_MODE, int(played.mode not in RATED_MODES)
    yield Reason.CHALLENGE, int(played.is_challenge)
    yield Reason.ALONE, int(len(played.sides) != 2 or not people)
    yield Reason.GUEST, sum(not side.registered for side in people)
    yield Reason.NOT_BEGUN, int(played.rounds == 0)
    if played.planned < ROUNDS:
        yield Reason.VOID_ROUNDS, played.void_rounds
        yield Reason.SHORT, 1
    yield Reason.MIXED_VIEW, int(not played.condition)
    yield Reason.MODEL_ABSENT, sum(side.absent_rounds for side in models)
    yield Reason.TRAINED_ON, sum(side.known_rounds for side in models)
    yield Reason.KNOWN_PLACES, sum(side.known_rounds for side in people)


def score_of_first(sides: Sequence[Side]) -> float:
    """1 where the first of two sides won, 0.5 for a draw, 0 where it lost. Who left has lost."""
    first, second = sides
    if first.left != second.left:
        return 0.0 if first.left else 1.0
    if first.score == second.score:
        return 0.5
    return 1.0 if first.score > second.score else 0.0


def settled_at(events: Sequence[datetime], *, finished_at: datetime | None, now: datetime) -> datetime | None:
    """When a game was over for the ratings; None while it is not.

    Args:
        events: when something happened in it (begun, a round opened or closed), in order.
    """
    times = [*events, finished_at or now]
    for before, after in pairwise(times):
        if after - before > LEFT_AFTER:
            return before + LEFT_AFTER
    return finished_at


def pair_weight(earlier: Iterable[datetime], at: datetime) -> float:
    """What a game of a pair counts, 1 to 0, after the games of the same pair that counted before."""
    recent = sum(1 for time in earlier if at - time < PAIR_WINDOW)
    if recent < PAIR_FULL:
        return 1.0
    weight = 0.5 ** (recent - PAIR_FULL + 1)
    return float(weight) if weight >= PAIR_LEAST else 0.0


def is_provisional(deviation: float) -> bool:
    return deviation > CERTAIN_DEVIATION


def periods_between(earlier: datetime | None, later: datetime) -> float:
    return 0.0 if earlier is None else (later - earlier) / PERIOD
