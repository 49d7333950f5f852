"""Can an album model answer? Lets it answer albums that are made here, and looks at the answers.

The command line is `planet_core.health`'s: `python -m planet_core.health ALBUM_MODEL --image-model DIR`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from planet_core.album_predict import AlbumAnswer, AlbumPredictor
from planet_core.distributions import ProbabilityError, check_rows
from planet_core.health import MOST_SECONDS, Health, HealthError, Pixels, probes

DAMAGED = b"no picture"
FIRST = datetime(2020, 1, 1)


def albums(count: int | None = None) -> list[list[Pixels | None]]:
    """Albums that a model must answer: each probe alone, all together, and with photos that cannot be read.

    Args:
        count: of the probes; all by default.
    """
    pictures: list[Pixels | None] = [*probes()[:count]]
    return [*([picture] for picture in pictures), pictures, [None, *pictures, None]]


def examine(
    predictor: AlbumPredictor, most_seconds: float = MOST_SECONDS, count: int | None = None
) -> Health:
    """Lets a loaded album model answer albums of the first `count` probes, or of all.

    Args:
        most_seconds: for one photo, by the clock on the wall; the first album does not count.

    Returns:
        As for an image model; the times are those of a photo, those of its embedding included.

    Raises:
        HealthError: another number of answers than of photos, probabilities that are none, an answer that is
            no place on Earth, or one that takes too long.
    """
    assert predictor.digest is not None
    made = albums(count)
    tops: set[int] = set()
    times: list[float] = []
    for album in (made[0], *made):
        started = time.perf_counter()
        found = _answers(predictor, album)
        times.append((time.perf_counter() - started) / len(album))
        tops |= {answer.top_cells[0].index for answer in found}
    median = float(np.median(times[1:]))
    if median > most_seconds:
        raise HealthError(
            f"It takes {median:.1f} s for a photo, and a round waits {most_seconds:g} s for an answer."
        )
    photos = sum(len(album) for album in made)
    return Health(predictor.digest, photos, len(tops), 0.0, 1000 * median, 1000 * max(times[1:]))


def _answers(predictor: AlbumPredictor, album: list[Pixels | None]) -> list[AlbumAnswer]:
    photos = [DAMAGED if picture is None else Image.fromarray(picture) for picture in album]
    times = [FIRST + timedelta(hours=number) for number in range(len(album))]
    try:
        found = predictor.answer(photos, times, k=1)
        for answer in found:
            check_rows(answer.probabilities[None].astype(np.float64))
    except ProbabilityError as error:
        raise HealthError(
            f"Its probabilities are none: {error}. The weights are damaged or diverged."
        ) from error
    if len(found) != len(album):
        raise HealthError(f"It gives {len(found)} answers for an album of {len(album)} photos.")
    for answer in found:
        if not (-90 <= answer.lat <= 90 and -180 <= answer.lng <= 180):
            raise HealthError(f"Its answer {answer.lat}, {answer.lng} is no place on Earth.")
    return found


def check(directory: Path, image_model: Path, most_seconds: float = MOST_SECONDS) -> Health:
    """Loads an album model with its image model and examines it.

    Raises:
        ModelDirectoryError: one is missing, incomplete or damaged, or they do not belong together.
        HealthError: as `examine`.
    """
    started = time.perf_counter()
    predictor = AlbumPredictor(directory, image_model)
    load_s = time.perf_counter() - started
    return replace(examine(predictor, most_seconds), load_s=load_s)
