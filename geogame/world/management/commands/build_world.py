from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.services import MapError
from geogame.world import services
from geogame.world.models import WorldJob
from geogame.world.runner import run_now
from geogame.world.services import MAP_NAME, WorldError, create_job, queue_job
from procedural_earth.play_set import COUNT

EXIT_INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Draw panoramas from facts until a map has so many of them, and open it for play. The worker does it "
        "in the background, one by one; follow, stop and resume it in the admin under world jobs. What is "
        "drawn already is never drawn again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--count",
            type=int,
            default=settings.WORLD_COUNT or COUNT,
            help="panoramas that the map shall have (default: %(default)s)",
        )
        parser.add_argument("--map", default=MAP_NAME, metavar="NAME", help="default: %(default)s")
        parser.add_argument(
            "--now", "--wait", action="store_true", help="draw here and show the progress; Ctrl-C stops it"
        )
        parser.add_argument("--job", type=int, help=argparse.SUPPRESS)  # what the worker starts

    def handle(self, *args: Any, **options: Any) -> None:
        if options["job"] is not None:
            self._work(options["job"])
            return
        ready_database(self.stderr.write)
        try:
            if options["now"]:
                self._draw(create_job(map_name=options["map"], count=options["count"]))
            else:
                self._queued(queue_job(map_name=options["map"], count=options["count"]))
        except (MapError, WorldError) as error:
            raise CommandError(str(error)) from None

    def _work(self, number: int) -> None:
        _interrupt_on_signals()
        job = WorldJob.objects.filter(pk=number).first()
        if job is None:
            raise CommandError(f"There is no world job {number}.")
        try:
            run_now(job, tell=self._line)
        except KeyboardInterrupt:
            services.release(job)
            sys.exit(EXIT_INTERRUPTED)

    def _draw(self, job: WorldJob) -> None:
        _interrupt_on_signals()
        self._line(f"Drawing {counted(job.count, 'panorama')} of “{job.map}”: {_there(job)}.")
        try:
            run_now(job, niceness=0, tell=self._line)
        except KeyboardInterrupt:
            services.stop(job)
            raise CommandError(
                "Stopped. What was drawn stays; the same command goes on from here.",
                returncode=EXIT_INTERRUPTED,
            ) from None
        job.refresh_from_db()
        if job.state != WorldJob.State.SUCCEEDED:
            raise CommandError(job.message)
        self._line(job.message)

    def _queued(self, job: WorldJob) -> None:
        runs = "The worker draws it" if settings.REDIS_URL else "The worker draws it once `make play` runs"
        self._line(
            f"Queued: {counted(job.count, 'panorama')} of “{job.map}”, {_there(job)}. {runs}; "
            "follow it in the admin under world jobs, or draw it here with --now."
        )

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _there(job: WorldJob) -> str:
    return counted(job.done, "is there", "are there")


def _interrupt_on_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
