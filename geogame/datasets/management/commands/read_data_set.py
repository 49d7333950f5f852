from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geogame.datasets import services
from geogame.datasets.models import DataSet
from geogame.datasets.reading import read_now
from geogame.lib.background import let_others_first, only_one
from geogame.lib.database import ready_database

EXIT_INTERRUPTED = 130
NICENESS = 10
READER = "datasets"


class Command(BaseCommand):
    help = (
        "Read a data set: its photos and places, sizes, licences, and what it shares with the sets that "
        "models are measured on. The default worker does this by itself when it is asked for in the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="name or token of the data set")
        parser.add_argument("--background", action="store_true", help="read all that wait, with low priority")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        ready_database(self.stderr.write)
        try:
            if options["background"]:
                let_others_first(NICENESS)
                self._read_waiting()
            elif options["name"]:
                self._read(options["name"])
            else:
                raise CommandError("Name the data set to read, or use --background.")
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")
            sys.exit(EXIT_INTERRUPTED)

    def _read_waiting(self) -> None:
        with only_one(READER) as is_alone:
            if not is_alone:
                return
            while data_set := services.next_waiting():
                read_now(data_set, self._line)

    def _read(self, name: str) -> None:
        data_set = DataSet.objects.filter(name=name).first() or DataSet.objects.filter(token=name).first()
        if data_set is None:
            known = ", ".join(f"“{known}”" for known in DataSet.objects.values_list("name", flat=True))
            raise CommandError(f"There is no data set “{name}”. Data sets: {known or 'none yet'}.")
        services.start_reading(data_set)
        try:
            if not read_now(data_set, self._line):
                raise CommandError("Another process reads it now.")
        except KeyboardInterrupt:
            services.cancel_reading(data_set)
            raise
        if data_set.state == DataSet.State.FAILED:
            raise CommandError(data_set.message)
        self._line(f"{data_set.photos:,} photos, {data_set.bytes / 10**6:,.1f} MB.")

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
