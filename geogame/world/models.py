from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from geogame.lib.words import counted
from geogame.panoramas.models import Map

MOST = 5000


class WorldJob(models.Model):
    """Draws panoramas from facts until a map has as many as wanted; goes on where it was interrupted."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        STOPPED = "stopped"

    map = models.ForeignKey(Map, on_delete=models.CASCADE, related_name="world_jobs")
    count = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MOST)],
        help_text="Drawn panoramas that the map shall have.",
    )
    done = models.PositiveIntegerField(default=0, help_text="Drawn panoramas that it has.")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    message = models.CharField(max_length=500, blank=True)
    stop_requested = models.BooleanField(default=False)
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="How often the worker was gone since the last picture."
    )
    crashes = models.JSONField(
        default=dict,
        help_text="How often the drawing process ended at a place, by the identity of the place.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "world job"
        constraints = [
            models.UniqueConstraint(
                fields=["map"],
                condition=Q(state__in=["queued", "running"]),
                name="one_world_job_a_map_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{counted(self.count, 'panorama')} for {self.map} ({self.state})"
