from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError
from django.db import close_old_connections

from geogame.albums.lifecycle import open_overdue_rounds as open_overdue_albums
from geogame.datasets.services import remove_leftovers, settle_data_sets
from geogame.evaluations.services import look_after_evaluations
from geogame.games.dailies import make_todays
from geogame.games.lifecycle import close_overdue_rounds, open_overdue_rounds
from geogame.predictions import explanations
from geogame.predictions.services import queue_lost_job_again
from geogame.ratings.services import ask_again as ask_for_ratings
from geogame.registry.activation import look_after_activations
from geogame.reports.refresh import look as ask_for_reports
from geogame.rooms.services import settle_rooms
from geogame.studies.services import close_ended as close_ended_studies
from geogame.training.states import look_after_lost_jobs, queue_waiting_jobs_again
from geogame.world import services as world

log = logging.getLogger(__name__)
TICK_S = 0.5
DUTIES = {
    TICK_S: (open_overdue_rounds, close_overdue_rounds, open_overdue_albums, settle_rooms),
    2.0: (
        *(make_todays, queue_lost_job_again, explanations.queue_waiting_again, ask_for_ratings),
        *(ask_for_reports, look_after_lost_jobs, queue_waiting_jobs_again, look_after_activations),
        *(settle_data_sets, look_after_evaluations, close_ended_studies),
        *(world.revive_lost_jobs, world.queue_waiting_jobs_again),
    ),
    3600.0: (remove_leftovers,),
}
"""By the seconds between two times. Nobody looks at the screen for those of the second row."""


class Command(BaseCommand):
    help = (
        "The clock of the game: opens rounds whose model is late, closes those whose time is up, leads live "
        "matches, makes the daily game, closes studies that have ended, asks for ratings and reports that "
        "nobody made, ends jobs that nobody runs and queues lost ones again, by reading deadlines in the "
        "database. Keeps no state; `manage.py play` starts it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        due = dict.fromkeys(DUTIES, 0.0)
        while not stopped.wait(TICK_S):
            close_old_connections()
            now = time.monotonic()
            rows = [every_s for every_s, at in due.items() if now >= at]
            due |= {every_s: now + every_s - TICK_S / 2 for every_s in rows}
            for duty in (duty for every_s in rows for duty in DUTIES[every_s]):
                try:
                    duty()
                except DatabaseError as error:
                    log.error("The database does not answer, trying again: %s", error)
