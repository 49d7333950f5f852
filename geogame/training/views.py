"""The live page of a training job in the admin, what it asks for, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from geogame.registry.activation import ask_to_play
from geogame.registry.services import RegistryError
from geogame.training import live, services
from geogame.training.errors import TrainingError
from geogame.training.models import TrainingJob

if TYPE_CHECKING:
    from django.contrib.auth.models import User

View = Callable[..., HttpResponseBase]
Action = Callable[["TrainingJob", "User"], "tuple[str, TrainingJob | None]"]
TEMPLATE = "admin/training/job.html"
MAY_VIEW = "training.view_trainingjob"
MAY_ACTIVATE = "registry.activate_modelversion"


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """The addresses of a job's page, for `ModelAdmin.get_urls`; they begin with its number."""
    pages: dict[str, View] = {
        "live": page,
        "state": state,
        "curves": curves,
        "validation": validation,
        "samples": sample,
        "log": log,
        "stop": stop,
        "resume": resume,
        "clone": clone,
        "delete": delete,
        "activate": activate,
    }
    endings = {"samples": "samples/<str:name>"}
    # Django's admin has a page of its own at `delete/`: these come first.
    return [
        path(
            f"<int:pk>/{endings.get(name, f'{name}/')}",
            site.admin_view(view),
            name=f"training_trainingjob_{name}",
        )
        for name, view in pages.items()
    ]


# --- Who may, and which job ------------------------------------------------------------------------------
def _shows(view: View) -> View:
    """Hands the job to the view of those who may see it."""

    @require_GET
    @wraps(view)
    def wrapped(request: HttpRequest, pk: int, **parts: str) -> HttpResponseBase:
        if not _user(request).has_perm(MAY_VIEW):
            raise PermissionDenied
        job = get_object_or_404(TrainingJob.objects.select_related("model_version", "data_set"), pk=pk)
        answer = view(request, job, **parts)
        patch_cache_control(answer, private=True, no_store=True)
        return answer

    return wrapped


def _does(action: Action, may: Callable[[User], bool] = services.may_start) -> View:
    """Does something with the job for those who may, and says what, to a script or on the next page."""

    @require_POST
    def wrapped(request: HttpRequest, pk: int) -> HttpResponse:
        user = _user(request)
        if not may(user):
            raise PermissionDenied
        job = get_object_or_404(TrainingJob, pk=pk)
        try:
            text, shown = action(job, user)
        except (TrainingError, RegistryError) as error:
            return _refused(request, job, str(error))
        return _done(request, text, shown)

    return wrapped


def _user(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # AdminSite.admin_view let it through
    return request.user


def may_activate(user: User) -> bool:
    return user.has_perm(MAY_ACTIVATE)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _done(request: HttpRequest, text: str, job: TrainingJob | None) -> HttpResponse:
    address = _address(job)
    if _wants_json(request):
        shown = TrainingJob.objects.select_related("model_version").get(pk=job.pk) if job else None
        return JsonResponse(
            {"message": text, "url": address, "state": live.job_state(shown) if shown else None}
        )
    messages.success(request, text)
    return redirect(address)


def _refused(request: HttpRequest, job: TrainingJob, text: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"error": {"code": "refused", "message": text}}, status=409)
    messages.error(request, text)
    return redirect(_address(job))


def _address(job: TrainingJob | None) -> str:
    if job is None:
        return reverse("admin:training_trainingjob_changelist")
    return reverse("admin:training_trainingjob_live", args=[job.pk])


# --- What the page shows ---------------------------------------------------------------------------------
@_shows
def page(request: HttpRequest, job: TrainingJob) -> HttpResponse:
    user = _user(request)
    context = {
        **admin.site.each_context(request),
        "title": str(job),
        "opts": TrainingJob._meta,
        "job": job,
        "state": live.job_state(job),
        "may_start": services.may_start(user),
        "may_activate": may_activate(user),
    }
    return TemplateResponse(request, TEMPLATE, context)


@_shows
def state(request: HttpRequest, job: TrainingJob) -> HttpResponse:
    return JsonResponse(live.job_state(job))


@_shows
def curves(request: HttpRequest, job: TrainingJob) -> HttpResponse:
    known = live.Known(request.GET.get("run", ""), _number(request, "after", 0), _number(request, "epoch", 0))
    return JsonResponse(live.curves(job, known, points=_number(request, "points", live.MOST_POINTS)))


def _number(request: HttpRequest, name: str, otherwise: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else otherwise


@_shows
def validation(request: HttpRequest, job: TrainingJob) -> HttpResponse:
    return JsonResponse(live.validation(job), safe=False)


@_shows
def sample(request: HttpRequest, job: TrainingJob, name: str) -> HttpResponseBase:
    file = live.sample_path(job, name)
    if file is None:
        raise Http404("There is no such sample.")
    return FileResponse(file.open("rb"), content_type="image/jpeg")


@_shows
def log(request: HttpRequest, job: TrainingJob) -> HttpResponse:
    return JsonResponse({"lines": live.log_tail(job, lines=_number(request, "lines", 200))})


# --- Its buttons -----------------------------------------------------------------------------------------
def _stopped(job: TrainingJob, by: User) -> tuple[str, TrainingJob | None]:
    services.request_stop(job, by=by)
    return gettext("Asked to stop: %(job)s") % {"job": job}, job


def _resumed(job: TrainingJob, by: User) -> tuple[str, TrainingJob | None]:
    services.resume(job, by=by)
    return gettext("Goes on: %(job)s") % {"job": job}, job


def _cloned(job: TrainingJob, by: User) -> tuple[str, TrainingJob | None]:
    copy = services.clone(job, by=by)
    services.queue_job(copy)
    return gettext("Queued: %(job)s") % {"job": copy}, copy


def _deleted(job: TrainingJob, by: User) -> tuple[str, TrainingJob | None]:
    name = str(job)
    services.delete(job, by=by)
    return gettext("Deleted: %(name)s") % {"name": name}, None


def _activated(job: TrainingJob, by: User) -> tuple[str, TrainingJob | None]:
    if job.model_version is None:
        raise TrainingError(gettext("This job has made no model yet."))
    ask_to_play(job.model_version, by)
    text = gettext("%(version)s plays as soon as it has answered.")
    return text % {"version": job.model_version}, job


stop = _does(_stopped)
resume = _does(_resumed)
clone = _does(_cloned)
delete = _does(_deleted)
activate = _does(_activated, may_activate)
