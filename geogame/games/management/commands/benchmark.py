from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmark.report import as_json, as_table
from benchmark.rounds import pairings
from benchmark.statistics import compare
from geogame.games.queries import rounds_alone, unanswered_rounds
from geogame.games.rows import rows_of
from geogame.lib.database import ready_database
from geogame.panoramas.models import Map
from geogame.panoramas.queries import map_named
from geogame.panoramas.services import MapError

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
        "the model did not train on; --apart shows the other rounds in tables of their own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--map", metavar="NAME", help="only rounds on this map (default: every map, each apart)"
        )
        parser.add_argument("--format", choices=["table", "json"], default="table", help="default: table")
        parser.add_argument(
            "--apart",
            action="store_true",
            help="also show the rounds that do not count: seen before, or trained on",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ready_database(self.stderr.write)
        map_ = self._map(options["map"])
        pairs = list(pairings(rows_of(map_)))
        counted = compare(pair for pair in pairs if pair.counts)
        apart = compare(pair for pair in pairs if not pair.counts)
        if options["format"] == "json":
            self.stdout.write(as_json(counted, apart if options["apart"] else None))
            return
        self.stdout.write(as_table(counted) if counted else NO_ROUNDS)
        self._unpaired(map_)
        others = sum(comparison["rounds"] for comparison in apart)
        if options["apart"] and apart:
            self.stdout.write(f"\n{as_table(apart)}")
        elif others:
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
