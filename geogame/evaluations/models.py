from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from geogame.datasets.models import DataSet
from geogame.lib.tokens import random_token
from geogame.registry.models import ModelVersion


class Evaluation(models.Model):
    """What model versions are worth on a data set, found out by a process in the background."""

    class Kind(models.TextChoices):
        EVALUATE = "evaluate", _("how good one version is")
        COMPARE = "compare", _("two versions side by side")
        CALIBRATE = "calibrate", _("a new version with calibrated probabilities")

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.EVALUATE)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="evaluations")
    other = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="comparisons"
    )
    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="evaluations")
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    stop_requested = models.BooleanField(default=False)
    progress = models.FloatField(default=0.0, help_text="Share that is done, 0 to 1.")
    message = models.CharField(max_length=500, blank=True)
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="How often the process was gone in the middle of it."
    )
    ticket = models.CharField(max_length=32, blank=True, help_text="Who works on it: an older one ends.")
    report = models.JSONField(default=dict, help_text="What was found, as the commands print it as JSON.")
    made = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="made_by"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        other = f" beside {self.other}" if self.other else ""
        return f"{self.version}{other} on {self.data_set} ({self.state})"

    @property
    def directory(self) -> Path:
        """Where its list of photos and its files lie: report.md, report.json, figures."""
        return Path(settings.DATA_DIR) / "evaluations" / self.token
