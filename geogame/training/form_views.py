"""The page that makes a training job, and what it asks for while it is filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from geogame.datasets.errors import DataSetError
from geogame.datasets.models import DataSet
from geogame.datasets.queries import preview
from geogame.registry.models import ModelVersion
from geogame.training import services
from geogame.training.errors import TrainingError
from geogame.training.estimates import estimate
from geogame.training.forms import FORMS, IMAGE_PX, AnyJobForm, Kind, recipe_values, recipe_words
from geogame.training.models import TrainingJob

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TEMPLATES: dict[str, str] = {
    Kind.PHOTO: "admin/training/job_form.html",
    Kind.ALBUM: "admin/training/album_job_form.html",
}
FIRST_RECIPES: dict[str, str] = {Kind.PHOTO: "tiny", Kind.ALBUM: "modern"}
GIVEN: dict[str, tuple[str, ...]] = {
    Kind.PHOTO: ("data_set", "init_from"),
    Kind.ALBUM: ("data_set", "validation_set", "image_model"),
}
"""Fields that whoever leads here may fill in."""
CELL_VALUES = ("max_photos", "min_photos", "max_level")


def urls(site: admin.AdminSite) -> list[URLPattern]:
    pages = {"": ("add", add), "cells/": ("cells", cells), "estimate/": ("estimate", ask_estimate)}
    return [
        path(f"add/{ending}", site.admin_view(view), name=f"training_trainingjob_{name}")
        for ending, (name, view) in pages.items()
    ]


def _person(request: HttpRequest) -> User:
    """Who asks, if they may start jobs."""
    if not request.user.is_authenticated or not services.may_start(request.user):
        raise PermissionDenied
    return request.user


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    person = _person(request)
    if request.method == "GET":
        return _page(request, _first_form(request))
    form = _filled(request)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        job = services.create_job(**form.job(), by=person)
        services.queue_job(job)
    except TrainingError as error:
        form.refuse(error)
        return _page(request, form, status=400)
    return redirect("admin:training_trainingjob_live", job.pk)


def _filled(request: HttpRequest) -> AnyJobForm:
    return FORMS[_kind(request.POST.get("kind", ""))](request.POST)


def _kind(name: str) -> str:
    return name if name in FORMS else Kind.PHOTO


def _first_form(request: HttpRequest) -> AnyJobForm:
    like = request.GET.get("like", "")
    if like.isdigit():
        job = get_object_or_404(TrainingJob, pk=int(like))
        return FORMS[job.kind].filled_from(job)
    kind = _kind(request.GET.get("kind", ""))
    wanted = {name: request.GET[name] for name in GIVEN[kind] if request.GET.get(name, "").isdigit()}
    first = FIRST_RECIPES[kind]
    return FORMS[kind](initial={"recipe": first, **recipe_values(kind)[first], **wanted})


def _page(request: HttpRequest, form: AnyJobForm, status: int = 200) -> HttpResponse:
    is_of_albums = form.kind == Kind.ALBUM
    data_sets = DataSet.objects.filter(kind=DataSet.Kind.ALBUMS)
    context = {
        **admin.site.each_context(request),
        "title": gettext("New training job"),
        "opts": TrainingJob._meta,
        "form": form,
        "kind": form.kind,
        "has_data_sets": (
            data_sets.exists() if is_of_albums else DataSet.objects.exclude(pk__in=data_sets).exists()
        ),
        "has_image_models": ModelVersion.objects.filter(kind=ModelVersion.Kind.IMAGE).exists(),
        "recipes": recipe_values(form.kind),
        "recipe_words": {} if is_of_albums else recipe_words(),
        "image_px": IMAGE_PX,
    }
    return TemplateResponse(request, TEMPLATES[form.kind], context, status=status)


@require_GET
def cells(request: HttpRequest) -> HttpResponse:
    """The cells that these values give on a data set."""
    _person(request)
    numbers = [request.GET.get(name, "") for name in ("data_set", *CELL_VALUES)]
    if not all(number.isascii() and number.isdigit() and len(number) <= 9 for number in numbers):
        return _refused(gettext("Fill in data set, most photos, least photos and level first."))
    key, *values = map(int, numbers)
    try:
        return JsonResponse(preview(get_object_or_404(DataSet, pk=key), *values))
    except DataSetError as error:
        return _refused(str(error))


@require_POST
def ask_estimate(request: HttpRequest) -> HttpResponse:
    _person(request)
    form = _filled(request)
    if not form.is_valid():
        return _refused(gettext("Mend what is marked first."), fields=form.errors)
    try:
        return JsonResponse(estimate(form.job()))
    except TrainingError as error:
        return _refused(str(error))


def _refused(message: str, **more: object) -> HttpResponse:
    return JsonResponse({"error": {"code": "refused", "message": message, **more}}, status=400)
