"""The pages of data sets in the admin, what they ask for, and their buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from geogame.datasets import queries, services
from geogame.datasets.errors import DataSetError
from geogame.datasets.forms import DataSetForm
from geogame.datasets.models import DataSet
from geogame.datasets.sentences import SENTENCES
from geogame.lib.sentences import in_language
from planet_core import recipe as recipes

if TYPE_CHECKING:
    from django.contrib.auth.models import User

View = Callable[..., HttpResponse]
MOST_POINTS = 30_000
"""More are drawn at random, always the same."""
FIRST_RECIPE = "tiny"


def urls(site: admin.AdminSite) -> list[URLPattern]:
    views: dict[str, View] = {
        "add": add,
        "<int:pk>/page": page,
        "<int:pk>/state": state,
        "<int:pk>/places": places,
        "<int:pk>/split": split,
        "<int:pk>/read": read,
        "<int:pk>/cancel": cancel,
        "<int:pk>/delete": delete,
    }
    return [
        path(f"{address}/", site.admin_view(view), name=f"datasets_dataset_{address.rpartition('/')[2]}")
        for address, view in views.items()
    ]


def _person(request: HttpRequest, action: str) -> User:
    if not request.user.is_authenticated or not request.user.has_perm(f"datasets.{action}_dataset"):
        raise PermissionDenied
    return request.user


# --- Making one ----------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    person = _person(request, "add")
    if request.method == "GET":
        return _form_page(request, DataSetForm())
    form = DataSetForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            data_set = services.create_data_set(**form.arguments(), by=person)
        except DataSetError as error:
            form.add_error(None, str(error))
        else:
            services.start_reading(data_set, by=person)
            return redirect("admin:datasets_dataset_page", data_set.pk)
    return _form_page(request, form, status=400)


def _form_page(request: HttpRequest, form: DataSetForm, status: int = 200) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": gettext("New data set"),
        "opts": DataSet._meta,
        "form": form,
    }
    return TemplateResponse(request, "admin/datasets/form.html", context, status=status)


# --- One data set --------------------------------------------------------------------------------------
def _shows(view: View) -> View:
    @require_GET
    @wraps(view)
    def wrapped(request: HttpRequest, pk: int) -> HttpResponse:
        _person(request, "view")
        answer = view(request, get_object_or_404(DataSet.objects.select_related("map"), pk=pk))
        patch_cache_control(answer, private=True, no_store=True)
        return answer

    return wrapped


@_shows
def page(request: HttpRequest, data_set: DataSet) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": str(data_set),
        "opts": DataSet._meta,
        "data_set": data_set,
        "licences": _by_count(data_set.licences),
        "skipped": _by_count(data_set.skipped),
        "sets": _sets(data_set),
        "duplicates": data_set.near_duplicates,
        "jobs": data_set.training_jobs.all()[:10],
        "recipes": recipes.names(),
        "recipe": FIRST_RECIPE,
        "has_albums": data_set.kind == DataSet.Kind.ALBUMS,
        "has_places": data_set.kind == DataSet.Kind.MAP or data_set.read_at is not None,
        "state": state_of(data_set),
        "may_change": request.user.has_perm("datasets.change_dataset"),
        "may_delete": request.user.has_perm("datasets.delete_dataset"),
    }
    return TemplateResponse(request, "admin/datasets/data_set.html", context)


def _sets(data_set: DataSet) -> list[dict[str, Any]]:
    """What it shares with each set; that it shares its own map's pictures is no surprise."""
    own = data_set.map.name if data_set.map else None
    sets: list[dict[str, Any]] = data_set.near_duplicates.get("sets", [])
    return [{**one, "is_own": one["kind"] == "map" and one["name"] == own} for one in sets]


def _by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def state_of(data_set: DataSet) -> dict[str, Any]:
    return {
        "state": data_set.state,
        "share": data_set.progress,
        "message": in_language(data_set.message, SENTENCES),
        "read_at": data_set.read_at.isoformat() if data_set.read_at else None,
    }


@_shows
def state(request: HttpRequest, data_set: DataSet) -> HttpResponse:
    return JsonResponse(state_of(data_set))


@_shows
def places(request: HttpRequest, data_set: DataSet) -> HttpResponse:
    """Where its photos are, a thousandth of a degree fine: `lat` and `lng` of at most so many of `photos`."""
    try:
        found = queries.places(data_set)
    except DataSetError as error:
        return _refused(str(error))
    rows = np.arange(len(found))
    if len(rows) > MOST_POINTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_POINTS, replace=False))
    shown = {"lat": np.round(found.lat[rows], 3).tolist(), "lng": np.round(found.lng[rows], 3).tolist()}
    return JsonResponse({"photos": len(found), **shown})


@_shows
def split(request: HttpRequest, data_set: DataSet) -> HttpResponse:
    try:
        recipe = recipes.load(request.GET.get("recipe", FIRST_RECIPE))
        return JsonResponse(queries.split_summary(data_set, recipe))
    except (recipes.RecipeError, DataSetError) as error:
        return _refused(str(error))


def _refused(message: str) -> HttpResponse:
    return JsonResponse({"error": {"code": "refused", "message": message}}, status=400)


# --- Its buttons ---------------------------------------------------------------------------------------
@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, "change")
    data_set = get_object_or_404(DataSet, pk=pk)
    services.start_reading(data_set, by=person)
    return redirect("admin:datasets_dataset_page", pk)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, "change")
    services.cancel_reading(get_object_or_404(DataSet, pk=pk), by=person)
    return redirect("admin:datasets_dataset_page", pk)


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, "delete")
    data_set = get_object_or_404(DataSet, pk=pk)
    try:
        services.delete_data_set(data_set, by=person)
    except DataSetError as error:
        messages.error(request, str(error))
        return redirect("admin:datasets_dataset_page", pk)
    messages.success(request, gettext("Deleted: %(name)s") % {"name": data_set.name})
    return redirect(reverse("admin:datasets_dataset_changelist"))
