"""Which test photos are near-duplicates of a training photo? Those are dropped and counted (paper section 3).

    python -m planet_core.near_duplicates train photos.csv --run runs/near
    python -m planet_core.near_duplicates evaluate photos.csv --model runs/near/model --out report.md
    python -m planet_core.near_duplicates test.csv training.csv --model runs/near/model --out dropped.json

A small network, trained on near-duplicates that the project makes, turns each picture into a row of bits; a
test photo whose bits differ from those of any training photo in at most a threshold is dropped. The threshold
was chosen when the model was trained and is stored with it. A perceptual hash is counted beside it, with its
own threshold from the same pairs, as a baseline.

Exit codes: 0 done, 2 something to put right, 130 stopped (SIGTERM, Ctrl-C).
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from planet_core import near_duplicates_evaluate as evaluation
from planet_core import near_duplicates_model as models
from planet_core import near_duplicates_report as reports
from planet_core import near_duplicates_train as training
from planet_core.files import atomic_file
from planet_core.model_directory import ModelDirectoryError
from planet_core.near_duplicates_bits import VIEWS, Codes, Neighbours, hash_codes, search
from planet_core.outputs import while_somebody_reads
from planet_core.run_log import RunLog
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import Photo, SourceError
from planet_core.stopping import Stopped, UserError, stopping_on_signals

PICTURES_AT_ONCE = 64
HASH = "pHash"
"""The baseline that is counted beside the network."""


@dataclass(frozen=True, eq=False)
class CodedPhotos:
    """The readable photos of a source as codes.

    Attributes:
        photos: (n,).
        codes: uint64 (n, VIEWS, bits / 64) of the network.
        hashes: uint64 (n, 1, 1) of the perceptual hash.
        unreadable: why pictures could not be used, a sentence each.
        bad_rows: rows of the list that could not be used.
    """

    photos: list[Photo]
    codes: Codes
    hashes: Codes
    unreadable: list[str]
    bad_rows: list[str]


def code_photos(name: str, embedder: models.Embedder) -> CodedPhotos:
    """Every photo of a source, embedded; at most a batch of pictures is in memory at a time.

    Raises:
        SourceError: the source cannot be read.
        UserError: it holds no readable picture.
    """
    source = open_source(name, need_places=False)
    photos: list[Photo] = []
    unreadable: list[str] = []
    codes = [np.empty((0, VIEWS, embedder.bits // 64), dtype=np.uint64)]
    hashes = [np.empty((0, 1, 1), dtype=np.uint64)]
    waiting: list[Image.Image] = []

    def flush() -> None:
        if waiting:
            squeezed = np.stack(
                [models.squeeze_views(picture, embedder.network.image_px) for picture in waiting]
            )
            codes.append(embedder.codes(squeezed))
            hashes.append(np.stack([hash_codes(HASH, picture)[:1] for picture in waiting]))
            waiting.clear()

    results = models.read_pictures(source)
    for photo, picture in tqdm(results, desc=f"reading {name}", unit=" photos", disable=None):
        if not isinstance(picture, Image.Image):
            unreadable.append(picture.message)
            continue
        photos.append(photo)
        waiting.append(picture)
        if len(waiting) == PICTURES_AT_ONCE:
            flush()
    flush()
    if not photos:
        first = [*unreadable, *map(str, source.errors)][:1]
        raise UserError(
            f"there is no readable picture in {name}: {len(unreadable)} pictures and"
            f" {len(source.errors)} rows could not be used{': ' + first[0] if first else ''}"
        )
    bad_rows = [f"{name}, {error}" for error in source.errors]
    return CodedPhotos(photos, np.concatenate(codes), np.concatenate(hashes), unreadable, bad_rows)


def find(
    test: CodedPhotos, train: CodedPhotos, threshold: int, hash_threshold: int
) -> tuple[Neighbours, Neighbours]:
    """What the network's codes and the hash find for each test photo."""
    with tqdm(
        total=2 * len(test.photos) * len(train.photos),
        desc="comparing",
        unit=" pairs",
        unit_scale=True,
        disable=None,
    ) as bar:

        def progress(done: int) -> None:
            bar.update(done)

        return (
            search(test.codes, train.codes, threshold, progress),
            search(test.hashes, train.hashes, hash_threshold, progress),
        )


