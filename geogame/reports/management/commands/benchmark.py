from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from benchmark import machines_text
from benchmark.command import add_options, report_of, shown
from benchmark.report import Report
from benchmark.rounds import Rounds, Row
from benchmark.selection import is_selected
from geogame.lib.commands import UserCommand
from geogame.lib.database import ready_database
from geogame.panoramas.models import Map
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError
from geogame.predictions.queries import places_answered
from geogame.registry.models import ModelVersion
from geogame.reports.hashes import hash_pictures
from geogame.reports.machines import Predict, compared, versions_named
from geogame.reports.pictures import picture_of
from geogame.reports.queries import rounds_alone, told_to_everybody, unanswered_rounds
from geogame.reports.rows import rows_of, rows_of_study
from geogame.reports.training_photos import training_of
from geogame.round_sets.exporting import check_that_nobody_asks_players
from geogame.round_sets.queries import players_named
from geogame.round_sets.rows import notes_on_players, rows_of_players
from geogame.studies.errors import StudyError
from geogame.studies.models import Study
from geogame.studies.queries import state_of_study, study_named
from planet_core.outputs import OutputError, writable_file
from planet_core.sources.photo import SourceError
from planet_core.stopping import UserError

INTERRUPTED = 130
OF_PEOPLE = (
    *("protocol", "train", "study", "players"),
    *("condition", "since", "until", "player", "model"),
)
"""Options that say nothing of a comparison of models alone."""
NO_ROUNDS = (
    "No rounds to compare yet. Counted are rounds that a person played against a model, on a panorama "
    "that the person saw for the first time and the model did not train on.\n"
    "To get some: import panoramas (manage.py import_panoramas), train a model (manage.py train) "
    "and play five rounds (make play)."
)


class Command(UserCommand):
    help = (
        "Compare people and models over the rounds that were played: wins, median distance, share of "
        "rounds within 1, 25, 200, 750 and 2500 km, mean points. Counts first exposures of panoramas that "
        "the model did not train on; --apart shows the other rounds in tables of their own. With --models it "
        "compares models over a map, without people. --out, and --format html, write the places of every "
        "picture that was played, also of those that games may still show: give them to nobody who plays."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, **{"allow_abbrev": False, **kwargs})

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--study",
            metavar="NAME",
            help="only the rounds of this study (manage.py study), which no other report has",
        )
        parser.add_argument(
            "--players",
            nargs="*",
            metavar="NAME",
            help="with the answers of these outside players in closed round sets (no name: of all)",
        )
        parser.add_argument(
            "--with-truth",
            action="store_true",
            help="with --players: write pages and folders with places of closed sets even if an open set, a "
            "study or today's daily asks for them",
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
        hash_pictures(self.stderr.write)
        map_ = self._map(options["map"])
        if options["models"]:
            self._compare_models(map_, options)
            return
        study = self._study(options)
        if map_:
            options["map"] = map_.name
        report = self._report(rows_of_study(study) if study else rows_of(map_), options)
        if options["format"] != "table":
            self.stdout.write(shown(report, options, picture_of))
            return
        selected = is_selected(options)
        if not (report["comparisons"] or selected or study):
            self.stdout.write(f"{NO_ROUNDS}\n")
        self.stdout.write(shown(report, options, picture_of))
        if study:
            self.stdout.write(f"\n{state_of_study(study)}")
        elif not selected:
            self._unpaired(map_)

    def _report(self, rows: Iterable[Row], options: dict[str, Any]) -> Report:
        tells = _tells_places(options)
        try:
            if options["players"] is not None and tells and not options["with_truth"]:
                check_that_nobody_asks_players(players_named(options["players"]))
            rounds = _rounds(rows, options["players"])
            report = report_of(rounds, options, lambda _: None, picture_of, training_of)
        except (OutputError, SourceError, UserError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"cannot write {error.filename}: {error.strerror or error}") from error
        if tells and not set(rounds.panorama_id.names) <= {str(pk) for pk in told_to_everybody()}:
            self._warn(options)
        return report

    def _compare_models(self, map_: Map | None, options: dict[str, Any]) -> None:
        if map_ is None:
            raise CommandError("--models needs a map: add --map NAME.")
        for name in OF_PEOPLE:
            if options[name] is not None:
                raise CommandError(
                    f"--{name} is about rounds of people: leave it out, or leave out --models."
                )
        try:
            if options["out"]:
                writable_file(options["out"] / "report.html")
            report, rounds = compared(map_, versions_named(options["models"]), self._predict_on(map_))
            if options["out"]:
                machines_text.write(report, rounds, options["out"])
                self._warn(options)
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

    def _warn(self, options: dict[str, Any]) -> None:
        """Where it disturbs no report."""
        self.stderr.write(
            f"{options['out'] or 'This report'} tells places of pictures that games here may still show: give"
            " it to nobody who plays."
        )

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

    def _unpaired(self, map_: Map | None) -> None:
        """Rounds that no table shows: who leaves a hard picture must not vanish from sight."""
        unanswered, alone = unanswered_rounds(map_), rounds_alone(map_)
        if unanswered:
            self.stdout.write(f"\nLooked at and left without an answer: {unanswered}.")
        if alone:
            self.stdout.write(f"\nPlayed without a model: {alone}.")

    def _study(self, options: dict[str, Any]) -> Study | None:
        if options["study"] is None:
            return None
        if options["map"] is not None:
            raise CommandError("Give --map or --study: a study has one map.")
        if options["players"] is not None:
            raise CommandError("Give --study or --players: outside players have no part in a study.")
        try:
            return study_named(options["study"])
        except StudyError as error:
            raise CommandError(str(error)) from error

    def _map(self, name: str | None) -> Map | None:
        try:
            return None if name is None else map_named(name)
        except MapError as error:
            raise CommandError(str(error)) from error


def _tells_places(options: dict[str, Any]) -> bool:
    """The JSON has those of the rounds that the paper's figure 9 draws."""
    with_examples = options["format"] == "json" and options["protocol"]
    return bool(options["out"] or options["format"] == "html" or with_examples)


def _rounds(rows: Iterable[Row], players: list[str] | None) -> Rounds:
    if players is None:
        return Rounds.from_rows(rows)
    played = list(rows)
    names = players_named(players)
    rounds = Rounds.from_rows([*played, *rows_of_players(played, names)])
    return replace(rounds, notes=(*rounds.notes, *notes_on_players(names)))
