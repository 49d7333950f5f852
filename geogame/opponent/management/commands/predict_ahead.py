from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.models import Map
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError
from geogame.predictions.models import EXIT_UNREADABLE
from geogame.predictions.queries import missing, playable
from geogame.registry.models import ModelVersion
from geogame.registry.queries import NoSuchVersion, active_versions, image_version_named
from planet_core.model_directory import ModelDirectoryError

EXIT_INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Let models look at pictures now, so that no round waits for their answers: what is missing for the "
        "models in play on all open maps, or what you name. The inference worker of `make play` does the "
        "same in the background. Ctrl-C stops it; what was predicted stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--map", metavar="NAME", help="only this map (default: all open maps)")
        parser.add_argument(
            "--model",
            metavar="NAME",
            help="only this model version, by name or the beginning of its digest (default: those in play)",
        )

        parser.add_argument(
            "--panoramas", metavar="ID", type=int, nargs="+", help="only these pictures, by their numbers"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        ready_database(self.stderr.write)
        try:
            map_ = map_named(options["map"]) if options["map"] else None
        except MapError as error:
            raise CommandError(str(error)) from error
        versions = _versions(options["model"])
        try:
            failed = sum(self._predict(version, map_, options["panoramas"]) for version in versions)
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What was predicted stays; the same command goes on from here.",
                returncode=EXIT_INTERRUPTED,
            ) from None
        if failed:
            raise CommandError(
                f"{counted(failed, 'picture')} could not be read: see above.", returncode=EXIT_UNREADABLE
            )

    def _predict(self, version: ModelVersion, map_: Map | None, panoramas: list[int] | None) -> int:
        """How many pictures cannot be read."""
        from geogame.opponent.ahead import predict_all

        todo = missing(version, map_, panoramas).count()
        all_ = playable(map_, panoramas).count()
        unreadable: dict[int, str] = {}
        with tqdm(total=todo, unit=" pictures", file=sys.stderr, disable=None, dynamic_ncols=True) as bar:
            try:
                for batch in predict_all(version, map_, panoramas):
                    bar.update(batch.done + len(batch.unreadable))
                    unreadable |= batch.unreadable
            except (ModelDirectoryError, OSError) as error:
                raise CommandError(f"{version} cannot be loaded: {error}") from error
        for pk, reason in unreadable.items():
            self.stderr.write(f"Panorama {pk}: {reason}")
        now = todo - len(unreadable)
        self.stdout.write(f"{version}: {all_ - len(unreadable)} of {all_} predicted, {now} of them now.")
        return len(unreadable)


def _versions(name: str | None) -> list[ModelVersion]:
    if name is None:
        if versions := active_versions():
            return versions
        raise CommandError("No model plays: put one into play in the admin, or name one with --model.")
    try:
        return [image_version_named(name)]
    except NoSuchVersion as error:
        raise CommandError(str(error)) from error
