from __future__ import annotations

from django.db import models
from django.db.models import Q

from geogame.accounts.models import Player
from geogame.lib.tokens import random_token
from geogame.panoramas.models import Map, Panorama


class Game(models.Model):
    """n rounds on a map under settings that stay with it: scale, version of the score."""

    class State(models.TextChoices):
        PLAYING = "playing"
        FINISHED = "finished"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="games")
    state = models.CharField(max_length=10, choices=State, default=State.PLAYING)
    rounds_total = models.PositiveSmallIntegerField()
    scale_km = models.FloatField()
    scoring_version = models.PositiveSmallIntegerField()
    note = models.CharField(
        max_length=200, blank=True, help_text="What the players should know about this game."
    )
    version = models.PositiveIntegerField(
        default=0, help_text="Rises with every change that players are told of."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Game {self.pk} on {self.map}"


class Seat(models.Model):
    """A player in a game."""

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="seats")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="seats")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["game", "player"], name="one_seat_a_player_and_game")]


class Round(models.Model):
    """One panorama in one game. It opens once and closes once, each by a conditional update."""

    class State(models.TextChoices):
        PREPARING = "preparing"
        OPEN = "open"
        CLOSED = "closed"

    class Condition(models.TextChoices):
        FAIR = "fair", "the person sees the very pixels that the model gets"
        FREE = "free", "the person may look around, the model gets one view"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    picture_token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    panorama = models.ForeignKey(Panorama, on_delete=models.PROTECT, related_name="rounds")
    condition = models.CharField(max_length=10, choices=Condition)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARING)
    answer_deadline = models.DateTimeField(help_text="Until then the round waits for the model.")
    model_absent = models.CharField(max_length=200, blank=True, help_text="Why no model plays this round.")
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["game", "number"]
        constraints = [models.UniqueConstraint(fields=["game", "number"], name="one_round_a_number")]
        indexes = [models.Index(fields=["state", "answer_deadline"], name="rounds_waiting")]

    def __str__(self) -> str:
        return f"Round {self.number} of game {self.game_id}"


class Exposure(models.Model):
    """A player was shown a panorama in a round; `times_seen` counts the times before."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="exposures")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="exposures")
    panorama = models.ForeignKey(Panorama, on_delete=models.PROTECT, related_name="exposures")
    times_seen = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "player"], name="one_exposure_a_player_and_round")
        ]
        indexes = [models.Index(fields=["player", "panorama"], name="exposures_of_player")]


class Guess(models.Model):
    """A player's place for a round. Distance and points are the server's."""

    class Outcome(models.TextChoices):
        ANSWERED = "answered"
        TIMEOUT = "timeout"
        REFUSED = "refused"
        ERROR = "error"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="guesses")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="guesses")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.ANSWERED)
    lat = models.FloatField(null=True)
    lng = models.FloatField(null=True)
    distance_km = models.FloatField(null=True)
    points = models.PositiveSmallIntegerField(default=0)
    condition = models.CharField(max_length=10, choices=Round.Condition)
    times_revealed = models.PositiveIntegerField(
        default=0,
        help_text="How often the player knew the truth of this panorama already, from closed rounds.",
    )
    group_revealed = models.PositiveIntegerField(
        default=0, help_text="The same for other panoramas of its group."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "guesses"
        constraints = [
            models.UniqueConstraint(fields=["round", "player"], name="one_guess_a_player_and_round"),
            models.CheckConstraint(
                name="an_answer_has_a_place",
                condition=Q(outcome="answered", lat__range=(-90, 90), lng__range=(-180, 180))
                | (~Q(outcome="answered") & Q(lat=None, lng=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"Guess of {self.player} in round {self.round_id}"


class Seal(models.Model):
    """What a model answered, fixed before the round opened: first its digest is shown, then the pre-image."""

    guess = models.OneToOneField(Guess, on_delete=models.CASCADE, related_name="seal")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the pre-image.")
    preimage = models.TextField()
    rule = models.CharField(max_length=20)
    top_cells = models.JSONField()
    prediction_digest = models.CharField(max_length=64, help_text="Names the stored distribution.")
    seen_in_training = models.BooleanField(help_text="The model trained on this picture or one of its group.")
    sealed_at = models.DateTimeField(auto_now_add=True)
