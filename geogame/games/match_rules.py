"""The rules of a live match: pure, with the clock as an argument.

A match is a row of rounds that the server opens and closes by the clock, for everybody at once:

    intro -> preparing -> guessing -> result -> preparing -> guessing -> result ... -> finished

`intro` comes once, before the first round; `preparing` lasts only as long as a model's answer is awaited.
`due` says what the server has to do now, `phase` what people see. Players are numbers here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, TypeVar

from geogame.games.rules import GRACE_S

INTRO_S = 3.0
RESULT_S = 7.0
ANSWER_WAIT_S = 3.0
"""A round waits this long for a model, then it opens without."""
COUNTDOWN_S = 15.0
"""What is left to the others in a duel once a person has locked in."""
HEALTH = 6000
DUEL_ROUNDS = 20
DUEL_TIME_LIMIT_S = 60
SAFETY_LIMIT_S = 120
"""A duel without a time limit: nobody waits longer for somebody who never comes back."""
TIME_LIMIT_S = (10, 300)
MOST_ROUNDS = 20
ROOM_ROUNDS = 5
MOST_PLAYERS = 20
MOST_SPECTATORS = 50
DUELLISTS = 2
ABANDONED_AFTER = 2
"""So many rounds in a row without any answer end a match that nobody is connected to."""

PhaseName = Literal["intro", "preparing", "guessing", "result", "finished"]
Refusal = Literal["no-such-round", "round-not-open", "round-closed", "too-late"]
CROWD: Final = "crowd"
DRAW: Final = "draw"
Side = int | Literal["crowd"]
Winner = Side | Literal["draw"] | None
S = TypeVar("S", bound=Side)


class Step(StrEnum):
    """What the server does next."""

    ASK = "ask for the round: it opens now, or as soon as the model has answered"
    GO_WITHOUT_MODEL = "open the round, the model is late"
    CLOSE = "close the round; who has not answered has no points"
    VOID = "close the round without counting it: its picture is gone"
    DRAW = "draw the round that comes next"
    FINISH = "end the match"


class Stage(StrEnum):
    DRAWN = "drawn"
    AWAITED = "asked for, the model has not answered"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Played:
    """A round as the rules see it. `points` are those of all who answered, persons and models."""

    number: int
    stage: Stage
    points: Mapping[int, int] = field(default_factory=dict)
    answered: frozenset[int] = frozenset()
    crowd_points: int | None = None
    is_void: bool = False
    is_gone: bool = False
    answer_deadline: datetime | None = None
    deadline_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Match:
    """`players` have a place in the match, `people` are those of them who are no model. `left` went for good;
    who only lost the connection has not left.
    """

    is_duel: bool
    players: tuple[int, ...]
    people: frozenset[int]
    left: frozenset[int] = frozenset()
    rounds_total: int
    began_at: datetime
    rounds: tuple[Played, ...] = ()
    is_finished: bool = False
    anybody_connected: bool = True

    @property
    def last(self) -> Played | None:
        return self.rounds[-1] if self.rounds else None

    @property
    def current(self) -> Played | None:
        """The round that people play or read the result of: one that is only drawn waits behind it."""
        shown = [round_ for round_ in self.rounds if round_.stage != Stage.DRAWN]
        return shown[-1] if shown else None

    @property
    def counted(self) -> list[Played]:
        return [round_ for round_ in self.rounds if round_.stage == Stage.CLOSED and not round_.is_void]

    @property
    def awaited(self) -> frozenset[int]:
        """The people whose answer a round waits for."""
        return self.people - self.left


@dataclass(frozen=True)
class Blow:
    """What one counted round did in a duel: the damage to each, and the health that was left after it."""

    number: int
    multiplier: float
    damage: Mapping[int, int]
    health: Mapping[int, int]


@dataclass(frozen=True)
class Phase:
    name: PhaseName
    ends_at: datetime | None = None


# --- Duels -----------------------------------------------------------------------------------------
def multiplier(nth: int) -> float:
    """Of the nth round that counts: 1, 1, 1.5, 2, 2.5, ..."""
    return max(1.0, nth / 2)


def damage(one: int, other: int, nth: int) -> int:
    """What the lower of two scores costs its player. A half rounds up."""
    return int(abs(one - other) * multiplier(nth) + 0.5)


def blows(match: Match) -> list[Blow]:
    """The course of a duel, from its counted rounds alone. Health ends at 0."""
    health = dict.fromkeys(match.players, HEALTH)
    course: list[Blow] = []
    for nth, round_ in enumerate(match.counted, start=1):
        points = {player: round_.points.get(player, 0) for player in match.players}
        most = max(points.values(), default=0)
        hurt = {player: damage(most, own, nth) for player, own in points.items()}
        health = {player: max(0, left - hurt[player]) for player, left in health.items()}
        course.append(Blow(round_.number, multiplier(nth), hurt, health))
    return course


def health_of(match: Match) -> dict[int, int]:
    course = blows(match)
    return dict(course[-1].health) if course else dict.fromkeys(match.players, HEALTH)


# --- Who wins --------------------------------------------------------------------------------------
def totals(match: Match) -> dict[int, int]:
    return {player: sum(r.points.get(player, 0) for r in match.counted) for player in match.players}


def crowd_total(match: Match) -> int | None:
    """None where the crowd had no place of its own in any round."""
    found = [round_.crowd_points for round_ in match.counted if round_.crowd_points is not None]
    return sum(found) if found else None


def round_winner(round_: Played) -> Winner:
    """Most points, of players or of the crowd. None where nobody answered, or where the round is void."""
    if round_.is_void:
        return None
    sides: dict[Side, int] = {player: round_.points.get(player, 0) for player in round_.answered}
    if round_.crowd_points is not None:
        sides[CROWD] = round_.crowd_points
    return _best(sides)


def winner(match: Match) -> Winner:
    """Who won, or would if the match ended here. Who leaves a duel loses it, unless it was decided before."""
    if not match.is_duel:
        return _room_winner(match)
    lost = lost_by_leaving(match)
    stayed = [player for player in match.players if player not in lost]
    if lost and len(stayed) == 1:
        return stayed[0]
    return _best(health_of(match)) if match.counted else None


def lost_by_leaving(match: Match) -> frozenset[int]:
    """Who left a duel before it was decided."""
    if not match.is_duel or _is_won(match) or _rounds_are_over(match):
        return frozenset()
    return match.left & frozenset(match.players)


def _room_winner(match: Match) -> Winner:
    if not match.counted:
        return None
    sides: dict[Side, int] = {}
    for player, points in totals(match).items():
        sides[player] = points
    if (crowd := crowd_total(match)) is not None:
        sides[CROWD] = crowd
    return _best(sides)


def _best(sides: Mapping[S, int]) -> S | Literal["draw"] | None:
    if not sides:
        return None
    most = max(sides.values())
    best = [side for side, points in sides.items() if points == most]
    return best[0] if len(best) == 1 else DRAW


# --- What happens when -----------------------------------------------------------------------------
def is_decided(match: Match) -> bool:
    """No further round is played."""
    return bool(
        not match.awaited
        or (match.is_duel and (_is_won(match) or len(match.players) - len(match.left) < DUELLISTS))
        or _rounds_are_over(match)
        or _is_abandoned(match)
    )


def _is_won(match: Match) -> bool:
    return min(health_of(match).values(), default=0) == 0


def _rounds_are_over(match: Match) -> bool:
    last = match.last
    return last is not None and last.stage == Stage.CLOSED and last.number >= match.rounds_total


def _is_abandoned(match: Match) -> bool:
    if match.anybody_connected:
        return False
    latest = match.counted[-ABANDONED_AFTER:]
    return len(latest) == ABANDONED_AFTER and not any(r.answered & match.people for r in latest)


def due(match: Match, now: datetime) -> Step | None:
    """The one thing that the server has to do now, None where it waits. To be asked until it is None."""
    if match.is_finished:
        return None
    if is_decided(match):
        return _due_at_the_end(match, now)
    current, last = match.current, match.last
    if last is None or (last.stage == Stage.CLOSED):
        return Step.DRAW
    if current is None or current.stage == Stage.CLOSED:
        return Step.ASK if now >= _starts_at(match, current) else None
    return _due_in_round(match, current, now)


def _due_at_the_end(match: Match, now: datetime) -> Step | None:
    """The last result is read to its end, unless nobody is left to read it."""
    current = match.current
    if current is None or current.stage != Stage.CLOSED or not match.awaited:
        return Step.FINISH
    is_given_up = match.is_duel and bool(match.left) and not _is_won(match) and not _rounds_are_over(match)
    return Step.FINISH if is_given_up or now >= _starts_at(match, current) else None


def _starts_at(match: Match, before: Played | None) -> datetime:
    """When the round after `before` is asked for."""
    if before is None or before.closed_at is None:
        return match.began_at + timedelta(seconds=INTRO_S)
    return before.closed_at + timedelta(seconds=RESULT_S)


def _due_in_round(match: Match, round_: Played, now: datetime) -> Step | None:
    if round_.is_gone:
        return Step.VOID
    if round_.stage == Stage.AWAITED:
        is_late = round_.answer_deadline is not None and now >= round_.answer_deadline
        return Step.GO_WITHOUT_MODEL if is_late else None
    return Step.CLOSE if match.awaited <= round_.answered or _is_past(round_, now) else None


def _is_past(round_: Played, now: datetime) -> bool:
    return round_.deadline_at is not None and now >= round_.deadline_at + timedelta(seconds=GRACE_S)


def next_due_at(match: Match) -> datetime | None:
    """When `due` has something to do at the latest, if nobody does anything until then."""
    ends_at = phase(match).ends_at
    if ends_at is not None and phase(match).name == "guessing":
        return ends_at + timedelta(seconds=GRACE_S)
    return ends_at


def phase(match: Match) -> Phase:
    current = match.current
    if match.is_finished:
        return Phase("finished")
    if current is None:
        return Phase("intro", _starts_at(match, None))
    if current.stage == Stage.CLOSED:
        return Phase("result", _starts_at(match, current))
    if current.stage == Stage.AWAITED:
        return Phase("preparing", current.answer_deadline)
    return Phase("guessing", current.deadline_at)


# --- Answers ---------------------------------------------------------------------------------------
def refusal(round_: Played | None, now: datetime) -> Refusal | None:
    """Why a first guess for the round is not taken now."""
    if round_ is None:
        return "no-such-round"
    if round_.stage in (Stage.DRAWN, Stage.AWAITED):
        return "round-not-open"
    if round_.stage == Stage.CLOSED:
        return "round-closed"
    return "too-late" if _is_past(round_, now) else None


def deadline_after_lock_in(match: Match, round_: Played, player: int, now: datetime) -> datetime | None:
    """Until when the others have time, now that the player has locked in. It never becomes later; a model,
    whose answer is in before the round opens, leaves it as it is.
    """
    if not match.is_duel or player not in match.people:
        return round_.deadline_at
    soon = now + timedelta(seconds=COUNTDOWN_S)
    return soon if round_.deadline_at is None else min(round_.deadline_at, soon)


def time_limit_s(*, is_duel: bool, chosen: int | None) -> int:
    """The seconds of a round as it is played: no live round lasts for ever."""
    if chosen is None and not is_duel:
        raise ValueError("only a duel may be without a time limit")
    return SAFETY_LIMIT_S if chosen is None else chosen


# --- Hosts -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Present:
    """A member of a room who has not left. `number` is the order of coming."""

    number: int
    is_player: bool
    is_connected: bool


def next_host(members: Iterable[Present]) -> Present | None:
    """The player who has been there longest, of the connected if there is one, then of the spectators."""
    order = sorted(members, key=lambda m: (not m.is_player, not m.is_connected, m.number))
    return order[0] if order else None
