from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.importers.pipeline import ImportReport, import_panoramas
from geogame.panoramas.importers.rows import ImportFailed
from geogame.panoramas.importers.values import Refusal
from geogame.panoramas.services import MapError

SECONDS_BETWEEN_LINES = 5.0
EXIT_INTERRUPTED = 130
EPILOG = """\
A CSV starts with a row that names its columns:
  path,lat,lng[,heading,taken_at,licence,author,source,kind,group]
Other columns are ignored. Paths are relative to the CSV. Leave lat and lng empty
where the picture's own Exif GPS is to be used. kind is pano360 or photo where the
file does not say it; pictures of one group never meet in one game.

In a folder, a file called labels.csv of this form is used by itself; pictures that
no labels.csv names need GPS in their Exif.

examples:
  manage.py import_panoramas ~/Pictures/holidays --map "Our holidays"
  manage.py import_panoramas photos.csv --map World --dry-run
"""


class Command(BaseCommand):
    help = (
        "Import geotagged JPEG, PNG and WebP pictures, flat or 360 degrees, from a folder or a CSV\n"
        "into a map, and open it for play. What cannot be used is named with a reason, the rest\n"
        "goes in. Running it again adds nothing twice."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", type=Path, metavar="PATH", help="a folder of pictures, or a CSV that names them"
        )
        parser.add_argument(
            "--map", required=True, metavar="NAME", help="the map to add to; it is made if need be"
        )
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
        parser.add_argument("--draft", action="store_true", help="do not open the map for play")

    def handle(self, *args: Any, **options: Any) -> None:
        ready_database(self.stderr.write)
        path: Path = options["path"].expanduser()
        try:
            with _interruptible(self) as interrupted, _Progress(self) as progress:
                report = import_panoramas(
                    path,
                    options["map"],
                    dry_run=options["dry_run"],
                    draft=options["draft"],
                    progress=progress,
                    should_stop=lambda: bool(interrupted),
                )
        except (ImportFailed, MapError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self.stderr.write("Interrupted. What was imported stays in.")
            sys.exit(EXIT_INTERRUPTED)
        self.stdout.write(_summary(report))
        self._exit(report)

    def _exit(self, report: ImportReport) -> None:
        if report.interrupted:
            self.stderr.write("Interrupted: what was imported stays in. The same command goes on from here.")
            sys.exit(EXIT_INTERRUPTED)
        if report.storage_error:
            raise CommandError(
                f"Stopped after {report.done} of {report.total}: {report.storage_error}. "
                "What was imported stays in; the same command goes on from here."
            )
        if not report.usable:
            found = _none_of(report.total)
            raise CommandError(f"Nothing to import: {found}.")


def _none_of(total: int) -> str:
    if total == 1:
        return "the only picture cannot be used"
    return f"none of {total:,} pictures can be used" if total else "no pictures found"


class _Progress:
    """A bar on a terminal; a line now and then where the output goes to a file. Refusals stand above it."""

    def __init__(self, command: BaseCommand) -> None:
        self.command = command
        self.bar: Any = None
        self.next_line_s = time.monotonic() + SECONDS_BETWEEN_LINES

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, done: int, total: int, refusal: Refusal | None) -> None:
        if self.command.stderr.isatty():
            self._advance_bar(total)
        elif time.monotonic() >= self.next_line_s:
            self.next_line_s = time.monotonic() + SECONDS_BETWEEN_LINES
            self.command.stderr.write(f"{done} of {counted(total, 'picture')}")
        if refusal:
            with tqdm.external_write_mode():
                self.command.stdout.write(f"refused: {refusal}")

    def _advance_bar(self, total: int) -> None:
        if self.bar is None:
            self.bar = tqdm(total=total, unit=" pictures", file=sys.stderr, dynamic_ncols=True)
        self.bar.update()


@contextmanager
def _interruptible(command: BaseCommand) -> Iterator[list[int]]:
    """The first Ctrl-C lets the picture in hand be stored, the second one does not wait."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        command.stderr.write("Stopping …")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, before)


def _summary(report: ImportReport) -> str:
    name = f"“{report.map_name}”"
    reasons = ", ".join(
        f"{code.replace('-', ' ')} {count}" for code, count in report.refused_by.most_common()
    )
    lines = [
        f"Checked for the map {name}; nothing was written:" if report.dry_run else f"The map {name}:",
        f"  {'to add' if report.dry_run else 'added':14}{report.added:>7}",
        f"  {'already there':14}{report.already_there:>7}",
        f"  {'refused':14}{len(report.refused):>7}{f'   ({reasons})' if reasons else ''}",
    ]
    return "\n".join([*lines, *_next_step(report)])


def _next_step(report: ImportReport) -> list[str]:
    if report.dry_run or report.map_ is None or report.interrupted or report.storage_error:
        return []
    if report.map_.is_published:
        return [
            f"It is open for play (scale {report.map_.scale_km:.0f} km): start the game with `make play`."
        ]
    if report.map_.published_at:
        return ["The map was closed in the admin and stays closed: publish it there to open it for play."]
    return ["It is a draft: run this again without --draft, or publish it in the admin, to open it for play."]
