from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from geogame.pages import basemap, world_picture


class Command(BaseCommand):
    help = (
        "Write the names of about 5,000 towns for the offline map to build/basemap/cities.json, and the "
        "small picture of the world to world.svg beside it. Does nothing when the files are up to date."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="write them even if they are up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "build" / "basemap"
        for build, name in ((basemap.build, "cities.json"), (world_picture.build, "world.svg")):
            written = build(folder / name, force=options["force"])
            self.stdout.write(f"{folder / name}: {'written' if written else 'up to date'}")
