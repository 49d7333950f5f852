"""How good is a model, and what is each step beyond the paper worth?

    python -m planet_core.evaluate MODEL SOURCE [--train SOURCE] [--crops 5] [--panorama 4] [--out DIR]
    python -m planet_core.evaluate --stored predictions.npz [--out DIR] [--json]

Prints a report: accuracy at five scales, top-1 to top-5, medians by category, calibration, trivial players,
an oracle, the paper's own numbers, cost beside nearest-neighbour search. Photos that the model trained on are
counted apart. With --out, DIR gets report.md, report.json, fig4.png, fig4.csv, reliability.png and
predictions.npz.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from planet_core import evaluate_predict as predicting
from planet_core import evaluation, evaluation_report, figures, retrieval_cost, scoring, trivial
from planet_core.evaluate_predict import CALIBRATED, CENTROID, FIVE_CROPS, PAPERS_WAY, REFITTED
from planet_core.files import atomic_file
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.outputs import OutputError, while_somebody_reads, writable_file
from planet_core.predict import Predictor
from planet_core.predictions import Predictions, PredictionsError
from planet_core.progress import Progress, progress_on
from planet_core.sources.open_source import kinds_help
from planet_core.sources.photo import SourceError
from planet_core.stopping import Stopped, UserError, stopping_on_signals

RULES = (PAPERS_WAY, "max-score", "min-distance")
PAIRS = (
    ("centroid against cell centre (both top-cell)", CENTROID, PAPERS_WAY),
    *((f"{rule} against {way}", rule, way) for way in (PAPERS_WAY, CENTROID) for rule in RULES[1:]),
    *(
        (f"{rule}: {name} against the softmax as it is", rule + suffix, rule)
        for suffix, name in ((CALIBRATED, "model's temperature"), (REFITTED, "cross-fitted temperature"))
        for rule in RULES[1:]
    ),
    *((f"{rule}: five crops against one", rule + FIVE_CROPS, rule) for rule in RULES),
)
"""What is compared; the new way; the way it is compared with."""


def pairs_of(predictions: Predictions) -> tuple[tuple[str, str, str], ...]:
    """`PAIRS`, and those of whole panoramas with their views."""
    condition = predictions.facts.get("condition", "")
    if not condition:
        return PAIRS
    ways = (*RULES, *(rule + CALIBRATED for rule in RULES[1:]))
    name = "the fused headings against each alone"
    return (*PAIRS, *((f"{way}: {name}", way + condition, way) for way in ways))


def predict(options: argparse.Namespace, progress: Progress) -> Predictions:
    """The predictions of the command line's model for its source.

    Raises:
        ModelDirectoryError, SourceError, UserError: the model or the photos cannot be read.
    """
    predictor = Predictor.load(options.model)
    index = TrainingIndex.load(options.model)
    listed = predicting.read_source(options.source, options.limit, progress.say)
    if options.train:
        fitted, sentence = predicting.training_photos(
            options.train, index, listed.photos, predictor.image_px, progress.say
        )
    else:
        fitted = predicting.partition_photos(predictor.partition)
        sentence = (
            "Trivial players know only the counts and centroids of the model's cells, and there is none by"
            " colour: the model directory does not hold its training photos; name them with --train SOURCE."
        )
    progress.say("fitting trivial players")
    players = trivial.fit_all(fitted, predictor.partition, options.scale)
    answerer = predicting.Answerer(predictor, options.scale, options.crops, options.panorama)
    predictions = predicting.predict_all(answerer, listed, players, index, progress.say)
    progress.say("timing nearest-neighbour search")
    width = predictions.facts["embedding"]
    retrieval = retrieval_cost.measure(width) if width else []
    return replace(predictions, facts={**predictions.facts, "players": sentence, "retrieval": retrieval})


def write(report: evaluation.Report, folder: Path, command: str) -> None:
    """Fills a folder with the report and its figures.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = report["unseen"] or report["seen"]
    title = f"{part['views']} views that the model " + ("did not train on" if report["unseen"] else "knows")
    figures.draw_top_k(part["top_k"], folder / "fig4.png", title)
    figures.write_top_k(part["top_k"], folder / "fig4.csv")
    figures.draw_reliability(part["calibration"], folder / "reliability.png")
    texts = {
        "report.md": evaluation_report.markdown(report, command),
        "report.json": json.dumps(report, indent=1, allow_nan=False) + "\n",
    }
    for name, text in texts.items():
        with atomic_file(folder / name) as file:
            file.write(text.encode())


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.evaluate",
        description="Evaluate a model on photos with places.",
        epilog=f"kinds of SOURCE (kind:path, or a bare path whose kind is recognised):\n{kinds_help()}\n\n"
        "exit codes: 0 done, 2 something to put right, 130 stopped",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a model version directory")
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="photos with places, see below")
    parser.add_argument("--train", metavar="SOURCE", help="training photos, for the trivial players")
    parser.add_argument(
        "--distance", choices=evaluation.DISTANCES, default="great-circle", help="great-circle is the default"
    )
    parser.add_argument(
        "--scale", type=float, default=scoring.WORLD_SCALE_KM, metavar="KM", help="map scale of the points"
    )
    parser.add_argument("--crops", type=int, choices=(1, 5), default=1, help="5: answer by five crops too")
    parser.add_argument(
        "--panorama",
        type=int,
        metavar="N",
        help="answer by whole panoramas too, N headings fused: of equirectangular photos, and of N flat ones"
        " of one group and place that each have another heading",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photos")
    parser.add_argument(
        "--stored", type=Path, metavar="FILE", help="predictions.npz, in place of MODEL SOURCE"
    )
    parser.add_argument("--save-predictions", type=Path, metavar="FILE", help="where to keep predictions")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for report and figures")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument(
        "--events", action="store_true", help="tell progress as JSON lines on the standard error"
    )
    options = parser.parse_args(arguments)
    if bool(options.stored) == bool(options.source):
        parser.error("give MODEL and SOURCE, or --stored FILE")
    if options.stored and (options.train or options.limit or options.crops > 1 or options.panorama):
        parser.error(
            "--train, --limit, --crops and --panorama are for MODEL SOURCE: stored predictions stay as they"
            " are"
        )
    if options.panorama is not None and options.panorama < 2:
        parser.error("--panorama must be at least 2: one heading is a single view")
    if options.limit is not None and options.limit < 1:
        parser.error("--limit must be at least 1")
    if not 0 < options.scale < float("inf"):
        parser.error("--scale must be more than 0")
    return options


