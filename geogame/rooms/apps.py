from __future__ import annotations

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "geogame.rooms"

    def ready(self) -> None:
        from geogame.rooms import receivers  # noqa: F401
