from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from geogame.lib.tokens import random_token
from geogame.panoramas.models import Map


class DataSet(models.Model):
    """Photos with places that models train on: those of a map, of a folder or list on disk, or uploaded; or
    albums of them, in a folder with albums.jsonl.
    """

    class Kind(models.TextChoices):
        MAP = "map", "a map of the game"
        SOURCE = "source", "a folder, list or shards on this machine"
        UPLOAD = "upload", "an uploaded file"
        ALBUMS = "albums", "a folder of albums on this machine"

    class State(models.TextChoices):
        NEW = "new"
        READING = "reading"
        READY = "ready"
        FAILED = "failed"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    map = models.ForeignKey(Map, null=True, blank=True, on_delete=models.PROTECT, related_name="data_sets")
    source = models.CharField(
        max_length=500, blank=True, help_text="As planet_core reads it: kind:path, or a path."
    )
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    progress = models.FloatField(default=0.0, help_text="Share that is read, 0 to 1.")
    message = models.CharField(max_length=500, blank=True)
    photos = models.PositiveIntegerField(default=0)
    albums = models.PositiveIntegerField(default=0, help_text="Of a folder of albums.")
    drawn = models.BooleanField(
        default=False, help_text="Its albums say that pictures are drawn; those of maps say it themselves."
    )
    bytes = models.PositiveBigIntegerField(default=0)
    skipped = models.JSONField(default=dict, help_text="Number of rows that cannot be used, by reason.")
    licences = models.JSONField(default=dict, help_text="Number of photos by licence.")
    near_duplicates = models.JSONField(
        default=dict, help_text="What it shares with each set that models are measured on."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    upload_name = models.CharField(max_length=200, blank=True, help_text="Name that the file came with.")
    stop_requested = models.BooleanField(default=False)
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="How often the process that reads it was lost, one after the other."
    )
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When its reading was asked for last.")
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(
        null=True, blank=True, help_text="None while nobody reads it: it waits for its turn."
    )
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "data set"

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> Path:
        """Where what was read of it lies, and an uploaded file."""
        return self.root() / self.token

    @staticmethod
    def root() -> Path:
        return Path(settings.DATA_DIR) / "datasets"
