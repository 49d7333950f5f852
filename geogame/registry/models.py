from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models


class ModelVersion(models.Model):
    """Weights, partition and configuration, named by their digest; the files lie in MODEL_ROOT."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    name = models.CharField(max_length=100)
    recipe = models.CharField(max_length=50)
    directory = models.CharField(max_length=200, help_text="Folder inside MODEL_ROOT.")
    cells = models.PositiveIntegerField()
    metrics = models.JSONField(default=dict)
    card = models.TextField(blank=True, help_text="Model card: what it is, how it was trained and measured.")
    trained_on_drawings = models.BooleanField(
        default=False, help_text="What it learnt from drawn pictures does not carry over to photographs."
    )
    is_active = models.BooleanField(default=False, help_text="Plays against people.")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "model version"

    def __str__(self) -> str:
        return f"{self.name} ({self.digest[:8]})"

    @property
    def path(self) -> Path:
        return Path(settings.MODEL_ROOT) / self.directory
