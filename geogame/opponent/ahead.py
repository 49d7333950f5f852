"""Predictions ahead of play, step by step. Imports torch: only tasks and commands import this module."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator

from django.conf import settings

from geogame.opponent.inference import Batch, predict_batch
from geogame.panoramas.models import Map
from geogame.predictions import services
from geogame.predictions.models import PredictionJob
from geogame.predictions.queries import missing
from geogame.registry.models import ModelVersion
from planet_core.model_directory import ModelDirectoryError

log = logging.getLogger(__name__)
STEP_S = 1.0
"""An answer that comes in during a step waits for a batch of it at most; other messages wait for its end."""
BATCH_S = 0.3


class Pace:
    """How many pictures take `BATCH_S`, by the last batch: a GPU takes many at once, an old computer one."""

    def __init__(self) -> None:
        self.seconds_each: float | None = None

    def size(self) -> int:
        if self.seconds_each is None:
            return 1
        return max(1, min(settings.PREDICT_AHEAD_BATCH or 1, int(BATCH_S / self.seconds_each)))

    def note(self, pictures: int, seconds: float) -> None:
        self.seconds_each = max(seconds, 1e-6) / pictures


PACE = Pace()
"""Of this process."""


def predict_all(
    version: ModelVersion, map_: Map | None, only: Collection[int] | None = None
) -> Iterator[Batch]:
    """Predict what the version has not predicted yet, of a map or of all open ones, batch by batch; with
    `only`, of these panoramas.
    """
    bookmark, pace = 0, Pace()
    while panoramas := list(missing(version, map_, only).filter(pk__gt=bookmark)[: pace.size()]):
        started = time.monotonic()
        yield predict_batch(version, panoramas)
        bookmark = panoramas[-1].pk
        pace.note(len(panoramas), time.monotonic() - started)


def work(job: PredictionJob, pace: Pace, *, gives_way: Callable[[], bool]) -> bool:
    """One step of the job, which this process has claimed. True when another is to follow.

    Args:
        gives_way: whether somebody waits for the worker; asked after each batch.
    """
    until = time.monotonic() + STEP_S
    while services.begin_step(job):
        if not _one_batch(job, pace):
            return services.end_pass(job)
        if time.monotonic() >= until or gives_way():
            return True
    return False


def _one_batch(job: PredictionJob, pace: Pace) -> bool:
    """False at the end of the pass."""
    batch = services.next_batch(job, pace.size())
    if batch is None:
        return False
    version, panoramas = batch
    started = time.monotonic()
    try:
        result = predict_batch(version, panoramas)
    except (ModelDirectoryError, OSError) as error:
        log.error("%s predicts nothing ahead: %s", version, error)
        services.pass_over(job, version, f"{version} cannot be loaded: {error}")
        return True
    pace.note(len(panoramas), time.monotonic() - started)
    for pk, reason in result.unreadable.items():
        log.warning("Panorama %s cannot be predicted: %s", pk, reason)
    services.end_step(job, version, panoramas[-1].pk, done=result.done, unreadable=len(result.unreadable))
    return True
