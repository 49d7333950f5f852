"""The task only starts a process and returns: an evaluation takes minutes, and the worker has other work."""

from __future__ import annotations

from celery import shared_task

from geogame.evaluations.services import any_waits
from geogame.lib.background import start_one
from geogame.lib.queue import RUN_EVALUATIONS


@shared_task(name=RUN_EVALUATIONS)
def run_evaluations() -> None:
    if any_waits():
        start_one("evaluate", "--background", log="evaluations.log")
