from __future__ import annotations

from django.apps import AppConfig


class PanoramasConfig(AppConfig):
    name = "geogame.panoramas"
