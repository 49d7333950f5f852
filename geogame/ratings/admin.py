from __future__ import annotations

from django.contrib import admin

from geogame.games.admin import ReadOnly
from geogame.lib.admin_classes import ModelAdmin, TabularInline
from geogame.ratings.models import RatedResult, RatedSide, Rating


class SideInline(ReadOnly, TabularInline[RatedSide, RatedResult]):
    model = RatedSide
    fields = [
        "player",
        "points",
        "score",
        "rating_before",
        "deviation_before",
        "rating_after",
        "deviation_after",
    ]


@admin.register(Rating)
class RatingAdmin(ReadOnly, ModelAdmin[Rating]):
    """Made from the games alone (`manage.py recompute_ratings`): nobody sets one."""

    list_display = ["player", "ladder", "rating", "deviation", "won", "drawn", "lost", "played_at"]
    list_filter = ["ladder"]
    list_select_related = ["player", "ladder__map"]
    search_fields = ["player__name"]


@admin.register(RatedResult)
class RatedResultAdmin(ReadOnly, ModelAdmin[RatedResult]):
    list_display = ["settled_at", "game_id", "ladder", "reason", "reason_count", "weight", "left"]
    list_filter = ["reason", "left", "ladder"]
    list_select_related = ["ladder__map"]
    inlines = [SideInline]
