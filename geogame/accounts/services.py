from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction

from geogame.accounts.models import Player
from geogame.registry.models import ModelVersion

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

SESSION_KEY = "player"


def find_person(*, session: SessionBase, user: User | AnonymousUser) -> Player | None:
    """The player behind a request; a guest has one from the first game on."""
    if user.is_authenticated:
        return Player.objects.filter(user=user).first()
    token = session.get(SESSION_KEY)
    return Player.objects.filter(token=token, kind=Player.Kind.PERSON, user=None).first() if token else None


@transaction.atomic
def person_for(*, session: SessionBase, user: User | AnonymousUser) -> Player:
    found = find_person(session=session, user=user)
    if found:
        return found
    if user.is_authenticated:
        return Player.objects.get_or_create(
            user=user, defaults={"kind": Player.Kind.PERSON, "name": user.get_username()}
        )[0]
    player = Player.objects.create(kind=Player.Kind.PERSON, name="Guest")
    session[SESSION_KEY] = player.token
    return player


@transaction.atomic
def adopt_guest(*, session: SessionBase, user: User) -> None:
    """The guest who logs in stays the same player: games and exposures go on. An account that has
    played before keeps its own player.
    """
    guest = Player.objects.filter(token=session.get(SESSION_KEY), kind=Player.Kind.PERSON, user=None).first()
    if guest and not Player.objects.filter(user=user).exists():
        guest.user = user
        guest.name = user.get_username()[:60]
        guest.save(update_fields=["user", "name"])


def lock(player: Player) -> None:
    """One change at a time for a player, until the transaction ends."""
    Player.objects.select_for_update(no_key=True).get(pk=player.pk)


def player_of_model(version: ModelVersion) -> Player:
    return Player.objects.get_or_create(
        model_version=version, defaults={"kind": Player.Kind.MODEL, "name": version.name[:60]}
    )[0]
