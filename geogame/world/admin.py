from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from geogame.lib.admin_classes import ModelAdmin
from geogame.world.models import WorldJob
from geogame.world.services import request_stop, resume


@admin.register(WorldJob)
class WorldJobAdmin(ModelAdmin[WorldJob]):
    list_display = ["created_at", "map", "state", "progress", "message", "heartbeat_at"]
    list_filter = ["state"]
    actions = ["stop", "resume"]

    @admin.display(description="done")
    def progress(self, job: WorldJob) -> str:
        return f"{job.done} of {job.count} ({min(1.0, job.done / job.count):.0%})"

    @admin.action(description="Stop")
    def stop(self, request: HttpRequest, jobs: QuerySet[WorldJob]) -> None:
        for job in jobs:
            request_stop(job)
            self.message_user(request, f"Asked to stop: {job}")

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, jobs: QuerySet[WorldJob]) -> None:
        for job in jobs:
            if resume(job):
                self.message_user(request, f"Goes on: {job}")
            else:
                self.message_user(
                    request, f"Only a stopped or failed job can be resumed, one a map: {job}", messages.ERROR
                )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: WorldJob | None = None) -> bool:
        return False
