"""Who did what, in Django's own log of the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def note(by: User | None, thing: Model, text: str, flag: int = CHANGE) -> None:
    """Write a line about a thing. Without a user, as in a command of the shell, there is nobody to name."""
    if by is None:
        return
    kind: Any = ContentType.objects.get_for_model(thing, for_concrete_model=False)
    LogEntry.objects.create(
        user=by,
        content_type=kind,
        object_id=str(thing.pk),
        object_repr=str(thing)[:200],
        action_flag=flag,
        change_message=text,
    )
