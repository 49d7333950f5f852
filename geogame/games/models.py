from __future__ import annotations

from django.db import models
from django.db.models import Q

from geogame.accounts.models import Player
from geogame.lib.tokens import random_key, random_token
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion


class Game(models.Model):
    """n rounds on a map under settings that stay with it: scale, version of the score."""

    class State(models.TextChoices):
        PLAYING = "playing"
        FINISHED = "finished"

    class Mode(models.TextChoices):
        CLASSIC = "classic"
        DAILY = "daily"
        COUNTRY = "country", "country guess"
        STREAK = "streak", "country streak"
        DUEL = "duel"
        ROOM = "room"
        CROWD = "crowd", "crowd against the model"
        STUDY = "study"

    class Condition(models.TextChoices):
        FAIR = "fair", "people see the very pixels that the model gets"
        FREE = "free", "people may look around, the model gets one view"

    class ShowResults(models.TextChoices):
        AFTER_ROUND = "after-round", "after each round"
        AT_END = "at-end", "after the last round"
        NEVER = "never", "once its pictures are no longer set aside"

    LIVE_MODES = (Mode.DUEL, Mode.ROOM, Mode.CROWD)

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="games")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.CLASSIC)
    condition = models.CharField(
        max_length=10,
        choices=Condition,
        default=Condition.FREE,
        help_text="What was asked for; a flat picture is always fair. Each round keeps what it was.",
    )
    time_limit_s = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Seconds for each round, none for no limit."
    )
    show_results = models.CharField(
        max_length=11,
        choices=ShowResults,
        default=ShowResults.AFTER_ROUND,
        help_text="When the player is told how closed rounds ended.",
    )
    challenge = models.ForeignKey(
        "Challenge", null=True, blank=True, on_delete=models.SET_NULL, related_name="games"
    )
    daily = models.ForeignKey("Daily", null=True, blank=True, on_delete=models.PROTECT, related_name="games")
    plan = models.OneToOneField("Plan", null=True, blank=True, on_delete=models.PROTECT, related_name="game")
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
    settled = models.BooleanField(
        default=False, editable=False, help_text="The ratings know how this game ended; no: they look again."
    )

    is_rated = models.BooleanField(
        default=False, help_text="A duel of the quick match; private matches are not rated."
    )

    class Meta:
        indexes = [
            models.Index(fields=["state", "created_at"], name="games_to_settle", condition=Q(settled=False))
        ]

    def __str__(self) -> str:
        return f"Game {self.pk} on {self.map}"

    @property
    def is_about_countries(self) -> bool:
        return self.mode in (self.Mode.COUNTRY, self.Mode.STREAK)

    @property
    def is_laid_out(self) -> bool:
        """Its pictures were chosen before it began: none is drawn in the place of one that is gone."""
        return bool(self.challenge_id or self.daily_id or self.plan_id)

    @property
    def tells_results(self) -> bool:
        """Whether the player may be told how closed rounds ended; `queries.results_told` says it of many."""
        if self.show_results == self.ShowResults.AT_END:
            return self.state == self.State.FINISHED
        if self.show_results == self.ShowResults.NEVER:
            return self.plan is None or not self.plan.set_aside
        return True

    @property
    def is_live(self) -> bool:
        """Several people at once, in a room whose clock is the server's."""
        return self.mode in self.LIVE_MODES


class Challenge(models.Model):
    """A link to the rounds of a finished game: same pictures, same settings, the model's locked answers."""

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    game = models.OneToOneField(Game, on_delete=models.CASCADE, related_name="sent_as")
    sender = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="challenges")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Challenge {self.pk} by {self.sender}"


class Daily(models.Model):
    """The rounds of one day (UTC), the same for everybody."""

    date = models.DateField(unique=True)
    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="dailies")
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="dailies"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "dailies"
        ordering = ["-date"]

    def __str__(self) -> str:
        return f"Daily of {self.date}"


class DailyRound(models.Model):
    daily = models.ForeignKey(Daily, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    panorama = models.ForeignKey(Panorama, on_delete=models.PROTECT, related_name="daily_rounds")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["daily", "number"], name="one_daily_round_a_number")]

    def __str__(self) -> str:
        return f"Round {self.number} of {self.daily}"


