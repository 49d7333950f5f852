"""Two versions side by side on a map: `reports.machines`, by continent too, and how sure they are.

Both answer the same panoramas in fair view, from what is stored of them; nothing here loads a model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.breakdowns import by_place
from benchmark.geography import Geography
from benchmark.pairs import Pairs
from benchmark.probabilities import curve
from benchmark.rounds import DRAWN, IntArray, Rounds
from geogame.panoramas.models import Map
from geogame.predictions.queries import missing, top_answers
from geogame.registry.models import ModelVersion
from geogame.registry.queries import partition_of
from geogame.reports.machines import Predict, compared

Part = dict[str, Any]
SOURCES = ("photo", DRAWN)


def not_answered(version: ModelVersion, map_: Map) -> int:
    """Panoramas of the map for which no answer of the version is stored."""
    return missing(version, map_).count()


def compare(one: ModelVersion, other: ModelVersion, map_: Map, predict: Predict) -> Part:
    """The report of `benchmark --models`, and three keys more.

    `versions` names the digests, first and second; `regions` has the parts by continent of `comparisons`, by
    source of the pictures; `calibration` has for each version, by source, how often its most probable cell is
    right, by how sure it is.

    Args:
        predict: makes a version predict what it has not predicted yet on the map.
    """
    report, rounds = compared(map_, [one, other], predict)
    report["versions"] = [one.digest, other.digest]
    report["regions"], report["calibration"] = {}, {str(one): {}, str(other): {}}
    count = len(rounds) // 2
    for source in SOURCES:
        some = _that_count(rounds, count, source)
        if some.size:
            report["regions"][source] = _regions(rounds, some, count)
            for number, version in enumerate((one, other)):
                found = _calibration(version, map_, rounds, some + number * count)
                report["calibration"][str(version)][source] = found
    return report


def _that_count(rounds: Rounds, count: int, source: str) -> IntArray:
    """Rows of the first version: panoramas of the source that neither trained on, as far as anybody knows."""
    new = (rounds.seen_in_training[:count] == 0) & (rounds.seen_in_training[count:] == 0)
    return np.flatnonzero(new & ((rounds.source.equal(DRAWN)[:count]) == (source == DRAWN)))


def _regions(rounds: Rounds, some: IntArray, count: int) -> list[Part]:
    pairs = Pairs(rounds, some + count, some)
    names = {"person": "second", "model": "first"}
    kept = ("value", "wins", "ties", "losses", "win_rate")
    return [
        {
            **{key: part[key] for key in kept},
            "panoramas": part["rounds"],
            "groups": part["panoramas"],
            **{name: part[side] for side, name in names.items()},
        }
        for part in by_place(pairs, Geography.of(rounds))["continent"]
    ]


def _calibration(version: ModelVersion, map_: Map, rounds: Rounds, rows: IntArray) -> Part:
    answers = top_answers(version, map_)
    names = rounds.round_id.names
    found = [answers[int(names[code])] for code in rounds.round_id.codes[rows].tolist()]
    lat, lng, sure = (np.array(values, dtype=np.float64) for values in zip(*found, strict=True))
    partition = partition_of(version)
    answered = partition.lookup(lat, lng)
    right = answered == partition.lookup(rounds.true_lat[rows], rounds.true_lng[rows])
    return curve(np.clip(sure, 0.0, 1.0), right & (answered >= 0))
