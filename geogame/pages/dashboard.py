"""The first page of the admin: what runs, what failed lately, what plays, what the disk holds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from geogame.datasets.models import DataSet
from geogame.evaluations.models import Evaluation
from geogame.games.models import Game, Round
from geogame.predictions.models import PredictionJob
from geogame.registry.models import Activation, ModelVersion
from geogame.registry.queries import active_version
from geogame.training.limits import GB, bytes_in
from geogame.training.models import TrainingJob
from geogame.training.states import ACTIVE
from geogame.world.models import WorldJob

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LATELY: Final = timedelta(days=7)
MOST_ROWS: Final = 6
COUNTED_AGAIN_S: Final = 60
"""Sizes of folders are believed so long: to count them takes a walk through all files."""

# Who may; where to; icon (Material Symbols, as in the side bar); words.
SHORTCUTS: Final = [
    (
        "training.start_trainingjob",
        "training_trainingjob_add",
        "flight_takeoff",
        gettext_noop("Train a model"),
    ),
    ("datasets.add_dataset", "datasets_dataset_add", "photo_library", gettext_noop("Make a data set")),
    (
        "registry.add_modelversion",
        "registry_modelversion_import",
        "upload",
        gettext_noop("Import a model version"),
    ),
    ("panoramas.view_map", "panoramas_map_changelist", "map", gettext_noop("Look after maps")),
    ("studies.view_study", "studies_study_changelist", "biotech", gettext_noop("Look after studies")),
]


# --- What runs, what failed ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """Something that runs or has failed: what it is, where its page is, how it stands."""

    icon: str
    kind: str
    name: str
    link: str
    state: str
    share: float | None
    note: str
    at: datetime


@dataclass(frozen=True)
class Work:
    """A kind of long work: which states mean that it waits or runs, and which field has its end."""

    label: str
    found: Callable[[], QuerySet[Any]]
    live: tuple[str, ...]
    ended: str
    row: Callable[[Any], Row]


def _training_job(job: TrainingJob) -> Row:
    name = gettext("%(recipe)s on %(data)s") % {"recipe": job.what, "data": job.data_set}
    link = reverse("admin:training_trainingjob_live", args=[job.pk])
    at = job.finished_at or job.created_at
    words = gettext("Training"), name, link, job.state
    return Row("flight_takeoff", *words, job.progress, gettext(job.message), at)


def _data_set(data_set: DataSet) -> Row:
    link = reverse("admin:datasets_dataset_page", args=[data_set.pk])
    at = data_set.asked_at or data_set.created_at
    words = gettext("Data set"), data_set.name, link, data_set.state
    return Row("photo_library", *words, data_set.progress, gettext(data_set.message), at)


def _activation(wish: Activation) -> Row:
    link = reverse("admin:model_page", args=[wish.version_id])
    words = gettext("Into play"), str(wish.version), link, wish.state
    return Row("neurology", *words, None, gettext(wish.message), wish.finished_at or wish.asked_at)


def _evaluation(one: Evaluation) -> Row:
    name = " · ".join(str(part) for part in (one.version, one.other, one.data_set) if part)
    link = reverse("admin:evaluation_page", args=[one.pk])
    words = gettext("Evaluation"), name, link, one.state
    return Row("straighten", *words, one.progress, gettext(one.message), one.finished_at or one.created_at)


def _world_job(job: WorldJob) -> Row:
    link = reverse("admin:world_worldjob_change", args=[job.pk])
    words = gettext("Drawing"), job.map.name, link, job.state
    share = job.done / max(1, job.count)
    return Row("brush", *words, share, gettext(job.message), job.finished_at or job.created_at)


def _prediction_job(job: PredictionJob) -> Row:
    link = reverse("admin:predictions_predictionjob_change", args=[job.pk])
    words = gettext("Predictions ahead"), f"{job.done} / {job.total}", link, job.state
    share = job.done / max(1, job.total)
    return Row("bolt", *words, share, gettext(job.message), job.finished_at or job.created_at)


WAITS_OR_RUNS: Final = ("queued", "running")
WORK: Final = [
    Work(
        "training.trainingjob",
        lambda: TrainingJob.objects.select_related("data_set"),
        (TrainingJob.State.QUEUED, *ACTIVE),
        "finished_at",
        _training_job,
    ),
    Work(
        "evaluations.evaluation",
        lambda: Evaluation.objects.select_related("version", "other", "data_set").defer("report"),
        WAITS_OR_RUNS,
        "finished_at",
        _evaluation,
    ),
    Work("datasets.dataset", DataSet.objects.all, (DataSet.State.READING,), "asked_at", _data_set),
    Work(
        "registry.activation",
        lambda: Activation.objects.select_related("version"),
        Activation.LIVE,
        "finished_at",
        _activation,
    ),
    Work(
        "world.worldjob",
        lambda: WorldJob.objects.select_related("map"),
        WAITS_OR_RUNS,
        "finished_at",
        _world_job,
    ),
    Work(
        "predictions.predictionjob", PredictionJob.objects.all, WAITS_OR_RUNS, "finished_at", _prediction_job
    ),
]


def work(user: User) -> dict[str, Any]:
    """What runs and what failed lately, the newest first, as far as this person may see it."""
    since = timezone.now() - LATELY
    running: list[Row] = []
    failed: list[Row] = []
    for kind in WORK:
        app, _, model = kind.label.partition(".")
        if user.has_perm(f"{app}.view_{model}"):
            running += map(kind.row, kind.found().filter(state__in=kind.live)[:MOST_ROWS])
            ended = kind.found().filter(state="failed", **{f"{kind.ended}__gte": since})
            failed += map(kind.row, ended[:MOST_ROWS])
    return {"running": _newest(running), "failed": _newest(failed)}


def _newest(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.at, reverse=True)[:MOST_ROWS]


# --- What plays, who plays -------------------------------------------------------------------------------
def _playing(user: User) -> dict[str, Any]:
    if not user.has_perm("registry.view_modelversion"):
        return {}
    return {"playing": active_version(), "versions": ModelVersion.objects.count(), "may_see_models": True}


def _games(user: User) -> dict[str, Any]:
    if not user.has_perm("games.view_game"):
        return {}
    now = timezone.now()
    games = {
        "day": Game.objects.filter(created_at__gte=now - timedelta(days=1)).count(),
        "week": Game.objects.filter(created_at__gte=now - timedelta(days=7)).count(),
        "open_rounds": Round.objects.filter(state=Round.State.OPEN).count(),
    }
    return {"games": games}


# --- The disk --------------------------------------------------------------------------------------------
def _disk(user: User) -> dict[str, Any]:
    if not user.has_perm("training.view_trainingjob"):
        return {}
    runs, models = _sizes(settings.RUN_ROOT), _sizes(settings.MODEL_ROOT)
    training = sum(runs.values()) + sum(models.values())
    disk = {
        "runs": sum(runs.values()),
        "models": sum(models.values()),
        "training": training,
        "pictures": sum(_sizes(settings.MEDIA_ROOT).values()),
        "free": shutil.disk_usage(settings.DATA_DIR).free,
        "limit": int(settings.TRAINING_DISK_GB * GB),
        "largest": _largest(runs),
    }
    return {"disk": disk}


def _sizes(folder: Path) -> dict[str, int]:
    return _counted(Path(folder), int(time.monotonic() // COUNTED_AGAIN_S))


@lru_cache(maxsize=8)
def _counted(folder: Path, when: int) -> dict[str, int]:
    """What each folder in it takes."""
    return {inner.name: bytes_in(inner) for inner in folder.iterdir()} if folder.is_dir() else {}


def _largest(runs: dict[str, int]) -> list[dict[str, Any]]:
    """The jobs whose runs take most, for whoever has to make room."""
    largest = sorted(runs, key=lambda token: -runs[token])[:3]
    jobs = {
        job.token: job for job in TrainingJob.objects.select_related("data_set").filter(token__in=largest)
    }
    return [{"job": _training_job(jobs[token]), "bytes": runs[token]} for token in largest if token in jobs]


# --- What people did, what they may do -------------------------------------------------------------------
def _done(user: User) -> list[LogEntry]:
    """One's own steps; those of everybody for whoever may see the log."""
    entries = LogEntry.objects.select_related("user", "content_type")
    seen = entries if user.has_perm("admin.view_logentry") else entries.filter(user=user)
    return list(seen.order_by("-action_time")[:MOST_ROWS])


def _shortcuts(user: User) -> list[dict[str, str]]:
    return [
        {"link": reverse(f"admin:{address}"), "icon": icon, "title": gettext(title)}
        for permission, address, icon, title in SHORTCUTS
        if user.has_perm(permission)
    ]


def dashboard(user: User) -> dict[str, Any]:
    """What the page shows, as far as this person may see it."""
    return {
        **work(user),
        **_playing(user),
        **_games(user),
        **_disk(user),
        "done": _done(user),
        "quick": _shortcuts(user),
    }


def urls(site: admin.AdminSite) -> list[URLPattern]:
    return [path("now/", site.admin_view(now), name="now")]


@never_cache
@require_GET
def now(request: HttpRequest) -> HttpResponse:
    """The part of the page that says what runs, for its script."""
    assert request.user.is_authenticated  # AdminSite.admin_view let it through
    return TemplateResponse(request, "admin/parts/work.html", work(request.user))
