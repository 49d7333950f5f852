from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.accounts.models import DELETED_NAME, GUEST_NAME, Player
from geogame.accounts.names import BadName, clean_name
from geogame.registry.models import ModelVersion

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

SESSION_KEY = "player"
NAMELESS = "Player"


class AccountError(Exception):
    """A change of an account that cannot be made: a stable code and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


# --- Who is it -------------------------------------------------------------------------------------
def find_person(*, session: SessionBase, user: User | AnonymousUser) -> Player | None:
    """The player behind a request; a guest has one from the first game on."""
    if user.is_authenticated:
        return Player.objects.filter(user=user).first()
    return find_guest(session)


def find_guest(session: SessionBase) -> Player | None:
    """The guest of this browser. Whose account was deleted is nobody's guest, in no browser."""
    token = session.get(SESSION_KEY)
    if not token:
        return None
    return Player.objects.filter(token=token, kind=Player.Kind.PERSON, user=None, deleted_at=None).first()


@transaction.atomic
def person_for(*, session: SessionBase, user: User | AnonymousUser) -> Player:
    found = find_person(session=session, user=user)
    if found:
        return found
    if user.is_authenticated:
        return player_of_account(user)
    player = Player.objects.create(kind=Player.Kind.PERSON, name=GUEST_NAME)
    session[SESSION_KEY] = player.token
    return player


@transaction.atomic
def bot_for(*, session: SessionBase, user: User | AnonymousUser, name: str) -> Player:
    """The program of this session, from now on labelled as one: never a person who played before.

    Raises:
        AccountError: somebody plays in this session already.
        BadName: the name is not allowed.
    """
    found = find_person(session=session, user=user)
    if user.is_authenticated or (found and not found.is_bot):
        raise AccountError("is-a-person", _("A person plays in this session: a bot begins with a new one."))
    if found:
        return found
    shown = f"{clean_name(name)} (bot)"
    bot = Player.objects.create(kind=Player.Kind.PERSON, name=shown, is_bot=True, in_reports=False)
    session[SESSION_KEY] = bot.token
    return bot


def player_of_account(user: User) -> Player:
    return Player.objects.get_or_create(
        user=user, defaults={"kind": Player.Kind.PERSON, "name": name_from(user.get_username())}
    )[0]


def player_of_model(version: ModelVersion) -> Player:
    return Player.objects.get_or_create(
        model_version=version, defaults={"kind": Player.Kind.MODEL, "name": version.name[:60]}
    )[0]


def player_of_bot(name: str) -> Player:
    """A program that plays as people do. It is labelled everywhere, and no report has its rounds."""
    bots = Player.objects.filter(is_bot=True, kind=Player.Kind.PERSON, name=name[:60])
    return bots.first() or Player.objects.create(
        kind=Player.Kind.PERSON, name=name[:60], is_bot=True, in_reports=False
    )


def name_from(login_name: str) -> str:
    """A display name for an account that chose none."""
    try:
        return clean_name(login_name)
    except BadName:
        return NAMELESS


def lock(player: Player) -> None:
    """One change at a time for a player, until the transaction ends."""
    Player.objects.select_for_update(no_key=True).values_list("pk").get(pk=player.pk)


def lock_all(players: Sequence[int]) -> None:
    """The same for several, always in one order, so that two who lock do not block each other."""
    rows = Player.objects.select_for_update(no_key=True).filter(pk__in=players).order_by("pk")
    list(rows.values_list("pk"))


# --- Accounts --------------------------------------------------------------------------------------
def stored_login_name(typed: str) -> str:
    """Accounts are kept in small letters: a phone that begins with a capital still finds its own."""
    return User.normalize_username(typed.strip()).lower()


def login_name_is_taken(login_name: str) -> bool:
    return User.objects.filter(username__iexact=login_name).exists()


@transaction.atomic
def register(*, session: SessionBase, login_name: str, password: str, name: str = "") -> User:
    """A new account. The guest of this browser becomes its player, with all games.

    Raises:
        AccountError: the name to log in with is taken.
        BadName: the display name is not allowed.
    """
    login_name = stored_login_name(login_name)
    if login_name_is_taken(login_name):
        raise _name_is_taken()
    shown = clean_name(name) if name else name_from(login_name)
    try:
        with transaction.atomic():
            user = User.objects.create_user(login_name, password=password)
    except IntegrityError:  # the same name, a moment earlier
        raise _name_is_taken() from None
    guest = find_guest(session)
    if guest and take_over(guest, user=user, name=shown):
        return user
    Player.objects.create(kind=Player.Kind.PERSON, user=user, name=shown)
    return user


def _name_is_taken() -> AccountError:
    return AccountError("name-taken", _("Somebody logs in with this name already: choose another."))


def take_over(guest: Player, *, user: User, name: str) -> bool:
    """The guest becomes the account's player, games and all. False when it is no guest any more."""
    taken = Player.objects.filter(pk=guest.pk, user=None, deleted_at=None).update(user=user, name=name)
    return taken == 1


def rename(*, player: Player, name: str) -> Player:
    """BadName where the name is not allowed."""
    player.name = clean_name(name)
    player.save(update_fields=["name"])
    return player


def change_password(*, user: User, password: str) -> None:
    """Every other browser in which the account is logged in is logged out by it."""
    user.set_password(password)
    user.save(update_fields=["password"])


@transaction.atomic
def delete_account(*, user: User) -> None:
    """The account is gone with its names and its password. Its player stays without a name, under its
    pseudonym: rounds that were compared with a model keep their other half.

    Raises:
        AccountError: an account of the staff is not deleted here.
    """
    if user.is_staff or user.is_superuser:
        raise AccountError("staff", _("An account that may enter the administration is deleted there."))
    Player.objects.filter(user=user).update(user=None, name=DELETED_NAME, deleted_at=timezone.now())
    user.delete()


def choose_reports(*, player: Player, in_reports: bool) -> Player:
    """Whether reports may use the person's rounds, those of the past too, from now on."""
    player.in_reports = in_reports
    player.in_reports_chosen_at = timezone.now()
    player.save(update_fields=["in_reports", "in_reports_chosen_at"])
    return player


@transaction.atomic
def forget_guest(*, session: SessionBase) -> None:
    """The same for a guest: this browser no longer knows the player, and the player no name."""
    guest = find_guest(session)
    session.pop(SESSION_KEY, None)
    if guest:
        Player.objects.filter(pk=guest.pk, user=None).update(name=DELETED_NAME, deleted_at=timezone.now())
