from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from geogame.albums.models import Album, AlbumPhoto, AlbumRound
from geogame.games.admin import ReadOnly
from geogame.lib.admin_classes import ModelAdmin, TabularInline


class PhotoInline(ReadOnly, TabularInline[AlbumPhoto, Album]):
    model = AlbumPhoto
    fields = ["number", "panorama", "taken_at", "cue"]


@admin.register(Album)
class AlbumAdmin(ModelAdmin[Album]):
    list_display = ["name", "map", "drawn", "is_open", "created_at"]
    list_filter = ["map", "drawn", "is_open"]
    list_editable = ["is_open"]
    search_fields = ["name", "source"]
    fields = ["map", "name", "source", "licence", "drawn", "is_open", "created_at"]
    readonly_fields = ["map", "name", "source", "licence", "drawn", "created_at"]
    inlines = [PhotoInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AlbumRound)
class AlbumRoundAdmin(ReadOnly, ModelAdmin[AlbumRound]):
    list_display = ["created_at", "album", "player", "state", "image_version", "album_version", "closed_at"]
    list_filter = ["state"]
