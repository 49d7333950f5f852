"""What `python -m benchmark` and `manage.py benchmark` share: options, and a report shown and written."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark.page import draw, page, write_figures
from benchmark.pictures import PictureOf, thumbnails_of
from benchmark.report import Report, as_json, build, renamed
from benchmark.rounds import Rounds
from benchmark.rows_csv import comparisons_csv, pseudonyms, write_rows
from benchmark.selection import add_selection, select
from benchmark.study import PlanetStudy
from benchmark.table import as_table
from benchmark.trivial_players import Colours, training_photos, training_pictures
from planet_core.files import atomic_file
from planet_core.outputs import writable_file
from planet_core.trivial import TrainingPhotos

FORMATS = ("table", "json", "csv", "html")
PROTOCOLS = {"planet-study": PlanetStudy()}
Say = Callable[[str], None]
TrainingOf = Callable[[str], TrainingPhotos | None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a report. No parser of them may take abbreviations: `--model` is no short `--models`."""
    add_selection(parser)
    parser.add_argument("--format", choices=FORMATS, default="table", help="what is printed (default: table)")
    parser.add_argument(
        "--apart",
        action="store_true",
        help="show in the table the rounds that do not count, too: seen before, or trained on",
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        help="planet-study: hold the rounds in fair view against the paper's study, with its numbers beside",
    )
    parser.add_argument(
        "--train",
        metavar="SOURCE",
        help="training photos (as for planet_core.evaluate): players that do not look are fitted on them",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for report.html, report.json, comparisons.csv, all figures as SVG and PNG, and"
        " rows.csv with people under pseudonyms",
    )


def report_of(
    rounds: Rounds,
    options: dict[str, Any],
    say: Say,
    pictures: PictureOf | None = None,
    training_of: TrainingOf = lambda _: None,
) -> Report:
    """The report that the options ask for, of the rounds that they select; writes the folder that they name.

    Args:
        pictures: of the panoramas, where the caller has them.
        training_of: training photos of a model, where the caller knows and the options name none.

    Raises:
        SelectionError: no row has a name that the options give.
        UserError, SourceError: the training photos cannot be used.
        OutputError, OSError: the folder cannot be written.
    """
    out = options["out"]
    if out:
        writable_file(out / "report.html")  # to know it before the work, not after it
    rounds = select(rounds, options)
    training = training_photos(options["train"]) if options["train"] else None
    protocol = PROTOCOLS[options["protocol"]] if options["protocol"] else None
    colours = _colours(options["train"], pictures, say) if training and pictures else None
    report = build(
        rounds, training=training, training_of=training_of, colours=colours, protocol=protocol, say=say
    )
    if out:
        say("writing")
        write(report, rounds, out, pictures)
    return report


def _colours(source: str, pictures: PictureOf, say: Say) -> Colours | None:
    photos = training_pictures(source, say)
    return Colours(photos, thumbnails_of(pictures)) if photos else None


def shown(report: Report, options: dict[str, Any], pictures: PictureOf | None = None) -> str:
    """The text that is printed."""
    if options["format"] == "json":
        return as_json(report)
    if options["format"] == "csv":
        return comparisons_csv([*report["comparisons"], *report["apart"]]).rstrip("\n")
    if options["format"] == "html":
        return page(report, pictures=pictures)
    return as_table(report, apart=options["apart"])


def write(report: Report, rounds: Rounds, folder: Path, pictures: PictureOf | None = None) -> None:
    """Fills a folder with the report, its figures and its rows; people are under pseudonyms everywhere.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = pseudonyms(rounds)
    public = renamed(report, names)
    write_rows(rounds, folder / "rows.csv", names)
    drawn = draw(public, pictures)
    write_figures(drawn, folder)
    texts = {
        "report.html": page(public, drawn, pictures),
        "report.json": as_json(public) + "\n",
        "comparisons.csv": comparisons_csv([*public["comparisons"], *public["apart"]]),
    }
    for name, text in texts.items():
        with atomic_file(folder / name) as file:
            file.write(text.encode())
