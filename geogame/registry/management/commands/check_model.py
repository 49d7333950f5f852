from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geogame.lib.background import let_others_first
from geogame.lib.database import ready_database
from geogame.registry.health import check_asked
from geogame.registry.models import Activation

NICENESS = 10
EXIT_INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "See whether a version answers that somebody wants to play. The default worker starts this by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("token", metavar="TOKEN", help="of the wish, as the admin lists it")

    def handle(self, *args: Any, token: str, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        ready_database(self.stderr.write)
        let_others_first(NICENESS)
        activation = Activation.objects.select_related("version").filter(token=token).first()
        if activation is None:
            raise CommandError(f"Nobody asked for {token}.", returncode=2)
        try:
            check_asked(activation)
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=EXIT_INTERRUPTED) from None
        activation.refresh_from_db()
        self.stdout.write(f"{activation} {activation.message}".rstrip())
