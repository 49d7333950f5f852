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
from geogame.training import services
from geogame.training.estimates import estimate
from geogame.training.forms import IMAGE_PX, JobForm, recipe_values, recipe_words
from geogame.training.models import TrainingJob
from geogame.training.services import TrainingError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TEMPLATE = "admin/training/job_form.html"
FIRST_RECIPE = "tiny"
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
    form = JobForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        job = services.create_job(**form.job(), by=person)
        services.queue_job(job)
    except TrainingError as error:
        form.refuse(error)
        return _page(request, form, status=400)
    return redirect("admin:training_trainingjob_live", job.pk)


def _first_form(request: HttpRequest) -> JobForm:
    like = request.GET.get("like", "")
    if like.isdigit():
        return JobForm.filled_from(get_object_or_404(TrainingJob, pk=int(like)))
    wanted = {
        name: request.GET[name] for name in ("data_set", "init_from") if request.GET.get(name, "").isdigit()
    }
    return JobForm(initial={"recipe": FIRST_RECIPE, **recipe_values()[FIRST_RECIPE], **wanted})


def _page(request: HttpRequest, form: JobForm, status: int = 200) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": gettext("New training job"),
        "opts": TrainingJob._meta,
        "form": form,
        "has_data_sets": DataSet.objects.exists(),
        "recipes": recipe_values(),
        "recipe_words": recipe_words(),
        "image_px": IMAGE_PX,
    }
    return TemplateResponse(request, TEMPLATE, context, status=status)


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
    form = JobForm(request.POST)
    if not form.is_valid():
        return _refused(gettext("Mend what is marked first."), fields=form.errors)
    try:
        return JsonResponse(estimate(form.job()))
    except TrainingError as error:
        return _refused(str(error))


def _refused(message: str, **more: object) -> HttpResponse:
    return JsonResponse({"error": {"code": "refused", "message": message, **more}}, status=400)
