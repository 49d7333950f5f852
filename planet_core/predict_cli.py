"""The command `python -m planet_core.predict`: photos in, places out.

    python -m planet_core.predict MODEL photo.jpg other.png --rule max-score -k 5
    python -m planet_core.predict MODEL photo.jpg --crops 5 --json
    python -m planet_core.predict MODEL panorama.jpg --panorama 4

Exit code 2 and one line on stderr for a model or a picture that cannot be read.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence

from planet_core import answer, views
from planet_core.images import ImageError, is_panorama_shape
from planet_core.images import load as load_image
from planet_core.model_directory import ModelDirectoryError
from planet_core.outputs import while_somebody_reads
from planet_core.predict import Prediction, Predictor
from planet_core.stopping import Stopped, stopping_on_signals


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.predict", description="Say where photos were taken."
    )
    add = parser.add_argument
    add("model", help="a model version directory")
    add("image", nargs="+", help="JPEG, PNG or WebP files")
    add("--rule", choices=answer.RULES, default="top-cell", help="how to choose the point (top-cell)")
    add("-k", type=int, default=3, help="how many cells to show (3)")
    add("--json", action="store_true", help="one JSON object a picture, a line each")
    looks = parser.add_mutually_exclusive_group()
    looks.add_argument(
        "--crops",
        type=int,
        choices=views.CROP_COUNTS,
        default=1,
        help="5: mean of four corners and the middle (1)",
    )
    looks.add_argument(
        "--panorama",
        type=int,
        metavar="N",
        help="the files are equirectangular panoramas: fuse views at N headings",
    )
    add("--fusion", choices=views.FUSIONS, default="geometric", help="how to fuse headings (geometric)")
    add(
        "--calibrated",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="probabilities at the model's temperature, the default",
    )
    add("--raw", dest="calibrated", action="store_false", help="probabilities as the softmax gives them")
    add("--fast", action="store_true", help="bfloat16 where the processor has it: a little less exact")
    add("--device", help="where to run, as torch names it (a GPU if there is one)")
    options = parser.parse_args(arguments)
    if options.fusion != "geometric" and options.panorama is None:
        parser.error("--fusion is for --panorama N")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 2 for what cannot be read, 130 when stopped."""
    options = parse_arguments(arguments)
    write = _as_json if options.json else _as_text
    try:
        with stopping_on_signals(), while_somebody_reads():
            for path, prediction in zip(options.image, _predictions(options), strict=True):
                print(write(path, prediction))
    except (ModelDirectoryError, ImageError, ValueError) as error:
        print(f"predict: {error}", file=sys.stderr)
        return 2
    except Stopped:
        print("predict: stopped", file=sys.stderr)
        return 130
    return 0


def _predictions(options: argparse.Namespace) -> list[Prediction]:
    predictor = Predictor.load(options.model, options.device, options.fast)
    pictures = [load_image(path) for path in options.image]
    if options.panorama is None:
        return predictor.predict(
            pictures, options.k, options.rule, crops=options.crops, calibrated=options.calibrated
        )
    for path, picture in zip(options.image, pictures, strict=True):
        if not is_panorama_shape(picture.size):
            width, height = picture.size
            raise ValueError(f"{path} is no whole panorama: {width} x {height} is not 2:1")
    return [
        predictor.predict_panorama(
            picture,
            options.panorama,
            options.k,
            options.rule,
            fusion=options.fusion,
            calibrated=options.calibrated,
        )
        for picture in pictures
    ]


def _as_json(path: str, prediction: Prediction) -> str:
    values = {
        "image": path,
        "lat": prediction.lat,
        "lng": prediction.lng,
        "rule": prediction.rule,
        "condition": prediction.condition,
        "top_cells": [dataclasses.asdict(cell) for cell in prediction.top_cells],
    }
    return json.dumps(values)


def _as_text(path: str, prediction: Prediction) -> str:
    how = prediction.rule if prediction.condition == "view" else f"{prediction.rule}, {prediction.condition}"
    lines = [f"{path}: {prediction.lat:.4f}, {prediction.lng:.4f} ({how})"]
    lines += [
        f"  {cell.probability:6.1%}  {cell.lat:9.4f} {cell.lng:9.4f}  cell {cell.token}"
        for cell in prediction.top_cells
    ]
    return "\n".join(lines)
