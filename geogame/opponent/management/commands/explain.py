from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from geogame.lib.background import let_others_first, only_one
from geogame.lib.database import ready_database
from geogame.opponent.tasks import EXPLAINER
from geogame.predictions.explanations import any_waits

EXIT_INTERRUPTED = 130
NICENESS = 10
IDLE_S = 120.0


class Command(BaseCommand):
    help = (
        "Draw the explanations that wait: where on earth a model put its probability, and what it looked at "
        "in the picture. The default worker starts this by itself when a result is looked at."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--background",
            action="store_true",
            help=f"with low priority, and stay for {IDLE_S:.0f} s after the last one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        ready_database(self.stderr.write)
        if options["background"]:
            _leave_room_for_others()
        try:
            while any_waits() and self._work(IDLE_S if options["background"] else 0.0):
                pass  # what came in at the very end was told that somebody is at it
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)

    def _work(self, idle_s: float) -> bool:
        """False where another process is at it."""
        from geogame.opponent.explain import work

        with only_one(EXPLAINER) as is_alone:
            if is_alone:
                work(idle_s=idle_s, tell=self._line)
        return is_alone

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _leave_room_for_others() -> None:
    import torch

    let_others_first(NICENESS)
    # Threads that wait for each other while others compute take far more time than one alone.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
