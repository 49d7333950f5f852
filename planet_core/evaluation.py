"""Kept predictions to the numbers of a report (paper, Sec. 3, figure 4, table 3; and what is beyond it).

Intervals are of 95 %: Wilson's for shares within a distance (over views, as if they were independent), the
bootstrap over clusters for all else. Differences are paired: both ways answer the same views of every draw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import calibration, geo, geography, metrics, scoring
from planet_core.intervals import bootstrap, interval, resamples_for, wilson_interval
from planet_core.predictions import CHOSE, EXPOSURES, Predictions

DISTANCES = ("great-circle", "geodesic")
LEAST_KM = 0.1
"""Distances below count as this in logarithms: the places of photos are hardly known better."""
CURVE_KM = np.unique(np.concatenate([np.geomspace(0.1, 20_000, 160), metrics.SCALES_KM]))
FOLDS = 5
FEW = 10
"""Categories with fewer views have no interval."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Report = dict[str, Any]


def distances_km(
    lat: FloatArray, lng: FloatArray, true_lat: FloatArray, true_lng: FloatArray, kind: str = "great-circle"
) -> FloatArray:
    """Distance of answers (n, v) from truths (n,), km: on the sphere, or along geopy's WGS 84 geodesic.

    Raises:
        ValueError: another kind.
    """
    if kind not in DISTANCES:
        raise ValueError(f"unknown distance {kind!r}; there are {', '.join(DISTANCES)}")
    if kind == "great-circle":
        return np.asarray(geo.haversine_km(lat, lng, true_lat[:, None], true_lng[:, None]))
    from geopy.distance import geodesic

    rows = zip(*(np.broadcast_arrays(true_lat[:, None], true_lng[:, None], lat, lng)), strict=True)
    return np.array(
        [
            [geodesic((a, b), (c, d)).km for a, b, c, d in zip(*(part.tolist() for part in row), strict=True)]
            for row in rows
        ]
    ).reshape(lat.shape)


def evaluate(
    predictions: Predictions, pairs: Sequence[tuple[str, str, str]], distance: str = "great-circle"
) -> Report:
    """The whole report of kept predictions, JSON values.

    Args:
        pairs: (what is compared, the new way, the way it is compared with); pairs whose ways are not among
            the predictions' are left out.
        distance: one of `DISTANCES`; points are always of the great circle, as in the game.

    Raises:
        ValueError: no predictions, or another distance.
    """
    if not len(predictions):
        raise ValueError("there are no predictions to evaluate")
    seen = predictions.exposure > CHOSE
    exposure = np.bincount(predictions.exposure, minlength=len(EXPOSURES))
    report: Report = {
        "facts": {k: v for k, v in predictions.facts.items() if k != "temperatures"},
        "distance": distance,
        "views": len(predictions),
        "exposure": dict(zip(EXPOSURES, exposure.tolist(), strict=True)),
        "unseen": None,
        "seen": None,
    }
    condition = predictions.facts.get("condition", "")
    of_panoramas = [way for way in predictions.ways if condition and way.endswith(condition)]
    single = predictions.by([way for way in predictions.ways if way not in of_panoramas])
    for name, rows in (("unseen", ~seen), ("seen", seen)):
        if rows.any():
            report[name] = _part(single.at(np.flatnonzero(rows)), pairs, distance)
            whole = np.flatnonzero(rows & (predictions.panoramas >= 0))
            if of_panoramas and whole.size:
                report[name]["panoramas"] = _panoramas(predictions.at(whole), of_panoramas, pairs, distance)
    return report


def _panoramas(
    predictions: Predictions, fused: Sequence[str], pairs: Sequence[tuple[str, str, str]], distance: str
) -> dict[str, Any]:
    """The fused ways, a panorama counted once, beside the same ways by each of its views."""
    condition = predictions.facts["condition"]
    _, first = np.unique(predictions.panoramas, return_index=True)
    alone = predictions.by([way.removesuffix(condition) for way in fused])
    parts = [_part(alone, (), distance), _part(predictions.by(fused).at(np.sort(first)), (), distance)]
    paired = _part(predictions, [pair for pair in pairs if pair[1] in fused], distance)
    return {
        "condition": condition.removeprefix(", "),
        "panoramas": len(first),
        **{name: paired[name] for name in ("views", "clusters", "in_dropped_cells", "resamples", "pairs")},
        "ways": parts[0]["ways"] | parts[1]["ways"],
    }


