"""The task only starts a process and returns: drawing takes an hour, and the worker has other work."""

from __future__ import annotations

from celery import shared_task

from geogame.lib.background import start_command
from geogame.lib.queue import BUILD_WORLD
from geogame.world.models import WorldJob


@shared_task(name=BUILD_WORLD)
def build_world(job_id: int) -> None:
    if WorldJob.objects.filter(pk=job_id, state=WorldJob.State.QUEUED).exists():
        start_process(job_id)


def start_process(job_id: int) -> None:
    start_command("build_world", "--job", str(job_id), log="world.log")
