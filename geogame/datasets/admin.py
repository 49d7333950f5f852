from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.translation import gettext_lazy

from geogame.datasets import views
from geogame.datasets.models import DataSet
from geogame.lib.admin_classes import ModelAdmin
from geogame.lib.badges import badge


@admin.register(DataSet)
class DataSetAdmin(ModelAdmin[DataSet]):
    """The list; all else is on the page of a data set."""

    list_display = ["name", "kind", "badge", "photos", "albums", "read_at", "message"]
    list_filter = ["kind", "state"]
    search_fields = ["name"]

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, data_set: DataSet) -> str:
        return badge(data_set.state, data_set.progress)

    def get_urls(self) -> list[URLPattern]:
        return [*views.urls(self.admin_site), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        return redirect("admin:datasets_dataset_page", object_id)

    def has_change_permission(self, request: HttpRequest, obj: DataSet | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DataSet | None = None) -> bool:
        return False  # its page deletes it, with its files
