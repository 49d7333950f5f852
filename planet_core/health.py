"""Can a model version answer? Loads it, lets it answer pictures that are made here, and looks at the answers.

    python -m planet_core.health MODEL [--most-seconds S] [--json]
    python -m planet_core.health ALBUM_MODEL --image-model MODEL …

Run as a process of its own, so that a version that needs more memory than there is takes nobody along. The
pictures are flat, noisy, narrow and tiny ones: nothing is said about how good the answers are. An album model
answers albums of them (`album_health`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from planet_core.album_directory import is_album_model
from planet_core.distributions import ProbabilityError, check_rows
from planet_core.model_directory import ModelDirectoryError
from planet_core.outputs import while_somebody_reads
from planet_core.predict import Predictor
from planet_core.stopping import Stopped, UserError, stopping_on_signals

MOST_SECONDS = 3.0

Pixels = npt.NDArray[np.uint8]


class HealthError(UserError):
    """Why a model version cannot answer, as a sentence for people."""


@dataclass(frozen=True)
class Health:
    """What a version that can answer did.

    Attributes:
        digest: of the version.
        probes: pictures that it answered.
        different: how many different cells were most probable; 1 may be a model that looks at nothing.
        load_s: seconds to load it.
        answer_ms, slowest_ms: median and most milliseconds for one picture, after a first one.
    """

    digest: str
    probes: int
    different: int
    load_s: float
    answer_ms: float
    slowest_ms: float


def probes(seed: int = 0) -> list[Pixels]:
    """Pictures of any kind that a model must answer: uint8 (height, width, 3), the same for a seed."""
    rng = np.random.default_rng(seed)
    flat = [np.full((64, 96, 3), value, dtype=np.uint8) for value in (0, 128, 255)]
    ramp = np.linspace(0, 255, 320).astype(np.uint8)
    across = np.repeat(np.tile(ramp, (240, 1))[..., None], 3, axis=2)
    shapes = ((240, 320), (32, 2048), (1, 1), (512, 512))
    return [*flat, across, *(rng.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in shapes)]


def examine(predictor: Predictor, most_seconds: float = MOST_SECONDS, count: int | None = None) -> Health:
    """Lets a loaded version answer the first `count` probes one by one, or all of them.

    Args:
        most_seconds: for one picture, by the clock on the wall; the first one does not count.

    Raises:
        HealthError: probabilities that are none (not finite, negative, not summing to one), an answer that
            is no place on Earth, or one that takes too long.
    """
    pictures = probes()[:count]
    tops, times = set(), []
    for picture in (pictures[0], *pictures):
        started = time.perf_counter()
        top = _answer(predictor, picture)
        times.append(time.perf_counter() - started)
        tops.add(top)
    median = float(np.median(times[1:]))
    if median > most_seconds:
        raise HealthError(
            f"It takes {median:.1f} s for a picture, and a round waits {most_seconds:g} s for an answer."
        )
    return Health(predictor.digest, len(pictures), len(tops), 0.0, 1000 * median, 1000 * max(times[1:]))


def _answer(predictor: Predictor, picture: Pixels) -> int:
    """The most probable cell."""
    try:
        [answer] = predictor.predict([picture], k=1)
        check_rows(answer.probabilities[None].astype(np.float64))
    except ProbabilityError as error:
        raise HealthError(
            f"Its probabilities are none: {error}. The weights are damaged or diverged."
        ) from error
    if not (-90 <= answer.lat <= 90 and -180 <= answer.lng <= 180):
        raise HealthError(f"Its answer {answer.lat}, {answer.lng} is no place on Earth.")
    return answer.top_cells[0].index


def check(directory: str, most_seconds: float = MOST_SECONDS) -> Health:
    """Loads a model directory and examines it.

    Raises:
        ModelDirectoryError: it is missing, incomplete or damaged.
        HealthError: as `examine`.
    """
    started = time.perf_counter()
    predictor = Predictor.load(directory)
    load_s = time.perf_counter() - started
    found = examine(predictor, most_seconds)
    return Health(**{**asdict(found), "load_s": load_s})


def _check_album(options: argparse.Namespace) -> Health:
    from planet_core import album_health  # it imports this module

    if options.image_model is None:
        raise HealthError("It is an album model: name its image model with --image-model.")
    return album_health.check(Path(options.model), Path(options.image_model), options.most_seconds)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.health", description="Check that a model version can answer pictures."
    )
    parser.add_argument("model", metavar="MODEL", help="a model version directory")
    parser.add_argument(
        "--image-model", metavar="DIR", help="where MODEL is an album model: the version that it hangs on"
    )
    parser.add_argument(
        "--most-seconds",
        type=float,
        default=MOST_SECONDS,
        metavar="S",
        help="for one picture (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print what was found as one JSON object")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 it answers, 2 it does not, 130 stopped."""
    options = parse_arguments(arguments)
    try:
        with stopping_on_signals(), while_somebody_reads():
            is_album = is_album_model(options.model)
            health = _check_album(options) if is_album else check(options.model, options.most_seconds)
            if options.json:
                print(json.dumps(asdict(health)))
            else:
                print(
                    f"model version {health.digest[:12]} answers: {health.probes} pictures,"
                    f" {health.answer_ms:.0f} ms each, loaded in {health.load_s:.1f} s"
                )
    except (ModelDirectoryError, UserError) as error:
        print(f"health: {error}", file=sys.stderr)
        return 2
    except Stopped:
        print("health: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
