from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from geogame.lib.tokens import random_token


class ModelVersion(models.Model):
    """Weights, partition and configuration, named by their digest; the files lie in MODEL_ROOT."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("single photos")
        ALBUM = "album", _("albums")

    class Origin(models.TextChoices):
        TRAINED = "trained", _("trained here")
        SHIPPED = "shipped", _("came with the program")
        IMPORTED = "imported", _("imported from a file")
        CALIBRATED = "calibrated", _("another version, calibrated")

    digest = models.CharField(max_length=64, unique=True, editable=False)
    kind = models.CharField(
        max_length=10,
        choices=Kind,
        default=Kind.IMAGE,
        help_text="What it answers. An album version hangs on the image version whose embeddings it reads.",
    )
    name = models.CharField(max_length=100)
    recipe = models.CharField(max_length=50)
    directory = models.CharField(max_length=200, help_text="Folder inside MODEL_ROOT.")
    cells = models.PositiveIntegerField()
    partition_digest = models.CharField(max_length=64, blank=True)
    bytes = models.PositiveBigIntegerField(default=0, help_text="Of all its files.")
    facts = models.JSONField(default=dict, help_text="What config.json says of the network.")
    metrics = models.JSONField(default=dict)
    data = models.JSONField(default=dict, help_text="What it trained on: name, photos, licences.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.TRAINED)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        help_text="The version whose weights it began with.",
    )
    needs = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="needed_by",
        help_text="The image model without which it cannot answer.",
    )
    card = models.TextField(blank=True, help_text="Model card: what it is, how it was trained and measured.")
    card_is_own = models.BooleanField(
        default=False, help_text="The card came with the version and is not written anew."
    )
    trained_on_drawings = models.BooleanField(
        default=False, help_text="What it learnt from drawn pictures does not carry over to photographs."
    )
    is_active = models.BooleanField(default=False, help_text="Plays against people.")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "model version"
        permissions = [("activate_modelversion", "Can put model versions into play and take them out")]

    def __str__(self) -> str:
        return f"{self.name} ({self.digest[:8]})"

    @property
    def path(self) -> Path:
        return Path(settings.MODEL_ROOT) / self.directory


class Activation(models.Model):
    """One wish to let a version play, and what became of it.

    A process of its own loads the version and lets it answer (checking), then the worker that answers for the
    game does (loading); only then it is in play. Until then the one before plays on.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        CHECKING = "checking", _("Checking")
        LOADING = "loading", _("Loading")
        PLAYS = "plays", _("Plays")
        FAILED = "failed", _("Failed")
        DROPPED = "dropped", _("another wish came")

    LIVE = (State.ASKED, State.CHECKING, State.LOADING)

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="activations")
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    message = models.CharField(max_length=500, blank=True)
    health = models.JSONField(default=dict, help_text="What the check measured.")
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="How often the worker was gone while it loaded the version."
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    asked_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(state__in=["asked", "checking", "loading"]),
                name="one_activation_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.state})"
