"""The admin of the whole game: its look, what stands in its side bar, in which order."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext, gettext_noop
from unfold.sites import UnfoldAdminSite

from geogame.pages import dashboard, model_pages
from geogame.pages.preferences import preferences_of

# Title of a group; then label of the model, icon (Material Symbols, which unfold brings) and title.
NAVIGATION: Final = [
    (
        gettext_noop("Play"),
        [
            ("games.Game", "flag", gettext_noop("Games")),
            ("rooms.Room", "groups", gettext_noop("Rooms")),
            ("albums.AlbumRound", "route", gettext_noop("Album rounds")),
            ("studies.Study", "biotech", gettext_noop("Studies")),
        ],
    ),
    (
        gettext_noop("Maps and panoramas"),
        [
            ("panoramas.Map", "map", gettext_noop("Maps")),
            ("panoramas.Panorama", "panorama", gettext_noop("Panoramas")),
            ("albums.Album", "photo_album", gettext_noop("Albums")),
            ("world.WorldJob", "brush", gettext_noop("Drawing jobs")),
        ],
    ),
    (
        gettext_noop("Training"),
        [
            ("datasets.DataSet", "photo_library", gettext_noop("Data sets")),
            ("training.TrainingJob", "flight_takeoff", gettext_noop("Training jobs")),
        ],
    ),
    (
        gettext_noop("Models"),
        [
            ("registry.ModelVersion", "neurology", gettext_noop("Model versions")),
            ("evaluations.Evaluation", "straighten", gettext_noop("Evaluations")),
            ("predictions.PredictionJob", "bolt", gettext_noop("Predictions ahead")),
            ("predictions.Explanation", "visibility", gettext_noop("Explanations")),
        ],
    ),
    (
        gettext_noop("People"),
        [
            ("auth.User", "person", gettext_noop("Accounts")),
            ("auth.Group", "group", gettext_noop("Groups")),
            ("ratings.Rating", "leaderboard", gettext_noop("Ratings")),
            ("ratings.RatedResult", "swords", gettext_noop("Rated results")),
        ],
    ),
    (
        gettext_noop("Reports"),
        [
            ("round_sets.RoundSet", "stacks", gettext_noop("Round sets")),
            ("round_sets.OutsidePlayer", "smart_toy", gettext_noop("Outside players")),
        ],
    ),
]


class ArenaAdminSite(UnfoldAdminSite):
    """unfold's site in the game's colours. The theme is the visitor's, as on every other page."""

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # unfold's form has no field for where to go on, which would be the player's profile.
        if request.method == "GET" and REDIRECT_FIELD_NAME not in request.GET:
            return redirect(f"{reverse('admin:login')}?{REDIRECT_FIELD_NAME}={reverse('admin:index')}")
        response: HttpResponse = super().login(request, extra_context)
        return response

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        assert request.user.is_authenticated  # AdminSite.admin_view let it through
        shown = {"title": gettext("Overview"), **dashboard.dashboard(request.user)}
        response: HttpResponse = super().index(request, {**shown, **(extra_context or {})})
        return response

    def extra_urls(self) -> list[URLPattern]:
        return [*dashboard.urls(self), *model_pages.urls(self)]

    def extra_context(self, context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        return context | {
            "site_title": "PlaNet Arena",
            "site_header": "PlaNet Arena",
            "theme": preferences_of(request).theme,
        }


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar: what is registered and the visitor may see."""
    groups: list[tuple[str, list[dict[str, Any]]]] = [
        ("", [_item(request, gettext("Overview"), "dashboard", reverse("admin:index"))]),
        *((gettext(title), _models(request, rows)) for title, rows in NAVIGATION),
    ]
    groups[-1][1].append(_item(request, gettext("Public reports"), "monitoring", reverse("benchmark")))
    return [{"title": title, "items": items} for title, items in groups if items]


def _models(request: HttpRequest, rows: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    known = {model._meta.label: one for model, one in admin.site._registry.items()}
    shown = [(known[label], icon, title) for label, icon, title in rows if label in known]
    return [
        _item(request, gettext(title), icon, _list(one))
        for one, icon, title in shown
        if one.has_view_permission(request)
    ]


def _list(model_admin: admin.ModelAdmin[Any]) -> str:
    return reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")


def _item(request: HttpRequest, title: str, icon: str, link: str) -> dict[str, Any]:
    index = reverse("admin:index")
    active = request.path == link if link == index else request.path.startswith(link)
    return {"title": title, "icon": icon, "link": link, "active": lambda request: active}
