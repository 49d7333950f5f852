"""Pages of the admin about a model version, and about what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from geogame.datasets.models import DataSet
from geogame.evaluations import services
from geogame.evaluations.models import Evaluation
from geogame.evaluations.services import EvaluationError
from geogame.pages.card_html import card_html
from geogame.pages.model_reports import comparison_of, evaluation_of, validation_of
from geogame.registry.activation import ask_to_play, take_out
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.services import RegistryError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAY_VIEW = "registry.view_modelversion"
MAY_ACTIVATE = "registry.activate_modelversion"
MAY_DELETE = "registry.delete_modelversion"
MAY_EVALUATE = "training.start_trainingjob"
FORM = "form"
"""With this in the query, the address of a version shows its form, where its name can be changed."""


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """These come before those of the two model admins, whose pages of one object they replace."""
    models, evaluations = "registry/modelversion/<int:pk>/", "evaluations/evaluation/<int:pk>/"
    return [
        path(f"{models}change/", site.admin_view(version), name="model_page"),
        path(f"{models}state/", site.admin_view(version_state), name="model_state"),
        path(f"{models}play/", site.admin_view(play), name="model_play"),
        path(f"{models}rest/", site.admin_view(rest), name="model_rest"),
        path(f"{models}evaluate/", site.admin_view(evaluate), name="model_evaluate"),
        path(f"{evaluations}change/", site.admin_view(evaluation), name="evaluation_page"),
        path(f"{evaluations}state/", site.admin_view(evaluation_state), name="evaluation_state"),
        path(f"{evaluations}stop/", site.admin_view(stop), name="evaluation_stop"),
        path(f"{evaluations}resume/", site.admin_view(resume), name="evaluation_resume"),
        path(f"{evaluations}remove/", site.admin_view(remove), name="evaluation_remove"),
    ]


def _person(request: HttpRequest, permission: str) -> User:
    if not request.user.is_authenticated or not request.user.has_perm(permission):
        raise PermissionDenied
    return request.user


# --- A version -----------------------------------------------------------------------------------------
def version(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, MAY_VIEW)
    if request.method != "GET" or FORM in request.GET:
        own: HttpResponse = admin.site._registry[ModelVersion].change_view(request, str(pk))
        return own
    shown = get_object_or_404(ModelVersion.objects.select_related("parent", "needs"), pk=pk)
    context = {
        **admin.site.each_context(request),
        "title": str(shown),
        "opts": ModelVersion._meta,
        "version": shown,
        "activation": shown.activations.first(),
        "state": _play_state(shown),
        "card": card_html(shown.card),
        "validation": validation_of(shown),
        "evaluations": _evaluations_of(shown),
        "data_sets": DataSet.objects.exclude(kind=DataSet.Kind.ALBUMS),
        "others": ModelVersion.objects.filter(kind=ModelVersion.Kind.IMAGE).exclude(pk=pk),
        "children": shown.children.all(),
        "may_activate": person.has_perm(MAY_ACTIVATE),
        "may_evaluate": person.has_perm(MAY_EVALUATE),
        "may_delete": person.has_perm(MAY_DELETE) and not shown.is_active,
        "form_query": FORM,
    }
    return TemplateResponse(request, "admin/models/version.html", context)


def _evaluations_of(shown: ModelVersion) -> list[Evaluation]:
    of_both = shown.evaluations.all() | shown.comparisons.all()
    return list(of_both.select_related("data_set", "version", "other").defer("report").distinct()[:50])


def _play_state(shown: ModelVersion) -> dict[str, Any]:
    wish = shown.activations.first()
    return {
        "is_active": shown.is_active,
        "waits": wish is not None and wish.state in Activation.LIVE,
        "message": gettext(wish.message)
        if wish is not None and wish.state == Activation.State.FAILED
        else "",
    }


@require_GET
def version_state(request: HttpRequest, pk: int) -> HttpResponse:
    _person(request, MAY_VIEW)
    return JsonResponse(_play_state(get_object_or_404(ModelVersion, pk=pk)))


@require_POST
def play(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, MAY_ACTIVATE)
    try:
        ask_to_play(get_object_or_404(ModelVersion, pk=pk), person)
    except RegistryError as error:
        messages.error(request, str(error))
    return redirect("admin:model_page", pk)


@require_POST
def rest(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, MAY_ACTIVATE)
    take_out(get_object_or_404(ModelVersion, pk=pk), person)
    return redirect("admin:model_page", pk)


@require_POST
def evaluate(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what the version is worth, alone or beside another one, or for a calibrated one."""
    person = _person(request, MAY_EVALUATE)
    shown = get_object_or_404(ModelVersion, pk=pk)
    data_set = _chosen(DataSet, request.POST.get("data_set", ""))
    if data_set is None:
        messages.error(request, gettext("Choose a data set: make one first where there is none."))
        return redirect("admin:model_page", pk)
    try:
        made = services.queue_evaluation(
            kind=request.POST.get("kind", ""),
            version=shown,
            data_set=data_set,
            other=_chosen(ModelVersion, request.POST.get("other", "")),
            by=person,
        )
    except EvaluationError as error:
        messages.error(request, str(error))
        return redirect("admin:model_page", pk)
    return redirect("admin:evaluation_page", made.pk)


