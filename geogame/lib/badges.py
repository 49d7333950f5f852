"""How long work stands, as the lists and pages of the admin show it."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

STATES: Final = {
    "asked": gettext_noop("asked"),
    "checking": gettext_noop("is being checked"),
    "dropped": gettext_noop("dropped"),
    "failed": gettext_noop("failed"),
    "loading": gettext_noop("is being loaded"),
    "new": gettext_noop("not read yet"),
    "plays": gettext_noop("plays"),
    "preparing": gettext_noop("preparing"),
    "queued": gettext_noop("queued"),
    "reading": gettext_noop("is being read"),
    "ready": gettext_noop("ready"),
    "running": gettext_noop("running"),
    "stopped": gettext_noop("stopped"),
    "stopping": gettext_noop("stopping"),
    "succeeded": gettext_noop("succeeded"),
}


def badge(state: str, share: float | None = None) -> SafeString:
    """The state of something in a list, with how far it is while it runs."""
    words = gettext(STATES.get(state, state))
    if share is not None and state in {"running", "reading"}:
        words = f"{words} · {share:.0%}"
    return format_html('<span class="badge" data-state="{}">{}</span>', state, words)
