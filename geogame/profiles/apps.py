from __future__ import annotations

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "geogame.profiles"

    def ready(self) -> None:
        from geogame.profiles import signals  # noqa: F401
