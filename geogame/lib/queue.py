"""Names of queues and tasks, and the one way to enqueue: by name, once the transaction is committed."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from geogame.celery import app

INFERENCE = "inference"
TRAINING = "training"
DEFAULT = "default"
EXPLAIN = "explain"

ANSWER_ROUND = "opponent.answer_round"
ANSWER_ALBUM = "opponent.answer_album"
WARM_UP = "opponent.warm_up"
PREDICT_AHEAD = "opponent.predict_ahead"
RUN_EVALUATIONS = "evaluations.run"
GO_LIVE = "opponent.go_live"
CHECK_MODEL = "registry.check_model"
EXPLAIN_WAITING = "opponent.explain_waiting"
RUN_TRAINING_JOB = "training.run_job"
BUILD_WORLD = "world.build_world"
RATE_GAMES = "ratings.rate_games"
REFRESH_REPORTS = "reports.refresh"
READ_DATA_SETS = "datasets.read"

# At once: a server that was started anew has cut the connection, and nobody waits for one that is away.
ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}

log = logging.getLogger(__name__)


def enqueue(task: str, *, queue: str, **kwargs: object) -> None:
    """Send the task when the current transaction commits.

    A broker that is down is logged, not raised: whoever waits for the task has a deadline of its own.
    """

    def send() -> None:
        if settings.CELERY_TASK_ALWAYS_EAGER:
            app.tasks[task].apply(kwargs=kwargs, throw=True)
            return
        if not settings.REDIS_URL:
            log.debug("No worker runs that would take %s.", task)
            return
        try:
            app.send_task(task, kwargs=kwargs, queue=queue, retry=True, retry_policy=ONCE_MORE)
        except (OperationalError, OSError) as error:
            log.warning("Could not enqueue %s: %s", task, error)

    transaction.on_commit(send)
