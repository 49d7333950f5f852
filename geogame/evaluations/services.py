"""The life of an evaluation: asked for, run by a process in the background, stopped, lost, taken up again."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import ADDITION, DELETION
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from geogame.datasets.models import DataSet
from geogame.evaluations.models import Evaluation
from geogame.lib.journal import note
from geogame.lib.queue import DEFAULT, RUN_EVALUATIONS, enqueue
from geogame.lib.tokens import random_token
from geogame.registry.models import ModelVersion

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind, State = Evaluation.Kind, Evaluation.State
LOST_AFTER = timedelta(seconds=90)
QUEUED_AGAIN_AFTER = timedelta(seconds=60)
MOST_LOSSES = 3
CROPS = (1, 5)
MOST_LIMIT = 10_000_000
# Kept as they are; pages say them in the language of whoever reads.
STOPPED_EARLY = gettext_noop("Stopped before its end.")
NEVER_BEGAN = gettext_noop("Stopped before it began.")
INTERRUPTED = gettext_noop("Interrupted; it goes on by itself.")
GOES_ON = gettext_noop("It goes on by itself.")
GONE = gettext_noop("The process was gone again and again. Look into evaluations.log, then resume.")


class EvaluationError(Exception):
    """Why something cannot be evaluated, as a sentence for people."""


def check(
    *,
    kind: str,
    version: ModelVersion,
    data_set: DataSet,
    other: ModelVersion | None = None,
    options: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The options, with what was left out of them. EvaluationError where it makes no sense."""
    if kind not in Kind.values:
        raise EvaluationError(
            _("There is no kind “%(kind)s”: use %(kinds)s.") % {"kind": kind, "kinds": ", ".join(Kind.values)}
        )
    for asked in (version, other):
        if asked is not None and asked.kind != ModelVersion.Kind.IMAGE:
            text = _(
                "%(version)s answers whole albums: here versions that answer single photos are measured. "
                "Albums are measured with python -m planet_core.evaluate_albums."
            )
            raise EvaluationError(text % {"version": asked})
    if data_set.kind == DataSet.Kind.ALBUMS:
        raise EvaluationError(
            _("“%(name)s” holds albums: choose a data set of single photos.") % {"name": data_set}
        )
    if kind == Kind.COMPARE:
        _check_comparison(version, other, data_set)
    if data_set.kind != DataSet.Kind.MAP and data_set.read_at is None:
        raise EvaluationError(
            _("The data set “%(name)s” has not been read yet: read it first.") % {"name": data_set}
        )
    return _checked(options or {})


def create_evaluation(
    *,
    kind: str = Kind.EVALUATE,
    version: ModelVersion,
    data_set: DataSet,
    other: ModelVersion | None = None,
    options: dict[str, Any] | None = None,
    by: User | None = None,
) -> Evaluation:
    """One that waits for a process. Whether `by` may ask for it is for the caller to check.

    Args:
        options: of an evaluation `crops` (1 or 5), `panorama` (headings, from 2 on) and `limit` (photos).
    """
    checked = check(kind=kind, version=version, data_set=data_set, other=other, options=options)
    evaluation = Evaluation.objects.create(
        kind=kind,
        version=version,
        other=other if kind == Kind.COMPARE else None,
        data_set=data_set,
        options=checked,
        requested_by=by,
    )
    note(by, evaluation, f"Asked to {evaluation.kind}.", ADDITION)
    return evaluation


def _check_comparison(version: ModelVersion, other: ModelVersion | None, data_set: DataSet) -> None:
    if other is None or other.pk == version.pk:
        raise EvaluationError(_("Comparing needs two different versions."))
    if data_set.map is None:
        raise EvaluationError(
            _(
                "Versions are compared on a map, whose panoramas both answer in fair view: "
                "choose a data set that is a map."
            )
        )


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    known = {"crops": 1, "panorama": None, "limit": None}
    if unknown := sorted(set(options) - set(known)):
        raise EvaluationError(
            _("There is no option “%(name)s”: use %(names)s.")
            % {"name": unknown[0], "names": ", ".join(known)}
        )
    values = {**known, **options}
    if values["crops"] not in CROPS:
        raise EvaluationError(_("%(number)s crops: use 1 or 5.") % {"number": values["crops"]})
    for name, least in (("panorama", 2), ("limit", 1)):
        value = values[name]
        if value is not None and not (isinstance(value, int) and least <= value <= MOST_LIMIT):
            raise EvaluationError(
                _("%(name)s: use a whole number from %(least)s on, or leave it out.")
                % {"name": name, "least": least}
            )
    return values


@transaction.atomic
def queue_evaluation(**values: Any) -> Evaluation:
    """Arguments as `create_evaluation`; the default worker starts the process."""
    evaluation = create_evaluation(**values)
    enqueue(RUN_EVALUATIONS, queue=DEFAULT)
    return evaluation


