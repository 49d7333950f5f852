"""The task only starts a process and returns: a check takes a while, and the worker has other work."""

from __future__ import annotations

from celery import shared_task

from geogame.lib.background import start_command
from geogame.lib.queue import CHECK_MODEL
from geogame.registry.models import Activation


@shared_task(name=CHECK_MODEL)
def check_model(activation_id: int) -> None:
    found = Activation.objects.filter(pk=activation_id, state=Activation.State.ASKED).first()
    if found is not None:
        start_command("check_model", found.token, log="check_model.log")
