"""Commands that end as those of planet_core do: 0 done, 2 something to put right, 130 stopped."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

DJANGOS = 1
TO_PUT_RIGHT = 2


class UserCommand(BaseCommand):
    """Ends with 2 where Django's own commands end with 1; other codes stay as they are."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            if error.returncode == DJANGOS:
                error.returncode = TO_PUT_RIGHT
            raise
