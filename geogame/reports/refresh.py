"""When reports are made anew: asked for by the clock or by who looks at one, at most one at a time.

One row says what happens (`Refresh`); every change of it is a conditional update, so that of many who ask
one goes on.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max, QuerySet
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.models import Guess
from geogame.lib.queue import DEFAULT, REFRESH_REPORTS, enqueue
from geogame.panoramas.models import Panorama
from geogame.reports.models import Refresh
from geogame.reports.outside import closed_sets
from geogame.reports.queries import closed_albums, closed_rounds

State = Refresh.State
LOOK_EVERY = timedelta(seconds=30)
MAKE_EVERY = timedelta(minutes=5)
LOST_AFTER = timedelta(minutes=5)
"""A comparison of a million rounds says nothing for a quarter of a minute."""
QUEUED_AGAIN_AFTER = timedelta(minutes=1)
MOST_DOUBLINGS = 6


def the_refresh() -> Refresh:
    return Refresh.objects.first() or Refresh.objects.get_or_create(pk=1)[0]


def what_is_there() -> str:
    """Changes whenever a report could: by guesses, withdrawn panoramas, people who want no part in it, sets
    of outside players.
    """
    newest = Guess.objects.aggregate(newest=Max("pk"))["newest"] or 0
    withdrawn = Panorama.objects.exclude(withdrawn_at=None).count()
    albums = closed_albums().count()
    return f"{closed_rounds()} {newest} {withdrawn} {people_left_out()} {closed_sets()} {albums}"


def people_left_out() -> int:
    return Player.objects.filter(in_reports=False, is_bot=False).count()


def look() -> bool:
    """Ask for new reports where there is news. True when they were asked for now. Costs one query, but for
    one look in `LOOK_EVERY`. The clock calls this, and every visit of a report.
    """
    now, refresh = timezone.now(), the_refresh()
    if refresh.looked_at and refresh.looked_at > now - LOOK_EVERY:
        return False
    if not Refresh.objects.filter(pk=refresh.pk, looked_at=refresh.looked_at).update(looked_at=now):
        return False  # another process looks
    if refresh.state == State.QUEUED:
        return _ask(refresh, asked_at__lt=now - QUEUED_AGAIN_AFTER)
    if refresh.state == State.RUNNING:
        return _ask(refresh, heartbeat_at__lt=now - LOST_AFTER)
    if refresh.asked_at and refresh.asked_at > now - _pause(refresh):
        return False
    return what_is_there() != refresh.read and _ask(refresh)


def _pause(refresh: Refresh) -> timedelta:
    """What failed again and again fails once more: less and less often is enough."""
    return MAKE_EVERY * float(2 ** min(refresh.failures, MOST_DOUBLINGS))


def _ask(refresh: Refresh, **still: object) -> bool:
    same = Refresh.objects.filter(pk=refresh.pk, state=refresh.state, asked_at=refresh.asked_at, **still)
    if not same.update(state=State.QUEUED, asked_at=timezone.now(), message="", done=0, total=0):
        return False
    enqueue(REFRESH_REPORTS, queue=DEFAULT)
    return True


def is_asked_for() -> bool:
    return Refresh.objects.filter(state=State.QUEUED).exists()


def begin(total: int) -> Refresh:
    """Whoever holds the lock of the command begins, whatever the row says."""
    refresh, now = the_refresh(), timezone.now()
    refresh.state, refresh.asked_at, refresh.heartbeat_at = State.RUNNING, now, now
    refresh.done, refresh.total, refresh.message = 0, total, ""
    refresh.save()
    return refresh


def beat(refresh: Refresh, done: int) -> None:
    _begun(refresh).update(done=done, heartbeat_at=timezone.now())


def succeed(refresh: Refresh, read: str) -> None:
    now = timezone.now()
    _begun(refresh).update(
        state=State.IDLE, read=read, failures=0, message="", made_at=now, done=refresh.total
    )


def fail(refresh: Refresh, reason: str) -> None:
    _begun(refresh).update(state=State.FAILED, failures=refresh.failures + 1, message=reason[:500])


def _begun(refresh: Refresh) -> QuerySet[Refresh]:
    return Refresh.objects.filter(pk=refresh.pk, state=State.RUNNING, asked_at=refresh.asked_at)
