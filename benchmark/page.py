"""A report as one HTML page that needs nothing else, light and dark, and its figures as files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from benchmark import figures, html
from benchmark.html import Part
from benchmark.leakage import flags_set
from benchmark.page_comparison import Drawings, comparison_parts
from benchmark.pictures import PictureOf
from benchmark.report import Report, pooled
from benchmark.study import beside_the_paper
from benchmark.table import kilometres, percents
from benchmark.words import many
from planet_core.files import atomic_file


def draw(report: Report, pictures: PictureOf | None = None) -> list[Drawings]:
    """The figures of each comparison of everybody, in their order: {name: (caption, SVG, figure)}."""
    return [
        {
            name: (caption, figures.as_svg(figure), figure)
            for name, (caption, figure) in figures.figures_of(
                comparison, report["protocol"], pictures
            ).items()
        }
        for comparison in pooled(report)
    ]


def page(report: Report, drawn: Sequence[Drawings] | None = None, pictures: PictureOf | None = None) -> str:
    """The whole page; people appear under the names that the report has for them.

    Args:
        drawn: of `draw`, where that is there already.
        pictures: of the panoramas, to show those that are hard for one side alone, and those of figure 9.
    """
    drawn = draw(report, pictures) if drawn is None else drawn
    counts = report["counts"]
    parts = [
        "<h1>People against models</h1>",
        f'<p class="soft">{many(counts["answers"], "answer")} of {many(counts["people"], "person", "people")}'
        f" and {many(counts['models'], 'model')} in {many(counts['rounds'], 'round')} on"
        f" {many(counts['panoramas'], 'panorama')}; {counts['pairs_that_count']:,} of"
        f" {many(counts['pairs'], 'pair')} {'counts' if counts['pairs_that_count'] == 1 else 'count'}.</p>",
        html.notes(report["notes"]),
    ]
    if report["protocol"]:
        parts += _protocol(report["protocol"])
    for number, comparison in enumerate(pooled(report)):
        parts += comparison_parts(comparison, report, number, drawn[number], pictures)
    parts += [*_apart(report["apart"]), *_method(report)]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>People against models</title>\n<style>{html.STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def write_figures(drawn: Sequence[Drawings], folder: Path) -> None:
    """All figures as SVG and PNG, in folders `figures/1`, `figures/2` ... in the order of the comparisons.

    Figures that an earlier report left there go.

    Raises:
        OSError: they cannot be written.
    """
    written = set()
    for number, drawings in enumerate(drawn, 1):
        target = folder / "figures" / str(number)
        target.mkdir(parents=True, exist_ok=True)
        for name, (_, svg, figure) in drawings.items():
            contents = {"svg": svg.encode(), "png": figures.as_png(figure)}
            for ending, content in contents.items():
                written.add(target / f"{name}.{ending}")
                with atomic_file(target / f"{name}.{ending}") as file:
                    file.write(content)
    for path in _figures_in(folder):
        if path not in written:
            path.unlink()
            with contextlib.suppress(OSError):  # something else is in there
                path.parent.rmdir()


def _figures_in(folder: Path) -> list[Path]:
    """What a report has written there; nothing else, for the folder may be anybody's."""
    found = (folder / "figures").glob("*/*.*")
    return [path for path in found if path.parent.name.isdecimal() and path.suffix in (".svg", ".png")]


def _protocol(protocol: Part) -> Iterator[str]:
    paper, rate = protocol["paper"], protocol["paper"]["win_rate"]
    yield "<h2>The paper’s study</h2>"
    yield (
        f"<p>Printed in the paper, <b>not measured here</b>: PlaNet won {paper['wins']} of {paper['rounds']}"
        f" rounds against ten people. Our sum: {rate['value']:.0%} has the"
        f" Wilson interval {percents(rate)} and p = {paper['sign_test_p']:.2f} in the exact sign test: no"
        " more than a coin would do.</p>"
    )
    for study in protocol["studies"]:
        kept = " ".join(study["deviations"]) or "kept to the paper’s design."
        yield f"<p>Ours, map {escape(study['map'])}, model {escape(study['model'])}: {escape(kept)}</p>"
        titles = ["", "ours", "the paper’s (not measured here)"]
        yield html.table(titles, beside_the_paper(study, paper))
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
            ", ".join(flags_set(one["leakage"])) or "-",
        ]
        for one in comparisons
    ]
    yield "<h2>Rounds that do not count</h2>"
    titles = ["why", "map", "condition", "model", "n", "win / tie / loss", "median km, people", "model"]
    titles.append("may have leaked")
    yield html.table(titles, rows)


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
    yield html.table(["interval", *names], rows, caption)
