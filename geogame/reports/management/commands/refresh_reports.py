from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from geogame.lib.background import let_others_first, only_one
from geogame.lib.commands import UserCommand
from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.reports.stored import ReportFailed, refresh_all

EXIT_INTERRUPTED = 130
NICENESS = 15
MAKER = "reports"


class Command(UserCommand):
    help = (
        "Make the reports of /benchmark/ anew: people against models on each map, in each condition. The "
        "default worker of `make play` does the same by itself when rounds were played."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--background", action="store_true", help="with low priority")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        ready_database(self.stderr.write)
        settings.DEBUG = False  # else Django keeps every query of this process, with all rows that it stored
        if options["background"]:
            let_others_first(NICENESS)
        with only_one(MAKER) as is_alone:
            if not is_alone:
                raise CommandError("Another process makes them now: see /benchmark/.")
            try:
                made = refresh_all(self._line)
            except KeyboardInterrupt:
                self.stderr.write("Stopped. Reports that were made stay; the next look makes the others.")
                sys.exit(EXIT_INTERRUPTED)
            except ReportFailed as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{counted(made, 'report')} made.")

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
