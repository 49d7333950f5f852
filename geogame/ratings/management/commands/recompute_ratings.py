from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from geogame.lib.database import ready_database
from geogame.ratings.recompute import Course, differences, from_games, number_of_games, replace_stored

EXIT_DIFFERENT = 1
EXIT_INTERRUPTED = 130
SHOWN = 20


class Command(BaseCommand):
    help = (
        "Make all ratings anew, from the games alone; the numbers are those that play has stored already, "
        "unless rows or rules were changed. --check changes nothing and ends with 1 where something differs. "
        "Ctrl-C leaves everything as it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say whether the stored ratings are those of the games"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        ready_database(self.stderr.write)
        try:
            course = self._course()
            if check:
                self._compare(course)
            else:
                replace_stored(course)
                self.stdout.write(f"{_in_words(course)}. The ratings are stored.")
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was changed.", returncode=EXIT_INTERRUPTED) from None

    def _course(self) -> Course:
        now = timezone.now()
        total = number_of_games(now)
        with tqdm(total=total, unit=" games", file=sys.stderr, disable=None, dynamic_ncols=True) as bar:
            return from_games(now, done=bar.update)

    def _compare(self, course: Course) -> None:
        found = list(differences(course))
        for line in found[:SHOWN]:
            self.stdout.write(line)
        if len(found) > SHOWN:
            self.stdout.write(f"… and {len(found) - SHOWN} more.")
        if found:
            raise CommandError(
                f"{len(found)} differences between what is stored and what the games say. "
                "`manage.py recompute_ratings` makes the ratings anew.",
                returncode=EXIT_DIFFERENT,
            )
        self.stdout.write(f"{_in_words(course)}. What is stored is what the games say.")


def _in_words(course: Course) -> str:
    counted = sum(bool(rated.weight) for rated in course.rated.values())
    return f"{len(course.played)} games, {counted} of them rated, {len(course.standings)} ladders"