class DailyAttempt(models.Model):
    """A player's one run at a daily."""

    daily = models.ForeignKey(Daily, on_delete=models.CASCADE, related_name="attempts")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="daily_attempts")
    game = models.OneToOneField(Game, on_delete=models.CASCADE, related_name="daily_attempt")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["daily", "player"], name="one_attempt_a_player_and_daily")
        ]

    def __str__(self) -> str:
        return f"{self.player} at {self.daily}"


class Plan(models.Model):
    """The pictures of one game, chosen before its player is known."""

    set_aside = models.BooleanField(
        default=True, help_text="Until that ends, no other game draws these pictures, whoever plays it."
    )

    def __str__(self) -> str:
        return f"Plan {self.pk}"


class PlannedRound(models.Model):
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    panorama = models.ForeignKey(Panorama, on_delete=models.PROTECT, related_name="planned_rounds")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="one_planned_round_a_number")]

    def __str__(self) -> str:
        return f"Round {self.number} of {self.plan}"


class Seat(models.Model):
    """A player in a game. Who only watches has a seat too: what they see there, they know."""

    class Device(models.TextChoices):
        PHONE = "phone"
        DESKTOP = "desktop", "anything larger"

    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="seats")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="seats")
    registered = models.BooleanField(
        default=False, help_text="The person had an account when the game began: only then it is rated."
    )
    device = models.CharField(
        max_length=10,
        choices=Device,
        blank=True,
        help_text="What a game alone was begun on. Nothing else is kept of the browser.",
    )
    watches = models.BooleanField(default=False, help_text="Sees the rounds of a live game, does not guess.")
    left_at = models.DateTimeField(
        null=True, blank=True, help_text="When the player left a live game for good: nobody waits for them."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["game", "player"], name="one_seat_a_player_and_game")]


class Round(models.Model):
    """One panorama in one game. It is drawn when the round before closes, is ready once the model has
    answered or does without, opens when the player asks for it, and closes: each once, by a conditional
    update.
    """

    class State(models.TextChoices):
        PREPARING = "preparing"
        READY = "ready"
        OPEN = "open"
        CLOSED = "closed"

    Condition = Game.Condition

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    picture_token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    panorama = models.ForeignKey(Panorama, on_delete=models.PROTECT, related_name="rounds")
    condition = models.CharField(max_length=10, choices=Condition)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARING)
    wanted = models.BooleanField(default=False, help_text="The player has asked for this round.")
    picture_key = models.CharField(
        max_length=44,
        default=random_key,
        editable=False,
        help_text="The picture travels ahead under this key, which is told when the round opens.",
    )
    answer_deadline = models.DateTimeField(
        null=True, blank=True, help_text="Until then a round that is asked for waits for the model."
    )
    model_absent = models.CharField(max_length=200, blank=True, help_text="Why no model plays this round.")
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True, help_text="Until then guesses are taken.")
    closed_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(
        max_length=200, blank=True, help_text="Why the round counts for nothing: its picture is gone."
    )

    class Meta:
        ordering = ["game", "number"]
        constraints = [models.UniqueConstraint(fields=["game", "number"], name="one_round_a_number")]
        indexes = [
            models.Index(fields=["state", "answer_deadline"], name="rounds_waiting"),
            models.Index(fields=["state", "deadline_at"], name="rounds_running"),
        ]

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
    country = models.CharField(
        max_length=2, blank=True, help_text="Where countries are guessed: the one that the pin lies in."
    )
    correct = models.BooleanField(null=True, help_text="Where countries are guessed: the right one.")
    time_used_s = models.FloatField(null=True, help_text="From opening to guess, by the server's clock.")
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
    seen_in_training = models.BooleanField(
        null=True,
        help_text="The model trained on this picture, another of its group or of its place. Unknown where "
        "its files could not be read: then the round is not rated, and no report compares it.",
    )
    sealed_at = models.DateTimeField(auto_now_add=True)
