from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from geogame.lib.admin_classes import ModelAdmin
from geogame.lib.words import counted
from geogame.predictions.explanations import retry
from geogame.predictions.models import Explanation, PredictionJob
from geogame.predictions.services import request_stop, resume


@admin.register(PredictionJob)
class PredictionJobAdmin(ModelAdmin[PredictionJob]):
    """Answers of the models in play, computed ahead of play."""

    list_display = [
        "created_at",
        "state",
        "progress",
        "unreadable",
        "model_version",
        "message",
        "heartbeat_at",
    ]
    list_filter = ["state"]
    list_select_related = ["model_version"]
    actions = ["stop", "resume"]

    @admin.display(description="done")
    def progress(self, job: PredictionJob) -> str:
        return f"{job.done} of {job.total} ({min(1.0, job.done / max(1, job.total)):.0%})"

    @admin.action(description="Stop")
    def stop(self, request: HttpRequest, jobs: QuerySet[PredictionJob]) -> None:
        for job in jobs:
            request_stop(job)
            self.message_user(request, f"Asked to stop: {job}")

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, jobs: QuerySet[PredictionJob]) -> None:
        for job in jobs:
            if resume(job):
                self.message_user(request, f"Goes on: {job}")
            else:
                self.message_user(
                    request,
                    f"Only a stopped or failed job can be resumed, one at a time: {job}",
                    messages.ERROR,
                )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PredictionJob | None = None) -> bool:
        return False


@admin.register(Explanation)
class ExplanationAdmin(ModelAdmin[Explanation]):
    """Layers behind results: probability on the map, heat over the picture."""

    list_display = ["asked_at", "state", "prediction_id", "message", "ready_at"]
    list_filter = ["state"]
    actions = ["make_again"]

    @admin.action(description="Make again what failed")
    def make_again(self, request: HttpRequest, rows: QuerySet[Explanation]) -> None:
        count = sum(retry(explanation) for explanation in rows)
        self.message_user(request, f"{counted(count, 'explanation is', 'explanations are')} made again.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Explanation | None = None) -> bool:
        return False
