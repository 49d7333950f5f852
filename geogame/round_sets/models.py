from __future__ import annotations

from django.db import models
from django.db.models import Q

from geogame.lib.tokens import random_token
from geogame.panoramas.models import Panorama


class RoundSet(models.Model):
    """Rounds that never change, for players that are not of this program. A change is another version."""

    class State(models.TextChoices):
        OPEN = "open", "open: answers are taken and sealed"
        CLOSED = "closed", "closed: results are told"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    map_name = models.CharField("map", max_length=80, help_text="The map that its rounds are from.")
    condition = models.CharField(max_length=10, default="fair", editable=False)
    scale_km = models.FloatField(help_text="Of the score, as the map had it when the set was made.")
    scoring_version = models.PositiveSmallIntegerField()
    border_data_version = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True, help_text="When it came from another server.")
    rows = models.TextField(
        blank=True, editable=False, help_text="Of an imported closed set: its answers, as its file has them."
    )
    imported_players = models.JSONField(
        default=list, editable=False, help_text="Names of the outside players whose answers came with it."
    )

    class Meta:
        ordering = ["name", "version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_round_set_a_version"),
            models.CheckConstraint(
                name="a_closed_round_set_has_a_time",
                condition=Q(state="open", closed_at=None) | Q(state="closed", closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class SetRound(models.Model):
    """One fair picture of a set. `digest` names its bytes: others are not served in its place."""

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    round_set = models.ForeignKey(RoundSet, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    panorama = models.ForeignKey(
        Panorama,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="set_rounds",
        help_text="None where an imported closed set came without the picture.",
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the fair picture.")
    lat = models.FloatField("latitude", help_text="The truth, as it was when the set was made.")
    lng = models.FloatField("longitude")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    drawn = models.BooleanField(default=False)
    licence = models.CharField(max_length=100, blank=True)
    author = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["round_set", "number"]
        constraints = [
            models.UniqueConstraint(fields=["round_set", "number"], name="one_set_round_a_number"),
            models.UniqueConstraint(fields=["round_set", "digest"], name="one_set_round_a_picture"),
            models.CheckConstraint(
                name="a_set_round_is_on_the_globe",
                condition=Q(lat__range=(-90, 90)) & Q(lng__range=(-180, 180)),
            ),
        ]

    def __str__(self) -> str:
        return f"Round {self.number} of {self.round_set}"


class OutsidePlayer(models.Model):
    """A program of somebody else that answers over HTTP. It is no person and no model of ours."""

    name = models.CharField(max_length=60, unique=True, help_text="As reports call it.")
    token_digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text="SHA-256 of its token, which is stored nowhere."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    token_made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, help_text="Since then its token opens nothing.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SetAnswer(models.Model):
    """What an outside player answered: once, and sealed until the set closes."""

    class Outcome(models.TextChoices):
        ANSWERED = "answered"
        REFUSED = "refused"

    round = models.ForeignKey(SetRound, on_delete=models.CASCADE, related_name="answers")
    player = models.ForeignKey(OutsidePlayer, on_delete=models.PROTECT, related_name="answers")
    outcome = models.CharField(max_length=10, choices=Outcome)
    lat = models.FloatField(null=True)
    lng = models.FloatField(null=True)
    country_probabilities = models.JSONField(default=dict)
    confidence = models.FloatField(null=True)
    seen_in_training = models.BooleanField(default=False, help_text="The player says so.")
    known_before = models.BooleanField(
        default=False, help_text="An earlier set that closed had told this player the place."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "player"], name="one_answer_a_set_round_and_player"),
            models.CheckConstraint(
                name="a_set_answer_has_a_place",
                condition=Q(outcome="answered", lat__range=(-90, 90), lng__range=(-180, 180))
                | Q(outcome="refused", lat=None, lng=None),
            ),
        ]

    def __str__(self) -> str:
        return f"Answer of {self.player} in {self.round}"
