from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def stopwatch(seconds: float | None) -> str:
    """Minutes and seconds as on a stopwatch, 3:05; a dash where nobody knows."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


@register.filter
def hours_and_minutes(seconds: int) -> str:
    """How long to wait, rounded up to whole minutes."""
    minutes = -(-seconds // 60)
    hours, minutes = divmod(minutes, 60)
    left = ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if not hours:
        return left
    both = ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return _("%(hours)s %(minutes)s") % {"hours": both, "minutes": left} if minutes else both
