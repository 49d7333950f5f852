"""What people do with training jobs. Callers ask `may_start` first; who did what, and when, is logged."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin.models import DELETION
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from geogame.datasets.models import DataSet
from geogame.lib.journal import note as journal
from geogame.registry.activation import ask_to_play
from geogame.registry.health import play_now
from geogame.registry.models import ModelVersion
from geogame.training import states
from geogame.training.album_part import NO_ALBUMS, AlbumPart, check_albums
from geogame.training.errors import TrainingError
from geogame.training.kinds import KINDS, AnyRecipe, embeddings_root
from geogame.training.limits import no_room
from geogame.training.models import TrainingJob
from planet_core.recipe import RecipeError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)
State, Kind = TrainingJob.State, TrainingJob.Kind
PERMISSION = "training.start_trainingjob"
MOST_DEVICES = 64
MOST_SEED = 2**31 - 1


def may_start(user: User | AnonymousUser) -> bool:
    """Whether this person may start, stop, resume, clone and delete training jobs."""
    return user.is_active and user.is_staff and user.has_perm(PERMISSION)


# --- Making one ----------------------------------------------------------------------------------------
def recipe_of(name: str, values: Mapping[str, Any], kind: str = Kind.PHOTO) -> AnyRecipe:
    """The recipe with these values. TrainingError names what makes no sense."""
    try:
        recipe = KINDS[kind].load(name)
        return recipe.changed([f"{key}={json.dumps(value)}" for key, value in values.items()])
    except RecipeError as error:
        known = _names_of_values(kind) - {"name"}
        named = [word for word in re.findall(r"\w+", str(error)) if word in known]
        field = (
            "recipe" if re.match(r"there is no (album )?recipe ", str(error)) else named[0] if named else ""
        )
        raise TrainingError(f"{error}.", field=field) from error


def _names_of_values(kind: str) -> set[str]:
    return set(KINDS[kind].load(KINDS[kind].recipes()[0]).as_dict())


@transaction.atomic
def create_job(
    *,
    data_set: DataSet,
    recipe: str,
    values: Mapping[str, Any] | None = None,
    kind: str = Kind.PHOTO,
    init_from: ModelVersion | None = None,
    album: AlbumPart = NO_ALBUMS,
    seed: int = 0,
    devices: int = 1,
    by: User | None = None,
    cloned_from: TrainingJob | None = None,
) -> TrainingJob:
    """A job that waits; `queue_job` hands it to the training worker. TrainingError says what is wrong.

    Args:
        init_from: of a job of single photos, the version whose weights it starts from.
        album: what a job of albums has besides.
    """
    recipe_of(recipe, values or {}, kind)
    if kind == Kind.ALBUM:
        check_albums(data_set, album)
    else:
        _check_photos(data_set, init_from)
    if not 0 <= seed <= MOST_SEED:
        raise TrainingError(
            gettext("The seed is %(seed)s: use 0 to %(most)s.") % {"seed": seed, "most": MOST_SEED},
            field="seed",
        )
    if not 1 <= devices <= MOST_DEVICES:
        text = gettext("It cannot run on %(devices)s devices: use 1 to %(most)s.")
        raise TrainingError(text % {"devices": devices, "most": MOST_DEVICES}, field="devices")
    _require_room()
    job = TrainingJob.objects.create(
        kind=kind,
        **album.values(),
        data_set=data_set,
        recipe=recipe,
        values=dict(values or {}),
        init_from=init_from,
        seed=seed,
        devices=devices,
        requested_by=by,
        cloned_from=cloned_from,
    )
    states.note(job, before="", after=State.QUEUED, by=by, reason="Created.")
    return job


def _check_photos(data_set: DataSet, init_from: ModelVersion | None) -> None:
    if init_from is not None and init_from.kind != ModelVersion.Kind.IMAGE:
        text = gettext("%(version)s answers albums: start from a model of single photos.")
        raise TrainingError(text % {"version": init_from}, field="init_from")
    if data_set.kind == DataSet.Kind.ALBUMS:
        text = gettext("“%(name)s” holds albums: choose a data set of single photos.")
        raise TrainingError(text % {"name": data_set}, field="data_set")
    if data_set.kind == DataSet.Kind.MAP:
        if data_set.map is None or not data_set.map.panoramas.exists():
            text = gettext("The map “%(name)s” has no panoramas to train on: import some first.")
            raise TrainingError(text % {"name": data_set}, field="data_set")
    elif data_set.state != DataSet.State.READY:
        text = gettext("The data set “%(name)s” has not been read yet: read it first.")
        raise TrainingError(text % {"name": data_set}, field="data_set")


def _require_room() -> None:
    if reason := no_room():
        raise TrainingError(reason)


def queue_job(job: TrainingJob) -> None:
    """Hand the job to the training worker."""
    states.send_to_worker(job)


def clone(job: TrainingJob, *, seed: int | None = None, by: User | None = None) -> TrainingJob:
    """The same once more, with another seed if wished; it waits for `queue_job`."""
    return create_job(
        data_set=job.data_set,
        recipe=job.recipe,
        values=job.values,
        kind=job.kind,
        init_from=job.init_from,
        album=AlbumPart.of(job),
        seed=job.seed if seed is None else seed,
        devices=job.devices,
        by=by,
        cloned_from=job,
    )


# --- Stopping, going on, deleting ------------------------------------------------------------------------
def request_stop(job: TrainingJob, *, by: User | None = None) -> None:
    """Stop it, with a checkpoint from which it can go on. TrainingError where it has ended."""
    before_it_began = "Stopped before it began."
    if states.change(
        job,
        before=[State.QUEUED],
        after=State.STOPPED,
        reason=before_it_began,
        by=by,
        finished_at=timezone.now(),
        message=before_it_began,
    ):
        return
    asked = states.change(job, before=states.WORKING, after=State.STOPPING, reason="Asked to stop.", by=by)
    if not asked and job.state != State.STOPPING:
        raise TrainingError(gettext("This job has ended already."))


@transaction.atomic
def resume(job: TrainingJob, *, by: User | None = None, call: bool = True) -> None:
    """Queue a stopped or failed job again: it goes on from its last checkpoint, if there is one.

    Without `call` the worker is not told: the caller runs it.
    """
    _require_room()
    queued = states.change(
        job,
        before=[State.STOPPED, State.FAILED],
        after=State.QUEUED,
        reason="Resumed.",
        by=by,
        heartbeat_at=timezone.now(),
        finished_at=None,
        losses=0,
        message="",
    )
    if not queued:
        raise TrainingError(gettext("Only a stopped or failed job can go on."))
    if call:
        states.send_to_worker(job)


@transaction.atomic
def delete(job: TrainingJob, *, by: User | None = None) -> None:
    """Delete the job and the files of its run; with the last album job of an image model its embeddings, too.
    A model version that the job made stays in the registry.

    TrainingError while it runs, and while its model plays: how that came to be stays on record.
    """
    kept = TrainingJob.objects.select_for_update().get(pk=job.pk)
    if kept.state in states.ACTIVE:
        raise TrainingError(gettext("This job still runs: stop it first."))
    if kept.model_version and kept.model_version.is_active:
        text = gettext("Its model %(version)s is in play: take it out of play first.")
        raise TrainingError(text % {"version": kept.model_version})
    journal(by, kept, "Deleted with the files of its run.", DELETION)
    folders = [kept.run_directory]
    if kept.model_version is None:
        folders.append(Path(settings.MODEL_ROOT) / kept.token)
    image_model = kept.image_model
    kept.delete()
    if image_model is not None and not image_model.album_jobs.exists():
        folders.append(embeddings_root() / image_model.digest)
    transaction.on_commit(lambda: _remove(folders))


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        if not folder.exists():
            continue
        try:
            shutil.rmtree(folder)
        except OSError as error:
            log.error("Could not remove all of %s: %s", folder, error)


def put_into_play(version: ModelVersion) -> None:
    """Once it has answered: here and now where no worker runs, else by the workers."""
    if settings.REDIS_URL:
        ask_to_play(version)
    else:
        play_now(version)
