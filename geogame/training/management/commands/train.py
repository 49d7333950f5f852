from __future__ import annotations

import json
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geogame.datasets.errors import DataSetError
from geogame.datasets.models import DataSet
from geogame.datasets.reading import read_now
from geogame.datasets.services import data_set_of_albums, data_set_of_map, start_reading
from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError
from geogame.registry.health import play_now
from geogame.registry.models import ModelVersion
from geogame.registry.queries import NoSuchVersion, active_version, image_version_named
from geogame.registry.services import RegistryError
from geogame.training import services
from geogame.training.album_part import AlbumPart
from geogame.training.errors import TrainingError
from geogame.training.models import TrainingJob
from geogame.training.runner import Wishes, run_now
from planet_core.album_options import VARIANTS
from planet_core.album_recipe import RECIPES
from planet_core.recipe import names as recipe_names

EXIT_INTERRUPTED = 130
State = TrainingJob.State


class Command(BaseCommand):
    help = (
        "Train PlaNet on a map, a data set or albums and enter the result into the registry of models. "
        "Shows its progress; Ctrl-C stops it with a checkpoint, a second one at once. The first version that "
        "is trained plays at once; later ones when you say --activate or choose them in the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--map", metavar="NAME", help="train on this map, named as in import_panoramas")
        what.add_argument("--data-set", metavar="NAME", help="train on this data set of the admin")
        what.add_argument(
            "--albums", metavar="FOLDER", help="train on the albums of this folder with albums.jsonl"
        )
        what.add_argument("--resume", metavar="TOKEN", help="go on with a stopped or failed job")
        what.add_argument("--stop", metavar="TOKEN", help="stop a job, with a checkpoint, and return")
        what.add_argument(
            "--clone", metavar="TOKEN", help="train as that job once more; with --seed another one"
        )
        what.add_argument("--delete", metavar="TOKEN", help="delete a job and the files of its run")
        what.add_argument("--list", action="store_true", help="list the jobs")
        parser.add_argument(
            "--recipe",
            metavar="RECIPE",
            help=f"what to train: {', '.join(recipe_names())} (default: tiny); "
            f"with --album {', '.join(RECIPES)} (default: modern)",
        )
        albums = parser.add_argument_group("albums", "train a model of albums, on --albums or --data-set")
        albums.add_argument(
            "--album", metavar="VARIANT", help=f"which album model: {', '.join(VARIANTS)} (default: lstm-rep)"
        )
        albums.add_argument("--image-model", metavar="MODEL", help="the model version that it hangs on")
        albums.add_argument(
            "--validation", metavar="NAME", help="data set of albums held out (default: some of the same)"
        )
        albums.add_argument("--cut", type=int, metavar="N", help="cut albums to N photos; 25 in the paper")
        parser.add_argument(
            *("--set", "-s"),
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="another value than the recipe's, for one epochs=5 (repeatable)",
        )
        parser.add_argument("--init", metavar="MODEL", help="start from the weights of this model version")
        parser.add_argument("--seed", type=int, metavar="N", help="seed of all that is random (default: 0)")
        parser.add_argument("--devices", type=int, default=1, metavar="N", help="processes, one a device")
        parser.add_argument("--queue", action="store_true", help="let the training worker do it, and return")
        parser.add_argument("--activate", action="store_true", help="let the new version play from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        ready_database(self.stderr.write)
        try:
            self._handle(options)
        except (MapError, DataSetError, TrainingError, NoSuchVersion) as error:
            raise CommandError(str(error)) from error

    def _handle(self, options: dict[str, Any]) -> None:
        if options["list"]:
            self._list()
        elif options["stop"]:
            services.request_stop(_job_named(options["stop"]))
            self.stdout.write("Asked to stop.")
        elif options["delete"]:
            services.delete(_job_named(options["delete"]))
            self.stdout.write("Deleted, with the files of its run.")
        else:
            self._train(_job_of(options), options)

    def _list(self) -> None:
        for job in TrainingJob.objects.select_related("data_set"):
            message = f"  {job.message}" if job.message else ""
            self.stdout.write(
                f"{job.token}  {job.state:<9}  {job.progress:4.0%}  {job.what} on {job.data_set}{message}"
            )

    def _train(self, job: TrainingJob, options: dict[str, Any]) -> None:
        if options["queue"]:
            services.queue_job(job)
            self.stdout.write(f"Queued as {job.token}.")
            return
        self.stdout.write(f"Training “{job.what}” on {_of(job.data_set)}. The job is {job.token}.")
        self.stdout.flush()
        run_now(job, foreground=True, wishes=_wishes())
        job.refresh_from_db()
        if job.state == State.QUEUED:
            raise CommandError(
                "As many jobs run as may at once: it waits, and the training worker starts it."
            )
        if job.state == State.STOPPED:
            again = f"Nothing was registered. To go on: manage.py train --resume {job.token}"
            raise CommandError(f"{job.message} {again}", returncode=EXIT_INTERRUPTED)
        if job.state != State.SUCCEEDED or job.model_version is None:
            raise CommandError(job.message)
        self._report(job.model_version, activate=options["activate"])

    def _report(self, version: ModelVersion, *, activate: bool) -> None:
        if activate:
            try:
                play_now(version)
            except RegistryError as error:
                raise CommandError(str(error)) from error
        version.refresh_from_db()
        playing = (
            "It plays from now on."
            if version.is_active
            else "Another version plays: use --activate or the admin."
        )
        self.stdout.write(
            f"Registered {version}: {counted(version.cells, 'cell')}, {version.path}. {playing}"
        )


def _job_of(options: dict[str, Any]) -> TrainingJob:
    """The job to train: a new one, the same once more, or one that goes on."""
    if options["resume"]:
        job = _job_named(options["resume"])
        services.resume(job, call=False)
        return job
    if options["clone"]:
        return services.clone(_job_named(options["clone"]), seed=options["seed"])
    if options["albums"] or options["album"]:
        return _album_job(options)
    for name in ("image_model", "validation", "cut"):
        if options[name] is not None:
            raise TrainingError(f"--{name.replace('_', '-')} is for albums: say --album VARIANT, too.")
    return services.create_job(
        data_set=_data_set(options),
        recipe=options["recipe"] or "tiny",
        values=_values(options["set"]),
        init_from=image_version_named(options["init"]) if options["init"] else None,
        seed=options["seed"] or 0,
        devices=options["devices"],
    )


def _album_job(options: dict[str, Any]) -> TrainingJob:
    if options["init"]:
        raise TrainingError("--init is for single photos: an album model starts from its --image-model.")
    album = AlbumPart(
        variant=options["album"] or "lstm-rep",
        cut=options["cut"],
        image_model=_image_model(options["image_model"]),
        validation_set=_data_set_named(options["validation"]) if options["validation"] else None,
    )
    return services.create_job(
        kind=TrainingJob.Kind.ALBUM,
        album=album,
        data_set=_data_set(options),
        recipe=options["recipe"] or "modern",
        values=_values(options["set"]),
        seed=options["seed"] or 0,
        devices=options["devices"],
    )


def _image_model(name: str | None) -> ModelVersion | None:
    """The one that was named, else the one in play."""
    return image_version_named(name) if name else active_version()


def _data_set(options: dict[str, Any]) -> DataSet:
    if options["map"]:
        return data_set_of_map(map_named(options["map"]))
    if options["albums"]:
        return _read(data_set_of_albums(options["albums"]))
    return _data_set_named(options["data_set"])


def _data_set_named(name: str) -> DataSet:
    found = DataSet.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(DataSet.objects.values_list("name", flat=True)) or "none yet"
        raise TrainingError(f"There is no data set “{name}”. Data sets: {known}.")
    return found


def _read(data_set: DataSet) -> DataSet:
    """Read here and now what was not read yet."""
    if data_set.state == DataSet.State.READY:
        return data_set
    start_reading(data_set)
    read_now(data_set)
    data_set.refresh_from_db()
    if data_set.state == DataSet.State.FAILED:
        raise TrainingError(data_set.message)
    return data_set


def _values(settings: list[str]) -> dict[str, Any]:
    values = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise TrainingError(f"{setting!r} sets no value: give NAME=VALUE.")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def _job_named(token: str) -> TrainingJob:
    job = TrainingJob.objects.filter(token=token).first() if token else None
    if job is None:
        raise TrainingError(f"There is no training job {token!r}: see manage.py train --list.")
    return job


def _of(data_set: DataSet) -> str:
    if data_set.kind == DataSet.Kind.ALBUMS:
        return f"{counted(data_set.albums, 'album')} of “{data_set}”"
    if data_set.map is None:
        return f"“{data_set}”"
    return f"{counted(data_set.map.panoramas.count(), 'picture')} of “{data_set}”"


def _wishes() -> Wishes:
    """Ctrl-C stops the training with a checkpoint, a second one at once."""
    wishes = Wishes()

    def stop(*_: object) -> None:
        (wishes.at_once if wishes.stop.is_set() else wishes.stop).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    return wishes
