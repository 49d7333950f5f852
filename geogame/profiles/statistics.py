"""How a player has done, from the rounds that `played` reads. Pure. What was seen in another condition or is
another kind of picture stands on a sheet of its own and is never pooled.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from geogame.games.daily_rules import longest_streak, streak_of_days
from geogame.games.models import Game
from geogame.games.rules import MEDALS
from geogame.profiles.played import PlayedGame, PlayedRound
from planet_core.intervals import wilson_interval
from planet_core.metrics import median_km

STREAK_MEDALS = {"platinum": 40, "gold": 20, "silver": 10, "bronze": 5}
"""Least countries in a row, best first."""
CONDITIONS = ("fair", "free", "mixed")

Earned = Counter[tuple[str | None, str]]


@dataclass(frozen=True)
class Against:
    """Rounds that count, by distance or by country, against one model. Won, tied, lost: by the player."""

    model: str
    digest: str
    about_countries: bool
    won: int
    tied: int
    lost: int
    apart: int

    @property
    def rounds(self) -> int:
        return self.won + self.tied + self.lost

    @property
    def share(self) -> float | None:
        """Won of the rounds that were decided."""
        decided = self.won + self.lost
        return self.won / decided if decided else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.won, self.won + self.lost)


@dataclass(frozen=True)
class CountryLine:
    """The rounds in one country. `lead` is the mean of own points less the model's, where both played."""

    code: str
    rounds: int
    median_km: float | None
    points: float | None
    lead: float | None
    right: int
    asked: int

    @property
    def right_share(self) -> float | None:
        return self.right / self.asked if self.asked else None


@dataclass(frozen=True)
class Sheet:
    """All of one condition and one kind of picture."""

    condition: str
    pictures: str
    total: CountryLine
    countries: Sequence[CountryLine]
    against: Sequence[Against]


@dataclass(frozen=True)
class MedalLine:
    medal: str
    least: int
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Days:
    running: int
    longest: int


def sheets(rounds: Iterable[PlayedRound]) -> list[Sheet]:
    by_kind: dict[tuple[str, str], list[PlayedRound]] = {}
    for round_ in rounds:
        by_kind.setdefault((round_.condition, round_.pictures), []).append(round_)
    return [
        Sheet(
            condition=condition,
            pictures=pictures,
            total=_line("", of_kind),
            countries=_countries(of_kind),
            against=_against(of_kind),
        )
        for (condition, pictures), of_kind in sorted(by_kind.items())
    ]


def _countries(rounds: Sequence[PlayedRound]) -> list[CountryLine]:
    by_country: dict[str, list[PlayedRound]] = {}
    for round_ in rounds:
        if round_.country:
            by_country.setdefault(round_.country, []).append(round_)
    lines = [_line(code, of_country) for code, of_country in by_country.items()]
    return sorted(lines, key=lambda line: (-line.rounds, line.code))


def _line(code: str, rounds: Sequence[PlayedRound]) -> CountryLine:
    pins = [round_ for round_ in rounds if not round_.about_countries]
    both = [(round_.points, round_.model.points) for round_ in pins if round_.model]
    asked = [round_ for round_ in rounds if round_.country]
    return CountryLine(
        code=code,
        rounds=len(rounds),
        median_km=_median(pins),
        points=_mean([round_.points for round_ in pins]),
        lead=_mean([own - models for own, models in both]),
        right=sum(bool(round_.correct) for round_ in asked),
        asked=len(asked),
    )


def _median(pins: Sequence[PlayedRound]) -> float | None:
    """None without a round, and where at least half of them have no answer."""
    distances = [math.inf if round_.distance_km is None else round_.distance_km for round_ in pins]
    median = median_km(distances) if distances else math.inf
    return median if math.isfinite(median) else None


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _against(rounds: Sequence[PlayedRound]) -> list[Against]:
    results: dict[tuple[str, str, bool], Counter[str]] = {}
    for round_ in rounds:
        if round_.model is None:
            continue
        key = (round_.model.name, round_.model.digest, round_.about_countries)
        result = results.setdefault(key, Counter())
        result[_result(round_) if round_.counts else "apart"] += 1
    return [
        Against(*key, won=found["you"], tied=found["tie"], lost=found["model"], apart=found["apart"])
        for key, found in sorted(results.items())
    ]


def _result(round_: PlayedRound) -> str:
    """Where neither has answered, neither has won."""
    return "tie" if round_.winner == "nobody" else str(round_.winner)


def medals(games: Iterable[PlayedGame]) -> list[MedalLine]:
    """Of finished games of five counted rounds, the best first; for each condition how many."""
    earned: Earned = Counter((game.medal, game.condition) for game in games if game.finished_at)
    return [_medal_line(medal, least, earned) for medal, least in MEDALS.items()]


def streak_medals(games: Iterable[PlayedGame]) -> list[MedalLine]:
    earned: Earned = Counter()
    for game in games:
        if game.finished_at and _is_streak(game):
            earned[_streak_medal(_length(game)), game.condition] += 1
    return [_medal_line(medal, least, earned) for medal, least in STREAK_MEDALS.items()]


def _medal_line(medal: str, least: int, earned: Earned) -> MedalLine:
    return MedalLine(medal, least, {condition: earned[medal, condition] for condition in CONDITIONS})


def _streak_medal(length: int) -> str | None:
    return next((medal for medal, least in STREAK_MEDALS.items() if length >= least), None)


def best_streaks(games: Iterable[PlayedGame]) -> dict[str, int]:
    """The most countries in a row, for each condition; one that still runs counts with what it has."""
    best: dict[str, int] = {}
    for game in games:
        if _is_streak(game) and (length := _length(game)):
            best[game.condition] = max(length, best.get(game.condition, 0))
    return best


def _is_streak(game: PlayedGame) -> bool:
    """A challenge repeats the rounds of somebody else: it is no streak of one's own."""
    return game.mode == Game.Mode.STREAK and not game.is_challenge


def _length(game: PlayedGame) -> int:
    """Countries right before the first wrong one."""
    length = 0
    for round_ in game.rounds:
        if not round_.correct:
            break
        length += 1
    return length


def days(games: Iterable[PlayedGame], today: date) -> Days:
    played = {game.day for game in games if game.day and game.finished_at and game.mode == Game.Mode.DAILY}
    return Days(running=streak_of_days(played, today), longest=longest_streak(played))
