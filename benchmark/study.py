"""The paper's study, rerun: ten people, five panoramas each, a different set each (paper, Sec. 3,
"Comparison to human performance", figures 8 and 9). The paper's numbers are its own, not measured here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.clusters import quantile
from benchmark.pairs import Pairs
from benchmark.statistics import groups, win_rate
from benchmark.student import sign_test
from benchmark.words import many

NEAR_KM = 750
"""Within which the paper counts the rounds of both sides."""
EXAMPLES = 6
"""Rounds that are drawn as maps (figure 9)."""


@dataclass(frozen=True)
class PlanetStudy:
    """What the paper did."""

    people: int = 10
    rounds_each: int = 5
    condition: str = "fair"


PAPER: dict[str, Any] = {
    "rounds": 50,
    "wins": 28,
    "losses": 22,
    "median_km": {"model": 1131.7, "person": 2320.75},
    "within_750_km": {"model": 17, "person": 11},
}
"""As printed. The paper counts no ties."""


def planet_study(pairs: Pairs, design: PlanetStudy) -> dict[str, Any]:
    """The numbers that the paper printed, how far the rounds keep to its design, and rounds to draw; for each
    map and model.

    Rounds under another condition are no part of the study.
    """
    fair = pairs[pairs.rounds.condition.equal(design.condition)[pairs.person]]
    paper = {
        **PAPER,
        "win_rate": win_rate(PAPER["wins"], PAPER["losses"]),
        "sign_test_p": sign_test(PAPER["wins"], PAPER["losses"]),
    }
    studies = [
        {
            "map": group["map"],
            "model": group["model"],
            "source": group["source"],
            "condition": group["condition"],
            **numbers(group["pairs"]),
            "deviations": deviations(group["pairs"], design),
            "examples": examples(group["pairs"]),
        }
        for group in groups(fair)
    ]
    other = len(pairs) - len(fair)
    return {"name": "planet-study", "paper": paper, "studies": studies, "rounds_of_other_conditions": other}


def numbers(pairs: Pairs) -> dict[str, Any]:
    """Of at least one pair what the paper printed of its own: `PAPER` has the keys. Ties are counted apart,
    and a median is None where half of the rounds have no answer.
    """
    outcomes = pairs.outcomes
    sides = {"model": pairs.model_km, "person": pairs.person_km}
    medians = {side: quantile(np.sort(km), 0.5) for side, km in sides.items()}
    return {
        "rounds": len(pairs),
        "wins": int((outcomes > 0).sum()),
        "losses": int((outcomes < 0).sum()),
        "median_km": {side: km if np.isfinite(km) else None for side, km in medians.items()},
        "within_750_km": {side: int((km <= NEAR_KM).sum()) for side, km in sides.items()},
    }


def beside_the_paper(study: dict[str, Any], paper: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of (what, ours, the paper's), for tables."""
    told = [_in_words(one) for one in (study, paper)]
    return [(what, told[0][what], told[1][what]) for what in told[0]]


def _in_words(found: dict[str, Any]) -> dict[str, str]:
    decided = found["wins"] + found["losses"]
    words = {"model's wins of decided rounds": f"{found['wins']:,} of {decided:,}"}
    for side, name in (("model", "model"), ("person", "people")):
        km = found["median_km"][side]
        words[f"median km, {name}"] = "no answer" if km is None else f"{km:,.2f}".removesuffix("0")
        near = found["within_750_km"][side]
        words[f"rounds within {NEAR_KM} km, {name}"] = f"{near:,} of {found['rounds']:,}"
    return words


def deviations(pairs: Pairs, design: PlanetStudy) -> list[str]:
    """What differs from the paper's design, in words; nothing where it is kept."""
    found = []
    _, rounds_each = np.unique(pairs.players, return_counts=True)
    if len(rounds_each) != design.people:
        found.append(f"{many(len(rounds_each), 'person', 'people')} instead of {design.people}.")
    if (rounds_each != design.rounds_each).any():
        each = sorted(set(rounds_each.tolist()))
        found.append(f"Rounds a person: {', '.join(map(str, each))} instead of {design.rounds_each}.")
    crossed = np.unique(np.stack([pairs.panoramas, pairs.players]), axis=1)
    _, met_by = np.unique(crossed[0], return_counts=True)
    if (met_by > 1).any():
        shared = many(int((met_by > 1).sum()), "panorama was", "panoramas were")
        found.append(f"{shared} met by more than one person; the paper's by one.")
    return found


def examples(pairs: Pairs) -> list[dict[str, Any]]:
    """Rounds that both answered, from those that the model won most clearly to those that it lost so."""
    both = pairs[np.flatnonzero(np.isfinite(pairs.model_km) & np.isfinite(pairs.person_km))]
    if not len(both):
        return []
    order = np.argsort(both.model_km - both.person_km, kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, EXAMPLES).round().astype(np.int64))
    rounds = both.rounds
    return [
        {
            "round": rounds.round_id.texts_at(int(person)),
            "panorama": rounds.panorama_id.texts_at(int(person)),
            "true": [float(rounds.true_lat[person]), float(rounds.true_lng[person])],
            "person": [float(rounds.lat[person]), float(rounds.lng[person])],
            "model": [float(rounds.lat[model]), float(rounds.lng[model])],
            "person_km": float(rounds.distance_km[person]),
            "model_km": float(rounds.distance_km[model]),
        }
        for person, model in zip(both.person[order[places]], both.model[order[places]], strict=True)
    ]
