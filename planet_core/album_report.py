"""An evaluation of album models for people: Markdown that reads well on a terminal too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planet_core import paper_numbers
from planet_core.album_evaluation import ORACLE, ORACLE_SHARE, Report
from planet_core.evaluation_report import table
from planet_core.metrics import SCALE_NAMES, SCALES_KM

Lines = list[str]
OPEN = "the interval holds 0: these albums do not tell"
WORDS = {
    "holds": "holds",
    "open": "open",
    "contradicted": "**contradicted**",
}


def markdown(report: Report, command: str = "") -> str:
    """The whole report; `command` is what wrote it."""
    lines = ["# Albums: the paper's table 4", ""]
    if command:
        lines += [f"Written by `{command}`.", ""]
    lines += _data(report) + _table_4(report) + _orders(report) + _positions(report)
    lines += _several_places(report) + _cues(report) + _trained(report)
    return "\n".join(lines)


def command(module: str, given: Sequence[str]) -> str:
    """The command as a report quotes it: of paths the last two parts, without --out and --cache."""
    kept, words = [], iter(given)
    for word in words:
        if word in ("--out", "--cache"):
            next(words, None)
        elif not word.startswith(("--out=", "--cache=")):
            kept.append("/".join(word.rstrip("/").split("/")[-2:]) if "/" in word else word)
    return " ".join([f"python -m planet_core.{module}", *kept])


def _data(report: Report) -> Lines:
    facts, scored = report["facts"], report["scored"]
    lines = [
        f"{report['albums']} albums of {report['photos']} photos ({facts['shortest']} to {facts['longest']}"
        f" each, median {facts['median_length']}) from {', '.join(facts['sources'])}"
        + (" (drawn pictures)" if facts["drawn"] else "")
        + f"; {scored['photos']} photos of {scored['albums']} albums have a place and are scored. Image model"
        f" {facts['image_model'][:12]}, {facts['cells']:,} cells.",
        "",
    ]
    remarks = [
        (facts["unreadable"], "photos cannot be read; alone they have no answer, which counts as wrong"),
        (facts["without_time"], "photos have no time; they stand where the list has them"),
        (facts["backwards"], "albums run backwards in time somewhere: they were not put in order"),
        (facts["seen_by_image_model"], "photos are training photos of the image model: no fair test"),
    ]
    lines += [f"- {count} {what}" for count, what in remarks if count]
    lines += [f"  - {problem}" for problem in facts["unreadable_first"]]
    return [*lines, ""] if any(count for count, _ in remarks) else lines


def _scales() -> Lines:
    return [f"{name} {km} km" for name, km in zip(SCALE_NAMES, SCALES_KM, strict=True)]


def _table_4(report: Report) -> Lines:
    rows = [
        [
            name,
            *(_share(found["within_km"][str(scale)]) for scale in SCALES_KM),
            _kilometres(found["median_km"]),
        ]
        for name, found in report["rows"].items()
    ]
    papers = [
        [name, *("-" if share is None else f"{100 * share:.1f}" for share in shares)]
        for name, shares in paper_numbers.ALBUMS.items()
    ]
    return [
        "## Table 4",
        "",
        "Share of photos answered within a distance, in %, with 95 % intervals over albums (Wilson's, of as"
        " many trials as the albums are worth; Student's t). `-25` answers albums cut to 25 photos."
        f" `{ORACLE}` is the centre of the true cell: no row can do better at small scales.",
        "",
        *table(["row", *_scales(), "median km"], rows),
        "",
        "The paper's, of 126 M photos in Google+ albums, by models trained on 490 M photos: **not measured"
        " here**.",
        "",
        *table(["the paper's, %", *_scales()], papers),
        "",
    ]


def _orders(report: Report) -> Lines:
    if not report["pairs"]:
        return []
    rows = [
        [
            pair["order"],
            *(
                _difference(pair["scales"][str(scale)]["difference"])
                + ("" if pair["scales"][str(scale)]["judged"] else " -")
                for scale in SCALES_KM
            ),
            WORDS[pair["verdict"]],
        ]
        for pair in report["pairs"]
    ]
    return [
        "## Which of the paper's orders hold",
        "",
        "Paired differences over the same photos, in percentage points, with 95 % intervals over albums: the"
        " row that the paper finds better less the other. Judged at the scales where the oracle reaches"
        f" {100 * ORACLE_SHARE:.0f} %; `-` marks the others. An order holds if it is sure at all of these"
        " scales, is contradicted if the opposite is sure at one, and is open else. `no better than` holds as"
        " long as the row is not surely better.",
        "",
        *table(["order", *_scales(), "verdict"], rows),
        "",
        *_where(report),
    ]


def _where(report: Report) -> Lines:
    """A sentence for each order that does not hold at all judged scales."""
    lines = []
    for pair in report["pairs"]:
        judged = {km: pair["scales"][str(km)] for km in SCALES_KM if pair["scales"][str(km)]["judged"]}
        for word in ("contradicted", "open"):
            scales = [f"{km} km" for km, scale in judged.items() if scale["verdict"] == word]
            if scales:
                told = "the opposite is sure" if word == "contradicted" else OPEN
                lines.append(f"- {pair['order']}: {word} at {', '.join(scales)} ({told}).")
        if not judged:
            lines.append(f"- {pair['order']}: no scale at which the oracle reaches half, so none is judged.")
    return [*lines, ""] if lines else []


def _positions(report: Report) -> Lines:
    positions = report["positions"]
    titles = [_position(part["first"], part["last"]) for part in positions]
    rows = [
        [name, *(_kilometres(part["rows"][name]["median_km"]) for part in positions)]
        for name in report["rows"]
    ]
    counts = ["photos", *(str(next(iter(part["rows"].values()))["photos"]) for part in positions)]
    return [
        "## First photos against last",
        "",
        "Median km by the place of a photo in its album:",
        "",
        *table(["row", *titles], [counts, *rows]),
        "",
        *_first_and_last(report["first_and_last"]),
    ]


def _position(first: int, last: int | None) -> str:
    return f"{first}+" if last is None else str(first) if first == last else f"{first}-{last}"


def _first_and_last(found: dict[str, Any]) -> Lines:
    if not found["rows"]:
        return [f"No album has {found['least_photos']} photos: quarters are not compared.", ""]
    rows = [
        [
            name,
            *(_difference(row["within_km"][str(scale)]["last_minus_first"]) for scale in SCALES_KM),
            f"{_kilometres(row['median_km']['first'])} / {_kilometres(row['median_km']['last'])}",
        ]
        for name, row in found["rows"].items()
    ]
    return [
        f"Last quarter less first quarter of {found['albums']} albums of at least {found['least_photos']}"
        " photos, percentage points (above 0: the first photos are answered worse), and the medians of both:",
        "",
        *table(["row", *_scales(), "median km"], rows),
        "",
    ]


def _several_places(report: Report) -> Lines:
    wide = report["several_places"]
    shares = [
        f"{wide[str(scale)]['albums']} ({100 * wide[str(scale)]['share']:.0f} %)" for scale in SCALES_KM
    ]
    rows = [
        [
            name,
            *(
                f"{100 * wide[str(scale)]['rows'][name]['value']:.1f}" if wide[str(scale)]["rows"] else "-"
                for scale in SCALES_KM
            ),
        ]
        for name in report["rows"]
    ]
    against = [
        [
            name,
            *(
                _difference(wide[str(scale)]["avg_against"].get(name)) if wide[str(scale)]["rows"] else "-"
                for scale in SCALES_KM
            ),
        ]
        for name in report["rows"]
        if any(name in wide[str(scale)]["avg_against"] for scale in SCALES_KM)
    ]
    lines = [
        "## Albums with several places",
        "",
        "Albums in which two photos are more than twice the distance apart: no single answer, as `avg` gives"
        " it, is right for both. Below, the share of their photos within the distance, in %.",
        "",
        *table(["row", *_scales()], [["albums (of all)", *shares], *rows]),
        "",
    ]
    if against:
        lines += ["The rows less `avg`, on these albums:", "", *table(["row", *_scales()], against), ""]
    return lines


def _cues(report: Report) -> Lines:
    cues = report["cues"]
    if cues is None:
        return []
    titles = {"none": "without any cue (rooms, food, close-ups)", "some": "that show their place"}
    lines = ["## Photos without a cue", ""]
    for name, found in cues.items():
        rows = [
            [
                row,
                *(_share(part["within_km"][str(scale)]) for scale in SCALES_KM),
                _kilometres(part["median_km"]),
            ]
            for row, part in found["rows"].items()
        ]
        lines += [f"{found['photos']} photos {titles[name]}:", ""]
        lines += [*table(["row", *_scales(), "median km"], rows), ""]
    return lines


def _trained(report: Report) -> Lines:
    """How the rows came about, where they were trained for this table."""
    if "trained" not in report:
        return []
    rows = []
    for name, found in report["trained"].items():
        recipe, validation = found["recipe"], found["validation"]
        shares = validation["accuracy_at_km"] if validation else {}
        chosen = f"epoch {found['best_epoch']}" if found["best_epoch"] else "-"
        if "temper" in recipe:
            chosen = f"temper {recipe['temper']:g}, prior power {recipe['prior_power']:g}"
        rows.append(
            [
                name,
                recipe["name"],
                str(found["trained_on"]["albums"]),
                chosen,
                *(f"{100 * shares[str(scale)]:.1f}" if shares else "-" for scale in SCALES_KM),
            ]
        )
    return [
        "## How the rows were trained",
        "",
        "On the validation albums, which chose the epoch (or the emission), in %:",
        "",
        *table(["row", "recipe", "albums", "chosen", *_scales()], rows),
        "",
    ]


# ------------------------------------------------------------------------------------------------
# Cells of tables


def _share(estimate: dict[str, Any]) -> str:
    return _with_interval(estimate, "{:.1f}", 100)


def _difference(estimate: dict[str, Any] | None) -> str:
    return "-" if estimate is None else _with_interval(estimate, "{:+.1f}", 100)


def _with_interval(estimate: dict[str, Any], form: str, times: float) -> str:
    value = form.format(times * estimate["value"])
    if estimate["low"] is None:
        return value
    between = " to " if "+" in form else "-"
    return f"{value} ({form.format(times * estimate['low'])}{between}{form.format(times * estimate['high'])})"


def _kilometres(km: float | None) -> str:
    return "no answer" if km is None else f"{km:.2f}" if km < 10 else f"{km:.0f}"