def make_report(
    test: CodedPhotos, train: CodedPhotos, embedder: models.Embedder, threshold: int
) -> tuple[dict[str, Any], np.ndarray[Any, np.dtype[np.bool_]]]:
    """The report as JSON values, and which test photos are dropped, bool (n,)."""
    hash_threshold = int(embedder.config["measured"]["on_training_side"]["hashes"][HASH]["threshold"])
    found, hashed = find(test, train, threshold, hash_threshold)
    dropped, by_hash = found.distance <= threshold, hashed.distance <= hash_threshold
    return {
        "bits": embedder.bits,
        "threshold": threshold,
        "test_photos": len(test.photos),
        "train_photos": len(train.photos),
        "test_unreadable": test.unreadable,
        "train_unreadable": train.unreadable,
        "bad_rows": test.bad_rows + train.bad_rows,
        "dropped": int(dropped.sum()),
        "kept": int((~dropped).sum()),
        "baseline": {
            "hash": HASH,
            "bits": 64,
            "threshold": hash_threshold,
            "dropped": int(by_hash.sum()),
            "dropped_by_both": int((by_hash & dropped).sum()),
        },
        "pairs": [
            {
                "test": test.photos[index].name,
                "train": train.photos[int(found.nearest[index])].name,
                "distance": int(found.distance[index]),
                "train_photos_within": int(found.within[index]),
                "nearest_hash_distance": int(hashed.distance[index]),
            }
            for index in np.flatnonzero(dropped).tolist()
        ],
    }, dropped


PAIR_COLUMNS = ("test", "train", "distance", "train_photos_within", "nearest_hash_distance")
PHOTO_COLUMNS = ("path", "lat", "lng", "group", "digest", "projection", "heading")


def write_report(report: dict[str, Any], path: Path) -> None:
    """Writes all as .json, or the dropped photos with their nearest training photos as .csv."""
    if path.suffix == ".csv":
        text = _csv(PAIR_COLUMNS, ([pair[name] for name in PAIR_COLUMNS] for pair in report["pairs"]))
    else:
        text = json.dumps(report, indent=1) + "\n"
    with atomic_file(path) as file:
        file.write(text.encode())


def check_listable(name: str) -> None:
    """Raises UserError where the photos of a source cannot stand in a photo list."""
    first = next(iter(open_source(name, digests=False, need_places=False)), None)
    if first is None or (first.length is None and math.isfinite(first.lat)):
        return
    lacks = "places" if first.length is None else "a file for each photo"
    raise UserError(f"--kept writes a photo list, which needs {lacks}, and {name} has none: leave it out")


def write_photos(photos: Sequence[Photo], path: Path) -> None:
    """Writes a photo list that `csv_photos` reads, with absolute paths."""

    def row(photo: Photo) -> list[Any]:
        heading = "" if photo.heading is None else photo.heading
        place = [photo.path.resolve(), photo.lat, photo.lng]
        return [*place, photo.group, photo.digest, photo.projection, heading]

    with atomic_file(path) as file:
        file.write(_csv(PHOTO_COLUMNS, (row(photo) for photo in photos)).encode())


