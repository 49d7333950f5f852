"""The Celery application. Queues: inference, training, default, explain (geogame/lib/queue.py)."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geogame.settings")

app = Celery("geogame")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
