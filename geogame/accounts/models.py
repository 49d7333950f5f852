from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from geogame.lib.tokens import random_token
from geogame.registry.models import ModelVersion


class Player(models.Model):
    """Who answers rounds: a person (guest or account) or a model version, never both."""

    class Kind(models.TextChoices):
        PERSON = "person"
        MODEL = "model"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=60)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="player"
    )
    model_version = models.OneToOneField(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="player"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_model_player_has_a_model_version",
                condition=Q(kind="model", model_version__isnull=False)
                | Q(kind="person", model_version__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"
