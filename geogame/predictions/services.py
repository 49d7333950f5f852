"""The life of a prediction job: a chain of short steps, each of which enqueues the next.

Only the holder of the newest ticket goes on: a message that comes twice, or a worker that takes over, ends
the older chain. A job that is killed anywhere misses what was in hand, and that is found missing again.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from geogame.lib.queue import INFERENCE, PREDICT_AHEAD, enqueue
from geogame.lib.tokens import random_token
from geogame.lib.words import counted
from geogame.panoramas.models import Panorama
from geogame.predictions.models import PredictionJob
from geogame.predictions.queries import missing
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_versions

State = PredictionJob.State
LIVE = PredictionJob.LIVE
LOST_AFTER = timedelta(seconds=60)
MOST_LOSSES = 3
LAST = 2**63 - 1
"""A bookmark behind all panoramas."""


def how_many_missing() -> int:
    return sum(missing(version).count() for version in active_versions())


def job_to_run(*, take_over: bool = False) -> PredictionJob | None:
    """The job for whoever was told that something may be missing. None where nothing is, or another chain
    is at it, which then looks again before it ends.

    Args:
        take_over: a worker starts, or the one that was at it is gone: goes on with what is left of a job,
            and leaves alone what a person has stopped.
    """
    live = PredictionJob.objects.filter(state__in=LIVE).first()
    if live:
        PredictionJob.objects.filter(pk=live.pk).update(again=True)
        return live if take_over or _is_silent(live) else None
    latest = PredictionJob.objects.first()
    if not settings.PREDICT_AHEAD_BATCH or (take_over and latest and latest.state == State.STOPPED):
        return None
    total = how_many_missing()
    if not total:
        return None
    try:
        with transaction.atomic():
            return PredictionJob.objects.create(total=total)
    except IntegrityError:
        return None  # another worker was faster


def _is_silent(job: PredictionJob) -> bool:
    return job.heartbeat_at is None or job.heartbeat_at < timezone.now() - LOST_AFTER


def claim(job: PredictionJob) -> bool:
    """Take the job over with a new ticket. False where it has ended, or kills its worker again and again."""
    lost = PredictionJob.objects.filter(pk=job.pk, state__in=LIVE, in_hand=True)
    if lost.filter(losses__gte=MOST_LOSSES - 1).update(
        state=State.FAILED,
        finished_at=timezone.now(),
        message=f"The worker was gone {MOST_LOSSES} times at the same pictures, behind panorama "
        f"{job.last_panorama}. Look into its log, then resume.",
    ):
        return False
    lost.update(losses=F("losses") + 1, in_hand=False, again=True)
    now = timezone.now()
    claimed = PredictionJob.objects.filter(pk=job.pk, state__in=LIVE).update(
        state=State.RUNNING, ticket=random_token(), heartbeat_at=now, started_at=job.started_at or now
    )
    job.refresh_from_db()
    return claimed == 1


def held(pk: int, ticket: str) -> PredictionJob | None:
    """The job of a message, if its chain is the one that goes on."""
    return PredictionJob.objects.filter(pk=pk, ticket=ticket, state=State.RUNNING).first()


def _held(job: PredictionJob) -> QuerySet[PredictionJob]:
    return PredictionJob.objects.filter(pk=job.pk, ticket=job.ticket, state=State.RUNNING)


def enqueue_next_step(job: PredictionJob) -> None:
    """Behind all answers that wait already."""
    enqueue(PREDICT_AHEAD, queue=INFERENCE, job_id=job.pk, ticket=job.ticket)


def begin_step(job: PredictionJob) -> bool:
    """False when the chain ends here: it was asked to stop, or another one took over."""
    if _held(job).filter(stop_requested=False).update(in_hand=True, heartbeat_at=timezone.now()):
        return True
    _end(job, State.STOPPED, "Stopped before its end. What was predicted stays; it can be resumed.")
    return False


def next_batch(job: PredictionJob, size: int) -> tuple[ModelVersion, list[Panorama]] | None:
    """What comes behind the bookmark, version by version. None at the end of the pass."""
    versions = active_versions()
    at = next((i for i, version in enumerate(versions) if version.pk == job.model_version_id), None)
    for number, version in enumerate(versions[at or 0 :]):
        bookmark = job.last_panorama if at is not None and number == 0 else 0
        panoramas = list(missing(version).filter(pk__gt=bookmark)[:size])
        if panoramas:
            return version, panoramas
    return None


def end_step(
    job: PredictionJob, version: ModelVersion, last_panorama: int, *, done: int, unreadable: int = 0
) -> None:
    job.model_version, job.last_panorama = version, last_panorama
    _held(job).update(
        **{"model_version": version, "last_panorama": last_panorama, "in_hand": False, "losses": 0},
        **{"done": F("done") + done, "unreadable": F("unreadable") + unreadable},
        heartbeat_at=timezone.now(),
    )


def pass_over(job: PredictionJob, version: ModelVersion, reason: str) -> None:
    """A version that cannot be loaded: the others go on."""
    end_step(job, version, LAST, done=0)
    _held(job).update(message=reason[:500])


def end_pass(job: PredictionJob) -> bool:
    """True when something came in meanwhile: another pass begins. Else the job has ended."""
    left = how_many_missing()
    again = (
        _held(job)
        .filter(again=True)
        .update(
            **{"again": False, "in_hand": False, "last_panorama": 0, "model_version": None},
            **{"total": F("done") + left, "unreadable": 0, "message": ""},
        )
    )
    job.refresh_from_db()
    if again:
        return True
    if job.message and left:
        _end(job, State.FAILED, job.message)
    elif job.unreadable:
        _end(job, State.SUCCEEDED, f"{counted(job.unreadable, 'picture')} could not be read.")
    else:
        _end(job, State.SUCCEEDED, "Every open map is predicted.")
    return False


def request_stop(job: PredictionJob) -> None:
    queued = PredictionJob.objects.filter(pk=job.pk, state=State.QUEUED).update(
        state=State.STOPPED, finished_at=timezone.now(), message="Stopped before it began."
    )
    if not queued:
        PredictionJob.objects.filter(pk=job.pk, state=State.RUNNING).update(stop_requested=True)


def resume(job: PredictionJob) -> bool:
    """Queue a stopped or failed job again. False for any other, and beside one that runs."""
    try:
        with transaction.atomic():
            resumed = PredictionJob.objects.filter(pk=job.pk, state__in=[State.STOPPED, State.FAILED]).update(
                **{"state": State.QUEUED, "stop_requested": False, "again": True, "in_hand": False},
                **{"losses": 0, "finished_at": None, "heartbeat_at": timezone.now(), "message": ""},
            )
            if resumed:
                enqueue(PREDICT_AHEAD, queue=INFERENCE, take_over=True)
    except IntegrityError:
        return False
    return bool(resumed)


def _end(job: PredictionJob, state: str, message: str) -> None:
    _held(job).update(
        state=state, message=message[:500], in_hand=False, finished_at=timezone.now(), heartbeat_at=None
    )
    job.refresh_from_db()


def queue_lost_job_again() -> int:
    """Enqueue the job whose message or worker was lost. The clock calls this."""
    long_ago = timezone.now() - LOST_AFTER
    silent = Q(heartbeat_at=None, created_at__lt=long_ago) | Q(heartbeat_at__lt=long_ago)
    lost = PredictionJob.objects.filter(silent, state__in=LIVE)
    if told := lost.update(heartbeat_at=timezone.now()):
        enqueue(PREDICT_AHEAD, queue=INFERENCE, take_over=True)
    return told
