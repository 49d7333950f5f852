"""What may have told the model the answer beforehand, as far as the rows say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.clusters import Clusters
from benchmark.pairs import Pairs
from benchmark.rounds import IntArray, Rounds
from benchmark.statistics import clustered_rate, differences

FLAGS = ("near_duplicate", "same_sequence", "same_author")
"""Columns of a model's row: the panorama nearly repeats a training picture; one walk, or one author, has
pictures on both sides."""


def leakage(pairs: Pairs) -> dict[str, Any]:
    """How many pairs each flag is known of and set, and the result without all that have one set."""
    flags = [getattr(pairs.rounds, name)[pairs.model] for name in FLAGS]
    clean = np.flatnonzero(np.logical_and.reduce([values != 1 for values in flags]))
    found: dict[str, Any] = dict(flagged(pairs.rounds, pairs.model))
    found["without"] = _without(pairs[clean]) if clean.size < len(pairs) else None
    return found


def flagged(rounds: Rounds, rows: IntArray) -> dict[str, dict[str, int]]:
    """Of how many of a model's rows (n,) each flag is known, and set."""
    flags = {name: getattr(rounds, name)[rows] for name in FLAGS}
    return {
        name: {"known": int((values >= 0).sum()), "set": int((values == 1).sum())}
        for name, values in flags.items()
    }


def flags_set(found: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What `flagged` counted, in words; only what is set."""
    return [f"{name.replace('_', ' ')} {counts['set']:,}" for name, counts in found.items() if counts["set"]]


def _without(pairs: Pairs) -> dict[str, Any]:
    if not len(pairs):
        return {"rounds": 0}
    clusters = Clusters.of(pairs.players, pairs.scenes)
    return {
        "rounds": len(pairs),
        "win_rate": clustered_rate(pairs, pairs.outcomes),
        "differences": differences(pairs, clusters),
    }
