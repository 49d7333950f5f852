from __future__ import annotations

from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "geogame.ratings"

    def ready(self) -> None:
        from geogame.ratings.queries import rating_of
        from geogame.rooms.quick import rate_by

        rate_by(rating_of)