def _chosen(model: Any, key: str) -> Any:
    is_number = key.isascii() and key.isdigit() and len(key) < 10
    return model.objects.filter(pk=int(key)).first() if is_number else None


# --- What it is worth ----------------------------------------------------------------------------------
@require_GET
def evaluation(request: HttpRequest, pk: int) -> HttpResponse:
    _person(request, "evaluations.view_evaluation")
    shown = get_object_or_404(
        Evaluation.objects.select_related("version", "other", "data_set", "made", "requested_by"), pk=pk
    )
    is_comparison = shown.kind == Evaluation.Kind.COMPARE
    has_report = shown.state == Evaluation.State.SUCCEEDED and bool(shown.report)
    context = {
        **admin.site.each_context(request),
        "title": str(shown),
        "opts": Evaluation._meta,
        "evaluation": shown,
        "comparison": comparison_of(shown.report) if has_report and is_comparison else None,
        "found": evaluation_of(shown.report) if has_report and "views" in shown.report else None,
        "state": _state_of(shown),
        "buttons": _buttons(shown) if _may_evaluate(request) else {},
    }
    return TemplateResponse(request, "admin/models/evaluation.html", context)


def _state_of(shown: Evaluation) -> dict[str, Any]:
    return {"state": shown.state, "share": shown.progress, "message": gettext(shown.message)}


@require_GET
def evaluation_state(request: HttpRequest, pk: int) -> HttpResponse:
    _person(request, "evaluations.view_evaluation")
    return JsonResponse(_state_of(get_object_or_404(Evaluation.objects.defer("report"), pk=pk)))


def _may_evaluate(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.has_perm(MAY_EVALUATE)


def _buttons(shown: Evaluation) -> dict[str, bool]:
    """What can be done with it now."""
    State = Evaluation.State
    return {
        "stop": shown.state in (State.QUEUED, State.RUNNING) and not shown.stop_requested,
        "resume": shown.state in (State.STOPPED, State.FAILED),
        "remove": shown.state != State.RUNNING,
    }


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, MAY_EVALUATE)
    services.request_stop(get_object_or_404(Evaluation, pk=pk), person)
    return redirect("admin:evaluation_page", pk)


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, MAY_EVALUATE)
    if not services.resume(get_object_or_404(Evaluation, pk=pk), person):
        messages.error(request, gettext("Only what was stopped or failed can be resumed."))
    return redirect("admin:evaluation_page", pk)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, MAY_EVALUATE)
    shown = get_object_or_404(Evaluation.objects.select_related("version"), pk=pk)
    try:
        services.delete_evaluation(shown, person)
    except EvaluationError as error:
        messages.error(request, str(error))
        return redirect("admin:evaluation_page", pk)
    messages.success(request, gettext("Deleted: %(name)s") % {"name": shown})
    return redirect("admin:model_page", shown.version_id)
