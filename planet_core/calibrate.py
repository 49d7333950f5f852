"""Fits a model's temperature on photos that it did not train on, and writes a new version with it.

    python -m planet_core.calibrate MODEL SOURCE --out DIR [--limit N]

A version never changes: DIR is one of its own, with the same weights and cells, another temperature and the
name of the one it came from as `calibrated_from`. Training fits a temperature already, on the photos that it
held out; this is for pictures of another kind, or for a model that had too few. The order of the cells, and
so the point that a model answers by its most probable cell, stays as it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from planet_core import calibration, model_directory
from planet_core.evaluate_predict import read_source
from planet_core.evaluate_views import HEADINGS, View, batches, panoramas_of, read_views
from planet_core.examination import CALIBRATED_FROM
from planet_core.files import atomic_directory
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.outputs import while_somebody_reads
from planet_core.predict import Predictor
from planet_core.predictions import CHOSE, exposures
from planet_core.progress import progress_on
from planet_core.sources.photo import Photo, SourceError
from planet_core.stopping import Stopped, UserError, stopping_on_signals

BATCH = 32
Say = Callable[[str], None]


@dataclass(frozen=True)
class Fit:
    """What was fitted.

    Attributes:
        temperature: the new one.
        before: the one that the model had.
        views: so many lie in cells and were fitted on.
        left_out: photos that the model trained on, or of a group or place that it trained on.
        nll_before, nll_after: mean negative log likelihood of the true cells, at the old temperature and at
            the new one, of the very views that were fitted on.
    """

    temperature: float
    before: float
    views: int
    left_out: int
    nll_before: float
    nll_after: float


def fit(predictor: Predictor, index: TrainingIndex, photos: Sequence[Photo], say: Say) -> Fit:
    """The temperature that makes the true cells of photos most probable.

    Raises:
        UserError: fewer views than `examination.CALIBRATED_FROM` are new to the model and lie in its cells.
    """
    new = [
        photo for photo, how in zip(photos, exposures(photos, index).tolist(), strict=True) if how <= CHOSE
    ]
    temperatures = np.append(calibration.TEMPERATURES, predictor.temperature)
    sums, inside = np.zeros(len(temperatures)), 0
    skipped: list[str] = []
    with contextlib.closing(read_views(new, predictor.image_px, skipped)) as views:
        for batch in batches(views, panoramas_of(new, HEADINGS), BATCH):
            classes = _classes(predictor, new, batch)
            sums += calibration.nll_sums(_logs(predictor, batch), classes, temperatures)
            inside += int((classes >= 0).sum())
            say(f"answering: {batch[-1].photo + 1} of {len(new)} photos")
    if inside < CALIBRATED_FROM:
        raise UserError(
            f"{inside} views lie in the model's cells and are new to it, of {len(photos)} photos"
            f" ({len(skipped)} unreadable): too few to tell a temperature, which takes {CALIBRATED_FROM}"
        )
    found = calibration.least_of(calibration.TEMPERATURES, sums[:-1])
    return Fit(
        temperature=found,
        before=predictor.temperature,
        views=inside,
        left_out=len(photos) - len(new),
        nll_before=float(sums[-1]) / inside,
        nll_after=float(sums[:-1].min()) / inside,
    )


def _classes(predictor: Predictor, photos: Sequence[Photo], batch: Sequence[View]) -> Any:
    lat = np.array([photos[view.photo].lat for view in batch])
    lng = np.array([photos[view.photo].lng for view in batch])
    return predictor.partition.lookup(lat, lng)


def _logs(predictor: Predictor, batch: Sequence[View]) -> Any:
    rows = predictor.distributions([view.pixels for view in batch], 1, calibrated=False)
    # what float32 rounded to nothing is not impossible: the least normal number stands for it
    return np.log(np.maximum(rows, np.finfo(np.float32).tiny).astype(np.float64))


def with_temperature(source: str | Path, out: str | Path, fitted: Fit) -> str:
    """Writes a version with another temperature to `out`, as a whole or not at all. Returns its digest.

    Raises:
        ModelDirectoryError: the source is missing, incomplete or damaged.
        UserError: `out` is there already.
        OSError: it cannot be written; nothing of it stays.
    """
    folder, target = Path(source), Path(out)
    if target.exists():
        raise UserError(f"{target} is there already: give another folder as --out")
    model_directory.verify(folder)
    config, metrics = model_directory.read_config(folder), model_directory.read_metrics(folder)
    measured = {
        "temperature": fitted.temperature,
        "views_in_cells": fitted.views,
        "nll_before": fitted.nll_before,
        "nll_after": fitted.nll_after,
    }
    with atomic_directory(target) as new:
        for name in model_directory.CHECKSUMMED:
            shutil.copyfile(folder / name, new / name)
        _write(new / model_directory.METRICS, {**metrics, "calibration": measured})
        changed = {
            **config,
            "temperature": fitted.temperature,
            "calibrated_from": model_directory.version_digest(folder),
            "sha256": {
                **config["sha256"],
                model_directory.METRICS: model_directory.sha256_of(new / model_directory.METRICS),
            },
        }
        _write(new / model_directory.CONFIG, changed)
    return model_directory.version_digest(target)


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.calibrate",
        description="Fit a model's temperature on photos that it did not train on; writes a new version.",
    )
    parser.add_argument("model", metavar="MODEL", help="a model version directory")
    parser.add_argument("source", metavar="SOURCE", help="photos with places (see planet_core.evaluate)")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the new version")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photos")
    parser.add_argument(
        "--events", action="store_true", help="tell progress as JSON lines on the standard error"
    )
    options = parser.parse_args(arguments)
    if options.limit is not None and options.limit < 1:
        parser.error("--limit must be at least 1")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    options = parse_arguments(arguments)
    progress = progress_on(sys.stderr, events=options.events)
    try:
        with stopping_on_signals(), while_somebody_reads():
            if Path(options.out).exists():
                raise UserError(f"{options.out} is there already: give another folder as --out")
            predictor = Predictor.load(options.model)
            listed = read_source(options.source, options.limit, progress.say)
            fitted = fit(predictor, TrainingIndex.load(options.model), listed.photos, progress.say)
            digest = with_temperature(options.model, options.out, fitted)
            progress.end()
            print(
                f"model version {digest[:12]} in {options.out}: temperature {fitted.temperature:.3f} in place"
                f" of {fitted.before:.3f}, fitted on {fitted.views} views; negative log likelihood"
                f" {fitted.nll_before:.4f} before, {fitted.nll_after:.4f} after"
            )
    except Stopped:
        progress.end()
        print("calibrate: stopped; nothing is half written", file=sys.stderr)
        return 130
    except (ModelDirectoryError, SourceError, UserError) as error:
        progress.end()
        print(f"calibrate: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"calibrate: {error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
