from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError
from geogame.training.models import TrainingJob
from geogame.training.runner import run_now
from geogame.training.services import TrainingError, create_job, put_into_play
from planet_core.recipe import names as recipe_names


class Command(BaseCommand):
    help = (
        "Train PlaNet on the pictures of a map and enter the result into the registry of model versions. "
        "Shows its progress; Ctrl-C stops it and keeps nothing half-made. The first version that is "
        "trained plays at once; later ones when you say --activate or choose them in the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--map", required=True, metavar="NAME", help="name of the map, as given to import_panoramas"
        )
        parser.add_argument(
            "--recipe",
            default="tiny",
            metavar="RECIPE",
            help=f"what to train: {', '.join(recipe_names())} (default: tiny)",
        )
        parser.add_argument("--activate", action="store_true", help="let the new version play from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)  # the child must not be left alone
        ready_database(self.stdout.write)
        job = self._job(options["map"], options["recipe"])
        pictures = counted(job.map.panoramas.count(), "picture")
        self.stdout.write(f"Training “{job.recipe}” on {pictures} of “{job.map}”.")
        self.stdout.flush()
        try:
            run_now(job, foreground=True)
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was registered.", returncode=130) from None
        job.refresh_from_db()
        if job.state != TrainingJob.State.SUCCEEDED or job.model_version is None:
            raise CommandError(job.message)
        self._report(job.model_version, activate=options["activate"])

    def _job(self, map_name: str, recipe: str) -> TrainingJob:
        try:
            return create_job(map_=map_named(map_name), recipe=recipe)
        except (MapError, TrainingError) as error:
            raise CommandError(str(error)) from error

    def _report(self, version: ModelVersion, *, activate: bool) -> None:
        if activate:
            try:
                put_into_play(version)
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
