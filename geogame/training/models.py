from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from geogame.datasets.models import DataSet
from geogame.lib.tokens import random_token
from geogame.registry.models import ModelVersion


class TrainingJob(models.Model):
    """One run of a recipe on a data set, in a child process: `kinds` says what differs by kind."""

    class Kind(models.TextChoices):
        PHOTO = "photo", _("a model of single photos")
        ALBUM = "album", _("a model of albums")

    class State(models.TextChoices):
        QUEUED = "queued"
        PREPARING = "preparing"
        RUNNING = "running"
        STOPPING = "stopping"
        STOPPED = "stopped"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PHOTO)
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="training_jobs")
    validation_set = models.ForeignKey(
        DataSet,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="validation_jobs",
        help_text="Albums that choose the best epoch; without it some of the data set are held out.",
    )
    image_model = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="album_jobs",
        help_text="The version whose embeddings an album model learns from, and without which it is nothing.",
    )
    variant = models.CharField(max_length=20, blank=True, help_text="Which album model.")
    cut = models.PositiveIntegerField(
        null=True, blank=True, help_text="Photos that an album is cut to; none for whole albums."
    )
    recipe = models.CharField(max_length=50)
    values = models.JSONField(
        default=dict, blank=True, help_text="Values of the recipe that this job changes, by name."
    )
    init_from = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="continued_by",
        help_text="The weights that it starts from; none for random ones.",
    )
    seed = models.PositiveIntegerField(default=0)
    devices = models.PositiveSmallIntegerField(
        default=1, help_text="Processes on each machine, one a device."
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0.0, help_text="Share that is done, 0 to 1.")
    pace = models.JSONField(default=dict, help_text="What the child said last: epoch, images/s, time left.")
    message = models.CharField(max_length=500, blank=True)
    plan = models.JSONField(default=dict, help_text="What planet_core.plan foresaw: photos, cells, memory.")
    runs = models.PositiveIntegerField(default=0, help_text="How often it was started or went on.")
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was lost and went on by itself since a person started it."
    )
    version = models.PositiveIntegerField(default=0, help_text="Rises with whatever a page shows of it.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    cloned_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    model_version = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "training job"
        permissions = [("start_trainingjob", "Can start, stop and resume training jobs")]

    def __str__(self) -> str:
        return f"{self.what} on {self.data_set} ({self.state})"

    @property
    def what(self) -> str:
        """What is trained, in a few words: the recipe, of an album job variant and cut."""
        if self.kind == self.Kind.PHOTO:
            return self.recipe
        cut = f"({self.cut})" if self.cut else ""
        return f"{self.variant}{cut}, {self.recipe}"

    @property
    def run_directory(self) -> Path:
        return Path(settings.RUN_ROOT) / self.token


class JobChange(models.Model):
    """A change of a job's state: when, by whom, and why. Rows are only added."""

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]
