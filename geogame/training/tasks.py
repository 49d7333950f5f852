from __future__ import annotations

from celery import shared_task

from geogame.lib.queue import RUN_TRAINING_JOB
from geogame.training.models import TrainingJob
from geogame.training.runner import run_now


@shared_task(name=RUN_TRAINING_JOB)
def run_job(job_id: int) -> None:
    job = TrainingJob.objects.filter(pk=job_id).first()
    if job is not None:
        run_now(job)
