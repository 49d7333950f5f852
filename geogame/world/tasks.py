"""The task only starts a process and returns: drawing takes an hour, and the worker has other work."""

from __future__ import annotations

import subprocess
import sys
import threading

from celery import shared_task
from django.conf import settings

from geogame.lib.queue import BUILD_WORLD
from geogame.world.models import WorldJob


@shared_task(name=BUILD_WORLD)
def build_world(job_id: int) -> None:
    if WorldJob.objects.filter(pk=job_id, state=WorldJob.State.QUEUED).exists():
        start_process(job_id)


def start_process(job_id: int) -> None:
    """`manage.py build_world --job`, in a session of its own; what it prints goes to a file."""
    path = settings.DATA_DIR / "run" / "world.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "build_world", "--job", str(job_id)]
    with path.open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    threading.Thread(target=child.wait, daemon=True).start()  # or it would stay as a zombie
