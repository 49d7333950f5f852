"""People against models: wins, distances and points over paired rounds (paper, Sec. 3, "Comparison to human
performance"). A win is the smaller great-circle distance; wins are the model's, as in the paper.

Each map, source of pictures (photographed or drawn), condition and model has a comparison of its own: none
are pooled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, TypedDict

import numpy as np

from benchmark.clusters import (
    Clusters,
    Interval,
    difference_interval,
    mean_interval,
    quantile,
    quantile_interval,
    share_interval,
)
from benchmark.pairs import APART, Pairs, apart
from benchmark.power import power_note
from benchmark.rounds import OUTCOMES, FloatArray, IntArray, Rounds
from benchmark.student import sign_test
from planet_core.geo import EARTH_RADIUS_KM
from planet_core.intervals import wilson_interval
from planet_core.metrics import SCALES_KM
from planet_core.scoring import MAX_POINTS

EVERYBODY = "all"
LEAST_KM = 0.001
"""Distances below count as this in logarithms."""
POINTS: Interval = (0.0, float(MAX_POINTS))
"""What a mean of points can be."""
POINTS_DIFFERENCE: Interval = (-POINTS[1], POINTS[1])
_MOST_LOG = math.log10(math.pi * EARTH_RADIUS_KM / LEAST_KM)
LOG_DIFFERENCE: Interval = (-_MOST_LOG, _MOST_LOG)
"""What a mean difference can be, of points and of log10 km (a metre to half the way around the earth)."""
NO_INTERVAL = "no interval: no person and no panorama differs from another"
QUANTILES = (0.1, 0.25, 0.75, 0.9)


class Estimate(TypedDict):
    value: float | None
    low: float | None
    high: float | None


class Side(TypedDict):
    median_km: Estimate
    median_km_answered: Estimate
    quantiles_km: dict[str, Estimate]
    within_km: dict[str, float]
    within_km_interval: dict[str, Estimate]
    mean_points: float
    mean_points_interval: Estimate
    mean_points_answered: float | None
    outcomes: dict[str, int]


class Comparison(TypedDict):
    apart: str
    map: str
    source: str
    condition: str
    model: str
    person: str
    rounds: int
    people: int
    panoramas: int
    wins: int
    ties: int
    losses: int
    win_rate: Estimate
    win_rate_clustered: Estimate
    sign_test_p: float
    differences: dict[str, Any]
    power: dict[str, Any]
    sides: dict[str, Side]


class Group(TypedDict):
    """Pairs of one map, source, condition and model, for one reason to count or not."""

    apart: str
    map: str
    source: str
    condition: str
    model: str
    pairs: Pairs


def groups(pairs: Pairs) -> Iterator[Group]:
    """The pairs, each in one group; those that count first, then by the names of what they are of."""
    if not len(pairs):
        return
    rounds = pairs.rounds
    parts = (
        apart(pairs),
        rounds.map.codes[pairs.person],
        rounds.drawn[pairs.person].astype(np.int64),
        rounds.condition.codes[pairs.person],
        pairs.models,
    )
    sizes = [int(part.max()) + 1 for part in parts]
    keys = np.ravel_multi_index(parts, tuple(sizes))
    found, which = np.unique(keys, return_inverse=True)
    order = np.argsort(which, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(which))[:-1])
    named = []
    for key, rows in zip(found.tolist(), members, strict=True):
        reason, map_, drawn, condition, model = (int(part) for part in np.unravel_index(key, tuple(sizes)))
        group: Group = {
            "apart": APART[reason],
            "map": rounds.map.names[map_],
            "source": "drawn" if drawn else "photo",
            "condition": rounds.condition.names[condition],
            "model": rounds.player_id.names[model],
            "pairs": pairs[rows],
        }
        named.append((reason, group["map"], -drawn, group["condition"], group["model"], group))
    for *_, group in sorted(named, key=lambda one: one[:-1]):
        yield group


def compare(group: Group, *, everybody: bool = True) -> Comparison:
    """The comparison of a group: of all people pooled, or of the one person that there is."""
    pairs = group["pairs"]
    outcomes = pairs.outcomes
    clusters = Clusters.of(pairs.players, pairs.scenes)
    wins, losses = int((outcomes > 0).sum()), int((outcomes < 0).sum())
    person = EVERYBODY if everybody else pairs.rounds.player_id.names[int(pairs.players[0])]
    return {
        "apart": group["apart"],
        "map": group["map"],
        "source": group["source"],
        "condition": group["condition"],
        "model": group["model"],
        "person": person,
        "rounds": len(pairs),
        "people": len(clusters.sizes[0]),
        "panoramas": len(clusters.sizes[1]),
        "wins": wins,
        "ties": len(pairs) - wins - losses,
        "losses": losses,
        "win_rate": win_rate(wins, losses),
        "win_rate_clustered": clustered_rate(pairs, outcomes),
        "sign_test_p": sign_test(wins, losses),
        "differences": differences(pairs, clusters, with_bootstrap=everybody),
        "power": power_note(wins, losses),
        "sides": {
            "person": side(pairs.rounds, pairs.person, clusters),
            "model": side(pairs.rounds, pairs.model, clusters),
        },
    }


def people_of(group: Group) -> Iterator[Group]:
    """The group of each person, in the order of their names."""
    pairs = group["pairs"]
    order = np.argsort(pairs.players, kind="stable")
    numbers, starts = np.unique(pairs.players[order], return_index=True)
    members = dict(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True))
    for number in sorted(members, key=pairs.rounds.player_id.names.__getitem__):
        yield {**group, "pairs": pairs[members[number]]}


# ------------------------------------------------------------------------------------------------
# The numbers


def estimate(value: float | None, interval: Interval | None) -> Estimate:
    """As JSON has it: None where there is no number, also where it is infinite."""
    low, high = interval or (None, None)
    return {"value": _finite(value), "low": _finite(low), "high": _finite(high)}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def win_rate(wins: int, losses: int) -> Estimate:
    """Of the rounds with a winner, with Wilson's 95 % interval, which takes rounds as independent."""
    decided = wins + losses
    return estimate(wins / decided if decided else None, wilson_interval(wins, decided))


