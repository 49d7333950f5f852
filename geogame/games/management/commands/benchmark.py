from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmark.report import as_json, as_table
from benchmark.rounds import pairings
from benchmark.statistics import compare
from geogame.games.rows import rows_of
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
        pairs = list(pairings(rows_of(self._map(options["map"]))))
        counted = compare(pair for pair in pairs if pair.counts)
        apart = compare(pair for pair in pairs if not pair.counts)
        if options["format"] == "json":
            self.stdout.write(as_json(counted, apart if options["apart"] else None))
            return
        self.stdout.write(as_table(counted) if counted else NO_ROUNDS)
        others = sum(comparison["rounds"] for comparison in apart)
        if options["apart"] and apart:
            self.stdout.write("\n== Do not count: seen before, or the model trained on it ==\n")
            self.stdout.write(as_table(apart))
        elif others:
            rounds = "1 round does" if others == 1 else f"{others} rounds do"
            self.stdout.write(
                f"\n{rounds} not count (seen before, or the model trained on it): add --apart to see."
            )

    def _map(self, name: str | None) -> Map | None:
        try:
            return map_named(name) if name else None
        except MapError as error:
            raise CommandError(str(error)) from error
