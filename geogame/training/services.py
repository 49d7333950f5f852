from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from geogame.lib.queue import INFERENCE, RUN_TRAINING_JOB, TRAINING, WARM_UP, enqueue
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.services import activate
from geogame.training.models import TrainingJob
from planet_core.recipe import names as recipe_names

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = TrainingJob.State
HEARTBEAT_LOST_AFTER = timedelta(seconds=90)
QUEUED_AGAIN_AFTER = timedelta(seconds=60)


class TrainingError(Exception):
    """Why a training job cannot be made, as a sentence for people."""


def create_job(*, map_: Map, recipe: str, user: User | None = None) -> TrainingJob:
    if recipe not in recipe_names():
        raise TrainingError(f"There is no recipe “{recipe}”. Known: {', '.join(recipe_names())}.")
    if not map_.panoramas.exists():
        raise TrainingError(f"The map “{map_.name}” has no panoramas to train on: import some first.")
    return TrainingJob.objects.create(map=map_, recipe=recipe, requested_by=user)


@transaction.atomic
def queue_job(*, map_: Map, recipe: str, user: User | None = None) -> TrainingJob:
    """Hand the job to the training worker."""
    job = create_job(map_=map_, recipe=recipe, user=user)
    enqueue(RUN_TRAINING_JOB, queue=TRAINING, job_id=job.pk)
    return job


def queue_waiting_jobs_again() -> int:
    """Enqueue the jobs that wait too long: the broker may have lost their messages. The clock calls this."""
    long_ago = timezone.now() - QUEUED_AGAIN_AFTER
    waiting = TrainingJob.objects.filter(state=State.QUEUED, created_at__lt=long_ago)
    waiting = waiting.exclude(heartbeat_at__gte=long_ago)
    if TrainingJob.objects.filter(state=State.RUNNING).exists():
        return 0  # the worker is busy: they wait for their turn
    for job in waiting:
        TrainingJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now())
        enqueue(RUN_TRAINING_JOB, queue=TRAINING, job_id=job.pk)
    return len(waiting)


def claim(job: TrainingJob) -> bool:
    """Whoever changes the job from queued to running runs it; a task delivered twice does nothing."""
    now = timezone.now()
    claimed = TrainingJob.objects.filter(pk=job.pk, state=State.QUEUED).update(
        state=State.RUNNING, started_at=now, heartbeat_at=now
    )
    job.refresh_from_db()
    return claimed == 1


def report_progress(job: TrainingJob, *, progress: float, message: str) -> bool:
    """Store how far the job is. False when it should stop."""
    TrainingJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
        progress=progress, message=message[:500], heartbeat_at=timezone.now()
    )
    return not TrainingJob.objects.filter(pk=job.pk, stop_requested=True).exists()


def succeed(job: TrainingJob, version: ModelVersion) -> None:
    _end(job, State.SUCCEEDED, f"Registered as {version}.", progress=1.0, model_version=version)


def fail(job: TrainingJob, reason: str) -> None:
    _end(job, State.FAILED, reason)


def stop(job: TrainingJob) -> None:
    _end(job, State.STOPPED, "Stopped before its end.")


def request_stop(job: TrainingJob) -> None:
    queued = TrainingJob.objects.filter(pk=job.pk, state=State.QUEUED).update(
        state=State.STOPPED, finished_at=timezone.now(), message="Stopped before it began."
    )
    if not queued:
        TrainingJob.objects.filter(pk=job.pk, state=State.RUNNING).update(stop_requested=True)


def _end(job: TrainingJob, state: str, message: str, **changes: object) -> None:
    TrainingJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
        state=state, message=message[:500], finished_at=timezone.now(), **changes
    )
    job.refresh_from_db()


def fail_lost_jobs() -> int:
    """End the jobs that nobody runs any more; the clock calls this again and again."""
    return TrainingJob.objects.filter(
        state=State.RUNNING, heartbeat_at__lt=timezone.now() - HEARTBEAT_LOST_AFTER
    ).update(
        state=State.FAILED,
        finished_at=timezone.now(),
        message="The worker that ran this job is gone. Start it again.",
    )


@transaction.atomic
def put_into_play(version: ModelVersion) -> None:
    activate(version)
    enqueue(WARM_UP, queue=INFERENCE)