def _part(predictions: Predictions, pairs: Sequence[tuple[str, str, str]], distance: str) -> dict[str, Any]:
    km = distances_km(
        predictions.answers_lat, predictions.answers_lng, predictions.lat, predictions.lng, distance
    )  # (n, v)
    circle = km
    if distance != "great-circle":
        circle = distances_km(
            predictions.answers_lat, predictions.answers_lng, predictions.lat, predictions.lng
        )
    scale_km = float(predictions.facts["scale_km"])
    points = np.array([[scoring.points(d, scale_km) for d in row] for row in circle.tolist()], dtype=float)
    logs = np.log10(np.maximum(km, LEAST_KM))
    confidences = _confidences(predictions)
    gaps = [_gaps(confidence, predictions.correct) for confidence in confidences.values()]
    resamples = resamples_for(len(predictions))
    drawn = bootstrap(predictions.clusters, np.hstack([points, logs, *gaps]), km, resamples)
    ways = len(predictions.ways)
    drawn_gaps = drawn.means[:, 2 * ways :].reshape(resamples, len(confidences), calibration.BINS)
    errors = np.abs(drawn_gaps).sum(axis=2)  # (resamples, confidences)
    clusters = int(predictions.clusters.max()) + 1
    columns = predictions.ways.index
    return {
        "views": len(predictions),
        "clusters": clusters,
        "in_dropped_cells": int(np.sum(predictions.cells < 0)),
        "resamples": resamples,
        "right_cell": _share(int(predictions.correct.sum()), len(predictions)),
        "ways": {
            way: {
                "within_km": {
                    str(scale): _share(int(np.sum(km[:, v] <= scale)), len(km)) for scale in metrics.SCALES_KM
                },
                "median_km": _estimate(metrics.median_km(km[:, v]), drawn.medians[:, v], clusters),
                "mean_points": _estimate(points[:, v].mean(), drawn.means[:, v], clusters),
            }
            for v, way in enumerate(predictions.ways)
        },
        "top_k": top_k_curve(predictions, distance),
        "categories": _categories(predictions, km),
        "regions": _regions(predictions, km),
        "calibration": _calibration(predictions, confidences, errors, clusters),
        "pairs": [
            {
                "what": what,
                "changed": _changed(predictions, columns(new), columns(old)),
                **_difference(columns(new), columns(old), points, logs, drawn.means, clusters),
            }
            for what, new, old in pairs
            if new in predictions.ways and old in predictions.ways
        ],
    }


def _share(successes: int, trials: int) -> dict[str, float]:
    low, high = wilson_interval(successes, trials)
    return {"value": successes / trials, "low": low, "high": high}


def _estimate(value: float, draws: FloatArray, clusters: int) -> dict[str, float | None]:
    """A number with its interval; without one where a single cluster can tell nothing of the spread."""
    low, high = interval(draws) if clusters > 1 else (None, None)
    return {"value": float(value), "low": low, "high": high}


def _changed(predictions: Predictions, new: int, old: int) -> float:
    """Share of views that two ways (columns) answer differently."""
    lat, lng = predictions.answers_lat, predictions.answers_lng
    return float(np.mean((lat[:, new] != lat[:, old]) | (lng[:, new] != lng[:, old])))


def _difference(
    new: int, old: int, points: FloatArray, logs: FloatArray, means: FloatArray, clusters: int
) -> dict[str, Any]:
    """What one way (a column) gains over another, on the same views of every draw."""
    ways = points.shape[1]
    drawn_points, drawn_logs = (means[:, k + new] - means[:, k + old] for k in (0, ways))
    return {
        "points": _estimate((points[:, new] - points[:, old]).mean(), drawn_points, clusters),
        "log10_km": _estimate((logs[:, new] - logs[:, old]).mean(), drawn_logs, clusters),
    }


# ------------------------------------------------------------------------------------------------
# Figure 4 and table 3


def top_k_curve(predictions: Predictions, distance: str = "great-circle") -> dict[str, Any]:
    """Share of views whose best of the k most confident cells lies within each distance (figure 4).

    Returns:
        `km` (m,) and `shares`, a list (m,) for each k.
    """
    km = distances_km(predictions.top_lat, predictions.top_lng, predictions.lat, predictions.lng, distance)
    best = np.sort(np.minimum.accumulate(km, axis=1), axis=0)  # (n, k): of each k, ascending
    shares = {
        str(k + 1): (np.searchsorted(best[:, k], CURVE_KM, side="right") / len(best)).tolist()
        for k in range(best.shape[1])
    }
    return {"km": CURVE_KM.tolist(), "shares": shares}


def _categories(predictions: Predictions, km: FloatArray) -> dict[str, Any]:
    """Median distance of every way in each category (table 3); {} without categories."""
    found: dict[str, Any] = {}
    for category in np.unique(predictions.categories).tolist():
        rows = np.flatnonzero(predictions.categories == category)
        if category == "" and len(rows) == len(km):
            return {}
        part = predictions.at(rows)
        clusters = int(part.clusters.max()) + 1
        medians = {way: metrics.median_km(km[rows, v]) for v, way in enumerate(part.ways)}
        first = {"value": medians[part.ways[0]], "low": None, "high": None}
        if len(rows) >= FEW and clusters > 1:
            drawn = bootstrap(part.clusters, np.empty((len(rows), 0)), km[rows][:, :1], 500)
            first["low"], first["high"] = interval(drawn.medians[:, 0])
        found[category or "(none)"] = {"views": len(rows), "median_km": medians, "first_way": first}
    return found


