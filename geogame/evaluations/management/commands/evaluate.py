from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geogame.evaluations.foreground import (
    EXIT_INTERRUPTED,
    EXIT_WRONG,
    add_data,
    data_of,
    interrupt_on_signals,
    run_here,
)
from geogame.evaluations.runner import run_waiting
from geogame.lib.background import let_others_first, only_one
from geogame.lib.database import ready_database
from geogame.registry.queries import NoSuchVersion, version_named

NICENESS = 10
WORKER = "evaluations"


class Command(BaseCommand):
    help = (
        "Evaluate a model version on the photos of a map or a data set, and write its card with what was "
        "found: accuracy at five scales, by continent, calibration, what trivial players reach. Photos that "
        "it trained on are counted apart. The admin asks for the same in the background."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", nargs="?", metavar="MODEL", help="name, or the beginning of the digest")
        add_data(parser).add_argument(
            "--background",
            action="store_true",
            help="run what was asked for in the admin, with low priority",
        )
        parser.add_argument("--crops", type=int, default=1, help="5: answer by five crops, too")
        parser.add_argument(
            "--panorama", type=int, metavar="N", help="by whole panoramas, too, N headings fused"
        )
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        interrupt_on_signals()
        ready_database(self.stderr.write)
        if options["background"]:
            self._background()
            return
        if not options["model"]:
            raise CommandError("Name the model to evaluate.", returncode=EXIT_WRONG)
        try:
            version = version_named(options["model"])
        except NoSuchVersion as error:
            raise CommandError(str(error), returncode=EXIT_WRONG) from error
        names = ("crops", "panorama", "limit")
        evaluation = run_here(
            self._tell,
            version=version,
            data_set=data_of(options),
            options={name: options[name] for name in names},
        )
        if options["json"]:
            self.stdout.write(json.dumps(evaluation.report))
            return
        self.stdout.write((evaluation.directory / "report" / "report.md").read_text(encoding="utf-8"))
        self.stdout.write(f"Report and figures: {evaluation.directory / 'report'}")

    def _background(self) -> None:
        let_others_first(NICENESS)
        with only_one(WORKER) as is_alone:
            if not is_alone:
                return
            try:
                run_waiting(self._tell)
            except KeyboardInterrupt:
                sys.exit(EXIT_INTERRUPTED)

    def _tell(self, line: str) -> None:
        self.stderr.write(line)