def _csv(header: Sequence[str], rows: Iterator[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


# ------------------------------------------------------------------------------------------------
# Command line


def _find_command(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.near_duplicates",
        description="Drop and count the test photos that are near-duplicates of a training photo.",
        epilog="Other commands: train, evaluate (each has --help). A source of that name: csv:train.",
    )
    parser.add_argument("test", metavar="TEST_SOURCE", help="photos to be cleaned, a .csv file or kind:path")
    parser.add_argument("train", metavar="TRAIN_SOURCE", help="photos that they must not repeat")
    parser.add_argument("--model", required=True, metavar="DIR", help="model directory that `train` wrote")
    parser.add_argument(
        "--threshold", type=int, metavar="T", help="largest distance in bits (default: the model's own)"
    )
    parser.add_argument(
        "--out", required=True, type=_path(".json", ".csv"), metavar="FILE", help="report, .json or .csv"
    )
    parser.add_argument(
        "--kept", type=_path(".csv"), metavar="CSV", help="also write a list of the photos kept"
    )
    options = parser.parse_args(arguments)
    embedder = models.load(options.model, _device())
    threshold = embedder.threshold if options.threshold is None else options.threshold
    if not 0 <= threshold <= embedder.bits:
        raise UserError(f"the threshold must be between 0 and {embedder.bits} bits, not {threshold}")
    if options.kept:
        check_listable(options.test)
    test, train = code_photos(options.test, embedder), code_photos(options.train, embedder)
    report, dropped = make_report(test, train, embedder, threshold)
    write_report(report, options.out)
    if options.kept:
        kept = [photo for photo, gone in zip(test.photos, dropped.tolist(), strict=True) if not gone]
        write_photos(kept, options.kept)
    baseline = report["baseline"]
    unreadable = len(test.unreadable) + len(train.unreadable)
    print(
        f"{report['dropped']} of {report['test_photos']} test photos are within {threshold} of"
        f" {embedder.bits} bits of one of {report['train_photos']} training photos: dropped"
        f" ({HASH}, within {baseline['threshold']} of 64: {baseline['dropped']}, of which"
        f" {baseline['dropped_by_both']} the same). {unreadable} pictures and {len(report['bad_rows'])} rows"
        f" could not be used. Report in {options.out}"
    )


def _train_command(arguments: Sequence[str]) -> None:
    defaults = training.Settings()
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.near_duplicates train",
        description="Train the near-duplicate network on pairs made from photos, and choose its threshold.",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="photos, a .csv file or kind:path")
    parser.add_argument(
        "--run", required=True, metavar="DIR", help="directory for metrics.jsonl and the model"
    )
    parser.add_argument("--out", metavar="DIR", help="where the model goes (default: RUN/model)")
    parser.add_argument("--seed", type=int, default=defaults.seed, metavar="N", help="of all that is random")
    parser.add_argument(
        "--steps", type=int, default=defaults.steps, metavar="N", help=f"default {defaults.steps}"
    )
    parser.add_argument(
        "--held-out",
        type=float,
        default=defaults.held_out,
        metavar="SHARE",
        help=f"share of the photos left to `evaluate`, 0 to 0.5 (default {defaults.held_out})",
    )
    parser.add_argument(
        "--most", type=int, default=defaults.most, metavar="N", help=f"photos read at most ({defaults.most})"
    )
    options = parser.parse_args(arguments)
    if options.steps < 1 or options.most < 4 or not 0 <= options.held_out <= 0.5:
        parser.error("--steps must be at least 1, --most at least 4, --held-out between 0 and 0.5")
    settings = replace(
        defaults, seed=options.seed, steps=options.steps, held_out=options.held_out, most=options.most
    )
    with contextlib.closing(RunLog(options.run)) as log:
        try:
            training.run(options.sources, Path(options.out or Path(options.run) / "model"), settings, log)
        except Stopped:
            log.event("stopped")
            raise
        except Exception as error:
            log.event("failed", reason=str(error))
            raise


def _evaluate_command(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.near_duplicates evaluate",
        description="Recall and precision on made pairs of photos new to the model, beside the hashes.",
    )
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="photos; those the model saw are left out"
    )
    parser.add_argument("--model", required=True, metavar="DIR", help="model directory that `train` wrote")
    parser.add_argument(
        "--out",
        type=_path(".json", ".md"),
        nargs="+",
        default=[],
        metavar="FILE",
        help="report, .md or .json",
    )
    parser.add_argument("--seed", type=int, default=evaluation.SEED, metavar="N", help="of the made pairs")
    options = parser.parse_args(arguments)
    embedder = models.load(options.model, _device())
    report = evaluation.evaluate(
        options.sources, embedder, options.seed, lambda text: print(text, file=sys.stderr)
    )
    named = ["/".join(Path(source).parts[-2:]) for source in options.sources]
    command = f"python -m planet_core.near_duplicates evaluate {' '.join(named)} --seed {options.seed}"
    for path in options.out:
        reports.write(report, path, command)
    for name, row in report["rows"].items():
        print(
            f"{name:20s} recall {row['recall']:.4f}, precision {row['precision']:.4f} at"
            f" {row['threshold']} of {row['bits']} bits"
            f" ({row['found']} of {report['pairs']} pairs, {row['false']} false)"
        )


def _path(*suffixes: str) -> Callable[[str], Path]:
    """An argument that is a file of one of these kinds."""

    def read(text: str) -> Path:
        if Path(text).suffix not in suffixes:
            raise argparse.ArgumentTypeError(f"{text} must end in {' or '.join(suffixes)}")
        return Path(text)

    return read


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


COMMANDS = {"train": _train_command, "evaluate": _evaluate_command}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = COMMANDS.get(given[0]) if given else None
    try:
        with stopping_on_signals(), while_somebody_reads():
            if command:
                command(given[1:])
            else:
                _find_command(given)
    except Stopped:
        print("near_duplicates: stopped", file=sys.stderr)
        return 130
    except (UserError, SourceError, ModelDirectoryError, OSError) as error:
        print(f"near_duplicates: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
