"""How good are album models? The paper's Table 4 with every row, ours beside the paper's.

    python -m planet_core.evaluate_albums IMAGE_MODEL ALBUMS
    python -m planet_core.evaluate_albums RUN/model RUN2/model ALBUMS --image-model DIR [--out DIR] [--json]

ALBUMS is a folder with albums.jsonl (`planet_core.albums`). Rows: `single` photos, `avg` over the album, each
MODEL, and the `oracle` that knows the true cell. Models with a cut are scored on albums cut to that length.
Behind the table: the error by position in the album (first photos against last), albums with several places,
photos without a cue, and which of the paper's orders hold. With --out, DIR gets albums.md and albums.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from planet_core import album_answers, album_evaluation, album_hmm, album_hmm_fit, album_report, albums
from planet_core.album_answers import Asked
from planet_core.album_directory import is_album_model, read_config, require_image_model
from planet_core.album_embeddings import Say
from planet_core.album_evaluation import AVG, ORACLE, SINGLE, Points
from planet_core.albums import AlbumError, read_albums
from planet_core.files import atomic_file
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.outputs import OutputError, while_somebody_reads, writable_file
from planet_core.progress import Progress, progress_on
from planet_core.stopping import Stopped, UserError, stopping_on_signals

POSTERIOR = "-posterior"
"""Behind the name of an HMM: each photo's most probable cell in place of the most probable path."""
LISTED = 5


def row_name(directory: Path, taken: set[str]) -> str:
    """What a model is called in the table: its variant, with its cut; with its folder where that is taken.

    Raises:
        ModelDirectoryError: it is no album model.
    """
    config = read_config(directory)
    name = str(config["variant"]) + (f"-{config['cut']}" if config["cut"] else "")
    if name in taken:
        folder = directory.resolve()
        name = f"{name} ({folder.parent.name if folder.name == 'model' else folder.name})"
    while name in taken:
        name += "'"
    return name


def rows_of(asked: Asked, models: Sequence[Path], say: Say = lambda text: None) -> dict[str, Points]:
    """The answers of every row, by name.

    Raises:
        ModelDirectoryError: a model cannot be read, or belongs to another image model.
    """
    rows: dict[str, Points] = {}
    for name, cells in ((SINGLE, album_answers.single), (AVG, album_answers.average)):
        say(f"answering: {name}")
        rows[name] = asked.points(cells(asked))
    for directory in models:
        config = read_config(directory)
        require_image_model(config, asked.image_model)
        if config["variant"] == AVG:
            continue  # it is a row already
        name = row_name(directory, {*rows, ORACLE})
        say(f"answering: {name}")
        if config["variant"] == album_hmm.VARIANT:
            hmm = album_hmm_fit.load(directory)
            rows[name] = asked.points(album_answers.path(asked, hmm))
            rows[name + POSTERIOR] = asked.points(album_answers.posterior(asked, hmm))
        else:
            rows[name] = asked.points(album_answers.network(asked, directory))
    rows[ORACLE] = album_answers.oracle(asked)
    return rows


