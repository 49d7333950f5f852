from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from benchmark import machines_text
from benchmark.command import add_options, report_of, shown
from benchmark.report import Report
from benchmark.rounds import Rounds
from geogame.lib.database import ready_database
from geogame.panoramas.models import Map
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError
from geogame.predictions.queries import places_answered
from geogame.registry.models import ModelVersion
from geogame.reports.machines import Predict, compared, versions_named
from geogame.reports.queries import rounds_alone, unanswered_rounds
from geogame.reports.rows import rows_of
from planet_core.outputs import OutputError, writable_file
from planet_core.sources.photo import SourceError
from planet_core.stopping import UserError

INTERRUPTED = 130
NO_ROUNDS = (
    "No rounds to compare yet. Counted are rounds that a person played against a model, on a panorama "
    "that the person saw for the first time and the model did not train on.\n"
    "To get some: import panoramas (manage.py import_panoramas), train a model (manage.py train) "
    "and play five rounds (make play)."
)


class Command(BaseCommand):
    help = (
        "Compare people and models over the rounds that were played: wins, median distance, share of "
        "rounds within 1, 25, 200, 750 and 2500 km, mean points. Counts first exposures of panoramas that "
        "the model did not train on; --apart shows the other rounds in tables of their own. With --models it "
        "compares models over a map, without people."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--map", metavar="NAME", help="only rounds on this map (default: every map, each apart)"
        )
        parser.add_argument(
            "--models",
            nargs="+",
            metavar="MODEL",
            help="without people: compare these model versions (name, or start of the digest) over the "
            "panoramas of --map, two by two; what they have not predicted yet they predict now",
        )
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        ready_database(self.stderr.write)
        map_ = self._map(options["map"])
        if options["models"]:
            self._compare_models(map_, options)
            return
        try:
            report = report_of(Rounds.from_rows(rows_of(map_)), options, lambda _: None)
        except (OutputError, SourceError, UserError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"cannot write {error.filename}: {error.strerror or error}") from error
        if options["format"] != "table":
            self.stdout.write(shown(report, options))
            return
        if not report["comparisons"]:
            self.stdout.write(f"{NO_ROUNDS}\n")
        self.stdout.write(shown(report, options))
        self._apart(report, shown_too=options["apart"])
        self._unpaired(map_)

    def _compare_models(self, map_: Map | None, options: dict[str, Any]) -> None:
        if map_ is None:
            raise CommandError("--models needs a map: add --map NAME.")
        for name in ("protocol", "train"):
            if options[name]:
                raise CommandError(
                    f"--{name} is about rounds of people: leave it out, or leave out --models."
                )
        try:
            if options["out"]:
                writable_file(options["out"] / "report.html")
            report, rounds = compared(map_, versions_named(options["models"]), self._predict_on(map_))
            if options["out"]:
                machines_text.write(report, rounds, options["out"])
        except (OutputError, UserError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"cannot write {error.filename}: {error.strerror or error}") from error
        shown: dict[str, Callable[[dict[str, Any]], str]] = {
            "json": machines_text.as_json,
            "csv": machines_text.as_csv,
            "html": machines_text.page,
            "table": partial(machines_text.as_table, apart=options["apart"]),
        }
        self.stdout.write(shown[options["format"]](report).rstrip("\n"))

    def _predict_on(self, map_: Map) -> Predict:
        """Runs the other command, whose progress and messages go where they disturb no table."""

        def predict(version: ModelVersion) -> None:
            options = {"map": map_.name, "model": version.digest}
            try:
                call_command("predict_ahead", **options, stdout=self.stderr, stderr=self.stderr)
            except CommandError as error:
                if error.returncode == INTERRUPTED or not places_answered(version, map_):
                    raise
                self.stderr.write(str(error))

        return predict

    def _apart(self, report: Report, *, shown_too: bool) -> None:
        others = sum(comparison["rounds"] for comparison in report["apart"])
        if others and not shown_too:
            rounds = "1 round does" if others == 1 else f"{others} rounds do"
            self.stdout.write(
                f"\n{rounds} not count (seen before, or the model trained on it): add --apart to see."
            )

    def _unpaired(self, map_: Map | None) -> None:
        """Rounds that no table shows: who leaves a hard picture must not vanish from sight."""
        unanswered, alone = unanswered_rounds(map_), rounds_alone(map_)
        if unanswered:
            self.stdout.write(f"\nLooked at and left without an answer: {unanswered}.")
        if alone:
            self.stdout.write(f"\nPlayed without a model: {alone}.")

    def _map(self, name: str | None) -> Map | None:
        try:
            return None if name is None else map_named(name)
        except MapError as error:
            raise CommandError(str(error)) from error
