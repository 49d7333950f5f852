"""The life of an explanation: asked for, made by one process, kept. Imports neither torch nor matplotlib."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from geogame.lib.queue import EXPLAIN, EXPLAIN_WAITING, enqueue
from geogame.lib.tokens import random_token
from geogame.panoramas.fair import PictureGone
from geogame.panoramas.models import Panorama
from geogame.predictions.models import Explanation, Prediction
from planet_core.files import atomic_file

State = Explanation.State
LOST_AFTER = timedelta(seconds=60)
QUEUED_AGAIN_AFTER = timedelta(seconds=30)
MOST_LOSSES = 2
FILES = ("probability", "probability_dark", "occlusion")
WITHDRAWN = "The picture has been withdrawn."


def path_of(name: str) -> Path | None:
    """The file of a layer; None while there is none, or where it was lost."""
    path = Path(settings.MEDIA_ROOT) / name
    return path if name and path.is_file() else None


def ask(prediction: Prediction) -> Explanation:
    """The explanation, made soon if this is the first time or its files are gone."""
    now = timezone.now()
    explanation, created = Explanation.objects.get_or_create(
        prediction=prediction, defaults={"asked_at": now}
    )
    if created or _made_again(explanation):
        enqueue(EXPLAIN_WAITING, queue=EXPLAIN)
    return explanation


def _made_again(explanation: Explanation) -> bool:
    names = [getattr(explanation, field) for field in FILES]
    if explanation.state != State.READY or all(path_of(name) for name in names if name):
        return False
    return _back_to_coming(explanation, State.READY)


def retry(explanation: Explanation) -> bool:
    """Make a failed one again."""
    if not _back_to_coming(explanation, State.FAILED):
        return False
    enqueue(EXPLAIN_WAITING, queue=EXPLAIN)
    return True


def _back_to_coming(explanation: Explanation, state: str) -> bool:
    again = (
        _of_what_is_there(explanation)
        .filter(state=state)
        .update(state=State.COMING, asked_at=timezone.now(), heartbeat_at=None, losses=0, message="")
    )
    explanation.refresh_from_db()
    return again == 1


def claim_next() -> Explanation | None:
    """The latest that nobody works on: whoever asked last is looking at the result now."""
    waiting = Explanation.objects.filter(state=State.COMING, heartbeat_at=None)
    while explanation := waiting.select_related("prediction__model_version", "prediction__panorama").first():
        if waiting.filter(pk=explanation.pk).update(heartbeat_at=timezone.now()):
            return explanation
    return None


def any_waits() -> bool:
    return Explanation.objects.filter(state=State.COMING, heartbeat_at=None).exists()


def beat(explanation: Explanation) -> None:
    Explanation.objects.filter(pk=explanation.pk, state=State.COMING).update(heartbeat_at=timezone.now())


def keep(explanation: Explanation, files: dict[str, bytes], **fields: Any) -> None:
    """Store layers under names that tell nothing; what they replace is deleted.

    PictureGone where the panorama has been withdrawn meanwhile.
    """
    old = [path_of(getattr(explanation, field)) for field in files]
    for field, content in files.items():
        token = random_token()
        setattr(explanation, field, f"explanations/{token[:2].lower()}/{token}.webp")
        with atomic_file(Path(settings.MEDIA_ROOT) / getattr(explanation, field)) as file:
            file.write(content)
    names = {field: getattr(explanation, field) for field in files}
    kept = _of_what_is_there(explanation).update(**names, **fields, heartbeat_at=timezone.now())
    for path in old if kept else [path_of(name) for name in names.values()]:
        if path:
            path.unlink(missing_ok=True)
    if not kept:
        raise PictureGone(WITHDRAWN)


def _of_what_is_there(explanation: Explanation) -> QuerySet[Explanation]:
    """The row, unless its panorama has been withdrawn: of such a one nothing is made any more."""
    return Explanation.objects.filter(pk=explanation.pk, prediction__panorama__withdrawn_at=None)


def remove_those_of(panorama: Panorama) -> None:
    """The panorama has been withdrawn: what was drawn from it goes, and is not drawn again."""
    for explanation in Explanation.objects.filter(prediction__panorama=panorama):
        paths = [path_of(getattr(explanation, field)) for field in FILES]
        Explanation.objects.filter(pk=explanation.pk).update(
            **dict.fromkeys(FILES, ""), state=State.FAILED, message=WITHDRAWN, heartbeat_at=None
        )
        for path in paths:
            if path:
                path.unlink(missing_ok=True)


def finish(explanation: Explanation) -> None:
    _end(explanation, State.READY, "", ready_at=timezone.now())


def fail(explanation: Explanation, reason: str) -> None:
    _end(explanation, State.FAILED, reason)


def release(explanation: Explanation) -> None:
    """Give it back unfinished: another process goes on with it at once."""
    Explanation.objects.filter(pk=explanation.pk, state=State.COMING).update(heartbeat_at=None)


def _end(explanation: Explanation, state: str, message: str, **fields: Any) -> None:
    Explanation.objects.filter(pk=explanation.pk, state=State.COMING).update(
        state=state, message=message[:500], heartbeat_at=None, **fields
    )
    explanation.refresh_from_db(fields=["state", "message"])


def queue_waiting_again() -> int:
    """Tell the worker again of what waits long, or whose process is gone. The clock calls this."""
    now = timezone.now()
    coming = Explanation.objects.filter(state=State.COMING)
    lost = coming.filter(heartbeat_at__lt=now - LOST_AFTER)
    lost.filter(losses__gte=MOST_LOSSES).update(
        state=State.FAILED, message="The process was gone again and again in the middle of it."
    )
    revived = lost.update(heartbeat_at=None, losses=F("losses") + 1, asked_at=now)
    # Told of now: not again in the next half minute.
    forgotten = coming.filter(heartbeat_at=None, asked_at__lt=now - QUEUED_AGAIN_AFTER).update(asked_at=now)
    if revived or forgotten:
        enqueue(EXPLAIN_WAITING, queue=EXPLAIN)
    return revived + forgotten
