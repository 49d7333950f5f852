from __future__ import annotations

from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "geogame.lib"

    def ready(self) -> None:
        from geogame.lib import checks  # noqa: F401
