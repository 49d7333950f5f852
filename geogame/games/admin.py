from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from geogame.games.models import Game, Round
from geogame.lib.admin_classes import ModelAdmin, TabularInline


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class RoundInline(ReadOnly, TabularInline[Round, Game]):
    model = Round
    fields = ["number", "panorama", "condition", "state", "opened_at", "closed_at", "model_absent"]


@admin.register(Game)
class GameAdmin(ReadOnly, ModelAdmin[Game]):
    list_display = ["created_at", "mode", "map", "state", "rounds_total", "finished_at"]
    list_filter = ["state", "mode", "map"]
    inlines = [RoundInline]
