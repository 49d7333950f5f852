"""The rules of album rounds: pure, no clock, no database. Times and random numbers come as arguments."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Literal

from planet_core.albums import utc_hours

ANSWER_S_PER_PHOTO = 0.5
"""How much longer than for a single photo a round waits for its models, for each photo of the album."""
Winner = Literal["you", "single", "album", "tie", "nobody"]
Place = tuple[float, float]


@dataclass(frozen=True)
class Candidate:
    """An album of the map, as the draw sees it."""

    album: int
    times_played: int
    trained_on: bool = False

    @property
    def rank(self) -> tuple[int, bool]:
        return self.times_played, self.trained_on


def draw(candidates: Sequence[Candidate], *, rng: random.Random) -> Candidate | None:
    """An album that the player has met least, before all one that no model trained on; None where none is."""
    best = min((candidate.rank for candidate in candidates), default=None)
    return (
        rng.choice([candidate for candidate in candidates if candidate.rank == best]) if candidates else None
    )


@dataclass(frozen=True)
class Pinned:
    """A person's pin: where it stands, where it stood before a later photo was shown, and its moves since."""

    place: Place
    first: Place
    moves: int = 0


def pinned(before: Pinned | None, place: Place, *, is_latest: bool) -> Pinned:
    """The pin after it was set. Nothing counts as a move while its photo is the latest that was shown."""
    if before is None or is_latest:
        return Pinned(place, place)
    if before.place == place:
        return before
    return Pinned(place, before.first, before.moves + 1)


def hours_since_the_one_before(taken_at: Sequence[str]) -> list[float | None]:
    """For each photo the hours since the last one before it whose time is known; None where nobody knows."""
    hours = utc_hours([datetime.fromisoformat(text) if text else None for text in taken_at])
    found: list[float | None] = []
    last: float | None = None
    for now in hours:
        found.append(max(0.0, now - last) if now is not None and last is not None else None)
        last = now if now is not None else last
    return found


@dataclass(frozen=True)
class Total:
    """What one side reached over the photos of an album."""

    photos: int
    points: int
    median_km: float


@dataclass(frozen=True)
class Answer:
    distance_km: float
    points: int


def total(answers: Sequence[Answer]) -> Total | None:
    """None without an answer."""
    if not answers:
        return None
    return Total(
        len(answers),
        sum(answer.points for answer in answers),
        median(answer.distance_km for answer in answers),
    )


@dataclass(frozen=True)
class Help:
    """What changed over the photos of an album: by the album for a model, by second thoughts for a person.

    Attributes:
        changed: photos whose answer is another one.
        nearer, farther: of those; the rest stayed as far away.
    """

    photos: int
    changed: int
    nearer: int
    farther: int
    points_before: int
    points_after: int
    median_before_km: float
    median_after_km: float


def help_of(before: Sequence[Answer], after: Sequence[Answer]) -> Help | None:
    """From one list of answers to the other, photo by photo; None without photos."""
    first, last = total(before), total(after)
    if first is None or last is None:
        return None
    pairs = list(zip(before, after, strict=True))
    nearer = sum(now.distance_km < then.distance_km for then, now in pairs)
    farther = sum(now.distance_km > then.distance_km for then, now in pairs)
    return Help(
        photos=len(pairs),
        changed=nearer + farther,
        nearer=nearer,
        farther=farther,
        points_before=first.points,
        points_after=last.points,
        median_before_km=first.median_km,
        median_after_km=last.median_km,
    )


def winner(you: Total | None, single: Total | None, album: Total | None) -> Winner:
    """Who has the most points of all; a tie for the first place is one."""
    sides: dict[Winner, int] = {
        name: side.points for name, side in _named(you, single, album) if side is not None
    }
    best = [name for name, points in sides.items() if points == max(sides.values())]
    if not best:
        return "nobody"
    return best[0] if len(best) == 1 else "tie"


def _named(
    you: Total | None, single: Total | None, album: Total | None
) -> tuple[tuple[Winner, Total | None], ...]:
    return ("you", you), ("single", single), ("album", album)