def facts_of(asked: Asked, image_model: Path) -> dict[str, Any]:
    """What the numbers were measured on, JSON values."""
    embedded = asked.embedded
    index = TrainingIndex.load(image_model)
    backwards = albums.backwards(embedded.albums)
    lengths = sorted(len(album) for album in embedded.albums)
    return {
        "image_model": asked.image_model,
        "cells": len(asked.partition),
        "sources": sorted({album.source for album in embedded.albums}),
        "drawn": any(album.drawn for album in embedded.albums),
        "shortest": lengths[0],
        "median_length": lengths[len(lengths) // 2],
        "longest": lengths[-1],
        "unreadable": len(embedded.unreadable),
        "unreadable_first": list(embedded.unreadable[:LISTED]),
        "without_time": sum(
            1 for album in embedded.albums for photo in album.photos if photo.taken_at is None
        ),
        "backwards": len(backwards),
        "backwards_first": backwards[:LISTED],
        "seen_by_image_model": sum(index.trained_on(digest) for digest in embedded.digests if digest),
    }


def evaluate(asked: Asked, models: Sequence[Path], image_model: Path, say: Say) -> album_evaluation.Report:
    """The whole report, JSON values.

    Raises:
        ModelDirectoryError: as `rows_of`.
        UserError: no photo has a place.
    """
    rows = rows_of(asked, models, say)
    say("counting")
    try:
        report = album_evaluation.evaluate(
            album_evaluation.Photos.of(asked.embedded.albums), rows, album_evaluation.ORDERS
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    return {"facts": facts_of(asked, image_model), **report}


def write(report: album_evaluation.Report, folder: Path, text: str) -> None:
    """Writes albums.md and albums.json into a folder. Raises OSError."""
    files = {"albums.md": text, "albums.json": json.dumps(report, indent=1, allow_nan=False) + "\n"}
    for name, content in files.items():
        with atomic_file(folder / name) as file:
            file.write(content.encode())


def image_model_of(options: argparse.Namespace) -> tuple[Path, list[Path]]:
    """(the image model, the album models) that the command line names.

    Raises:
        UserError: no image model, or two of them.
    """
    album_models = [path for path in options.models if is_album_model(path)]
    others = [path for path in options.models if not is_album_model(path)]
    if options.image_model:
        others.insert(0, options.image_model)
    if not others:
        raise UserError("the image model is missing, which sees the photos: name it with --image-model DIR")
    if len(others) > 1:
        raise UserError(
            f"{others[1]} is no album model, and the image model is {others[0]} already: a table has one"
            " image model"
        )
    return others[0], album_models


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.evaluate_albums",
        description="Evaluate album models on albums with places: the paper's table 4.",
        epilog="exit codes: 0 done, 2 something to put right, 130 stopped",
    )
    add = parser.add_argument
    add("models", nargs="*", type=Path, metavar="MODEL", help="album models, or the image model alone")
    add("source", type=Path, metavar="SOURCE", help="a folder with albums.jsonl (planet_core.albums)")
    add("--image-model", type=Path, metavar="DIR", help="the image model that the album models hang on")
    add("--cache", type=Path, metavar="DIR", help="where embeddings are kept (default: not at all)")
    add("--out", type=Path, metavar="DIR", help="folder for albums.md and albums.json")
    add("--json", action="store_true", help="print the report as one JSON object")
    add("--events", action="store_true", help="tell progress as JSON lines on the standard error")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, progress: Progress, command: str) -> None:
    """Answers, counts, prints and writes. Raises what `main` answers with code 2."""
    if options.out:
        writable_file(options.out / "albums.md")  # to know it before the work, not after it
    image_model, models = image_model_of(options)
    found = read_albums(options.source)
    keeping = nullcontext(options.cache) if options.cache else tempfile.TemporaryDirectory()
    with keeping as cache:
        asked = Asked.open(found, image_model, Path(cache), progress.say)
        report = evaluate(asked, models, image_model, progress.say)
        del asked  # its embeddings are mapped from the cache
    text = album_report.markdown(report, command)
    if options.out:
        write(report, options.out, text)
    progress.end()
    print(json.dumps(report, allow_nan=False) if options.json else text.rstrip())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parse_arguments(given)
    progress = progress_on(sys.stderr, events=options.events)
    try:
        with stopping_on_signals(), while_somebody_reads():
            run(options, progress, album_report.command("evaluate_albums", given))
    except Stopped:
        progress.end()
        print("evaluate_albums: stopped; no file is half written", file=sys.stderr)
        return 130
    except (AlbumError, ModelDirectoryError, OutputError, UserError) as error:
        progress.end()
        print(f"evaluate_albums: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"evaluate_albums: cannot write {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
