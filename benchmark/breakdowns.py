"""The same rounds part by part: by place, by source and year, and by who played. Every part has its n."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmark.clusters import Clusters, share_interval
from benchmark.geography import (
    CLIMATE_NAMES,
    CONTINENT_NAMES,
    Geography,
    continent,
    country_name,
    same_continent,
    same_country,
)
from benchmark.pairs import Pairs
from benchmark.rounds import BoolArray, FloatArray, IntArray, Labels
from benchmark.statistics import clustered_rate, estimate

UNKNOWN = "not known"
Part = dict[str, Any]


def accuracy(pairs: Pairs, geo: Geography) -> dict[str, Any]:
    """Shares of rounds on land in which an answer lies in the right country and continent; none is wrong."""
    kept = np.flatnonzero(~geo.true_country.equal("")[pairs.person])
    found: dict[str, Any] = {"rounds": len(kept), "at_sea": len(pairs) - len(kept), "person": {}, "model": {}}
    if not kept.size:
        return found
    clusters = Clusters.of(pairs.players[kept], pairs.panoramas[kept])
    for name, rows in (("person", pairs.person[kept]), ("model", pairs.model[kept])):
        for what, right in (("country", same_country), ("continent", same_continent)):
            hits = right(geo, rows).astype(np.float64)
            found[name][what] = estimate(float(hits.mean()), share_interval(hits, clusters))
    return found


def by_place(pairs: Pairs, geo: Geography) -> dict[str, list[Part]]:
    """Parts by country, continent, climate, settlement, source and year of capture; most rounds first."""
    rounds, rows = pairs.rounds, pairs.person
    country = geo.true_country
    years = rounds.captured_year[rows]
    year = Labels.of(str(value) if value >= 0 else UNKNOWN for value in years.tolist())
    labels = {
        "country": _renamed(country[rows], country_name),
        "continent": _renamed(country[rows], lambda code: CONTINENT_NAMES[continent(code)]),
        "climate": _renamed(geo.climate[rows], CLIMATE_NAMES.__getitem__),
        "settlement": geo.settlement[rows],
        "source": _renamed(rounds.source[rows], lambda name: name or UNKNOWN),
        "captured_year": year,
    }
    right = same_country(geo, pairs.person), same_country(geo, pairs.model)
    parts = {name: _parts(pairs, label, right) for name, label in labels.items()}
    parts["captured_year"].sort(key=lambda part: str(part["value"]))
    return parts


def by_player(pairs: Pairs, geo: Geography) -> dict[str, list[Part]]:
    """Parts by what is known of the people: games played before, guests, device, time used."""
    rounds, rows = pairs.rounds, pairs.person
    guest = _of_numbers(rounds.guest[rows].astype(np.float64), (1,), ("with an account", "guest"))
    labels = {
        "games_played": _of_numbers(
            rounds.games_played[rows].astype(np.float64),
            (1, 10, 50),
            ("0", "1 to 9", "10 to 49", "50 or more"),
        ),
        "guest": guest,
        "device": _renamed(rounds.device[rows], lambda name: name or UNKNOWN),
        "time_used": _of_numbers(
            rounds.time_s[rows],
            (10, 30, 60, 120),
            ("below 10 s", "10 to 30 s", "30 to 60 s", "1 to 2 min", "longer"),
        ),
    }
    right = same_country(geo, pairs.person), same_country(geo, pairs.model)
    found: dict[str, list[Part]] = {}
    for name, label in labels.items():
        parts = {part["value"]: part for part in _parts(pairs, label, right)}
        found[name] = [parts[value] for value in label.names if value in parts]
    return found


def _renamed(labels: Labels, name: Callable[[str], str]) -> Labels:
    joined = Labels.of(name(one) for one in labels.names)
    return Labels(joined.codes[labels.codes], joined.names)


def _of_numbers(values: FloatArray, edges: tuple[int, ...], names: tuple[str, ...]) -> Labels:
    """In which range each lies; negative ones and NaN are not known."""
    with np.errstate(invalid="ignore"):
        known = values >= 0
    codes = np.where(known, np.searchsorted(edges, np.where(known, values, 0), side="right"), len(names))
    return Labels(codes.astype(np.int64), (*names, UNKNOWN))


def _parts(pairs: Pairs, labels: Labels, right: tuple[BoolArray, BoolArray]) -> list[Part]:
    codes, count = labels.codes, len(labels.names)
    rounds = np.bincount(codes, minlength=count)
    outcomes = pairs.outcomes
    order = np.argsort(codes, kind="stable")
    members = np.split(order, np.cumsum(rounds)[:-1])
    wins, losses = (np.bincount(codes[outcomes == which], minlength=count) for which in (1, -1))
    players = np.unique(codes * (int(pairs.players.max()) + 1) + pairs.players)
    people = np.bincount(players // (int(pairs.players.max()) + 1), minlength=count)
    places = np.unique(codes * (int(pairs.panoramas.max()) + 1) + pairs.panoramas)
    panoramas = np.bincount(places // (int(pairs.panoramas.max()) + 1), minlength=count)
    sides = {
        "person": _sides(codes, count, pairs.person_km, pairs.person_points, right[0]),
        "model": _sides(codes, count, pairs.model_km, pairs.model_points, right[1]),
    }
    parts = [
        {
            "value": labels.names[number],
            "rounds": int(rounds[number]),
            "people": int(people[number]),
            "panoramas": int(panoramas[number]),
            "wins": int(wins[number]),
            "ties": int(rounds[number] - wins[number] - losses[number]),
            "losses": int(losses[number]),
            "win_rate": clustered_rate(pairs[members[number]], outcomes[members[number]]),
            **{name: side[number] for name, side in sides.items()},
        }
        for number in np.flatnonzero(rounds).tolist()
    ]
    return sorted(parts, key=lambda part: (-part["rounds"], part["value"]))


def _sides(
    codes: IntArray, count: int, km: FloatArray, points: FloatArray, right: BoolArray
) -> list[dict[str, float | None]]:
    """Median km, mean points and share of right countries of each part."""
    sizes = np.bincount(codes, minlength=count)
    filled = np.maximum(sizes, 1)
    order = np.lexsort((km, codes))
    start = np.cumsum(sizes) - sizes
    ascending = np.append(km[order], np.nan)
    low, high = ascending[start + np.maximum(sizes - 1, 0) // 2], ascending[start + sizes // 2]
    with np.errstate(invalid="ignore"):
        median = np.where(low == high, low, (low + high) / 2)
    mean = np.bincount(codes, points, count) / filled
    share = np.bincount(codes, right, count) / filled
    return [
        {
            "median_km": value if np.isfinite(value) else None,
            "mean_points": points_,
            "right_country": share_,
        }
        for value, points_, share_ in zip(median.tolist(), mean.tolist(), share.tolist(), strict=True)
    ]
