from __future__ import annotations

from django.db import models

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.panoramas.models import Map


class Ladder(models.Model):
    """People and model versions on one map under one condition: they are compared with nobody else."""

    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="ladders")
    condition = models.CharField(max_length=10, choices=Game.Condition)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["map", "condition"], name="one_ladder_a_map_and_condition")
        ]

    def __str__(self) -> str:
        return f"{self.map}, {self.condition}"


class Rating(models.Model):
    """Where a player stands now, after the last game that counted (`played_at`)."""

    ladder = models.ForeignKey(Ladder, on_delete=models.CASCADE, related_name="ratings")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="ratings")
    rating = models.FloatField()
    deviation = models.FloatField()
    volatility = models.FloatField()
    won = models.PositiveIntegerField(default=0)
    drawn = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    played_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ladder", "player"], name="one_rating_a_player_and_ladder")
        ]

    def __str__(self) -> str:
        return f"{self.player} on {self.ladder}: {self.rating:.0f} ± {self.deviation:.0f}"


class RatedResult(models.Model):
    """How one game ended for the ratings, or why it is not rated. Made by the program from the game alone."""

    game = models.OneToOneField(Game, on_delete=models.CASCADE, related_name="rated")
    ladder = models.ForeignKey(
        Ladder,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="results",
        help_text="None where the game alone says that it is not rated.",
    )
    settled_at = models.DateTimeField(help_text="When the game ended, or had been left for too long.")
    reason = models.CharField(
        max_length=20,
        blank=True,
        help_text="Why the game changes no rating; empty where it does.",
    )
    reason_count = models.PositiveSmallIntegerField(
        default=0, help_text="In how many rounds the reason held, where it is about rounds."
    )
    weight = models.FloatField(default=0.0, help_text="1 counts in full; less where the same two met often.")
    left = models.BooleanField(default=False, help_text="The person left the game, which is lost by it.")

    class Meta:
        indexes = [models.Index(fields=["ladder", "settled_at", "game"], name="results_in_order")]

    def __str__(self) -> str:
        return f"Result of game {self.game_id}: {self.reason or f'rated, weight {self.weight:g}'}"


class RatedSide(models.Model):
    """One player of a game on a ladder, before and after it."""

    result = models.ForeignKey(RatedResult, on_delete=models.CASCADE, related_name="sides")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="rated_sides")
    number = models.PositiveSmallIntegerField(help_text="1 or 2.")
    points = models.PositiveIntegerField(help_text="What decided: the higher one won.")
    score = models.FloatField(help_text="1 won, 0.5 drawn, 0 lost.")
    rating_before = models.FloatField()
    deviation_before = models.FloatField()
    volatility_before = models.FloatField()
    played_before = models.DateTimeField(null=True, help_text="The last game before that counted.")
    rating_after = models.FloatField()
    deviation_after = models.FloatField()
    volatility_after = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["result", "player"], name="one_side_a_player_and_result"),
            models.UniqueConstraint(fields=["result", "number"], name="one_side_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.player} in game {self.result.game_id}"

    @property
    def change(self) -> float:
        return self.rating_after - self.rating_before


class Book(models.Model):
    """One row: who holds it writes the ratings, and nobody else meanwhile."""

    asked_at = models.DateTimeField(null=True, help_text="When the clock last asked for games to be rated.")
    rules_version = models.PositiveSmallIntegerField(help_text="The rules that made what is stored.")

    def __str__(self) -> str:
        return "Book of the ratings"
