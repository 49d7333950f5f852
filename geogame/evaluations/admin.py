from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from geogame.evaluations import services
from geogame.evaluations.models import Evaluation
from geogame.evaluations.services import EvaluationError
from geogame.lib.admin_classes import ModelAdmin
from geogame.lib.badges import badge

if TYPE_CHECKING:
    from django.contrib.auth.models import User

START = "training.start_trainingjob"
"""Whoever may start training may start what takes as much of the machine."""
ASKED = ["kind", "version", "other", "data_set"]


class EvaluationForm(forms.ModelForm[Evaluation]):
    limit = forms.IntegerField(
        min_value=1, required=False, help_text=gettext_lazy("Only so many photos; empty for all of them.")
    )

    class Meta:
        model = Evaluation
        fields = ASKED

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                services.check(**self.asked(values))
            except EvaluationError as error:
                raise forms.ValidationError(str(error)) from error
        return values

    def asked(self, values: dict[str, Any]) -> dict[str, Any]:
        """The arguments of `services.queue_evaluation`."""
        return {**{name: values[name] for name in ASKED}, "options": {"limit": values["limit"]}}


@admin.register(Evaluation)
class EvaluationAdmin(ModelAdmin[Evaluation]):
    """What versions are worth on data: asked for here, found out in the background."""

    form = EvaluationForm
    list_display = ["version", "kind", "other", "data_set", "badge", "message", "created_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["version", "other", "data_set"]
    actions = ["stop", "resume", "delete_evaluations"]

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, evaluation: Evaluation) -> str:
        return badge(evaluation.state, evaluation.progress)

    def get_fields(self, request: HttpRequest, obj: Evaluation | None = None) -> Any:
        if obj is None:
            return [*ASKED, "limit"]
        return [*ASKED, "options", "state", "progress", "message", "made", "report", "requested_by"]

    def save_model(self, request: HttpRequest, obj: Evaluation, form: Any, change: bool) -> None:
        made = services.queue_evaluation(**form.asked(form.cleaned_data), by=_person(request))
        obj.pk, obj.token = made.pk, made.token

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None  # the service has written it down

    @admin.action(description=gettext_lazy("Stop"), permissions=["start"])
    def stop(self, request: HttpRequest, evaluations: QuerySet[Evaluation]) -> None:
        for evaluation in evaluations:
            services.request_stop(evaluation, _person(request))
            self.message_user(request, gettext("Asked to stop: %(what)s") % {"what": evaluation})

    @admin.action(description=gettext_lazy("Resume"), permissions=["start"])
    def resume(self, request: HttpRequest, evaluations: QuerySet[Evaluation]) -> None:
        for evaluation in evaluations:
            if services.resume(evaluation, _person(request)):
                self.message_user(request, gettext("Goes on: %(what)s") % {"what": evaluation})
            else:
                text = gettext("Only what was stopped or failed can be resumed: %(what)s")
                self.message_user(request, text % {"what": evaluation}, messages.ERROR)

    @admin.action(description=gettext_lazy("Delete with its report"), permissions=["start"])
    def delete_evaluations(self, request: HttpRequest, evaluations: QuerySet[Evaluation]) -> None:
        for evaluation in evaluations:
            try:
                services.delete_evaluation(evaluation, _person(request))
            except EvaluationError as error:
                self.message_user(request, f"{evaluation}: {error}", messages.ERROR)
            else:
                self.message_user(request, gettext("Deleted: %(name)s") % {"name": evaluation})

    def has_start_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    def has_change_permission(self, request: HttpRequest, obj: Evaluation | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Evaluation | None = None) -> bool:
        return False  # the action deletes it with its files


def _person(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None
