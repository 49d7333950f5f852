"""Training jobs, and the actions on maps and model versions that need a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.translation import gettext, gettext_lazy

from geogame.datasets.services import data_set_of_map
from geogame.lib.admin_classes import ModelAdmin
from geogame.lib.badges import badge
from geogame.panoramas.admin import MapAdmin
from geogame.panoramas.models import Map
from geogame.registry.activation import ask_to_play
from geogame.registry.admin import ModelVersionAdmin
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError
from geogame.training import form_views, views
from geogame.training.errors import TrainingError
from geogame.training.models import TrainingJob
from geogame.training.services import create_job, may_start, queue_job, request_stop

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@admin.register(TrainingJob)
class TrainingJobAdmin(ModelAdmin[TrainingJob]):
    list_display = ["name", "badge", "message", "model_version", "requested_by", "created_at"]
    list_select_related = ["data_set", "model_version", "requested_by"]
    search_fields = ["data_set__name", "recipe", "model_version__name"]
    list_filter = ["state", "kind", "recipe"]
    actions = ["stop"]

    @admin.display(description=gettext_lazy("job"), ordering="recipe")
    def name(self, job: TrainingJob) -> str:
        return gettext("%(recipe)s on %(data)s") % {"recipe": job.what, "data": job.data_set}

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, job: TrainingJob) -> str:
        return badge(job.state, job.progress)

    def get_urls(self) -> list[URLPattern]:
        return [*form_views.urls(self.admin_site), *views.urls(self.admin_site), *super().get_urls()]

    @admin.action(description=gettext_lazy("Stop"), permissions=["start"])
    def stop(self, request: HttpRequest, jobs: QuerySet[TrainingJob]) -> None:
        for job in jobs:
            try:
                request_stop(job, by=_person(request))
            except TrainingError as error:
                self.message_user(request, f"{job}: {error}", messages.ERROR)
            else:
                self.message_user(request, gettext("Asked to stop: %(job)s") % {"job": job})

    def has_start_permission(self, request: HttpRequest) -> bool:
        return may_start(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_start(request.user)

    def has_change_permission(self, request: HttpRequest, obj: TrainingJob | None = None) -> bool:
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        return redirect("admin:training_trainingjob_live", object_id)

    def has_delete_permission(self, request: HttpRequest, obj: TrainingJob | None = None) -> bool:
        return False  # the page of a job deletes it, with its files


@admin.action(description=gettext_lazy("Train PlaNet on it (recipe tiny)"))
def train_tiny(model_admin: MapAdmin, request: HttpRequest, maps: QuerySet[Map]) -> None:
    if not may_start(request.user):
        raise PermissionDenied
    for map_ in maps:
        try:
            job = create_job(data_set=data_set_of_map(map_), recipe="tiny", by=_person(request))
            queue_job(job)
        except TrainingError as error:
            model_admin.message_user(request, str(error), messages.ERROR)
        else:
            text = gettext("Queued: %(job)s. Follow it under training jobs.")
            model_admin.message_user(request, text % {"job": job})


@admin.action(description=gettext_lazy("Put into play"), permissions=["activate"])
def activate_version(
    model_admin: ModelVersionAdmin, request: HttpRequest, versions: QuerySet[ModelVersion]
) -> None:
    if versions.count() != 1:
        text = gettext("Choose one version: one plays at a time.")
        model_admin.message_user(request, text, messages.ERROR)
        return
    version = versions.get()
    try:
        ask_to_play(version, _person(request))
    except RegistryError as error:
        model_admin.message_user(request, str(error), messages.ERROR)
    else:
        text = gettext("%(version)s plays as soon as it has answered: see activations.")
        model_admin.message_user(request, text % {"version": version})


def _person(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


MapAdmin.actions = [*MapAdmin.actions, train_tiny]
ModelVersionAdmin.actions = [activate_version, *ModelVersionAdmin.actions]
