from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from geogame.pages import basemap


class Command(BaseCommand):
    help = (
        "Write the names of about 5,000 towns for the offline map to build/basemap/cities.json. "
        "Does nothing when the file is already up to date."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="write the file even if it is up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(settings.BASE_DIR) / "build" / "basemap" / "cities.json"
        written = basemap.build(target, force=options["force"])
        self.stdout.write(f"{target}: {'written' if written else 'up to date'}")
