from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from geogame.games.admin import ReadOnly
from geogame.lib.admin_classes import ModelAdmin
from geogame.round_sets.models import OutsidePlayer, RoundSet
from geogame.round_sets.queries import sets_with_counts
from geogame.round_sets.services import close, revoke


@admin.register(RoundSet)
class RoundSetAdmin(ReadOnly, ModelAdmin[RoundSet]):
    list_display = [
        "__str__",
        "map_name",
        "state",
        "rounds_total",
        "players_total",
        "created_at",
        "closed_at",
    ]
    list_filter = ["state"]
    search_fields = ["name"]
    actions = ["close_sets"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoundSet]:
        return sets_with_counts().order_by("name", "version")

    @admin.display(description="rounds")
    def rounds_total(self, round_set: RoundSet) -> int:
        return int(round_set.rounds_total)  # type: ignore[attr-defined]

    @admin.display(description="outside players")
    def players_total(self, round_set: RoundSet) -> int:
        return int(round_set.players_total) + len(round_set.imported_players)  # type: ignore[attr-defined]

    @admin.action(description="Close: no more answers, results are told", permissions=["close"])
    def close_sets(self, request: HttpRequest, sets: QuerySet[RoundSet]) -> None:
        for round_set in sets:
            closed = close(round_set)
            self.message_user(request, f"“{round_set}” {'is closed' if closed else 'was closed already'}.")

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("round_sets.change_roundset")


@admin.register(OutsidePlayer)
class OutsidePlayerAdmin(ReadOnly, ModelAdmin[OutsidePlayer]):
    """A token is made on the command line, `manage.py round_set token PLAYER`, where it is shown once."""

    list_display = ["name", "created_at", "token_made_at", "revoked_at"]
    search_fields = ["name"]
    actions = ["revoke_tokens"]

    @admin.action(description="Revoke: the token opens nothing any more", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, players: QuerySet[OutsidePlayer]) -> None:
        for player in players:
            ended = revoke(player)
            self.message_user(request, f"The token of “{player}” {'is' if ended else 'was already'} revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("round_sets.change_outsideplayer")
