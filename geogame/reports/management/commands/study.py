"""The paper's study on people of one's own. It stands with the reports because it exports rows."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from benchmark.rounds import Rounds
from benchmark.rows_csv import write_rows
from geogame.games.models import Game
from geogame.lib.commands import UserCommand
from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError
from geogame.predictions.models import EXIT_UNREADABLE
from geogame.registry.models import ModelVersion
from geogame.registry.queries import NoSuchVersion, active_version, image_version_named
from geogame.reports.rows import rows_of_study
from geogame.studies.errors import StudyError
from geogame.studies.models import DAYS, Subject
from geogame.studies.queries import progress_of, state_of_study, study_named
from geogame.studies.services import Design, close_ended, close_study, create_study, extend_study
from planet_core.outputs import OutputError, writable_file

DEFAULT = "default"


class Command(UserCommand):
    help = (
        "Run the paper's study on people of your own: each subject gets a link to a set of pictures that "
        "nobody else gets, and the model answers the same pictures in the same fair view. docs/studies.md "
        "leads through it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        create = actions.add_parser("create", help="draw the pictures, let the model answer, print the links")
        create.add_argument("name", metavar="NAME")
        create.add_argument("--map", required=True, metavar="NAME")
        create.add_argument(
            "--subjects", type=int, default=10, help="people (default: %(default)s, as in the paper)"
        )
        create.add_argument("--rounds", type=int, default=5, help="for each subject (default: %(default)s)")
        create.add_argument(
            "--model",
            default=DEFAULT,
            metavar="NAME",
            help="model version, by name or the first characters of its digest (default: the newest in play)",
        )
        create.add_argument(
            "--seed",
            type=int,
            metavar="S",
            help="draw the same pictures again from the same map (default: a new one, which is kept)",
        )
        create.add_argument(
            "--show-results",
            choices=Game.ShowResults.values,
            default=Game.ShowResults.AT_END.value,
            help="when subjects are told the places and the model's answers (default: %(default)s)",
        )
        create.add_argument(
            "--days",
            type=int,
            default=DAYS,
            metavar="N",
            help="close the study so many days from now (default: %(default)s); `extend` lets it run longer",
        )
        create.add_argument(
            "--time-limit", type=int, metavar="S", help="seconds for a round (default: none, as in the paper)"
        )
        create.add_argument(
            "--contact", default="", metavar="TEXT", help="who asks, for the page on which subjects agree"
        )
        status = actions.add_parser("status", help="who opened and finished, and the links again")
        status.add_argument("name", metavar="NAME")
        for action in (create, status):
            action.add_argument(
                "--address", metavar="URL", help="what links begin with (default: where `make play` serves)"
            )
        export = actions.add_parser("export", help="the rows as CSV, subjects under pseudonyms")
        export.add_argument("name", metavar="NAME")
        export.add_argument("file", metavar="FILE.csv")
        extend = actions.add_parser("extend", help="let the study run until so many days from now")
        extend.add_argument("name", metavar="NAME")
        extend.add_argument("--days", type=int, default=DAYS, metavar="N", help="(default: %(default)s)")
        close = actions.add_parser("close", help="let no link work any more, and free the pictures")
        close.add_argument("name", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        ready_database(self.stderr.write)
        actions: dict[str, Callable[[dict[str, Any]], None]] = {
            "create": self._create,
            "status": self._status,
            "export": self._export,
            "extend": self._extend,
            "close": self._close,
        }
        close_ended()  # the clock may not run
        try:
            actions[options["action"]](options)
        except (MapError, NoSuchVersion, StudyError, OutputError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"cannot write {error.filename}: {error.strerror or error}") from error

    # --- create --------------------------------------------------------------------------------------
    def _create(self, options: dict[str, Any]) -> None:
        design = Design(
            name=options["name"],
            subjects=options["subjects"],
            rounds_each=options["rounds"],
            time_limit_s=options["time_limit"],
            seed=options["seed"],
            contact=options["contact"],
            show_results=Game.ShowResults(options["show_results"]),
            days=options["days"],
        )
        map_ = map_named(options["map"])
        version = _version(options["model"])
        study, pool = create_study(design, map_=map_, version=version, predict=self._predict)
        drawn = design.subjects * design.rounds_each
        self.stdout.write(
            f"Study “{study}” on “{map_}” against {version}, fair view:"
            f" {counted(design.subjects, 'subject')} × {counted(design.rounds_each, 'round')}.\n"
            f"{pool}. Drawn: {drawn} (--seed {study.seed}).\n"
            f"It runs until {study.ends_at:%Y-%m-%d %H:%M} UTC, unless it is closed before or extended; until"
            f" then no other game shows these pictures."
            f" Subjects are told places and answers {study.told_when}.\n"
            "The model has answered all of them. One link for each subject, for one person each:\n"
        )
        for subject in study.subjects.all():
            self.stdout.write(f"{subject.number:>4}  {_link(subject, options['address'])}")

    def _predict(self, version: ModelVersion, panoramas: Sequence[int]) -> None:
        """By name: only tasks and commands of `opponent` load a model."""
        try:
            call_command(
                "predict_ahead",
                model=version.digest,
                panoramas=panoramas,
                stdout=self.stderr,
                stderr=self.stderr,
            )
        except CommandError as error:
            if error.returncode != EXIT_UNREADABLE:
                raise

    # --- status, export, close -----------------------------------------------------------------------
    def _status(self, options: dict[str, Any]) -> None:
        study = study_named(options["name"])
        limit = f"{study.time_limit_s} s a round" if study.time_limit_s else "no time limit"
        moment, word = (study.closed_at, "closed") if study.closed_at else (study.ends_at, "ends")
        seed = "" if study.seed is None else f" Drawn with --seed {study.seed}."
        self.stdout.write(
            f"Study “{study}” on “{study.map}” against {study.model_version}, fair view, {limit}.\n"
            f"Created {study.created_at:%Y-%m-%d %H:%M} UTC, {word} {moment:%Y-%m-%d %H:%M} UTC.{seed}"
            f" Subjects are told places and answers {study.told_when}.\n"
        )
        self.stdout.write(f"{'':>4}  {'':<10}  {'rounds':<6}  {'opened first':<16}  link")
        for one in progress_of(study):
            link = _link(one.subject, options["address"]) if study.is_open else "-"
            rounds = f"{one.answered}/{one.rounds}"
            opened = f"{one.subject.opened_at:%Y-%m-%d %H:%M}" if one.subject.opened_at else "-"
            self.stdout.write(f"{one.subject.number:>4}  {one.words:<10}  {rounds:<6}  {opened:<16}  {link}")
        self.stdout.write(f"\n{state_of_study(study)}")

    def _export(self, options: dict[str, Any]) -> None:
        study = study_named(options["name"])
        path = writable_file(options["file"], ".csv")
        rounds = Rounds.from_rows(rows_of_study(study))
        write_rows(rounds, path, {})
        self.stdout.write(
            f"{counted(len(rounds), 'row')} in {path}, subjects under pseudonyms. {state_of_study(study)}\n"
            f"Report: python -m benchmark {path} --protocol planet-study"
        )

    def _extend(self, options: dict[str, Any]) -> None:
        study = extend_study(study_named(options["name"]), days=options["days"])
        self.stdout.write(f"Study “{study}” runs until {study.ends_at:%Y-%m-%d %H:%M} UTC.")

    def _close(self, options: dict[str, Any]) -> None:
        study = study_named(options["name"])
        if study.closed_at is not None:
            self.stdout.write(f"Study “{study}” is closed already.")
            return
        ended = close_study(study)
        games = f" {counted(ended, 'game')} ended before the last round." if ended else ""
        self.stdout.write(
            f"Study “{study}” is closed: no link works any more, its pictures are drawn again.{games}"
        )


def _version(name: str) -> ModelVersion:
    if name == DEFAULT:
        if version := active_version():
            return version
        raise StudyError("No model plays: put one into play in the admin, or name one with --model.")
    return image_version_named(name)


def _link(subject: Subject, address: str | None) -> str:
    return f"{(address or _own_address()).rstrip('/')}{reverse('study', args=[subject.token])}"


def _own_address() -> str:
    """Where people reach the game: as the settings name it, else this computer."""
    if settings.CSRF_TRUSTED_ORIGINS and "*" not in settings.CSRF_TRUSTED_ORIGINS[0]:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    host = "localhost" if settings.HOST in ("0.0.0.0", "::") else settings.HOST
    return f"http{'s' if settings.HTTPS else ''}://{host}:{settings.PORT}"
