"""Are a model's probabilities of countries right? Reliability curve, calibration error, Brier score.

Counted once for each panorama, however many people met it: the first answer that has what is asked about.
The most probable country of a distribution is right where it is the country of the truth, by polygon. A
`confidence` is taken as the probability that the answer lies in the right country.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.clusters import Clusters, mean_interval
from benchmark.geography import Geography
from benchmark.pairs import Pairs
from benchmark.rounds import BoolArray, FloatArray, IntArray, Rounds
from benchmark.statistics import estimate
from planet_core import calibration

BRIER = (0.0, 2.0)
"""What a Brier score over countries can be."""
FEW = 30
"""With fewer answers a curve says nothing, and the report says so."""


def calibrations(pairs: Pairs, geo: Geography) -> dict[str, Any]:
    """What the model's probabilities are worth, of panoramas on land; None where rows have none.

    Keys: `country_probabilities`, with the Brier score, and `confidence`.
    """
    rows = pairs.model[~geo.true_country.equal("")[pairs.model]]
    return {
        "country_probabilities": _of_countries(pairs.rounds, rows, geo),
        "confidence": _of_confidence(pairs.rounds, rows, geo),
    }


def _once(rounds: Rounds, rows: IntArray) -> IntArray:
    """Of each panorama the first of the rows."""
    _, first = np.unique(rounds.panorama_id.codes[rows], return_index=True)
    return rows[np.sort(first)]


def _of_countries(rounds: Rounds, rows: IntArray, geo: Geography) -> dict[str, Any] | None:
    given = rounds.country_probabilities
    rows = _once(rounds, rows[np.diff(given.start)[rows] > 0])
    if not rows.size:
        return None
    some = given[rows]
    number = np.repeat(np.arange(len(rows)), np.diff(some.start))
    known = {name: code for code, name in enumerate(some.countries.names)}
    true_names = np.array([known.get(name, -1) for name in geo.true_country.names])
    truth = true_names[geo.true_country.codes[rows]]
    at_truth = some.countries.codes == truth[number]
    best = np.maximum.reduceat(some.values, some.start[:-1])
    # of equals the first one counts
    top = np.flatnonzero(some.values == best[number])
    _, firsts = np.unique(number[top], return_index=True)
    correct = at_truth[top[firsts]]
    # zeros that are not listed cost nothing, and a truth that is not listed had probability 0
    brier = (
        np.bincount(number, some.values**2, len(rows))
        + 1
        - 2 * np.bincount(number, some.values * at_truth, len(rows))
    )
    alone = Clusters.of(np.zeros(len(rows), dtype=np.int64), np.arange(len(rows)))
    interval = mean_interval(np.asarray(brier, dtype=np.float64), alone, BRIER)
    return {
        **curve(np.minimum(best, 1.0), correct),
        "brier": estimate(float(brier.mean()), interval),
    }


def _of_confidence(rounds: Rounds, rows: IntArray, geo: Geography) -> dict[str, Any] | None:
    known = ~np.isnan(rounds.confidence[rows]) & np.isfinite(rounds.distance_km[rows])
    rows = _once(rounds, rows[known])
    if not rows.size:
        return None
    true = np.array(geo.true_country.names)[geo.true_country.codes[rows]]
    answered = np.array(geo.answered_country.names)[geo.answered_country.codes[rows]]
    return curve(rounds.confidence[rows], true == answered)


def curve(sure: FloatArray, correct: BoolArray) -> dict[str, Any]:
    """How often answers (n,) are right, by how sure a model was of them, 0..1."""
    curve = calibration.reliability(sure, correct)
    filled = np.flatnonzero(curve.counts)
    return {
        "answers": len(sure),
        "few": len(sure) < FEW,
        "mean_confidence": float(sure.mean()),
        "right": float(correct.mean()),
        "ece": calibration.expected_calibration_error(sure, correct),
        "reliability": {
            "low": curve.edges[filled].tolist(),
            "high": curve.edges[filled + 1].tolist(),
            "answers": curve.counts[filled].tolist(),
            "confidence": curve.confidence[filled].tolist(),
            "right": curve.accuracy[filled].tolist(),
        },
    }
