"""Reports of evaluations as rows for pages: which numbers are shown, and in which order."""

from __future__ import annotations

from typing import Any, Final

from geogame.registry.models import ModelVersion

SCALES_KM: Final = ("1", "25", "200", "750", "2500")
WAYS: Final = ("top-cell, cell centre", "max-score", "min-distance")
TRIVIAL: Final = "trivial: "
SIDES: Final = ("first", "second")
Part = dict[str, Any]


def validation_of(version: ModelVersion) -> list[Part]:
    """What it was worth on the held-out photos of its own training: by each way to answer."""
    if version.kind == ModelVersion.Kind.ALBUM:
        return _validation_of_albums(version.metrics)
    rules: Part = version.metrics.get("validation_by_rule") or {}
    rows = [{"name": name, **_plain(part)} for name, part in rules.items()]
    if baseline := version.metrics.get("baseline"):
        rows.append({"name": "most frequent cell", "is_trivial": True, **_plain(baseline)})
    return rows


def _validation_of_albums(metrics: Part) -> list[Part]:
    """The model's own numbers, and below those of the photos alone and of their mean."""
    if not metrics.get("validation"):
        return []
    rest: Part = metrics.get("baseline") or {}
    ways = {"with the album": metrics["validation"], **rest}
    return [{"name": name, "is_trivial": name in rest, **_plain(part)} for name, part in ways.items() if part]


def _plain(part: Part) -> Part:
    within = part.get("accuracy_at_km", {})
    return {"within": [{"value": within.get(km)} for km in SCALES_KM], "median_km": part.get("median_km")}


def evaluation_of(report: Part) -> list[Part]:
    """The parts of an evaluation that have photos: those that are new to the model first."""
    return [
        {**_part(report[name]), "is_new": name == "unseen"} for name in ("unseen", "seen") if report.get(name)
    ]


def _part(part: Part) -> Part:
    return {
        "views": part["views"],
        "clusters": part.get("clusters"),
        "right_cell": part.get("right_cell"),
        "ways": [_measured(name, found) for name, found in _shown_ways(part["ways"])],
        "regions": [
            {**_measured(name, region), "views": region["views"]}
            for name, region in part.get("regions", {}).items()
        ],
    }


def _shown_ways(ways: Part) -> list[tuple[str, Part]]:
    return [(name, found) for name, found in ways.items() if name in WAYS or name.startswith(TRIVIAL)]


def _measured(name: str, found: Part) -> Part:
    return {
        "name": name,
        "is_trivial": name.startswith(TRIVIAL),
        "within": [found["within_km"].get(km) for km in SCALES_KM],
        "median_km": found["median_km"]["value"],
    }


def comparison_of(report: Part) -> Part:
    """Two versions side by side: who was nearer, by how much, where, and how sure each was."""
    return {
        "panoramas": report["panoramas"],
        "counted": report["panoramas_that_count"],
        "notes": report["notes"],
        "pairs": [_pair(one) for one in report["comparisons"]],
        "apart": [_pair(one) for one in report["apart"]],
        "regions": [
            {"source": source, "rows": rows} for source, rows in report.get("regions", {}).items() if rows
        ],
        "calibration": [
            {"version": name, "source": source, **found}
            for name, sources in report.get("calibration", {}).items()
            for source, found in sources.items()
        ],
    }


def _pair(one: Part) -> Part:
    total = one["wins"] + one["ties"] + one["losses"]
    wins, not_lost = one["wins"], one["wins"] + one["ties"]
    shares = {"wins": 100 * wins / max(1, total), "not_lost": 100 * not_lost / max(1, total)}
    return {**one, "shares": shares, "sides": [_side(one[name], one["sides"][name]) for name in SIDES]}


def _side(name: str, side: Part) -> Part:
    return {
        "name": name,
        "within": [side["within_km_interval"].get(km) for km in SCALES_KM],
        "median_km": side["median_km"]["value"],
        "mean_points": side["mean_points_interval"],
    }
