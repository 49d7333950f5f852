"""The states of a training job. Each change is a conditional update that leaves a row: when, by whom, why.

Whoever runs a job knows it by the number of its run (`TrainingJob.runs`). A job that was given to somebody
else meanwhile, because its worker was silent for too long, no longer heeds the former one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from geogame.lib.journal import note as journal
from geogame.lib.queue import RUN_TRAINING_JOB, TRAINING, enqueue
from geogame.registry.models import ModelVersion
from geogame.training.broadcast import tell
from geogame.training.models import JobChange, TrainingJob

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = TrainingJob.State
WORKING = (State.PREPARING, State.RUNNING)
ACTIVE = (*WORKING, State.STOPPING)
ENDED = (State.STOPPED, State.SUCCEEDED, State.FAILED)
MOST_LOSSES = 3
ANYHOW = Q()
QUEUED_AGAIN_AFTER = timedelta(seconds=60)


@transaction.atomic
def change(
    job: TrainingJob,
    *,
    before: Collection[str],
    after: str,
    reason: str = "",
    by: User | None = None,
    where: Q = ANYHOW,
    **fields: Any,
) -> bool:
    """Change the job's state where it has one of those before and `where` holds. False otherwise."""
    for state in before:
        rows = TrainingJob.objects.filter(where, pk=job.pk, state=state)
        if rows.update(state=after, version=F("version") + 1, **fields):
            note(job, before=state, after=after, reason=reason, by=by)
            job.refresh_from_db()
            return True
    job.refresh_from_db()
    return False


def note(job: TrainingJob, *, before: str, after: str, reason: str = "", by: User | None = None) -> None:
    """Write down what happened, and in Django's log what a person did; tell the pages that show the job."""
    JobChange.objects.create(job=job, before=before, after=after, reason=reason[:500], by=by)
    journal(by, job, reason or f"{before} → {after}", CHANGE if before else ADDITION)
    tell(job)


# --- Whose turn it is ----------------------------------------------------------------------------------
def send_to_worker(job: TrainingJob) -> None:
    enqueue(RUN_TRAINING_JOB, queue=TRAINING, job_id=job.pk)


@transaction.atomic
def claim(job: TrainingJob) -> bool:
    """Whoever changes the job from queued to preparing runs it; a task delivered twice does nothing.

    False, too, while as many jobs run as may at once: the next one to end calls those that wait.
    """
    # Two who claim at the same time lock the same rows, so that the second one counts the first.
    everybody = TrainingJob.objects.select_for_update().exclude(state__in=ENDED).order_by("pk")
    active = [other for other in everybody if other.state in ACTIVE]
    if len(active) >= settings.TRAINING_PARALLEL_JOBS:
        job.refresh_from_db()
        return False
    now = timezone.now()
    return change(
        job,
        before=[State.QUEUED],
        after=State.PREPARING,
        started_at=now,
        heartbeat_at=now,
        finished_at=None,
        runs=F("runs") + 1,
        message="",
        pace={},
    )


def call_next() -> int:
    """Tell the worker of the jobs that may start now, the oldest first."""
    free = settings.TRAINING_PARALLEL_JOBS - TrainingJob.objects.filter(state__in=ACTIVE).count()
    waiting = TrainingJob.objects.filter(state=State.QUEUED).order_by("created_at", "pk")[: max(0, free)]
    for job in waiting:
        TrainingJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now())
        send_to_worker(job)
    return len(waiting)


def queue_waiting_jobs_again() -> int:
    """Call the jobs that wait too long: the broker may have lost their messages. The clock does this."""
    long_ago = timezone.now() - QUEUED_AGAIN_AFTER
    given_back = Q(heartbeat_at=None) & (Q(runs__gt=0) | Q(created_at__lt=long_ago))
    if not TrainingJob.objects.filter(given_back | Q(heartbeat_at__lt=long_ago), state=State.QUEUED).exists():
        return 0
    return call_next()


