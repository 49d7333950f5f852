"""What is hard: for people, for the model, and whether it is the same (one row for each panorama)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmark.pairs import Pairs
from benchmark.rounds import FloatArray
from benchmark.statistics import Estimate, estimate
from planet_core.intervals import Z_95

LISTED = 10
LEAST = 4
"""Panoramas that a rank correlation needs."""


def difficulty(pairs: Pairs) -> dict[str, Any]:
    """Points of people and model on each panorama, their rank correlation, and where they differ most.

    People's points are means over all their rounds on a panorama; without an answer 0, as in the game.
    """
    number, which = np.unique(pairs.panoramas, return_inverse=True)
    count = len(number)
    sizes = np.bincount(which, minlength=count)
    people = np.bincount(which, pairs.person_points, count) / sizes
    model = np.bincount(which, pairs.model_points, count) / sizes
    found: dict[str, Any] = {
        "panoramas": count,
        "rounds_each": float(sizes.mean()),
        "rank_correlation": rank_correlation(people, model),
        "hard_for_people_easy_for_model": [],
        "easy_for_people_hard_for_model": [],
    }
    gap = ranks(model) - ranks(people)
    order = np.argsort(-gap, kind="stable")
    for name, some in (
        ("hard_for_people_easy_for_model", [one for one in order.tolist() if gap[one] > 0]),
        ("easy_for_people_hard_for_model", [one for one in order.tolist()[::-1] if gap[one] < 0]),
    ):
        found[name] = [
            {
                "panorama": pairs.rounds.panorama_id.names[int(number[one])],
                "rounds": int(sizes[one]),
                "person_points": float(people[one]),
                "model_points": float(model[one]),
            }
            for one in some[:LISTED]
        ]
    return found


def ranks(values: FloatArray) -> FloatArray:
    """Ranks 1..n of values (n,); equal ones share the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[which])


def rank_correlation(one: FloatArray, other: FloatArray) -> Estimate:
    """Spearman's, with the 95 % interval of Bonett and Wright (2000); None where either side never varies.

    Args:
        one, other: (n,), of independent panoramas; fewer than four have no correlation.
    """
    if len(one) < LEAST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return estimate(None, None)
    first, second = ranks(one), ranks(other)
    first, second = first - first.mean(), second - second.mean()
    value = float(first @ second / math.sqrt((first @ first) * (second @ second)))
    value = max(-1.0, min(1.0, value))
    if abs(value) == 1.0:
        return estimate(value, None)  # the interval would have no width, which nobody may believe
    half = Z_95 * math.sqrt((1 + value**2 / 2) / (len(one) - 3))
    middle = math.atanh(value)
    return estimate(value, (math.tanh(middle - half), math.tanh(middle + half)))
