from __future__ import annotations

from django.contrib import admin

from geogame.games.admin import ReadOnly
from geogame.lib.admin_classes import ModelAdmin, TabularInline
from geogame.studies.models import Study, Subject
from geogame.studies.queries import progress_of


class SubjectInline(ReadOnly, TabularInline[Subject, Study]):
    """Without the links: who reads the admin is not who they are for."""

    model = Subject
    fields = ["number", "opened_at", "consented_at"]


@admin.register(Study)
class StudyAdmin(ReadOnly, ModelAdmin[Study]):
    """Studies are made and closed by `manage.py study`."""

    list_display = ["name", "map", "model_version", "status", "created_at", "ends_at", "closed_at"]
    list_filter = ["map"]
    list_select_related = ["map", "model_version"]
    inlines = [SubjectInline]

    @admin.display(description="subjects finished")
    def status(self, study: Study) -> str:
        progress = progress_of(study)
        finished = sum(one.words == "finished" for one in progress)
        return f"{finished} of {len(progress)}{'' if study.is_open else ', closed'}"
