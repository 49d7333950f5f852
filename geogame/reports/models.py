from __future__ import annotations

from django.db import models

from geogame.albums.models import CONDITION as ALBUM
from geogame.games.models import Game
from geogame.panoramas.models import Map, Panorama

NOTHING = "0 0 0 0 0 0"
"""What `refresh.what_is_there` says of a site on which nobody has played: no report is missing there."""


class StoredReport(models.Model):
    """People against models on one map, in one condition, on photographs or on drawn pictures: computed by a
    worker, shown as it is.
    """

    class Source(models.TextChoices):
        PHOTO = "photo"
        DRAWN = "drawn"

    map = models.ForeignKey(Map, on_delete=models.CASCADE, related_name="reports")
    condition = models.CharField(
        max_length=10, choices=[*Game.Condition.choices, (ALBUM, "photos of an album, one after another")]
    )
    source = models.CharField(max_length=10, choices=Source)
    rounds = models.PositiveIntegerField(default=0, help_text="That count, over all models.")
    summary = models.JSONField(default=list, help_text="A line for each model, for the list of reports.")
    public = models.JSONField(default=dict, help_text="What everybody may read.")
    full = models.JSONField(default=dict, help_text="Everything, for the staff: it tells of single pictures.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-rounds", "map__name", "condition", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["map", "condition", "source"], name="one_report_a_map_condition_and_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.map}, {self.condition}, {self.source}"


class ReportRows(models.Model):
    """The rows of a report as a file, compressed."""

    class Kind(models.TextChoices):
        PAIRS = "pairs", "pairs without names and places, for everybody"
        TOLD = "told", "answers with their places, on panoramas that nobody can meet any more"
        ALL = "all", "every answer, for the staff"

    report = models.ForeignKey(StoredReport, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10, choices=Kind)
    rows = models.PositiveIntegerField()
    csv = models.BinaryField(help_text="Compressed by gzip.")
    jsonl = models.BinaryField(help_text="The same as JSON Lines, compressed by gzip.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "kind"], name="one_file_a_report_and_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.report}"


class Refresh(models.Model):
    """Whether reports are up to date: one row, which says who makes them anew and how far that is."""

    class State(models.TextChoices):
        IDLE = "idle"
        QUEUED = "queued"
        RUNNING = "running"
        FAILED = "failed"

    state = models.CharField(max_length=10, choices=State, default=State.IDLE)
    read = models.CharField(
        max_length=100, default=NOTHING, help_text="What was there when they were made, in a few counts."
    )
    done = models.PositiveIntegerField(default=0, help_text="Maps that are done.")
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    looked_at = models.DateTimeField(null=True, help_text="When somebody looked whether there is news.")
    asked_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True, help_text="When they were last made to the end.")

    class Meta:
        verbose_name_plural = "refreshes"

    def __str__(self) -> str:
        return f"Reports ({self.state})"


class PictureHash(models.Model):
    """The perceptual hash of a photograph: a near-duplicate of it differs in a few bits."""

    panorama = models.OneToOneField(Panorama, on_delete=models.CASCADE, related_name="picture_hash")
    value = models.CharField(
        max_length=16, blank=True, help_text="64 bits, hexadecimal; empty for a picture that shows nothing."
    )

    class Meta:
        verbose_name_plural = "picture hashes"

    def __str__(self) -> str:
        return f"Hash of {self.panorama}"
