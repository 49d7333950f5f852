from __future__ import annotations

from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "geogame.predictions"

    def ready(self) -> None:
        from geogame.predictions import signals  # noqa: F401