# --- While it runs -------------------------------------------------------------------------------------
def _this_run(job: TrainingJob) -> Q:
    return Q(runs=job.runs)


def _held(job: TrainingJob) -> QuerySet[TrainingJob]:
    return TrainingJob.objects.filter(_this_run(job), pk=job.pk)


def begin(job: TrainingJob) -> bool:
    """The training itself starts. False where the job should stop, or is in other hands."""
    return change(job, before=[State.PREPARING], after=State.RUNNING, where=_this_run(job))


def beat(job: TrainingJob, **told: Any) -> bool:
    """Say that the job is looked after, and how far it is. False when it should stop or is in other hands."""
    now = timezone.now()
    rows = _held(job).filter(state__in=WORKING)
    if told:
        told["version"] = F("version") + 1
    alive = bool(rows.update(heartbeat_at=now, **told))
    if not alive:
        _held(job).filter(state=State.STOPPING).update(heartbeat_at=now)
    elif told:
        tell(job)
    return alive


def is_held(job: TrainingJob) -> bool:
    """Whether the job is still in the hands of this run."""
    job_now = _held(job).filter(state__in=ACTIVE).first()
    return job_now is not None


def is_stopping(job: TrainingJob) -> bool:
    return _held(job).filter(state=State.STOPPING).exists()


# --- How it ends ---------------------------------------------------------------------------------------
def succeed(job: TrainingJob, version: ModelVersion) -> bool:
    return _end(job, State.SUCCEEDED, f"Registered as {version}.", progress=1.0, model_version=version)


def fail(job: TrainingJob, reason: str) -> bool:
    return _end(job, State.FAILED, reason)


def stop(job: TrainingJob, reason: str) -> bool:
    return _end(job, State.STOPPED, reason)


def give_back(job: TrainingJob, reason: str) -> bool:
    """Nobody's fault, as when the worker is shut down: another worker, or the next start, goes on with it."""
    return _leave(job, WORKING, State.QUEUED, reason, where=ANYHOW, heartbeat_at=None)


def lose(job: TrainingJob, reason: str, *, where: Q = ANYHOW) -> bool:
    """Its process or its worker is gone. It goes on from its last checkpoint; after a few times it fails."""
    if job.losses >= MOST_LOSSES:
        reason = f"{reason} This happened {job.losses + 1} times: look into the log, then resume it."
        return _end(job, State.FAILED, reason, where=where)
    reason = f"{reason} It goes on by itself."
    now = timezone.now()
    lost = _leave(job, WORKING, State.QUEUED, reason, where=where, heartbeat_at=now, losses=F("losses") + 1)
    if lost:
        send_to_worker(job)
    return lost


def _end(job: TrainingJob, state: str, reason: str, *, where: Q = ANYHOW, **fields: Any) -> bool:
    ended = _leave(job, ACTIVE, state, reason, where=where, finished_at=timezone.now(), **fields)
    call_next()
    return ended


def _leave(
    job: TrainingJob, before: Collection[str], after: str, reason: str, *, where: Q, **fields: Any
) -> bool:
    where &= _this_run(job)
    return change(job, before=before, after=after, reason=reason, where=where, message=reason[:500], **fields)


def look_after_lost_jobs() -> int:
    """Queue the jobs again that nobody runs any more, end those that were to stop. The clock does this."""
    long_ago = timezone.now() - timedelta(seconds=settings.TRAINING_LOST_AFTER_S)
    silent = Q(heartbeat_at__lt=long_ago)
    lost = TrainingJob.objects.filter(silent, state__in=ACTIVE)
    return sum(_take_from_nobody(job, silent) for job in lost)


def _take_from_nobody(job: TrainingJob, silent: Q) -> bool:
    if job.state == State.STOPPING:
        return _end(
            job, State.STOPPED, "The worker was gone before it had stopped; it can go on.", where=silent
        )
    return lose(job, "The worker that ran it was gone.", where=silent)
