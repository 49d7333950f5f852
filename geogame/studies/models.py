from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.models import Game, Plan
from geogame.lib.tokens import random_token
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion

NAME_LENGTH, CONTACT_LENGTH = 80, 200
DAYS = 60
"""How long a study runs where nobody says otherwise: until then its pictures are set aside."""


def usual_end() -> datetime:
    return timezone.now() + timedelta(days=DAYS)


class Study(models.Model):
    """People against one model version, each on pictures of their own, all in the fair view."""

    name = models.CharField(max_length=NAME_LENGTH, unique=True)
    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="studies")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="studies")
    rounds_each = models.PositiveSmallIntegerField()
    time_limit_s = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Seconds for each round, none for no limit."
    )
    seed = models.BigIntegerField(null=True, blank=True, help_text="What the pictures were drawn with.")
    contact = models.CharField(
        max_length=CONTACT_LENGTH, blank=True, help_text="Who asks: subjects read it before they agree."
    )
    show_results = models.CharField(
        max_length=11,
        choices=Game.ShowResults,
        default=Game.ShowResults.AT_END,
        help_text="When subjects are told the places and the model's answers.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(default=usual_end, help_text="Then the clock closes it.")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and timezone.now() < self.ends_at

    @property
    def told_when(self) -> str:
        """When subjects are told places and answers, in words."""
        if self.show_results == Game.ShowResults.NEVER:
            return "once the study is closed"
        return str(Game.ShowResults(self.show_results).label)


class Subject(models.Model):
    """One person's part in a study. `token` is the link, `pseudonym` the name in rows: neither tells the
    other, nor which player it is.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="subjects")
    number = models.PositiveSmallIntegerField()
    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    pseudonym = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="subject")
    player = models.ForeignKey(
        Player, null=True, blank=True, on_delete=models.PROTECT, related_name="subjects"
    )
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When the link was opened first.")
    consented_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person agreed, and the game began."
    )

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="one_subject_a_number"),
            models.UniqueConstraint(fields=["study", "player"], name="one_subject_a_player_and_study"),
            models.CheckConstraint(
                name="who_takes_part_has_agreed",
                condition=models.Q(player=None, consented_at=None)
                | models.Q(player__isnull=False, consented_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Subject {self.number} of {self.study}"
