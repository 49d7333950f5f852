from __future__ import annotations

from django.db import models
from django.db.models import Q

from geogame.accounts.models import Player
from geogame.games.models import Seat
from geogame.lib.tokens import random_token
from geogame.panoramas.models import Map, Panorama
from geogame.registry.models import ModelVersion

CONDITION = "album"
"""What reports call album rounds: the photos before and after tell more than a single one does."""
AVERAGE = "avg"
"""The album model of whoever has none: the mean of the single photos' distributions, given to every photo."""


class Album(models.Model):
    """The photos of a trip in the order of time. They are on a map that is not open for single rounds."""

    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="albums")
    name = models.CharField(max_length=200, help_text="As whoever made it calls it; no player reads it.")
    source = models.CharField(max_length=500, blank=True)
    licence = models.CharField(max_length=100, blank=True)
    drawn = models.BooleanField(default=False, help_text="Its pictures are drawn, not photographed.")
    is_open = models.BooleanField(default=True, help_text="Can be played.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["map", "pk"]
        constraints = [models.UniqueConstraint(fields=["map", "name"], name="one_album_a_map_and_name")]

    def __str__(self) -> str:
        return f"Album {self.pk} on {self.map}"


class AlbumPhoto(models.Model):
    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="photos")
    number = models.PositiveSmallIntegerField(help_text="From 1, in the order of time.")
    panorama = models.ForeignKey(Panorama, on_delete=models.PROTECT, related_name="album_photos")
    taken_at = models.CharField(max_length=40, blank=True, help_text="ISO 8601, with or without a zone.")
    cue = models.CharField(
        max_length=50, blank=True, help_text="“none” for a photo that shows nothing of its place."
    )

    class Meta:
        ordering = ["album", "number"]
        constraints = [
            models.UniqueConstraint(fields=["album", "number"], name="one_album_photo_a_number"),
            models.UniqueConstraint(fields=["album", "panorama"], name="a_panorama_once_an_album"),
        ]

    def __str__(self) -> str:
        return f"Photo {self.number} of {self.album}"


class AlbumRound(models.Model):
    """One player on one album. It waits for the models, is open while the player goes through the photos, and
    closes when the player hands it in: each once, by a conditional update.
    """

    class State(models.TextChoices):
        PREPARING = "preparing"
        OPEN = "open"
        CLOSED = "closed"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    album = models.ForeignKey(Album, on_delete=models.PROTECT, related_name="rounds")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="album_rounds")
    registered = models.BooleanField(default=False, help_text="The person had an account when it began.")
    device = models.CharField(max_length=10, choices=Seat.Device, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARING)
    image_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="album_rounds_single",
        help_text="Plays photo by photo.",
    )
    album_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="album_rounds",
        help_text="Plays with the album; none: the average over the album.",
    )
    answer_deadline = models.DateTimeField(help_text="Until then the round waits for the models.")
    model_absent = models.CharField(max_length=200, blank=True, help_text="Why no model plays this round.")
    scale_km = models.FloatField()
    scoring_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["album", "player"],
                condition=~Q(state="closed"),
                name="one_unfinished_round_a_player_and_album",
            )
        ]
        indexes = [models.Index(fields=["state", "answer_deadline"], name="album_rounds_waiting")]

    def __str__(self) -> str:
        return f"{self.player} on {self.album}"


class Sight(models.Model):
    """The player was shown a photo: from now on its picture is served, under an address of this round."""

    round = models.ForeignKey(AlbumRound, on_delete=models.CASCADE, related_name="sights")
    photo = models.ForeignKey(AlbumPhoto, on_delete=models.PROTECT, related_name="sights")
    picture_token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    times_seen = models.PositiveIntegerField(help_text="How often the player was shown it before.")
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["round", "photo__number"]
        constraints = [models.UniqueConstraint(fields=["round", "photo"], name="one_sight_a_round_and_photo")]

    def __str__(self) -> str:
        return f"Photo {self.photo_id} in round {self.round_id}"


class AlbumPin(models.Model):
    """A place for a photo: the person's, which may be moved until the round closes, or a model's."""

    class Side(models.TextChoices):
        PERSON = "person"
        SINGLE = "single", "the model, photo by photo"
        ALBUM = "album", "the model, with the album"

    round = models.ForeignKey(AlbumRound, on_delete=models.CASCADE, related_name="pins")
    photo = models.ForeignKey(AlbumPhoto, on_delete=models.PROTECT, related_name="pins")
    side = models.CharField(max_length=10, choices=Side)
    lat = models.FloatField()
    lng = models.FloatField()
    first_lat = models.FloatField(
        null=True, blank=True, help_text="Of a person: where the pin stood before a later photo was shown."
    )
    first_lng = models.FloatField(null=True, blank=True)
    moves = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was moved after a later photo was shown."
    )
    distance_km = models.FloatField(null=True, blank=True, help_text="Known when the round is closed.")
    points = models.PositiveSmallIntegerField(default=0)
    first_distance_km = models.FloatField(null=True, blank=True)
    first_points = models.PositiveSmallIntegerField(default=0)
    top_cells = models.JSONField(default=list, blank=True)
    seen_in_training = models.BooleanField(
        null=True, help_text="Of a model: whether it trained on the photo, its album or its place."
    )
    times_revealed = models.PositiveIntegerField(
        default=0, help_text="Of a person: how often they knew the truth of the photo already."
    )
    group_revealed = models.PositiveIntegerField(
        default=0, help_text="The same for other photos of its group."
    )
    placed_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["round", "photo__number", "side"]
        constraints = [
            models.UniqueConstraint(fields=["round", "photo", "side"], name="one_pin_a_round_photo_and_side"),
            models.CheckConstraint(
                name="an_album_pin_on_the_globe",
                condition=Q(lat__range=(-90, 90)) & Q(lng__range=(-180, 180)),
            ),
        ]

    def __str__(self) -> str:
        return f"Pin of the {self.side} on {self.photo}"


class AlbumSeal(models.Model):
    """What a model answered for the whole album, fixed before the first photo was shown."""

    round = models.ForeignKey(AlbumRound, on_delete=models.CASCADE, related_name="seals")
    side = models.CharField(max_length=10, choices=AlbumPin.Side)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the pre-image.")
    preimage = models.TextField()
    model = models.CharField(max_length=200, help_text="What players and reports call it.")
    variant = models.CharField(max_length=30, blank=True, help_text="Of an album model; avg is the average.")
    sealed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "side"], name="one_seal_a_round_and_side")]

    def __str__(self) -> str:
        return f"Seal of the {self.side} in round {self.round_id}"


class AlbumPrediction(models.Model):
    """What an album version answers for the photos of an album: computed once."""

    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="album_predictions"
    )
    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="predictions")
    photos = models.CharField(max_length=64, help_text="SHA-256 of the pictures and times that it looked at.")
    answers = models.JSONField(help_text="lat, lng and top cells of each photo, in their order.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model_version", "photos"], name="one_album_prediction_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.model_version} on {self.album}"
