from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from geogame.lib.admin_classes import ModelAdmin
from geogame.panoramas.models import Map, Panorama
from geogame.panoramas.services import MapError, publish_map, unpublish_map, withdraw


@admin.register(Map)
class MapAdmin(ModelAdmin[Map]):
    list_display = ["name", "panorama_count", "scale_km", "is_published", "published_at"]
    list_filter = ["is_published"]
    fields = ["name", "slug", "scale_km", "is_published", "created_at", "published_at"]
    readonly_fields = ["scale_km", "is_published", "created_at", "published_at"]
    prepopulated_fields = {"slug": ["name"]}
    actions = ["publish", "unpublish"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Map]:
        return super().get_queryset(request).annotate(panorama_total=Count("panoramas"))

    @admin.display(description="panoramas", ordering="panorama_total")
    def panorama_count(self, map_: Map) -> int:
        return map_.panoramas.count()

    @admin.action(description="Publish: open for play")
    def publish(self, request: HttpRequest, maps: QuerySet[Map]) -> None:
        for map_ in maps:
            try:
                publish_map(map_)
            except MapError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"“{map_}” is open for play, scale {map_.scale_km:,.0f} km.")

    @admin.action(description="Close for new games")
    def unpublish(self, request: HttpRequest, maps: QuerySet[Map]) -> None:
        for map_ in maps:
            unpublish_map(map_)
            self.message_user(request, f"“{map_}” is closed for new games.")


@admin.register(Panorama)
class PanoramaAdmin(ModelAdmin[Panorama]):
    list_display = [
        "pk",
        "lat",
        "lng",
        "projection",
        "group",
        "licence",
        "drawn",
        "created_at",
        "withdrawn_at",
    ]
    list_filter = ["projection", "drawn", "maps", ("withdrawn_at", admin.EmptyFieldListFilter)]
    search_fields = ["digest", "group", "source", "author"]
    # The truth comes with the import and stays: played rounds were scored with it.
    readonly_fields = [
        *("digest", "file", "file_digest", "width", "height", "projection", "lat", "lng", "country"),
        *("heading", "group"),
        *("drawn", "facts", "created_at", "withdrawn_at"),
    ]
    actions = ["withdraw"]

    @admin.action(description="Withdraw (takedown): off all maps, files deleted, for good")
    def withdraw(self, request: HttpRequest, panoramas: QuerySet[Panorama]) -> HttpResponse | None:
        if request.POST.get("confirmed") != "yes":
            context = {
                **self.admin_site.each_context(request),
                "title": "Withdraw panoramas",
                "opts": self.model._meta,
                "panoramas": panoramas,
            }
            return TemplateResponse(request, "admin/panoramas/withdraw_confirmation.html", context)
        count = sum(withdraw(panorama) for panorama in panoramas)
        self.message_user(request, f"{count} withdrawn: on no map, files deleted, shown to nobody.")
        return None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
