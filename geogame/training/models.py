from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from geogame.lib.tokens import random_token
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion


class TrainingJob(models.Model):
    """One run of a recipe on the photos of a map, in a child process."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        STOPPED = "stopped"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="training_jobs")
    recipe = models.CharField(max_length=50)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0.0, help_text="Share that is done, 0 to 1.")
    message = models.CharField(max_length=500, blank=True)
    stop_requested = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    model_version = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "training job"

    def __str__(self) -> str:
        return f"{self.recipe} on {self.map} ({self.state})"

    @property
    def run_directory(self) -> Path:
        return Path(settings.RUN_ROOT) / self.token
