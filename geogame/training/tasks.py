from __future__ import annotations

from celery import shared_task
from celery.signals import worker_shutting_down

from geogame.lib.queue import RUN_TRAINING_JOB
from geogame.training.models import TrainingJob
from geogame.training.runner import OF_THE_WORKER, run_now


@shared_task(name=RUN_TRAINING_JOB)
def run_job(job_id: int) -> None:
    job = TrainingJob.objects.select_related("data_set", "init_from").filter(pk=job_id).first()
    if job is not None and not OF_THE_WORKER.give_back.is_set():
        run_now(job)


@worker_shutting_down.connect
def _give_back(**_: object) -> None:
    OF_THE_WORKER.give_back.set()
