"""The life of a world job. It is idempotent: whoever takes it up again draws only what the map lacks."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from geogame.lib.queue import BUILD_WORLD, DEFAULT, enqueue
from geogame.lib.words import counted
from geogame.panoramas.models import Map
from geogame.panoramas.services import get_or_create_map
from geogame.world.models import MOST, WorldJob

State = WorldJob.State
MAP_NAME = "Procedural Earth"
HEARTBEAT_LOST_AFTER = timedelta(seconds=60)
QUEUED_AGAIN_AFTER = timedelta(seconds=60)
MOST_LOSSES = 3
MOST_CRASHES = 2


class WorldError(Exception):
    """Why a world job cannot be made, as a sentence for people."""


def drawn_on(map_: Map) -> int:
    return map_.panoramas.filter(drawn=True).count()


def create_job(*, map_name: str, count: int) -> WorldJob:
    """A queued job; one that waits already for the same map takes over the new count.

    MapError for what can be no name of a map.
    """
    if not 1 <= count <= MOST:
        raise WorldError(f"{counted(count, 'panorama')}: use 1 to {MOST:,}.")
    map_ = get_or_create_map(map_name)
    try:
        with transaction.atomic():
            return WorldJob.objects.create(map=map_, count=count, done=drawn_on(map_))
    except IntegrityError:
        if WorldJob.objects.filter(map=map_, state=State.QUEUED).update(count=count):
            return WorldJob.objects.get(map=map_, state=State.QUEUED)
        raise WorldError(
            f"A job draws “{map_.name}” already: follow it in the admin under world jobs, or stop it there."
        ) from None


@transaction.atomic
def queue_job(*, map_name: str, count: int) -> WorldJob:
    """Hand the job to the default worker."""
    job = create_job(map_name=map_name, count=count)
    enqueue(BUILD_WORLD, queue=DEFAULT, job_id=job.pk)
    return job


def ensure_job(*, map_: Map, count: int) -> WorldJob | None:
    """The job that a start of the game needs, if any: a map that is complete, a map that was closed by hand
    and a job that a person stopped stay as they are.
    """
    if drawn_on(map_) >= count or (map_.published_at and not map_.is_published):
        return None
    latest = WorldJob.objects.filter(map=map_).first()
    if latest and latest.state in (State.QUEUED, State.RUNNING, State.STOPPED):
        return None
    return create_job(map_name=map_.name, count=count)


def queue_waiting_jobs_again() -> int:
    """Enqueue the jobs that nobody was told of, or whose message was lost. The clock calls this."""
    long_ago = timezone.now() - QUEUED_AGAIN_AFTER
    silent = Q(heartbeat_at=None) | Q(heartbeat_at__lt=long_ago)
    waiting = WorldJob.objects.filter(silent, state=State.QUEUED)
    for job in waiting:
        WorldJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now())
        enqueue(BUILD_WORLD, queue=DEFAULT, job_id=job.pk)
    return len(waiting)


def claim(job: WorldJob) -> bool:
    """Whoever changes the job from queued to running runs it; a task delivered twice does nothing."""
    now = timezone.now()
    claimed = WorldJob.objects.filter(pk=job.pk, state=State.QUEUED).update(
        state=State.RUNNING, started_at=now, heartbeat_at=now, finished_at=None
    )
    job.refresh_from_db()
    return claimed == 1


def _claimed(job: WorldJob) -> QuerySet[WorldJob]:
    """The job while it runs by this claim: a computer that slept may wake up with the job in other hands."""
    return WorldJob.objects.filter(pk=job.pk, state=State.RUNNING, started_at=job.started_at)


def beat(job: WorldJob) -> bool:
    """Say that the one who claimed the job works on it. False when they should stop."""
    return bool(_claimed(job).filter(stop_requested=False).update(heartbeat_at=timezone.now()))


def report(job: WorldJob, *, done: int, message: str) -> None:
    _claimed(job).update(done=done, message=message[:500], losses=0, heartbeat_at=timezone.now())


def note_crash(job: WorldJob, identity: str) -> None:
    """Remember that the drawing process ended at this place: whoever goes on with the job knows it."""
    job.crashes[identity] = job.crashes.get(identity, 0) + 1
    _claimed(job).update(crashes=job.crashes, heartbeat_at=timezone.now())


def is_left_out(job: WorldJob, identity: str) -> bool:
    return bool(job.crashes.get(identity, 0) >= MOST_CRASHES)


def left_out(job: WorldJob) -> str:
    """Which places are not drawn any more, in words; nothing where there is none."""
    number = sum(is_left_out(job, identity) for identity in job.crashes)
    return f"{counted(number, 'place')} left out where drawing crashed {MOST_CRASHES} times" if number else ""


def succeed(job: WorldJob, message: str) -> None:
    _end(job, State.SUCCEEDED, message)


def fail(job: WorldJob, reason: str) -> None:
    _end(job, State.FAILED, reason)


def stop(job: WorldJob) -> None:
    _end(job, State.STOPPED, "Stopped before its end. What was drawn stays; it can be resumed.")


def release(job: WorldJob) -> None:
    """Give a running job back: another worker, or the next start of the game, goes on with it."""
    _claimed(job).update(state=State.QUEUED, heartbeat_at=None, message="Interrupted; it goes on by itself.")


def request_stop(job: WorldJob) -> None:
    queued = WorldJob.objects.filter(pk=job.pk, state=State.QUEUED).update(
        state=State.STOPPED, finished_at=timezone.now(), message="Stopped before it began."
    )
    if not queued:
        WorldJob.objects.filter(pk=job.pk, state=State.RUNNING).update(stop_requested=True)


def resume(job: WorldJob) -> bool:
    """Queue a stopped or failed job again. False for any other, and beside one that runs."""
    try:
        with transaction.atomic():
            resumed = WorldJob.objects.filter(pk=job.pk, state__in=[State.STOPPED, State.FAILED]).update(
                state=State.QUEUED,
                stop_requested=False,
                losses=0,
                finished_at=None,
                heartbeat_at=timezone.now(),
            )
            if resumed:
                enqueue(BUILD_WORLD, queue=DEFAULT, job_id=job.pk)
    except IntegrityError:
        return False
    return bool(resumed)


def _end(job: WorldJob, state: str, message: str) -> None:
    _claimed(job).update(
        state=state, message=message[:500], finished_at=timezone.now(), done=drawn_on(job.map)
    )
    job.refresh_from_db()


def revive_lost_jobs() -> int:
    """Queue the jobs again that nobody runs any more; one that is lost again and again fails."""
    lost = WorldJob.objects.filter(
        state=State.RUNNING, heartbeat_at__lt=timezone.now() - HEARTBEAT_LOST_AFTER
    )
    failed = lost.filter(losses__gte=MOST_LOSSES).update(
        state=State.FAILED,
        finished_at=timezone.now(),
        message="The worker was gone again and again without a new picture. Look into its log, then resume.",
    )
    revived = lost.update(
        state=State.QUEUED,
        heartbeat_at=None,
        losses=F("losses") + 1,
        message="The worker was gone; it goes on by itself.",
    )
    return failed + revived
