"""An evaluation for people: Markdown that reads well on a terminal too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from planet_core import paper_numbers
from planet_core.evaluation import LEAST_KM, Report
from planet_core.metrics import SCALE_NAMES, SCALES_KM

Rows = Iterable[Sequence[str]]


def markdown(report: Report, command: str = "") -> str:
    """The whole report; `command` is what wrote it."""
    facts = report["facts"]
    lines = ["# Evaluation of a model", ""]
    if command:
        lines += [f"Written by `{command}`.", ""]
    lines += _data(report)
    if report["unseen"]:
        lines += _part("Photos that the model did not train on", report["unseen"], facts)
    else:
        lines += ["**No photo is new to the model: all numbers below are of what it has seen.**", ""]
    if report["seen"]:
        title = "Photos that the model knows (trained on, or of a group or place that it trained on)"
        if report["unseen"]:
            lines += [f"## {title}", "", "Not an evaluation: how far it remembers.", ""]
            lines += _accuracy(report["seen"])
        else:
            lines += _part(title, report["seen"], facts)
    return "\n".join([*lines, *_paper(), *_cost(report)])


def _data(report: Report) -> list[str]:
    facts = report["facts"]
    exposure = ", ".join(f"{count} {name}" for name, count in report["exposure"].items())
    lines = [
        f"Model {facts['model'][:12]}, network `{facts['network']}`, {facts['cells']:,} cells, temperature"
        f" {facts['temperature']:.3g}. {facts['photos_listed']} photos listed, {facts['photos_unreadable']}"
        f" unreadable, {facts['rows_unusable']} unusable rows; {report['views']} views (a photo is one, a"
        f" 360-degree panorama {facts['headings']}).",
        "",
        f"Views by what the model knows of them: {exposure}. Photos that chose the best epoch are not trained"
        " on, but the choice flatters the model a little.",
        "",
        f"Distances: {report['distance']}. Points: of 5000, map scale {facts['scale_km']:.0f} km."
        f" {facts.get('players', '')}",
        "",
    ]
    problems = [*facts["unreadable"], *facts["unusable"]]
    if problems:
        lines += ["Could not be used:", "", *(f"- {problem}" for problem in problems), ""]
    return lines


def _part(title: str, part: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    lines = [f"## {title}", "", *_accuracy(part)]
    if part["categories"]:
        lines += _categories(part)
    lines += _regions(part)
    lines += _top_k(part)
    lines += _calibration(part, facts)
    lines += _worth(part)
    return lines + (_panoramas(part["panoramas"]) if "panoramas" in part else [])


def _accuracy(part: dict[str, Any]) -> list[str]:
    return [
        f"{_count(part['views'], 'view')} in {_count(part['clusters'], 'group')}; {part['in_dropped_cells']}"
        " of them lie in dropped cells and stay in every number."
        f" Right cell: {_percent(part['right_cell'])} %.",
        "",
        *_ways(part),
    ]


def _ways(part: dict[str, Any]) -> list[str]:
    rows = [
        [
            way,
            *(_percent(values["within_km"][str(scale)]) for scale in SCALES_KM),
            _number(values["median_km"], _kilometres),
            _number(values["mean_points"], lambda value: f"{value:.0f}"),
        ]
        for way, values in part["ways"].items()
    ]
    return [
        "Share within a distance in % (Wilson's 95 % interval), median distance and mean points (bootstrap"
        f" over groups, {part['resamples']} resamples):",
        "",
        *table(["answer", *_scale_titles(), "median km", "mean points"], rows),
        "",
    ]


def _panoramas(part: dict[str, Any]) -> list[str]:
    return [
        "### The whole horizon, a second condition",
        "",
        f"{_count(part['panoramas'], 'panorama')} of {part['views']} views in"
        f" {_count(part['clusters'], 'group')}; {part['in_dropped_cells']} of the views lie in dropped cells."
        f" `{part['condition']}`: one answer to all headings of a panorama, whose distributions are fused by"
        " the geometric mean. Above it the same ways by each view alone.",
        "",
        *_ways(part),
        *_differences(part),
    ]


def _scale_titles() -> list[str]:
    return [f"{name} {km} km" for name, km in zip(SCALE_NAMES, SCALES_KM, strict=True)]


def _categories(part: dict[str, Any]) -> list[str]:
    found = part["categories"]
    first, *others = part["ways"]
    rows = [["views", *(str(values["views"]) for values in found.values())]]
    rows += [[first, *(_number(values["first_way"], _kilometres) for values in found.values())]]
    rows += [[way, *(_kilometres(values["median_km"][way]) for values in found.values())] for way in others]
    return [
        "Median km by category (the paper's table 3), the first way with its bootstrap interval:",
        "",
        *table(["answer", *found], rows),
        "",
    ]


def _regions(part: dict[str, Any]) -> list[str]:
    rows = [
        [
            name,
            str(values["views"]),
            *(_percent(values["within_km"][str(scale)]) for scale in SCALES_KM),
            _number(values["median_km"], _kilometres),
        ]
        for name, values in part["regions"].items()
    ]
    return [
        f"By continent of the truth, {next(iter(part['ways']))}:",
        "",
        *table(["continent", "views", *_scale_titles(), "median km"], rows),
        "",
    ]


def _top_k(part: dict[str, Any]) -> list[str]:
    curve = part["top_k"]
    at = {km: curve["km"].index(km) for km in SCALES_KM}
    rows = [
        [f"best of top {k}", *(f"{100 * shares[at[km]]:.1f}" for km in SCALES_KM)]
        for k, shares in curve["shares"].items()
    ]
    return [
        "Best of the k most confident cells, cell centres, % within a distance (the paper's figure 4):",
        "",
        *table(["", *_scale_titles()], rows),
        "",
    ]


def _calibration(part: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    rows = []
    for name, values in part["calibration"].items():
        difference = values.get("ece_difference")
        means = f"{100 * values['mean_confidence']:.1f}", _percent_of(values["ece"])
        rows.append([name, *means, _percent_of(difference) if difference else ""])
    note = (
        "The model was never calibrated (temperature 1)."
        if facts["temperature"] == 1
        else f"The model's temperature is {facts['temperature']:.3g}; where it was fitted on these photos,"
        " its row is flattered."
    )
    if facts.get("cross_fitted_temperatures"):
        values = ", ".join(f"{value:.3g}" for value in facts["cross_fitted_temperatures"])
        note += f" Temperatures fitted on the other folds: {values}."
    note += " Resampling few photos makes the error itself larger: its interval lies high."
    return [
        f"Calibration: {note}",
        "",
        *table(
            ["confidence", "mean, %", "expected calibration error, %", "difference from the softmax"], rows
        ),
        "",
    ]


def _worth(part: dict[str, Any]) -> list[str]:
    return ["### What each step beyond the paper is worth", "", *_differences(part)]


def _differences(part: dict[str, Any]) -> list[str]:
    rows = [
        [
            pair["what"],
            f"{100 * pair['changed']:.0f} %",
            _number(pair["points"], lambda value: f"{value:+.1f}"),
            _number(pair["log10_km"], lambda value: f"{value:+.3f}"),
            f"x {10 ** pair['log10_km']['value']:.2f}",
            _verdict(pair),
        ]
        for pair in part["pairs"]
    ]
    titles = ["step", "answers changed", "points", "log10 km", "distance", "verdict by points / by log km"]
    return [
        "Paired differences over the same views, 95 % bootstrap over groups. Logarithms count distances"
        f" below {LEAST_KM} km as that; more points and fewer kilometres are better.",
        "",
        *table(titles, rows),
        "",
    ]


def _verdict(pair: dict[str, Any]) -> str:
    points, logs = pair["points"], pair["log10_km"]
    if points["low"] is None:
        return "open / open"
    return f"{_sign(points['low'], points['high'])} / {_sign(-logs['high'], -logs['low'])}"


def _sign(low: float, high: float) -> str:
    return "better" if low > 0 else "worse" if high < 0 else "open"


def _paper() -> list[str]:
    rows = [
        [name, *("-" if share is None else f"{100 * share:.1f}" for share in shares)]
        for name, shares in paper_numbers.WITHIN.items()
    ]
    scenes = [
        [name, f"{planet:g}", f"{im2gps:g}"]
        for name, (planet, im2gps) in paper_numbers.MEDIAN_KM_BY_SCENE.items()
    ]
    return [
        "## The paper's own numbers",
        "",
        "Printed in the paper, on other photos, by a network trained on 91 M photos: **not measured here**.",
        "",
        *table(["the paper's, %", *_scale_titles()], rows),
        "",
        *table(["the paper's median km", "PlaNet", "Im2GPS (new)"], scenes),
        "",
    ]


def _cost(report: Report) -> list[str]:
    facts = report["facts"]
    rows = [
        [
            f"search, {row['photos']:,} photos",
            _bytes(row["bytes"]),
            "not tried" if row["cpu_ms_per_query"] is None else f"+ {row['cpu_ms_per_query']:.2f}",
        ]
        for row in facts.get("retrieval", [])
    ]
    return [
        "## Size and time beside nearest-neighbour search",
        "",
        f"Embeddings of {facts['embedding']} numbers; the search is exact, over random vectors of that width"
        " (neither bytes nor time depend on what they hold), and needs the network first. Processor time"
        f" ({facts['device']}).",
        "",
        *table(
            ["", "bytes", "ms a picture"],
            [
                [
                    "this classifier, any number of photos",
                    _bytes(facts["model_bytes"]),
                    f"{facts['cpu_ms_per_view']:.1f}",
                ],
                *rows,
            ],
        ),
        "",
    ]


# ------------------------------------------------------------------------------------------------
# Cells of tables


def table(titles: Sequence[str], rows: Rows) -> list[str]:
    """Markdown with columns of even width."""
    cells = [list(titles), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    lines = [
        "| " + " | ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _percent(share: dict[str, float]) -> str:
    return f"{100 * share['value']:.1f} ({100 * share['low']:.1f}-{100 * share['high']:.1f})"


def _percent_of(estimate: dict[str, Any]) -> str:
    return _number(estimate, lambda value: f"{100 * value:.1f}")


def _number(estimate: dict[str, Any], write: Any) -> str:
    if estimate["low"] is None:
        return str(write(estimate["value"]))
    return f"{write(estimate['value'])} ({write(estimate['low'])} to {write(estimate['high'])})"


def _kilometres(km: float) -> str:
    return f"{km:.2f}" if km < 10 else f"{km:.0f}"


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
