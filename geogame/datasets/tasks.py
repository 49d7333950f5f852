"""The task only starts a process and returns: a large source takes hours, and the worker has other work."""

from __future__ import annotations

from celery import shared_task

from geogame.datasets.services import any_waits
from geogame.lib.background import start_one
from geogame.lib.queue import READ_DATA_SETS


@shared_task(name=READ_DATA_SETS)
def read_data_sets() -> None:
    if any_waits():
        start_one("read_data_set", "--background", log="datasets.log")
