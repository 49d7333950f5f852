"""The paper's Table 4 from albums alone: trains every row, scores them on test albums, judges the orders.

    python -m planet_core.album_table --image-model MODEL --train A --validation B --test C --out OUT
    python -m planet_core.album_table … --rows lstm lstm-rep hmm --set hidden=256 --epochs 20

A, B and C are folders with albums.jsonl. All photos are embedded once, into OUT/embeddings (or --cache).
Each row is a run of `train_album` in OUT/rows/NAME, with one recipe for all of them; `hmm` is fitted. Rows
that are finished are kept, one that was cut off goes on: the same command goes on where it was stopped. OUT
gets albums.md and albums.json. Test albums are looked at when every row is there, and choose nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planet_core import album_answers, album_hmm_fit, album_report, evaluate_albums, train_album
from planet_core.album_answers import Asked
from planet_core.album_directory import is_album_model, read_config, read_metrics, require_image_model
from planet_core.album_hmm import VARIANT as HMM
from planet_core.album_options import VARIANTS
from planet_core.albums import AlbumError, read_albums
from planet_core.files import atomic_file
from planet_core.model_directory import ModelDirectoryError, version_digest
from planet_core.outputs import OutputError, while_somebody_reads, writable_file
from planet_core.progress import Progress, progress_on
from planet_core.stopping import Stopped, UserError, stopping_on_signals

ROWS = ("lstm", "lstm-off1", "lstm-off2", "lstm-rep", "lstm-rep-25", "blstm-25", "transformer", HMM)
"""What is trained unless --rows says otherwise; `single`, `avg` and the oracle need no training."""
ASKED = "row.json"


@dataclass(frozen=True)
class Row:
    """One row: its name, the variant, and how many photos its albums are cut to."""

    name: str
    variant: str
    cut: int | None

    @classmethod
    def of(cls, name: str) -> Row:
        """The row of a name, as `lstm-rep-25`. Raises UserError where there is no such variant."""
        if name == HMM or name in VARIANTS:
            return cls(name, name, None)
        cut = re.fullmatch(r"(.+)-(\d+)", name)
        if cut and cut[1] in VARIANTS and int(cut[2]):
            return cls(name, cut[1], int(cut[2]))
        raise UserError(
            f"there is no row {name!r}; rows are {', '.join(VARIANTS)}, each also with a cut as lstm-rep-25,"
            f" and {HMM}"
        )


def settings_of(row: Row, options: argparse.Namespace) -> dict[str, Any]:
    """All that decides what a row becomes: what a kept one is compared with."""
    return {
        "variant": row.variant,
        "cut": row.cut,
        "image_model": version_digest(options.image_model),
        "train": [str(folder.resolve()) for folder in options.train],
        "validation": [str(folder.resolve()) for folder in options.validation],
        **({} if row.variant == HMM else _recipe_of(options)),
    }


def _recipe_of(options: argparse.Namespace) -> dict[str, Any]:
    return {"recipe": options.recipe, "epochs": options.epochs, "set": options.set, "seed": options.seed}


def claim(row: Row, options: argparse.Namespace) -> Path:
    """The row's folder, marked with its settings.

    Raises:
        UserError: there is a row of that name with other settings.
    """
    folder: Path = options.out / "rows" / row.name
    wanted = settings_of(row, options)
    with contextlib.suppress(FileNotFoundError):
        try:
            found = json.loads((folder / ASKED).read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if found != wanted:
            raise UserError(
                f"{folder} was made with other settings ({_difference(found, wanted)}): remove it, or choose"
                " another --out"
            )
    with atomic_file(folder / ASKED) as file:
        file.write((json.dumps(wanted, indent=1) + "\n").encode())
    return folder


def _difference(found: Any, wanted: dict[str, Any]) -> str:
    if not isinstance(found, dict):
        return "its settings are damaged"
    names = [name for name in {**wanted, **found} if found.get(name) != wanted.get(name)]
    return ", ".join(f"{name} {found.get(name)!r}, now {wanted.get(name)!r}" for name in names)


def make(row: Row, options: argparse.Namespace, progress: Progress) -> Path:
    """Trains or fits a row, unless it is there already; the folder of its model.

    Raises:
        Stopped: it was told to stop.
        UserError: its training said what has to be put right.
    """
    model = claim(row, options) / "model"
    if is_album_model(model):
        require_image_model(read_config(model), version_digest(options.image_model))
        return model
    started = time.monotonic()
    if row.variant == HMM:
        fit_hmm(model, options, progress)
    else:
        train(row, options)
    print(f"{row.name}: done in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return model


def train(row: Row, options: argparse.Namespace) -> None:
    """One run of `train_album`, going on where a former one was cut off. Raises as `make`."""
    arguments = ["--variant", row.variant, "--image-model", options.image_model, "--recipe", options.recipe]
    arguments += ["--train", *options.train]
    arguments += ["--validation", *options.validation] if options.validation else []
    arguments += ["--out", options.out / "rows" / row.name, "--cache", cache_of(options)]
    arguments += ["--seed", options.seed, "--resume"]
    arguments += ["--cut", row.cut] if row.cut else []
    arguments += ["--epochs", options.epochs] if options.epochs else []
    for value in options.set:
        arguments += ["--set", value]
    print(f"{row.name}: training", file=sys.stderr)
    with contextlib.redirect_stdout(sys.stderr):  # the table alone is the output
        code = train_album.main([str(argument) for argument in arguments])
    if code == 130:
        raise Stopped
    if code:
        raise UserError(f"the row {row.name} could not be trained, see above")


def fit_hmm(model: Path, options: argparse.Namespace, progress: Progress) -> None:
    """Fits the HMM on the training albums, chooses its emission on the validation albums, and saves it."""
    learnt = opened(options.train, options, progress)
    try:
        hmm = album_hmm_fit.fit(learnt, progress.say)
    except ValueError as error:
        raise UserError(f"the row {HMM} could not be fitted: {error}") from error
    measured: dict[str, Any] = {"validation": None, "baseline": None}
    if options.validation:
        held_out = opened(options.validation, options, progress)
        hmm, tried = album_hmm_fit.tune(hmm, held_out, progress.say)
        ways = {"single photos": album_answers.single, "avg": album_answers.average}
        measured = {
            "validation": album_hmm_fit.accuracy(held_out, album_answers.path(held_out, hmm)),
            "baseline": {name: album_hmm_fit.accuracy(held_out, way(held_out)) for name, way in ways.items()},
            "emissions": tried,
        }
    album_hmm_fit.save(model, hmm, learnt, measured)


def cache_of(options: argparse.Namespace) -> Path:
    """Where embeddings are kept."""
    return Path(options.cache or options.out / "embeddings")


def opened(folders: Sequence[Path], options: argparse.Namespace, progress: Progress) -> Asked:
    """Some albums, embedded. Raises AlbumError, ModelDirectoryError, UserError."""
    found = [album for folder in folders for album in read_albums(folder)]
    return Asked.open(found, options.image_model, cache_of(options), progress.say)


def check_apart(options: argparse.Namespace) -> None:
    """Raises UserError where a picture is a training or validation photo and a test photo."""
    seen = {
        photo.path.resolve(): folder
        for folder in (*options.train, *options.validation)
        for album in read_albums(folder)
        for photo in album.photos
    }
    for folder in options.test:
        for album in read_albums(folder):
            for photo in album.photos:
                if photo.path.resolve() in seen:
                    raise UserError(
                        f"{photo.path} of the test albums is in {seen[photo.path.resolve()]} too: test albums"
                        " must be new to every row"
                    )


def trained(models: dict[str, Path]) -> dict[str, Any]:
    """How each row came about, JSON values."""
    found = {}
    for name, model in models.items():
        metrics, config = read_metrics(model), read_config(model)
        found[name] = {
            "recipe": config["recipe"],
            "parameters": config.get("parameters"),
            "trained_on": config["trained_on"],
            "best_epoch": metrics.get("best_epoch"),
            "validation": metrics.get("validation"),
        }
    return found


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.album_table",
        description="Train all album models and print the paper's table 4.",
        epilog="exit codes: 0 done, 2 something to put right, 130 stopped (the same command goes on)",
    )
    add = parser.add_argument
    add("--image-model", required=True, type=Path, metavar="DIR", help="model version that sees the photos")
    for name, what in (
        ("train", "to learn from"),
        ("validation", "that choose"),
        ("test", "that are scored"),
    ):
        needed, none = name != "validation", "" if name != "validation" else " (none)"
        add(
            f"--{name}",
            required=needed,
            default=[],
            nargs="+",
            type=Path,
            metavar="ALBUMS",
            help=f"folders of albums {what}{none}",
        )
    add("--out", required=True, type=Path, metavar="OUT", help="folder for rows, albums.md and albums.json")
    add("--rows", nargs="+", default=list(ROWS), metavar="NAME", help=f"({' '.join(ROWS)})")
    add("--recipe", default="modern", metavar="NAME", help="of all networks (modern)")
    add("--epochs", type=int, metavar="N", help="passes over the training albums (the recipe's)")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="another value than the recipe's")
    add("--seed", type=int, default=0, metavar="N", help="seed of all that is random (0)")
    add("--cache", type=Path, metavar="DIR", help="where embeddings are kept (OUT/embeddings)")
    add("--json", action="store_true", help="print the report as one JSON object")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, progress: Progress, command: str) -> None:
    """Makes every row, scores them, prints and writes. Raises what `main` answers with code 2."""
    rows = [Row.of(name) for name in dict.fromkeys(options.rows)]
    writable_file(options.out / "albums.md")
    check_apart(options)
    models = {row.name: make(row, options, progress) for row in rows}
    asked = opened(options.test, options, progress)
    report = evaluate_albums.evaluate(asked, list(models.values()), options.image_model, progress.say)
    report["trained"] = trained(models)
    text = album_report.markdown(report, command)
    evaluate_albums.write(report, options.out, text)
    progress.end()
    print(json.dumps(report, allow_nan=False) if options.json else text.rstrip())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parse_arguments(given)
    progress = progress_on(sys.stderr, events=False)
    try:
        with stopping_on_signals(), while_somebody_reads():
            run(options, progress, album_report.command("album_table", given))
    except Stopped:
        progress.end()
        print("album_table: stopped; the same command goes on", file=sys.stderr)
        return 130
    except (AlbumError, ModelDirectoryError, OutputError, UserError) as error:
        progress.end()
        print(f"album_table: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"album_table: cannot write {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
