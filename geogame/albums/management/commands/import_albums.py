from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from geogame.albums.importing import AlbumImport, import_albums
from geogame.lib.database import ready_database
from geogame.lib.words import counted
from geogame.panoramas.importers.rows import ImportFailed
from geogame.panoramas.services import MapError

EXIT_INTERRUPTED = 130
EPILOG = """\
FOLDER holds albums.jsonl, an album a line, and the pictures that it names. To make one of
photos: python -m planet_core.albums. The map is for albums alone: single rounds on the same
photos would tell their places.

example:
  manage.py import_albums ~/Pictures/trips --map "Our trips"
"""


class Command(BaseCommand):
    help = (
        "Import albums, photos in the order of time, for album rounds. What cannot be used is named with\n"
        "a reason, the rest goes in. Running it again adds nothing twice, and goes on where it was stopped."
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
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder with albums.jsonl")
        parser.add_argument(
            "--map", required=True, metavar="NAME", help="the map of the albums; it is made if need be"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ready_database(self.stderr.write)
        try:
            with _interruptible(self) as interrupted, tqdm(unit=" photos", disable=None) as bar:

                def progress(done: int, total: int) -> None:
                    bar.total = total
                    bar.update(done - bar.n)

                report = import_albums(
                    options["folder"].expanduser(),
                    options["map"],
                    progress=progress,
                    should_stop=lambda: bool(interrupted),
                )
        except (ImportFailed, MapError) as error:
            raise CommandError(str(error)) from None
        self._tell(report)

    def _tell(self, report: AlbumImport) -> None:
        for refusal in report.refused:
            self.stdout.write(f"refused: {refusal}")
        for name in report.left_out:
            self.stdout.write(f"left out: the album {name} has no photo that can be used")
        self.stdout.write(
            f"The map “{report.map_name}”: {counted(report.albums, 'album')} added with"
            f" {counted(report.photos, 'photo')}, {report.already_there} already there,"
            f" {counted(len(report.refused), 'photo')} refused."
        )
        if report.interrupted:
            self.stderr.write("Interrupted: what is in stays in. The same command goes on from here.")
            sys.exit(EXIT_INTERRUPTED)
        if not report.albums and not report.already_there:
            raise CommandError("Nothing to import: no album has a photo that can be used.")


@contextmanager
def _interruptible(command: BaseCommand) -> Iterator[list[int]]:
    """The first Ctrl-C lets the album in hand be stored, the second one does not wait."""
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
