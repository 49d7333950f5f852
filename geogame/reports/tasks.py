"""The task only starts a process and returns: many rounds take a minute, and the worker has other work."""

from __future__ import annotations

from celery import shared_task

from geogame.lib.background import start_one
from geogame.lib.queue import REFRESH_REPORTS
from geogame.reports.refresh import is_asked_for


@shared_task(name=REFRESH_REPORTS)
def refresh() -> None:
    if is_asked_for():
        start_one("refresh_reports", "--background", log="reports.log")
