from __future__ import annotations

from django.apps import AppConfig


class OpponentConfig(AppConfig):
    name = "geogame.opponent"