def clustered_rate(pairs: Pairs, outcomes: IntArray) -> Estimate:
    """The win rate of outcomes (n,) of the pairs (n,), as in `Pairs.outcomes`, with the interval clustered by
    person and panorama; no interval with one person and one panorama.
    """
    decided = np.flatnonzero(outcomes)
    if not decided.size:
        return estimate(None, None)
    won = (outcomes[decided] > 0).astype(np.float64)
    clusters = Clusters.of(pairs.players[decided], pairs.scenes[decided])
    return estimate(float(won.mean()), share_interval(won, clusters))


def differences(pairs: Pairs, clusters: Clusters, *, with_bootstrap: bool = True) -> dict[str, Any]:
    """Model less person, paired: points of all rounds, log10 km of those in which both answered."""
    points = pairs.model_points - pairs.person_points
    both = np.flatnonzero(np.isfinite(pairs.model_km) & np.isfinite(pairs.person_km))
    answered = pairs[both]
    logs = _log_km(answered.model_km) - _log_km(answered.person_km)
    same = clusters if both.size == len(pairs) else Clusters.of(answered.players, answered.scenes)
    return {
        "points": _difference(points, clusters, POINTS_DIFFERENCE, with_bootstrap),
        "log10_km": _difference(logs, same, LOG_DIFFERENCE, with_bootstrap),
    }


def _log_km(km: FloatArray) -> FloatArray:
    return np.asarray(np.log10(np.maximum(km, LEAST_KM)))


def _difference(
    values: FloatArray, clusters: Clusters, within: Interval, with_bootstrap: bool
) -> dict[str, Any]:
    if not len(values):
        return {**estimate(None, None), "rounds": 0, "method": "no rounds"}
    if with_bootstrap:
        interval, method = difference_interval(values, clusters, within)
    else:
        interval, method = mean_interval(values, clusters, within), "Student's t, clustered by panorama"
    if interval is None:
        method = NO_INTERVAL if clusters.degrees else "no interval: one person and one panorama at most"
    return {**estimate(float(values.mean()), interval), "rounds": len(values), "method": method}


def side(rounds: Rounds, rows: IntArray, clusters: Clusters) -> Side:
    """How far off and how many points one side was in its rows (n,), of the clusters (n,)."""
    return side_of(rounds.distance_km[rows], rounds.points[rows], clusters, rounds.outcome[rows])


def side_of(km: FloatArray, points: FloatArray, clusters: Clusters, outcomes: IntArray | None = None) -> Side:
    """The same of distances in km (n,), infinite without an answer, and points (n,)."""
    answered = np.flatnonzero(np.isfinite(km))
    ascending = np.sort(km)
    few = Clusters.of(clusters.players[answered], clusters.panoramas[answered])
    hits = {str(scale): (km <= scale).astype(np.float64) for scale in SCALES_KM}
    counts = np.bincount(
        np.where(np.isfinite(km), 0, 1) if outcomes is None else outcomes, minlength=len(OUTCOMES)
    )
    return {
        "median_km": estimate(quantile(ascending, 0.5), quantile_interval(km, 0.5, clusters)),
        "median_km_answered": _median(km[answered], few),
        "quantiles_km": {
            f"{100 * part:.0f}": estimate(quantile(ascending, part), quantile_interval(km, part, clusters))
            for part in QUANTILES
        },
        "within_km": {scale: float(hit.mean()) for scale, hit in hits.items()},
        "within_km_interval": {
            scale: estimate(float(hit.mean()), share_interval(hit, clusters)) for scale, hit in hits.items()
        },
        "mean_points": float(points.mean()),
        "mean_points_interval": estimate(float(points.mean()), mean_interval(points, clusters, POINTS)),
        "mean_points_answered": float(points[answered].mean()) if answered.size else None,
        "outcomes": dict(zip(OUTCOMES, counts.tolist(), strict=True)),
    }


def _median(km: FloatArray, clusters: Clusters) -> Estimate:
    if not len(km):
        return estimate(None, None)
    return estimate(quantile(np.sort(km), 0.5), quantile_interval(km, 0.5, clusters))