def any_waits() -> bool:
    return Evaluation.objects.filter(state=State.QUEUED).exists()


def claim_next() -> Evaluation | None:
    """The one that waits longest, taken by whoever calls this."""
    while waiting := Evaluation.objects.filter(state=State.QUEUED).order_by("pk").first():
        if claim(waiting):
            return waiting
    return None


def claim(evaluation: Evaluation) -> bool:
    now = timezone.now()
    claimed = Evaluation.objects.filter(pk=evaluation.pk, state=State.QUEUED).update(
        state=State.RUNNING, ticket=random_token(), started_at=now, heartbeat_at=now, finished_at=None
    )
    evaluation.refresh_from_db()
    return bool(claimed)


def _held(evaluation: Evaluation) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(pk=evaluation.pk, state=State.RUNNING, ticket=evaluation.ticket)


def beat(evaluation: Evaluation, progress: float | None = None, message: str | None = None) -> bool:
    """Say that somebody works on it. False where they should stop."""
    changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
    if progress is not None:
        changes["progress"] = min(1.0, max(0.0, progress))
    if message is not None:
        changes["message"] = message[:500]
    return bool(_held(evaluation).filter(stop_requested=False).update(**changes))


def succeed(evaluation: Evaluation, report: dict[str, Any], made: ModelVersion | None = None) -> bool:
    message = f"Made {made}." if made else ""
    return _end(evaluation, State.SUCCEEDED, message, progress=1.0, report=report, made=made)


def fail(evaluation: Evaluation, reason: str) -> None:
    _end(evaluation, State.FAILED, reason)


def stop(evaluation: Evaluation) -> None:
    _end(evaluation, State.STOPPED, STOPPED_EARLY)


def release(evaluation: Evaluation) -> None:
    """Give it back: whoever takes it up next begins anew."""
    _held(evaluation).update(state=State.QUEUED, heartbeat_at=None, message=INTERRUPTED)


def request_stop(evaluation: Evaluation, by: User | None = None) -> None:
    queued = Evaluation.objects.filter(pk=evaluation.pk, state=State.QUEUED).update(
        state=State.STOPPED, finished_at=timezone.now(), message=NEVER_BEGAN
    )
    if not queued:
        Evaluation.objects.filter(pk=evaluation.pk, state=State.RUNNING).update(stop_requested=True)
    note(by, evaluation, "Asked to stop.")


def resume(evaluation: Evaluation, by: User | None = None) -> bool:
    """Queue one again that was stopped or failed. False for any other."""
    with transaction.atomic():
        resumed = Evaluation.objects.filter(pk=evaluation.pk, state__in=[State.STOPPED, State.FAILED]).update(
            **{"state": State.QUEUED, "stop_requested": False, "losses": 0, "progress": 0.0, "message": ""},
            finished_at=None,
            heartbeat_at=timezone.now(),
        )
        if resumed:
            note(by, evaluation, "Goes on.")
            enqueue(RUN_EVALUATIONS, queue=DEFAULT)
    return bool(resumed)


def delete_evaluation(evaluation: Evaluation, by: User | None = None) -> None:
    """Remove it with its files. EvaluationError while it runs."""
    directory = evaluation.directory
    if Evaluation.objects.filter(pk=evaluation.pk, state=State.RUNNING).exists():
        raise EvaluationError(_("It runs: stop it first."))
    note(by, evaluation, "Deleted.", DELETION)
    Evaluation.objects.filter(pk=evaluation.pk).exclude(state=State.RUNNING).delete()
    shutil.rmtree(directory, ignore_errors=True)


def _end(evaluation: Evaluation, state: str, message: str, **changes: Any) -> bool:
    ended = _held(evaluation).update(
        state=state, message=message[:500], finished_at=timezone.now(), heartbeat_at=None, **changes
    )
    evaluation.refresh_from_db()
    return bool(ended)


def look_after_evaluations() -> int:
    """Take from processes that are gone what they had, and ask again for what waits. The clock calls this."""
    now = timezone.now()
    lost = Evaluation.objects.filter(state=State.RUNNING, heartbeat_at__lt=now - LOST_AFTER)
    failed = lost.filter(losses__gte=MOST_LOSSES - 1).update(
        state=State.FAILED,
        finished_at=now,
        message=GONE,
    )
    revived = lost.update(state=State.QUEUED, heartbeat_at=now, losses=F("losses") + 1, message=GOES_ON)
    silent = Q(heartbeat_at=None, created_at__lt=now - QUEUED_AGAIN_AFTER) | Q(
        heartbeat_at__lt=now - QUEUED_AGAIN_AFTER
    )
    waiting = Evaluation.objects.filter(silent, state=State.QUEUED)
    told = waiting.update(heartbeat_at=now)
    if told or revived:
        enqueue(RUN_EVALUATIONS, queue=DEFAULT)
    return failed + revived + told
