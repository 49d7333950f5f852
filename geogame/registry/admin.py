from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext, gettext_lazy

from geogame.lib.admin_classes import ModelAdmin
from geogame.lib.badges import badge
from geogame.registry import views
from geogame.registry.activation import take_out
from geogame.registry.files import delete_version
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import RegistryError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FACTS = [
    *("digest", "kind", "recipe", "origin", "parent", "needs", "data", "directory", "size", "cells"),
    *("partition_digest", "facts", "metrics", "trained_on_drawings", "card"),
    *("is_active", "created_at", "activated_at"),
]


@admin.register(ModelVersion)
class ModelVersionAdmin(ModelAdmin[ModelVersion]):
    list_display = [
        "name",
        "badge",
        "short_digest",
        "kind",
        "recipe",
        "cells",
        "size",
        "origin",
        "created_at",
    ]
    list_filter = ["is_active", "kind", "recipe", "origin"]
    search_fields = ["name", "digest"]
    fields = ["name", *FACTS]
    readonly_fields = FACTS
    actions = ["take_out_of_play", "delete_versions"]
    change_list_template = "admin/registry/versions.html"

    @admin.display(description=gettext_lazy("plays"), ordering="is_active")
    def badge(self, version: ModelVersion) -> str:
        return badge("plays") if version.is_active else ""

    @admin.display(description=gettext_lazy("digest"))
    def short_digest(self, version: ModelVersion) -> str:
        return version.digest[:12]

    @admin.display(description=gettext_lazy("size"), ordering="bytes")
    def size(self, version: ModelVersion) -> str:
        return filesizeformat(version.bytes)

    def get_urls(self) -> list[URLPattern]:
        return [*views.urls(self.admin_site), *super().get_urls()]

    @admin.action(description=gettext_lazy("Take out of play"), permissions=["activate"])
    def take_out_of_play(self, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
        for version in versions:
            take_out(version, _person(request))
            text = gettext("%(version)s no longer plays.") % {"version": version}
            self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Delete with their files"), permissions=["remove"])
    def delete_versions(self, request: HttpRequest, versions: QuerySet[ModelVersion]) -> HttpResponse | None:
        if request.POST.get("confirmed") != "yes":
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Delete model versions"),
                "opts": self.model._meta,
                "versions": versions,
            }
            return TemplateResponse(request, "admin/registry/delete_confirmation.html", context)
        for version in versions:
            try:
                freed = delete_version(version, _person(request))
            except RegistryError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                text = gettext("%(version)s is deleted: %(size)s are free again.")
                self.message_user(request, text % {"version": version, "size": filesizeformat(freed)})
        return None

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registry.activate_modelversion")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registry.delete_modelversion")

    def has_delete_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return False  # with its files it goes by the action alone, which says who needs it

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Activation)
class ActivationAdmin(ModelAdmin[Activation]):
    """How versions came into play, or why they did not."""

    list_display = ["version", "badge", "message", "asked_by", "asked_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["version", "asked_by"]

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, activation: Activation) -> str:
        return badge(activation.state)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Activation | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Activation | None = None) -> bool:
        return False


def _person(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None
