from __future__ import annotations

from django.db import models
from django.db.models import Q

from geogame.accounts.models import Player
from geogame.games.models import Game
from geogame.lib.tokens import random_token
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.rooms.codes import random_code


class Room(models.Model):
    """Where people meet to play live: first a lobby, then a match, then perhaps another one."""

    class Kind(models.TextChoices):
        DUEL = "duel", "duel: whose health lasts longer"
        ROOM = "room", "room: everybody for themselves"
        CROWD = "crowd", "crowd: everybody together against the model"

    class State(models.TextChoices):
        LOBBY = "lobby"
        PLAYING = "playing"
        FINISHED = "finished", "the match is over, another one may begin"

    Condition = Game.Condition

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    code = models.CharField(max_length=6, default=random_code, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    host = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="hosted_rooms")
    map = models.ForeignKey(Map, on_delete=models.PROTECT, related_name="rooms")
    condition = models.CharField(max_length=10, choices=Condition, default=Condition.FREE)
    time_limit_s = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Seconds for each round; a duel may do without."
    )
    rounds_total = models.PositiveSmallIntegerField()
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="rooms"
    )
    is_quick = models.BooleanField(default=False, help_text="Made by the quick match: its duels are rated.")
    state = models.CharField(max_length=10, choices=State, default=State.LOBBY)
    game = models.ForeignKey(
        Game,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rooms",
        help_text="The match that is played, or the last one.",
    )
    version = models.PositiveIntegerField(
        default=0, help_text="Rises with every change that members are told of."
    )
    game_version = models.PositiveIntegerField(
        default=0, help_text="The version of the match that members were told of last."
    )
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the match goes on by itself, if nobody does anything."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(closed_at=None), name="one_open_room_a_code"
            ),
            models.CheckConstraint(
                name="only_a_duel_has_no_time_limit",
                condition=Q(time_limit_s__isnull=False) | Q(kind="duel"),
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], condition=Q(closed_at=None), name="open_rooms")]

    def __str__(self) -> str:
        return f"Room {self.code}"


class Member(models.Model):
    """A person in a room. Who leaves keeps the row: the standings still name them."""

    class Role(models.TextChoices):
        PLAYER = "player"
        SPECTATOR = "spectator"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="members")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="memberships")
    public_id = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    number = models.PositiveSmallIntegerField(help_text="In the order of coming, from 1: tells guests apart.")
    role = models.CharField(max_length=10, choices=Role, default=Role.PLAYER)
    is_ready = models.BooleanField(default=False)
    connections = models.PositiveSmallIntegerField(default=0, help_text="How many sockets are open.")
    joined_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    kicked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["room", "number"]
        constraints = [
            models.UniqueConstraint(fields=["room", "player"], name="one_membership_a_player_and_room"),
            models.UniqueConstraint(fields=["room", "number"], name="one_member_a_number"),
        ]
        indexes = [
            models.Index(fields=["last_seen_at"], condition=Q(connections__gt=0), name="members_connected")
        ]

    def __str__(self) -> str:
        return f"{self.player} in {self.room}"


class Ticket(models.Model):
    """A player who waits for the quick match."""

    player = models.OneToOneField(Player, on_delete=models.CASCADE, related_name="ticket")
    map = models.ForeignKey(Map, on_delete=models.CASCADE, related_name="tickets")
    condition = models.CharField(max_length=10, choices=Game.Condition)
    rating = models.FloatField(help_text="When the player began to wait.")
    room = models.ForeignKey(
        Room,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tickets",
        help_text="Where the match was found.",
    )
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(help_text="When the player asked last: who went away is not matched.")

    class Meta:
        indexes = [models.Index(fields=["map", "condition"], name="tickets_waiting")]

    def __str__(self) -> str:
        return f"{self.player} waits on {self.map}"
