"""Training jobs, and the actions on maps and model versions that need a worker."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from geogame.panoramas.admin import MapAdmin
from geogame.panoramas.models import Map
from geogame.registry.admin import ModelVersionAdmin
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError
from geogame.training.models import TrainingJob
from geogame.training.services import TrainingError, put_into_play, queue_job, request_stop


@admin.register(TrainingJob)
class TrainingJobAdmin(admin.ModelAdmin[TrainingJob]):
    list_display = ["created_at", "map", "recipe", "state", "percent", "message", "model_version"]
    list_filter = ["state", "recipe"]
    actions = ["stop"]

    @admin.display(description="done")
    def percent(self, job: TrainingJob) -> str:
        return f"{job.progress:.0%}"

    @admin.action(description="Stop")
    def stop(self, request: HttpRequest, jobs: QuerySet[TrainingJob]) -> None:
        for job in jobs:
            request_stop(job)
            self.message_user(request, f"Asked to stop: {job}")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TrainingJob | None = None) -> bool:
        return False


@admin.action(description="Train PlaNet on it (recipe tiny)")
def train_tiny(model_admin: MapAdmin, request: HttpRequest, maps: QuerySet[Map]) -> None:
    for map_ in maps:
        try:
            job = queue_job(
                map_=map_, recipe="tiny", user=request.user if request.user.is_authenticated else None
            )
        except TrainingError as error:
            model_admin.message_user(request, str(error), messages.ERROR)
        else:
            model_admin.message_user(request, f"Queued: {job}. Follow it under training jobs.")


@admin.action(description="Put into play")
def activate_version(
    model_admin: ModelVersionAdmin, request: HttpRequest, versions: QuerySet[ModelVersion]
) -> None:
    if versions.count() != 1:
        model_admin.message_user(request, "Choose one version: one plays at a time.", messages.ERROR)
        return
    version = versions.get()
    try:
        put_into_play(version)
    except RegistryError as error:
        model_admin.message_user(request, str(error), messages.ERROR)
    else:
        model_admin.message_user(request, f"{version} plays from now on.")


MapAdmin.actions = [*MapAdmin.actions, train_tiny]
ModelVersionAdmin.actions = [activate_version, *ModelVersionAdmin.actions]