def _regions(predictions: Predictions, km: FloatArray) -> dict[str, Any]:
    """What the first way to answer is worth on each continent of the truth; most views first."""
    countries = geography.countries_at(predictions.lat, predictions.lng)
    names = {code: geography.continent_of(code) if code else "" for code in np.unique(countries).tolist()}
    continents = np.array([geography.CONTINENT_NAMES[names[code]] for code in countries.tolist()])
    found: dict[str, Any] = {}
    for name, views in zip(*np.unique(continents, return_counts=True), strict=True):
        rows = np.flatnonzero(continents == name)
        part, own = predictions.at(rows), km[rows][:, :1]
        clusters = int(part.clusters.max()) + 1
        median: dict[str, float | None] = {"value": metrics.median_km(own), "low": None, "high": None}
        if len(rows) >= FEW and clusters > 1:
            drawn = bootstrap(part.clusters, np.empty((len(rows), 0)), own, 500)
            median["low"], median["high"] = interval(drawn.medians[:, 0])
        found[str(name)] = {
            "views": int(views),
            "clusters": clusters,
            "within_km": {
                str(scale): _share(int(np.sum(own <= scale)), len(own)) for scale in metrics.SCALES_KM
            },
            "median_km": median,
        }
    return dict(sorted(found.items(), key=lambda item: (-item[1]["views"], item[0])))


# ------------------------------------------------------------------------------------------------
# Calibration


def _confidences(predictions: Predictions) -> dict[str, FloatArray]:
    """Confidence in the most confident cell, by what was done to it."""
    raw = np.minimum(predictions.top_probabilities[:, 0], 1.0)
    found = {"as the softmax gives it": raw}
    if predictions.facts["temperature"] != 1:
        found["at the model's temperature"] = predictions.calibrated_confidence
    fitted = cross_fitted(predictions)
    if fitted is not None:
        found["at a temperature fitted on the other folds"] = fitted
    return found


def cross_fitted(predictions: Predictions) -> FloatArray | None:
    """Confidence (n,) at the temperatures of `fold_temperatures`; None where that is None."""
    chosen = fold_temperatures(predictions)
    if chosen is None:
        return None
    temperatures = np.array(predictions.facts["temperatures"])
    with np.errstate(divide="ignore"):
        logs = np.log(predictions.top_probabilities[:, 0])
    sums = predictions.log_sums[np.arange(len(predictions)), chosen]
    return np.asarray(np.minimum(np.exp(logs / temperatures[chosen] - sums), 1.0))


def fold_temperatures(predictions: Predictions, seed: int = 0) -> IntArray | None:
    """For each view (n,), which temperature of `facts` makes the truths of the other folds most probable.

    Clusters are dealt to `FOLDS` folds. None where there are too few clusters, or a fold's others all lie in
    dropped cells.
    """
    clusters = int(predictions.clusters.max()) + 1
    if clusters < 2 * FOLDS:
        return None
    temperatures = np.array(predictions.facts["temperatures"])
    fold = (np.random.default_rng(seed).permutation(clusters) % FOLDS)[predictions.clusters]
    inside = predictions.cells >= 0
    loss = predictions.log_sums - predictions.log_true[:, None] / temperatures  # (n, t); NaN outside
    chosen = np.empty(len(predictions), dtype=np.int64)
    for number in range(FOLDS):
        others = inside & (fold != number)
        if not others.any():
            return None
        chosen[fold == number] = loss[others].sum(axis=0).argmin()
    return chosen


def _gaps(confidence: FloatArray, correct: npt.NDArray[np.bool_]) -> FloatArray:
    """(n, bins): confidence minus correctness, in the column of the view's bin.

    The sum of the columns' absolute means is the expected calibration error.
    """
    bins = calibration.BINS
    index = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.zeros((len(confidence), bins))
    gaps[np.arange(len(confidence)), index] = confidence - correct
    return gaps


def _calibration(
    predictions: Predictions, confidences: Mapping[str, FloatArray], errors: FloatArray, clusters: int
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, (name, confidence) in enumerate(confidences.items()):
        value = calibration.expected_calibration_error(confidence, predictions.correct)
        curve = calibration.reliability(confidence, predictions.correct)
        difference = errors[:, column] - errors[:, 0]
        found[name] = {
            "ece": _estimate(value, errors[:, column], clusters),
            "mean_confidence": float(confidence.mean()),
            "reliability": {
                "edges": curve.edges.tolist(),
                "counts": curve.counts.tolist(),
                "confidence": [_finite(x) for x in curve.confidence.tolist()],
                "accuracy": [_finite(x) for x in curve.accuracy.tolist()],
            },
        }
        if column:
            before = calibration.expected_calibration_error(
                next(iter(confidences.values())), predictions.correct
            )
            found[name]["ece_difference"] = _estimate(value - before, difference, clusters)
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
