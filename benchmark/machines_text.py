"""A comparison of models as a table, as CSV and as one page that needs nothing else; and its folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmark.html import STYLE
from benchmark.leakage import flags_set
from benchmark.page import write_figures
from benchmark.rounds import Rounds
from benchmark.rows_csv import write_rows
from benchmark.table import SOURCES, kilometres, percents, power_text
from benchmark.words import many
from planet_core.files import atomic_file
from planet_core.metrics import SCALES_KM

Part = dict[str, Any]
Line = list[str]


def as_json(report: Part) -> str:
    """JSON text, without infinities and NaN."""
    return json.dumps(report, indent=2, allow_nan=False)


def as_table(report: Part, *, apart: bool = False) -> str:
    """For a terminal."""
    parts = [f"Map {report['map']} · fair view · {many(report['panoramas'], 'panorama')}"]
    parts += [f"Note: {note}" for note in report["notes"]]
    for source in dict.fromkeys(one["source"] for one in report["models"]):
        head, lines = model_lines(report, source)
        title = (
            f"Each model on {many(int(lines[0][1].replace(',', '')), 'panorama')}{SOURCES.get(source, '')}"
        )
        parts.append("\n".join([title, *_columns([head, *lines])]))
    parts += ["\n".join(sentences(one)) for one in report["comparisons"]]
    left = report["panoramas"] - report["panoramas_that_count"]
    if apart:
        parts += ["\n".join(sentences(one)) for one in report["apart"]]
    elif left:
        do = "does" if left == 1 else "do"
        parts.append(f"{many(left, 'panorama')} {do} not count (trained on): add --apart to see.")
    return "\n\n".join(parts)


def _count(report: Part, source: str) -> int:
    return next(int(one["panoramas"]) for one in report["models"] if one["source"] == source)


def _columns(lines: Sequence[Line]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        first, *others = (
            text.rjust(width) if number else text.ljust(width)
            for number, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()


def model_lines(report: Part, source: str) -> tuple[Line, list[Line]]:
    """The head and a line for each model, on photographs or on drawn pictures."""
    head = ["model", "n", "median km", *(f"<={km} km" for km in SCALES_KM), "country", "continent", "points"]
    lines = [
        [
            one["model"],
            f"{one['panoramas']:,}",
            kilometres(one["side"]["median_km"]),
            *(f"{one['side']['within_km'][str(km)]:.1%}" for km in SCALES_KM),
            *(_share(one["accuracy"].get(name)) for name in ("country", "continent")),
            f"{one['side']['mean_points']:,.0f}",
        ]
        for one in report["models"]
        if one["source"] == source
    ]
    return head, lines


def _share(found: Part | None) -> str:
    return "-" if found is None else f"{found['value']:.1%}"


def sentences(one: Part) -> Iterator[str]:
    """What is said of two models."""
    if one["apart"]:
        yield f"Does not count: {one['apart']}."
    yield (
        f"{one['first']} against {one['second']}{SOURCES.get(one['source'], '')}:"
        f" {many(one['panoramas'], 'panorama')} in {many(one['groups'], 'group')}."
    )
    yield from _leaks(one["leakage"])
    yield f"  The first won {one['wins']:,}, the second {one['losses']:,}, {many(one['ties'], 'tie')}."
    rate, clustered = one["win_rate"], one["win_rate_clustered"]
    if rate["value"] is not None:
        both = "" if clustered["low"] is None else f"; clustered by group {percents(clustered)}"
        yield f"  Win rate of the first {rate['value']:.1%} (Wilson {percents(rate)}{both})."
        yield f"  Exact sign test p = {one['sign_test_p']:.3g}. {power_text(one['power'])}".rstrip()
    points, logs = one["differences"]["points"], one["differences"]["log10_km"]
    if points["low"] is not None:
        yield (
            f"  First less second: {points['value']:+,.0f} points ({points['low']:+,.0f} to"
            f" {points['high']:+,.0f}; {points['method']})."
        )
    if logs["low"] is not None:
        yield (
            f"  The first is {10 ** logs['value']:.2f} times as far away ({10 ** logs['low']:.2f} to"
            f" {10 ** logs['high']:.2f})."
        )


def _leaks(found: Part) -> Iterator[str]:
    for which in ("first", "second"):
        if told := flags_set(found[which]):
            yield f"  May have leaked to the {which}: {', '.join(told)}."


def as_csv(report: Part) -> str:
    """The comparisons, a line each; nested numbers are columns such as `win_rate.low`."""
    rows = [dict(_leaves("", one)) for one in (*report["comparisons"], *report["apart"])]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield name, value
        return
    for key, part in value.items():
        yield from _leaves(f"{name}.{key}" if name else key, part)


def page(report: Part) -> str:
    """The whole page."""
    body = [
        f"<h1>Models on {escape(report['map'])}</h1>",
        f'<p class="soft">Fair view, {many(report["panoramas"], "panorama")}.</p>',
        *(f'<p class="notes">{escape(note)}</p>' for note in report["notes"]),
    ]
    for source in dict.fromkeys(one["source"] for one in report["models"]):
        head, lines = model_lines(report, source)
        body += [f"<h2>Each model{SOURCES.get(source, '')}</h2>", _html_table(head, lines)]
    for title, some in (("Two by two", report["comparisons"]), ("What does not count", report["apart"])):
        if some:
            body.append(f"<h2>{title}</h2>")
            body += ["".join(f"<p>{escape(text.strip())}</p>" for text in sentences(one)) for one in some]
    border = report["border_data"]
    body += ["<h2>Method</h2>", *(f"<p>{escape(text)}</p>" for text in report["method"])]
    found = report["interval_coverage"]
    shares = found["models"]
    held = [[name, *(f"{one[name]:.1%}" for one in shares.values())] for name in next(iter(shares.values()))]
    body += [
        "<p>How often intervals of nominally 95 % held the truth, of"
        f" {found['studies']:,} simulated comparisons of each design ({escape(found['command'])}).</p>",
        _html_table(["interval", *shares], held),
    ]
    body.append(
        f"<p>Borders: {escape(border['name'])}, version {escape(border['version'])}. Points by version"
        f" {report['scoring_version']} of the score.</p>"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Models on {escape(report['map'])}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _html_table(head: Line, lines: Sequence[Line]) -> str:
    titles = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    rows = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in line) + "</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table></div>'


def write(report: Part, rounds: Rounds, folder: Path) -> None:
    """Fills a folder: report.html, report.json, comparisons.csv, and rows.csv with every answer. Figures that
    a report on people left there go.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(rounds, folder / "rows.csv", {})
    write_figures([], folder)
    texts = {
        "report.html": page(report),
        "report.json": as_json(report) + "\n",
        "comparisons.csv": as_csv(report),
    }
    for name, text in texts.items():
        with atomic_file(folder / name) as file:
            file.write(text.encode())
