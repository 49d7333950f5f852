from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from geogame.lib.tokens import random_token
from geogame.registry.models import ModelVersion

GUEST_NAME = "Guest"
DELETED_NAME = "Deleted player"


def shown_name(name: str, *, is_guest: bool, is_deleted: bool, is_bot: bool = False) -> str:
    """A stored name as people read it: a guest and a deleted player have none of their own. A bot's says that
    it is one, so it is always told.
    """
    if is_deleted:
        return str(_("Deleted player"))
    return str(_("Guest")) if is_guest and not is_bot else name


class Player(models.Model):
    """Who answers rounds: a person (guest or account) or a model version, never both.

    `token` is the pseudonym in the rows of reports; the address of the public page is another one, or the
    name on that page would name the rows.
    """

    class Kind(models.TextChoices):
        PERSON = "person"
        MODEL = "model"

    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=60)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="player"
    )
    model_version = models.OneToOneField(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="player"
    )
    profile_token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    in_reports = models.BooleanField(
        default=True,
        help_text="Reports may use the person's rounds under a pseudonym. Yes, until the person says no.",
    )
    in_reports_chosen_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person chose; empty: never asked to change it."
    )
    is_bot = models.BooleanField(
        default=False, help_text="A program that plays as people do: always labelled, never in reports."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the person deleted the account; the rounds stay, without a name.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_model_player_has_a_model_version",
                condition=Q(kind="model", model_version__isnull=False)
                | Q(kind="person", model_version__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"

    @property
    def shown_name(self) -> str:
        is_deleted = self.deleted_at is not None
        return shown_name(self.name, is_guest=self.is_guest, is_deleted=is_deleted, is_bot=self.is_bot)

    @property
    def is_guest(self) -> bool:
        return self.kind == self.Kind.PERSON and self.user_id is None and self.deleted_at is None
