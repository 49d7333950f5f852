from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from geogame.registry.models import ModelVersion
from geogame.registry.services import deactivate

FACTS = [
    *("digest", "recipe", "directory", "cells", "metrics", "trained_on_drawings", "card"),
    *("is_active", "created_at", "activated_at"),
]


@admin.register(ModelVersion)
class ModelVersionAdmin(admin.ModelAdmin[ModelVersion]):
    list_display = ["name", "short_digest", "recipe", "cells", "is_active", "created_at"]
    list_filter = ["is_active", "recipe"]
    fields = ["name", *FACTS]
    readonly_fields = FACTS
    actions = ["take_out_of_play"]

    @admin.display(description="digest")
    def short_digest(self, version: ModelVersion) -> str:
        return version.digest[:12]

    @admin.action(description="Take out of play")
    def take_out_of_play(self, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
        for version in versions:
            deactivate(version)
            self.message_user(request, f"{version} no longer plays.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