def run(options: argparse.Namespace, progress: Progress, command: str) -> None:
    """Predicts or loads, evaluates, prints and writes.

    Raises:
        ModelDirectoryError, OutputError, PredictionsError, SourceError, UserError, OSError: see `main`.
    """
    keep = [options.save_predictions] if options.save_predictions else []
    if options.out and not options.stored:
        keep.append(options.out / "predictions.npz")
    for file in (*keep, *([options.out / "report.md"] if options.out else [])):
        writable_file(file)  # to know it before the work, not after it
    predictions = Predictions.load(options.stored) if options.stored else predict(options, progress)
    for file in keep:
        predictions.save(file)
    if not len(predictions):
        raise UserError(f"{options.stored} holds no predictions: there is nothing to evaluate")
    progress.say("resampling")
    report = evaluation.evaluate(predictions, pairs_of(predictions), options.distance)
    if options.out:
        progress.say("drawing")
        write(report, options.out, command)
    progress.end()
    if options.json:
        print(json.dumps(report, allow_nan=False))
    else:
        print(evaluation_report.markdown(report), end="")
        if options.out:
            print(f"Report, figures and predictions are in {options.out}", file=sys.stderr)


def _command(given: Sequence[str]) -> str:
    """The command as a report quotes it: of paths the last two parts, without --out."""
    kept, words = [], iter(given)
    for word in words:
        if word == "--out":
            next(words, None)
        elif not word.startswith("--out="):
            kept.append("/".join(word.split("/")[-2:]) if "/" in word else word)
    return " ".join(["python -m planet_core.evaluate", *kept])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parse_arguments(given)
    progress = progress_on(sys.stderr, events=options.events)
    try:
        with stopping_on_signals(), while_somebody_reads():
            run(options, progress, _command(given))
    except Stopped:
        progress.end()
        print("evaluate: stopped; no file is half written", file=sys.stderr)
        return 130
    except (ModelDirectoryError, OutputError, PredictionsError, SourceError, UserError) as error:
        progress.end()
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"evaluate: cannot write {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
