from __future__ import annotations

from django.apps import AppConfig


class RoundSetsConfig(AppConfig):
    name = "geogame.round_sets"
    verbose_name = "Round sets"
