from __future__ import annotations

from django.db import models
from django.db.models import Q

from geogame.lib.words import counted
from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion

RULE = "top-cell"
"""How a distribution becomes the point that the model answers: the centre of its most probable cell."""
TOP_CELLS = 5
EXIT_UNREADABLE = 3
"""How `manage.py predict_ahead` ends where only some pictures could not be read."""


class Prediction(models.Model):
    """What a model version answers for one view of a panorama: computed once, stored whole."""

    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="predictions")
    panorama = models.ForeignKey(Panorama, on_delete=models.CASCADE, related_name="predictions")
    view = models.CharField(max_length=60)
    rule = models.CharField(max_length=20)
    lat = models.FloatField()
    lng = models.FloatField()
    top_cells = models.JSONField()
    distribution = models.BinaryField(
        help_text="Probabilities of the partition's cells, little-endian float32."
    )
    digest = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the distribution.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "opponent_prediction"  # where the predictions of older databases are
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "panorama", "view", "rule"], name="one_prediction_a_view"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_version} on {self.panorama}"


class Explanation(models.Model):
    """Pictures of a prediction: where on earth the model puts its probability, and what it looked at."""

    class State(models.TextChoices):
        COMING = "coming"
        READY = "ready"
        FAILED = "failed"

    prediction = models.OneToOneField(Prediction, on_delete=models.CASCADE, related_name="explanation")
    state = models.CharField(max_length=10, choices=State, default=State.COMING)
    probability = models.CharField(
        max_length=200,
        blank=True,
        help_text="Density as a layer for light maps, Web Mercator, a file inside MEDIA_ROOT.",
    )
    probability_dark = models.CharField(max_length=200, blank=True, help_text="The same for dark maps.")
    scale = models.JSONField(default=dict, blank=True, help_text="What the colours of the layers mean.")
    occlusion = models.CharField(
        max_length=200, blank=True, help_text="Heat to lay over the fair picture, a file inside MEDIA_ROOT."
    )
    message = models.CharField(max_length=500, blank=True)
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="How often its process was gone in the middle of it."
    )
    asked_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["state", "asked_at"], name="explanations_waiting")]

    def __str__(self) -> str:
        return f"Explanation of {self.prediction_id} ({self.state})"


class PredictionJob(models.Model):
    """Predicts ahead of play what is missing, in small steps on the inference worker.

    What is missing follows from the other tables. The row says who works on it and how far they are; the
    last two fields are a bookmark, so that a picture which cannot be read is met once a pass.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        STOPPED = "stopped"

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(help_text="Predictions that were missing when it began.")
    done = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0, help_text="Pictures that no model could look at.")
    message = models.CharField(max_length=500, blank=True)
    stop_requested = models.BooleanField(default=False)
    again = models.BooleanField(default=False, help_text="Something came in since this pass began.")
    ticket = models.CharField(max_length=32, blank=True, help_text="Who works on it: an older one ends.")
    in_hand = models.BooleanField(default=False, help_text="A step was begun and has not ended.")
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="How often the worker was gone in a step since the last one that ended."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_panorama = models.BigIntegerField(default=0)

    LIVE = (State.QUEUED, State.RUNNING)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "prediction job"
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=["queued", "running"]),
                name="one_prediction_job_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{counted(self.total, 'prediction')} ({self.state})"
