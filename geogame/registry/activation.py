"""How a version comes into play: it is asked for, a process of its own sees whether it answers, the worker
that answers for the game loads it and lets it answer once more, and only then it plays. Any failure leaves
the one that plays where it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from geogame.lib.journal import note
from geogame.lib.queue import CHECK_MODEL, DEFAULT, GO_LIVE, INFERENCE, enqueue
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import RegistryError, activate, deactivate, examine

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = Activation.State
LIVE = Activation.LIVE
QUEUED_AGAIN_AFTER = timedelta(seconds=30)
LOST_AFTER = timedelta(seconds=60)
MOST_LOSSES = 2
# Kept as they are; pages say them in the language of whoever reads.
DROPPED = gettext_noop("Somebody chose otherwise.")
GONE = gettext_noop("The process that checked this version is gone. Ask for it again.")


def ask_to_play(version: ModelVersion, by: User | None = None) -> Activation:
    """Let the version play once it has answered; a wish for another one is dropped.

    RegistryError where it is plain already that it cannot play.
    """
    examine(version)
    with transaction.atomic():
        drop_wishes()
        activation = Activation.objects.create(version=version, asked_by=by)
        note(by, version, "Asked to put into play.")
        enqueue(CHECK_MODEL, queue=DEFAULT, activation_id=activation.pk)
    return activation


def take_out(version: ModelVersion, by: User | None = None) -> None:
    """Out of play, and no wish to play is left."""
    with transaction.atomic():
        drop_wishes(version)
        deactivate(version)
        note(by, version, "Taken out of play.")


def drop_wishes(version: ModelVersion | None = None) -> None:
    waiting = Activation.objects.filter(state__in=LIVE)
    if version is not None:
        waiting = waiting.filter(version=version)
    waiting.update(state=State.DROPPED, finished_at=timezone.now(), message=DROPPED)


def begin_check(activation: Activation) -> bool:
    """Whoever changes it from asked to checking checks it."""
    return _change(activation, State.ASKED, state=State.CHECKING)


def beat(activation: Activation) -> bool:
    """False when nobody wants to know any more."""
    return _change(activation, State.CHECKING)


def pass_check(activation: Activation, health: dict[str, Any]) -> bool:
    """It answered in a process of its own: now the worker that answers for the game loads it."""
    with transaction.atomic():
        passed = _change(activation, State.CHECKING, state=State.LOADING, health=health)
        if passed:
            enqueue(GO_LIVE, queue=INFERENCE, activation_id=activation.pk)
    return passed


def begin_loading(activation: Activation) -> bool:
    """False where it is not due, or has taken its worker along too often: it fails then."""
    loading = _in(activation, State.LOADING)
    if loading.filter(losses__gte=MOST_LOSSES).exists():
        fail(activation, f"The inference worker was gone {MOST_LOSSES} times while it loaded this version.")
        return False
    return bool(loading.update(losses=F("losses") + 1, heartbeat_at=timezone.now()))


def go_live(activation: Activation) -> bool:
    """It answered where it is going to play: it plays from now on."""
    with transaction.atomic():
        if not _change(activation, State.LOADING, state=State.PLAYS, finished_at=timezone.now(), message=""):
            return False
        try:
            activate(activation.version)
        except RegistryError as error:
            fail(activation, str(error))
            return False
        note(activation.asked_by, activation.version, "Plays from now on: it has answered.")
    return True


def fail(activation: Activation, reason: str) -> None:
    """The version that plays goes on."""
    ended = Activation.objects.filter(pk=activation.pk, state__in=[*LIVE, State.PLAYS]).update(
        state=State.FAILED, message=reason[:500], finished_at=timezone.now()
    )
    if ended:
        note(activation.asked_by, activation.version, f"Not put into play: {reason}")
    activation.refresh_from_db()


def look_after_activations() -> int:
    """Ask again for what nobody took up, end what nobody works on. The clock calls this."""
    now = timezone.now()
    found = 0
    silent = Activation.objects.filter(state=State.ASKED, asked_at__lt=now - QUEUED_AGAIN_AFTER)
    for activation in silent.exclude(heartbeat_at__gte=now - QUEUED_AGAIN_AFTER):
        found += _again(activation, CHECK_MODEL, DEFAULT)
    for activation in Activation.objects.filter(state=State.LOADING, heartbeat_at__lt=now - LOST_AFTER):
        found += _again(activation, GO_LIVE, INFERENCE)
    for activation in Activation.objects.filter(state=State.CHECKING, heartbeat_at__lt=now - LOST_AFTER):
        fail(activation, GONE)
        found += 1
    return found


def _again(activation: Activation, task: str, queue: str) -> int:
    told = _change(activation, activation.state)
    if told:
        enqueue(task, queue=queue, activation_id=activation.pk)
    return int(told)


def _in(activation: Activation, state: str) -> QuerySet[Activation]:
    return Activation.objects.filter(pk=activation.pk, state=state)


def _change(activation: Activation, before: str, **changes: object) -> bool:
    changed = _in(activation, before).update(**{"heartbeat_at": timezone.now(), **changes})
    activation.refresh_from_db()
    return bool(changed)
