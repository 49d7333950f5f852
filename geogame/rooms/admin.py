from __future__ import annotations

from django.contrib import admin

from geogame.games.admin import ReadOnly
from geogame.lib.admin_classes import ModelAdmin, TabularInline
from geogame.rooms.models import Member, Room


class MemberInline(ReadOnly, TabularInline[Member, Room]):
    model = Member
    fields = ["number", "player", "role", "is_ready", "connections", "joined_at", "left_at", "kicked_at"]


@admin.register(Room)
class RoomAdmin(ReadOnly, ModelAdmin[Room]):
    list_display = ["created_at", "code", "kind", "map", "state", "is_quick", "closed_at"]
    list_filter = ["kind", "state", "is_quick"]
    inlines = [MemberInline]
