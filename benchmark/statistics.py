"""People against models: wins, distances and points over paired rounds (paper, Sec. 3, "Comparison to
human performance"). A win is the smaller great-circle distance; wins are the model's, as in the paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypedDict

from benchmark.rounds import Pairing, Row, pairings
from planet_core.intervals import wilson_interval
from planet_core.metrics import accuracy_at, median_km

SCALES_KM = (1, 25, 200, 750, 2500)


class Estimate(TypedDict):
    value: float | None
    low: float | None
    high: float | None


class Side(TypedDict):
    median_km: float | None
    within_km: dict[str, float]
    mean_points: float


class Comparison(TypedDict):
    apart: str
    map: str
    source: str
    condition: str
    model: str
    person: str
    rounds: int
    wins: int
    ties: int
    losses: int
    win_rate: Estimate
    sides: dict[str, Side]


class Tally(TypedDict):
    condition: str
    source: str
    rounds: int
    model_wins: int
    person_wins: int
    ties: int
    person_rate: Estimate


def compare(pairs: Iterable[Pairing]) -> list[Comparison]:
    """One comparison for each map, source of pictures, condition and model, and for each reason not to count:
    none are pooled.
    """
    ordered = sorted(pairs, key=_key)
    return [_comparison(key, list(group)) for key, group in groupby(ordered, key=_key)]


def tallies(rows: Iterable[Row]) -> list[Tally]:
    """Wins over the rounds that count, on all maps and against all models, for a home page: one for each
    condition and source of pictures, those with most rounds first.
    """
    kinds: dict[tuple[str, str], list[Pairing]] = {}
    for pair in pairings(rows):
        if pair.counts:
            kinds.setdefault((pair.person.condition, pair.person.source), []).append(pair)
    ordered = sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    return [_tally(condition, source, pairs) for (condition, source), pairs in ordered]


def _tally(condition: str, source: str, pairs: Sequence[Pairing]) -> Tally:
    wins, ties, losses = _wins(pairs)
    return {
        "condition": condition,
        "source": source,
        "rounds": len(pairs),
        "model_wins": wins,
        "person_wins": losses,
        "ties": ties,
        "person_rate": _win_rate(losses, wins),
    }


def _key(pair: Pairing) -> tuple[str, str, str, str, str]:
    person = pair.person
    return pair.apart, person.map, person.source, person.condition, pair.model.player_id


def _comparison(key: tuple[str, str, str, str, str], pairs: list[Pairing]) -> Comparison:
    wins, ties, losses = _wins(pairs)
    return {
        "apart": key[0],
        "map": key[1],
        "source": key[2],
        "condition": key[3],
        "model": key[4],
        "person": "all",
        "rounds": len(pairs),
        "wins": wins,
        "ties": ties,
        "losses": losses,
        "win_rate": _win_rate(wins, losses),
        "sides": {
            "person": _side([pair.person for pair in pairs]),
            "model": _side([pair.model for pair in pairs]),
        },
    }


def _win_rate(wins: int, losses: int) -> Estimate:
    """Of the rounds with a winner, with Wilson's 95 % interval."""
    low, high = wilson_interval(wins, wins + losses)
    return {"value": wins / (wins + losses) if wins + losses else None, "low": low, "high": high}


def _wins(pairs: Sequence[Pairing]) -> tuple[int, int, int]:
    """Wins, ties and losses of the model."""
    wins = sum(pair.model.distance_km < pair.person.distance_km for pair in pairs)
    losses = sum(pair.model.distance_km > pair.person.distance_km for pair in pairs)
    return wins, len(pairs) - wins - losses, losses


def _side(rows: Sequence[Row]) -> Side:
    distances = [row.distance_km for row in rows]
    median = float(median_km(distances))
    shares = accuracy_at(distances, SCALES_KM)
    return {
        "median_km": median if math.isfinite(median) else None,
        "within_km": {str(scale): float(shares[scale]) for scale in SCALES_KM},
        "mean_points": sum(row.points for row in rows) / len(rows),
    }
