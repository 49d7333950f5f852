"""A report as one HTML page that needs nothing else, light and dark, and its figures as files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmark import figures
from benchmark.report import Report, pooled
from benchmark.table import heading, kilometres, many, percents, power_text
from planet_core.files import atomic_file
from planet_core.metrics import SCALES_KM

Part = dict[str, Any]
Drawings = dict[str, tuple[str, str, Figure]]
MOST_PEOPLE = 200
"""People whose own numbers are on the page; the JSON has all."""
VARIABLES = {
    figures.INK: "ink",
    figures.SOFT: "soft",
    figures.LINE: "line",
    figures.PAPER: "paper",
    figures.PERSON: "person",
    figures.MODEL: "model",
    figures.CROWD: "crowd",
    figures.SEA: "sea",
    figures.LAND: "land",
    figures.COAST: "coast",
}
STYLE = """
:root { color-scheme: light dark;
  --ink: light-dark(#1b1d22, #efece4); --soft: light-dark(#57575a, #b0b4bf);
  --line: light-dark(#ddd6c6, #303b54); --paper: light-dark(#faf8f3, #121828);
  --surface: light-dark(#fffdf9, #1a2235); --wash: light-dark(#fbf1d3, #2e2a22);
  --person: light-dark(#11704a, #5fd0a2); --model: light-dark(#1f56c9, #8fb3ff);
  --crowd: light-dark(#6a3ab6, #bf9cf5); --land: light-dark(#f7f3e8, #28334b);
  --sea: light-dark(#d7e3e8, #111a2c); --coast: light-dark(#9db3bd, #4a5a7c); }
body { margin: 0 auto; max-width: 1080px; padding: 24px clamp(16px, 4vw, 32px) 72px;
  background: var(--paper); color: var(--ink); font: 16px/1.5 "Inter Variable", system-ui, sans-serif; }
h1 { font-size: 2rem; margin: 0 0 4px; } h2 { margin: 48px 0 4px; } h3 { margin: 28px 0 8px; }
p { max-width: 74ch; margin: 8px 0; } .soft, figcaption, caption { color: var(--soft); font-size: 0.875rem; }
.notes { background: var(--wash); border-radius: 10px; padding: 8px 16px; margin: 16px 0; }
.verdict { font-size: 1.125rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.875rem; margin: 8px 0;
  font-variant-numeric: tabular-nums; background: var(--surface); }
caption { text-align: left; padding: 4px 0; } th, td { padding: 4px 12px; text-align: right;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; }
figure { margin: 16px 0; } figure svg { max-width: 100%; height: auto; }
summary { cursor: pointer; font-weight: 600; padding: 8px 0; }
.person { color: var(--person); } .model { color: var(--model); }
"""


def draw(report: Report) -> list[Drawings]:
    """The figures of each comparison of everybody, in their order: {name: (caption, SVG, figure)}."""
    return [
        {
            name: (caption, figures.as_svg(figure), figure)
            for name, (caption, figure) in figures.figures_of(comparison, report["protocol"]).items()
        }
        for comparison in pooled(report)
    ]


def page(report: Report, drawn: Sequence[Drawings] | None = None) -> str:
    """The whole page; people appear under the names that the report has for them.

    Args:
        drawn: of `draw`, where that is there already.
    """
    drawn = draw(report) if drawn is None else drawn
    counts = report["counts"]
    parts = [
        "<h1>People against models</h1>",
        f'<p class="soft">{many(counts["answers"], "answer")} of {many(counts["people"], "person", "people")}'
        f" and {many(counts['models'], 'model')} in {many(counts['rounds'], 'round')} on"
        f" {many(counts['panoramas'], 'panorama')}; {counts['pairs_that_count']:,} of"
        f" {many(counts['pairs'], 'pair')} count.</p>",
        _notes(report["notes"]),
    ]
    if report["protocol"]:
        parts += _protocol(report["protocol"])
    for number, comparison in enumerate(pooled(report)):
        parts += _comparison(comparison, report, number, drawn[number])
    parts += [*_apart(report["apart"]), *_method(report)]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>People against models</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def write_figures(drawn: Sequence[Drawings], folder: Path) -> None:
    """All figures as SVG and PNG, in folders `figures/1`, `figures/2` ... in the order of the comparisons.

    Raises:
        OSError: they cannot be written.
    """
    for number, drawings in enumerate(drawn, 1):
        target = folder / "figures" / str(number)
        target.mkdir(parents=True, exist_ok=True)
        for name, (_, svg, figure) in drawings.items():
            contents = {"svg": svg.encode(), "png": figures.as_png(figure)}
            for ending, content in contents.items():
                with atomic_file(target / f"{name}.{ending}") as file:
                    file.write(content)


# ------------------------------------------------------------------------------------------------
# One comparison


def _comparison(comparison: Part, report: Report, number: int, drawings: Drawings) -> Iterator[str]:
    yield f"<h2>{escape(heading(comparison))}</h2>"
    yield (
        f'<p class="soft">Model {escape(comparison["model"])} · {many(comparison["rounds"], "round")} ·'
        f" {many(comparison['people'], 'person', 'people')} ·"
        f" {many(comparison['panoramas'], 'panorama')}</p>"
    )
    yield _notes(comparison["notes"])
    yield from _verdict(comparison)
    yield _sides(comparison["sides"])
    for name, (caption, svg, _) in drawings.items():
        yield _figure(f"{number}-{name}", caption, svg)
    yield _outcomes(comparison["sides"])
    yield _accuracy(comparison["accuracy"])
    for title, parts in (("By place and picture", "by_place"), ("By player", "by_player")):
        yield f"<h3>{title}</h3>"
        for name, some in comparison[parts].items():
            yield _breakdown(name, some)
    yield from _calibration(comparison["calibration"])
    yield from _difficulty(comparison["difficulty"])
    yield from _leakage(comparison["leakage"])
    yield _trivial(comparison["trivial"])
    yield _people(report["comparisons"], comparison)


def _verdict(comparison: Part) -> Iterator[str]:
    wins, losses, ties = comparison["wins"], comparison["losses"], comparison["ties"]
    yield (
        f'<p class="verdict">The <b class="model">model</b> won {many(wins, "round")},'
        f' <b class="person">people</b> won {losses:,}, {many(ties, "tie")}.</p>'
    )
    rate, clustered = comparison["win_rate"], comparison["win_rate_clustered"]
    if rate["value"] is None:
        return
    both = "" if clustered["low"] is None else f"; clustered by person and panorama {percents(clustered)}"
    yield (
        f"<p>Win rate of the model {rate['value']:.1%} of the decided rounds: Wilson {percents(rate)}, rounds"
        f" taken as independent{both}. Exact sign test p = {comparison['sign_test_p']:.3g}."
        f" {escape(power_text(comparison['power']))}</p>"
    )
    yield from _differences(comparison["differences"])


def _differences(found: Part) -> Iterator[str]:
    points, logs = found["points"], found["log10_km"]
    if points["low"] is not None:
        yield (
            f"<p>Model less person in the same round: {points['value']:+,.0f} points"
            f" ({points['low']:+,.0f} to {points['high']:+,.0f})."
            f' <span class="soft">{escape(points["method"])}.</span></p>'
        )
    if logs["low"] is not None:
        yield (
            f"<p>In the {many(logs['rounds'], 'round')} that both answered, the model was"
            f" {10 ** logs['value']:.2f} times as far away ({10 ** logs['low']:.2f} to"
            f" {10 ** logs['high']:.2f}).</p>"
        )


def _sides(sides: Part) -> str:
    both = [sides["person"], sides["model"]]
    means = [one["mean_points_answered"] for one in both]
    answered = ("-" if mean is None else _whole(mean) for mean in means)
    rows = [
        ["median km", *(kilometres(one["median_km"]) for one in both)],
        ["median km, answered rounds", *(kilometres(one["median_km_answered"]) for one in both)],
        *(
            [f"within {km:,} km", *(_share(one["within_km_interval"][str(km)]) for one in both)]
            for km in SCALES_KM
        ),
        ["mean points", *(_points(one["mean_points_interval"]) for one in both)],
        ["mean points, answered rounds", *answered],
    ]
    caption = "All rounds with 95 % intervals; no answer is infinitely far and has no points."
    return _table(["", "people", "model"], rows, caption)


def _outcomes(sides: Part) -> str:
    kinds = list(sides["person"]["outcomes"])
    rows = [
        [label, *(f"{sides[name]['outcomes'][kind]:,}" for kind in kinds)]
        for name, label in (("person", "people"), ("model", "model"))
    ]
    quantiles = sides["person"]["quantiles_km"]
    far = [
        [label, *(kilometres(sides[name]["quantiles_km"][part]) for part in quantiles)]
        for name, label in (("person", "people"), ("model", "model"))
    ]
    return _table(["", *kinds], rows, "What became of the rounds.") + _table(
        ["", *(f"{part} % quantile, km" for part in quantiles)], far, "Distances: so many rounds were nearer."
    )


def _accuracy(found: Part) -> str:
    if not found["rounds"]:
        return ""
    rows = [
        [label, _share(found[name]["country"]), _share(found[name]["continent"])]
        for name, label in (("person", "people"), ("model", "model"))
    ]
    caption = f"Answers in the right polygon, of {found['rounds']:,} rounds on land; no answer is wrong."
    return _table(["", "country", "continent"], rows, caption)


def _breakdown(name: str, parts: Sequence[Part]) -> str:
    rows = [
        [
            part["value"],
            f"{part['rounds']:,}",
            f"{part['people']:,}",
            f"{part['wins']:,} / {part['ties']:,} / {part['losses']:,}",
            _share(part["win_rate"]),
            *(
                "-" if part[side]["median_km"] is None else f"{part[side]['median_km']:,.0f}"
                for side in ("person", "model")
            ),
            *(f"{part[side]['mean_points']:,.0f}" for side in ("person", "model")),
            *(f"{part[side]['right_country']:.0%}" for side in ("person", "model")),
        ]
        for part in parts
    ]
    titles = [name.replace("_", " "), "n", "people", "win / tie / loss", "win rate (Wilson)"]
    titles += [
        "km, people",
        "km, model",
        "points, people",
        "points, model",
        "country, people",
        "country, model",
    ]
    table = _table(titles, rows)
    unknown = len(parts) == 1 and parts[0]["value"] == "not known"
    if unknown:
        return f'<p class="soft">{escape(name.replace("_", " ").capitalize())}: not known of any round.</p>'
    return f"<details><summary>{escape(name.replace('_', ' ').capitalize())}</summary>{table}</details>"


def _calibration(found: Part) -> Iterator[str]:
    yield "<h3>Calibration</h3>"
    rows = []
    for name, values in found.items():
        if values:
            brier = values.get("brier")
            rows.append(
                [
                    name.replace("_", " ") + (" (few answers: little can be said)" if values["few"] else ""),
                    f"{values['answers']:,}",
                    f"{values['mean_confidence']:.1%}",
                    f"{values['right']:.1%}",
                    f"{values['ece']:.1%}",
                    "-" if brier is None else f"{brier['value']:.3f}",
                ]
            )
    if rows:
        yield _table(["", "n", "mean confidence", "right", "calibration error (ECE)", "Brier score"], rows)
    else:
        yield '<p class="soft">The rows have no probabilities.</p>'


def _difficulty(found: Part) -> Iterator[str]:
    yield "<h3>Difficulty</h3>"
    rank = found["rank_correlation"]
    value = "cannot be told" if rank["value"] is None else f"{rank['value']:.2f}"
    if rank["low"] is not None:
        value += f" ({rank['low']:.2f} to {rank['high']:.2f})"
    yield (
        f"<p>Rank correlation of people's and the model's points over {found['panoramas']:,} panoramas"
        f" ({found['rounds_each']:.1f} rounds each): {value}.</p>"
    )
    for name in ("hard_for_people_easy_for_model", "easy_for_people_hard_for_model"):
        rows = [
            [
                one["panorama"],
                f"{one['rounds']:,}",
                f"{one['person_points']:,.0f}",
                f"{one['model_points']:,.0f}",
            ]
            for one in found[name]
        ]
        if rows:
            title = name.replace("_", " ").replace("people", "people,").capitalize()
            table = _table(["panorama", "n", "points, people", "points, model"], rows)
            yield f"<details><summary>{title}</summary>{table}</details>"


def _leakage(found: Part) -> Iterator[str]:
    yield "<h3>What may have leaked</h3>"
    flags = {name: values for name, values in found.items() if name != "without"}
    if not any(values["known"] for values in flags.values()):
        yield '<p class="soft">The rows say nothing of near duplicates, sequences or authors.</p>'
        return
    rows = [[name.replace("_", " "), f"{v['known']:,}", f"{v['set']:,}"] for name, v in flags.items()]
    yield _table(["flag", "known of", "set"], rows)
    without = found["without"]
    if without and without["rounds"]:
        rate = _share(without["win_rate"])
        yield f"<p>Without flagged rounds: {many(without['rounds'], 'round')}, win rate {rate}.</p>"


def _trivial(players: Sequence[Part] | None) -> str:
    if not players:
        return ""
    rows = [
        [
            one["player"],
            f"{one['wins']:,} / {one['ties']:,} / {one['losses']:,}",
            _share(one["win_rate"]),
            kilometres(one["side"]["median_km"]),
            *(f"{one['side']['within_km'][str(km)]:.1%}" for km in SCALES_KM),
            f"{one['side']['mean_points']:,.0f}",
        ]
        for one in players
    ]
    titles = [
        "player",
        "win / tie / loss",
        "win rate",
        "median km",
        *(f"≤ {km:,} km" for km in SCALES_KM),
        "points",
    ]
    caption = "Players that do not look, against the people in the same rounds."
    return "<h3>Trivial players</h3>" + _table(titles, rows, caption)


def _people(comparisons: Sequence[Part], of: Part) -> str:
    keys = ("map", "source", "condition", "model")
    people = [
        one for one in comparisons if one["person"] != "all" and all(one[key] == of[key] for key in keys)
    ]
    rows = [
        [
            one["person"],
            f"{one['rounds']:,}",
            f"{one['wins']:,} / {one['ties']:,} / {one['losses']:,}",
            _share(one["win_rate"]),
            *(kilometres(one["sides"][side]["median_km"]) for side in ("person", "model")),
            *(f"{one['sides'][side]['mean_points']:,.0f}" for side in ("person", "model")),
        ]
        for one in people[:MOST_PEOPLE]
    ]
    titles = [
        "",
        "n",
        "win / tie / loss of the model",
        "its win rate",
        "median km",
        "model's",
        "points",
        "model's",
    ]
    more = f" (the first {MOST_PEOPLE} of {len(people):,})" if len(people) > MOST_PEOPLE else ""
    return f"<details><summary>Each person{more}</summary>{_table(titles, rows)}</details>"


# ------------------------------------------------------------------------------------------------
# The rest


def _protocol(protocol: Part) -> Iterator[str]:
    paper, rate = protocol["paper"], protocol["paper"]["win_rate"]
    median, within = paper["median_km"], paper["within_750_km"]
    yield "<h2>The paper’s study</h2>"
    yield (
        f"<p>Printed in the paper, <b>not measured here</b>: PlaNet won {paper['wins']} of {paper['rounds']}"
        f" rounds against ten people; median {median['model']:,} km against {median['person']:,} km; within"
        f" 750 km {within['model']} against {within['person']} rounds. Our sum: {rate['value']:.0%} has the"
        f" Wilson interval {percents(rate)} and p = {paper['sign_test_p']:.2f} in the exact sign test: no"
        " more than a coin would do.</p>"
    )
    for study in protocol["studies"]:
        kept = " ".join(study["deviations"]) or "kept to the paper’s design."
        yield f"<p>Ours, map {escape(study['map'])}, model {escape(study['model'])}: {escape(kept)}</p>"
    if not protocol["studies"]:
        yield "<p>Ours: no round in fair view.</p>"


def _apart(comparisons: Sequence[Part]) -> Iterator[str]:
    if not comparisons:
        return
    rows = [
        [
            one["apart"],
            one["map"],
            one["condition"],
            one["model"],
            f"{one['rounds']:,}",
            f"{one['wins']:,} / {one['ties']:,} / {one['losses']:,}",
            *(kilometres(one["sides"][side]["median_km"]) for side in ("person", "model")),
        ]
        for one in comparisons
    ]
    yield "<h2>Rounds that do not count</h2>"
    titles = ["why", "map", "condition", "model", "n", "win / tie / loss", "median km, people", "model"]
    yield _table(titles, rows)


def _method(report: Report) -> Iterator[str]:
    yield "<h2>Method</h2>"
    yield "".join(f"<p>{escape(text)}</p>" for text in report["method"])
    border = report["border_data"]
    borders = f"Borders: {border['name']}, version {border['version']}. {border['policy']}"
    yield f"<p>{escape(borders)}</p>"
    yield f"<p>Points by version {report['scoring_version']} of the score.</p>"
    found = report["interval_coverage"]
    shares = found["coverage"]
    rows = [[what, *(f"{one[what]:.1%}" for one in shares.values())] for what in next(iter(shares.values()))]
    names = list(shares)
    caption = (
        f"How often intervals of nominally 95 % held the truth, of {found['studies']:,} simulated studies of"
        f" each design ({found['command']})."
    )
    yield _table(["interval", *names], rows, caption)


def _notes(notes: Sequence[str]) -> str:
    return f'<div class="notes">{"".join(f"<p>{escape(note)}</p>" for note in notes)}</div>' if notes else ""


def _share(found: Part) -> str:
    if found["value"] is None:
        return "-"
    interval = "" if found["low"] is None else f" ({100 * found['low']:.1f}-{100 * found['high']:.1f})"
    return f"{100 * found['value']:.1f} %{interval}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _points(found: Part) -> str:
    interval = "" if found["low"] is None else f" ({found['low']:,.0f}-{found['high']:,.0f})"
    return f"{found['value']:,.0f}{interval}"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _figure(name: str, caption: str, svg: str) -> str:
    """The figure in the page: colours follow the theme, and no two figures share a name of a part."""
    drawing = svg[svg.index("<svg") :]
    for colour, variable in VARIABLES.items():
        drawing = drawing.replace(colour, f"var(--{variable})")
    drawing = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', drawing)
    drawing = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", drawing)
    drawing = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', drawing)
    label = escape(caption, quote=True)
    drawing = drawing.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
