"""Every worker knows these tasks, only the inference worker runs them: so torch is imported inside."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup
from django.utils import timezone

from geogame.albums import lifecycle as albums
from geogame.albums.models import AlbumRound
from geogame.albums.words import COULD_NOT_LOOK
from geogame.games.answers import answer_of
from geogame.games.lifecycle import go_without_model, seal_answer
from geogame.games.models import Round
from geogame.games.queries import model_of
from geogame.lib.background import only_one, start_one
from geogame.lib.queue import (
    ANSWER_ALBUM,
    ANSWER_ROUND,
    EXPLAIN_WAITING,
    GO_LIVE,
    INFERENCE,
    PREDICT_AHEAD,
    WARM_UP,
    enqueue,
)
from geogame.opponent.words import COULD_NOT_ANSWER
from geogame.panoramas.fair import PictureGone
from geogame.predictions import explanations
from geogame.predictions import services as predictions
from geogame.registry import activation as activations
from geogame.registry.models import Activation
from geogame.registry.queries import active_version
from planet_core.images import ImageError
from planet_core.model_directory import ModelDirectoryError
from planet_core.partition import PartitionError

log = logging.getLogger(__name__)
EXPLAINER = "explain"
"""Pictures with which a new version shows that it answers here: rounds wait meanwhile."""


@shared_task(name=ANSWER_ROUND)
def answer_round(round_id: int) -> None:
    """Answer for the model of the game. A round that is open already does without: nobody answers late."""
    from geogame.opponent.inference import predict_panorama

    round_ = Round.objects.select_related("game", "panorama").filter(pk=round_id).first()
    if round_ is None or round_.state != Round.State.PREPARING:
        return
    model = model_of(round_.game)
    if model is None or model.model_version is None:
        return
    version = model.model_version
    try:
        answer = answer_of(predict_panorama(version, round_.panorama))
    except (ModelDirectoryError, PictureGone, ImageError, OSError) as error:
        log.error("Round %s opens without %s: %s", round_id, version, error)
        go_without_model(round_, reason=COULD_NOT_ANSWER)
        return
    if not seal_answer(round_id=round_id, model=model, answer=answer):
        log.warning("The answer for round %s came too late and was dropped.", round_id)


@shared_task(name=ANSWER_ALBUM)
def answer_album(round_id: int) -> None:
    """Answer an album as a whole, photo by photo and with the album. A round that is open goes without."""
    from geogame.opponent.albums import answer_album as answers_for

    rounds = AlbumRound.objects.select_related("album", "image_version", "album_version__needs")
    round_ = rounds.filter(pk=round_id, state=AlbumRound.State.PREPARING).first()
    if round_ is None:
        return
    try:
        answers = answers_for(round_)
    except (ModelDirectoryError, PartitionError, OSError) as error:
        log.error("Album round %s opens without %s: %s", round_id, round_.image_version, error)
        answers = []
    if not answers:
        albums.go_without_model(round_, reason=COULD_NOT_LOOK)
    elif not albums.seal_answers(round_id=round_id, answers=answers):
        log.warning("The answers for album round %s came too late and were dropped.", round_id)


@shared_task(name=WARM_UP)
def warm_up() -> None:
    """Load the model in play, so that the first round does not wait for it."""
    from geogame.opponent.inference import predictor_at

    version = active_version()
    if version is None:
        return
    try:
        predictor_at(version.path, version.digest)
    except (ModelDirectoryError, OSError) as error:
        log.error("The model in play cannot be loaded: %s", error)


@shared_task(name=GO_LIVE)
def go_live(activation_id: int) -> None:
    """Load a version that answered in a process of its own, let it answer here, too, and put it into play."""
    from geogame.opponent.loading import load_and_examine
    from planet_core.health import HealthError

    activation = Activation.objects.select_related("version__needs").filter(pk=activation_id).first()
    if activation is None or not activations.begin_loading(activation):
        return
    version = activation.version
    try:
        load_and_examine(version)
    except (ModelDirectoryError, HealthError, OSError, RuntimeError, MemoryError) as error:
        log.error("%s does not go into play: %s", version, error)
        activations.fail(activation, str(error) or type(error).__name__)
        return
    activations.go_live(activation)


@shared_task(name=PREDICT_AHEAD)
def predict_ahead(job_id: int | None = None, ticket: str = "", take_over: bool = False) -> None:
    """Predict for a second what is missing, and queue up again behind all answers that wait.

    Without a job: something may be missing now.
    """
    if job_id is None:
        job = predictions.job_to_run(take_over=take_over)
        if job is None or not predictions.claim(job):
            return
    else:
        job = predictions.held(job_id, ticket)
        if job is None:
            return
    from geogame.opponent.ahead import PACE, work

    if work(job, PACE, gives_way=_rounds_wait):
        predictions.enqueue_next_step(job)


def _rounds_wait() -> bool:
    now = timezone.now()
    rounds = Round.objects.filter(state=Round.State.PREPARING).exclude(answer_deadline__lte=now)
    trips = AlbumRound.objects.filter(state=AlbumRound.State.PREPARING).exclude(answer_deadline__lte=now)
    return rounds.exists() or trips.exists()


@shared_task(name=EXPLAIN_WAITING)
def explain_waiting() -> None:
    """Start the process that draws explanations. One that runs already finds them by itself."""
    with only_one(EXPLAINER) as is_alone:
        if not is_alone or not explanations.any_waits():
            return
    start_one("explain", "--background", log="explain.log")


@celeryd_after_setup.connect
def get_ready(instance: Any, **kwargs: Any) -> None:
    if INFERENCE in instance.app.amqp.queues.consume_from:
        warm_up()
        enqueue(PREDICT_AHEAD, queue=INFERENCE, take_over=True)
