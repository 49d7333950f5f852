"""Tells the pages that show a training job that it has changed; what it is now they ask the database."""

from __future__ import annotations

from django.db import transaction

from geogame.lib import channel_layer
from geogame.training.models import TrainingJob


def group_name(token: str) -> str:
    return f"training.{token}"


def tell(job: TrainingJob) -> None:
    """When the transaction commits. Without a message server nobody hears it: pages ask now and then, too."""
    group = group_name(job.token)
    transaction.on_commit(lambda: channel_layer.tell(group, {"type": "training.changed"}))
