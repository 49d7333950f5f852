"""One comparison on the page: who won, by how much, where, and of whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from matplotlib.figure import Figure

from benchmark import html
from benchmark.html import Part
from benchmark.page_checks import calibration, difficulty, leakage, trivial
from benchmark.pictures import PictureOf
from benchmark.report import Report
from benchmark.table import heading, kilometres, percents, power_text
from benchmark.words import many
from planet_core.metrics import SCALES_KM

Drawings = dict[str, tuple[str, str, Figure]]
MOST_PEOPLE = 200
"""People whose own numbers are on the page; the JSON has all."""


def comparison_parts(
    comparison: Part, report: Report, number: int, drawings: Drawings, pictures: PictureOf | None = None
) -> Iterator[str]:
    """The section of a comparison of everybody, the `number`th of the page."""
    yield f"<h2>{escape(heading(comparison))}</h2>"
    yield (
        f'<p class="soft">Model {escape(comparison["model"])} · {many(comparison["rounds"], "round")} ·'
        f" {many(comparison['people'], 'person', 'people')} ·"
        f" {many(comparison['panoramas'], 'panorama')}</p>"
    )
    yield html.notes(comparison["notes"])
    yield from _verdict(comparison)
    yield _sides(comparison["sides"])
    for name, (caption, svg, _) in drawings.items():
        yield html.figure(f"{number}-{name}", caption, svg)
    yield _outcomes(comparison["sides"])
    yield _accuracy(comparison["accuracy"])
    for title, parts in (("By place and picture", "by_place"), ("By player", "by_player")):
        yield f"<h3>{title}</h3>"
        for name, some in comparison[parts].items():
            yield _breakdown(name, some)
    yield from calibration(comparison["calibration"])
    yield from difficulty(comparison["difficulty"], pictures)
    yield from leakage(comparison["leakage"])
    yield trivial(comparison["trivial"], comparison["trivial_fitted"])
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
    answered = ("-" if mean is None else html.whole(mean) for mean in means)
    rows = [
        ["median km", *(kilometres(one["median_km"]) for one in both)],
        ["median km, answered rounds", *(kilometres(one["median_km_answered"]) for one in both)],
        *(
            [f"within {km:,} km", *(html.share(one["within_km_interval"][str(km)]) for one in both)]
            for km in SCALES_KM
        ),
        ["mean points", *(html.points(one["mean_points_interval"]) for one in both)],
        ["mean points, answered rounds", *answered],
    ]
    caption = "All rounds with 95 % intervals; no answer is infinitely far and has no points."
    return html.table(["", "people", "model"], rows, caption)


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
    return html.table(["", *kinds], rows, "What became of the rounds.") + html.table(
        ["", *(f"{part} % quantile, km" for part in quantiles)], far, "Distances: so many rounds were nearer."
    )


def _accuracy(found: Part) -> str:
    if not found["rounds"]:
        return ""
    rows = [
        [label, html.share(found[name]["country"]), html.share(found[name]["continent"])]
        for name, label in (("person", "people"), ("model", "model"))
    ]
    caption = (
        f"Answers in the right polygon, of {many(found['rounds'], 'round')} on land; no answer is wrong."
    )
    return html.table(["", "country", "continent"], rows, caption)


def _breakdown(name: str, parts: Sequence[Part]) -> str:
    rows = [
        [
            part["value"],
            f"{part['rounds']:,}",
            f"{part['people']:,}",
            f"{part['wins']:,} / {part['ties']:,} / {part['losses']:,}",
            html.share(part["win_rate"]),
            *(
                "-" if part[side]["median_km"] is None else f"{part[side]['median_km']:,.0f}"
                for side in ("person", "model")
            ),
            *(f"{part[side]['mean_points']:,.0f}" for side in ("person", "model")),
            *(f"{part[side]['right_country']:.0%}" for side in ("person", "model")),
        ]
        for part in parts
    ]
    titles = [name.replace("_", " "), "n", "people", "win / tie / loss", "win rate"]
    titles += [
        "km, people",
        "km, model",
        "points, people",
        "points, model",
        "country, people",
        "country, model",
    ]
    table = html.table(titles, rows)
    unknown = len(parts) == 1 and parts[0]["value"] == "not known"
    if unknown:
        return f'<p class="soft">{escape(name.replace("_", " ").capitalize())}: not known of any round.</p>'
    return f"<details><summary>{escape(name.replace('_', ' ').capitalize())}</summary>{table}</details>"


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
            html.share(one["win_rate_clustered"]),
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
    return f"<details><summary>Each person{more}</summary>{html.table(titles, rows)}</details>"
