from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from geogame.accounts.models import DELETED_NAME, Player
from geogame.accounts.names import BadName
from geogame.accounts.services import (
    NAMELESS,
    SESSION_KEY,
    AccountError,
    change_password,
    choose_reports,
    delete_account,
    find_person,
    forget_guest,
    person_for,
    register,
    rename,
)
from geogame.games.services import place_guess, start_game
from geogame.panoramas.models import Map
from geogame.reports.rows import rows_of

pytestmark = pytest.mark.django_db


def guest_session(player: Player) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = player.token
    return session


def test_a_new_account_has_a_player_with_its_own_name() -> None:
    user = register(session=SessionStore(), login_name="Ada.L", password="a long secret", name="Ada Lovelace")
    assert user.username == "ada.l"
    assert user.check_password("a long secret")
    assert Player.objects.get(user=user).name == "Ada Lovelace"


def test_the_guest_of_the_browser_becomes_the_player(alice: Player) -> None:
    user = register(session=guest_session(alice), login_name="ada", password="a long secret")
    assert Player.objects.get().pk == alice.pk
    assert Player.objects.get(user=user).name == "ada"


def test_a_name_to_log_in_with_is_taken_whatever_its_capitals() -> None:
    User.objects.create_user("Ada")
    with pytest.raises(AccountError, match="already"):
        register(session=SessionStore(), login_name="aDA", password="a long secret")
    assert User.objects.count() == 1


def test_a_bad_display_name_makes_no_account() -> None:
    with pytest.raises(BadName):
        register(session=SessionStore(), login_name="ada", password="a long secret", name="PlaNet")
    assert not User.objects.exists()


def test_an_account_named_like_the_staff_is_shown_without_that_name() -> None:
    user = User.objects.create_superuser("admin", password="a long secret")
    assert person_for(session=SessionStore(), user=user).name == NAMELESS


def test_a_new_name_is_cleaned(alice: Player) -> None:
    assert rename(player=alice, name="  Ada   L. ").name == "Ada L."
    alice.refresh_from_db()
    assert alice.name == "Ada L."


def test_a_password_is_changed() -> None:
    user = User.objects.create_user("ada", password="the old secret")
    change_password(user=user, password="the new secret")
    user.refresh_from_db()
    assert user.check_password("the new secret")


def test_a_deleted_account_leaves_its_rounds_without_a_name(make_map: Callable[..., Map]) -> None:
    user = User.objects.create_user("ada")
    player = Player.objects.create(kind="person", name="Ada Lovelace", user=user)
    game = start_game(player=player, map_=make_map())
    place_guess(game=game, player=player, round_token=game.rounds.all()[0].token, lat=1, lng=2)
    delete_account(user=user)
    player.refresh_from_db()
    assert not User.objects.exists()
    assert (player.name, player.user, player.shown_name) == (DELETED_NAME, None, "Deleted player")
    assert [row.player_id for row in rows_of()] == [player.token]


def test_nobody_is_the_guest_that_an_account_was_before_it_was_deleted(alice: Player) -> None:
    another_browser = guest_session(alice)
    user = register(session=guest_session(alice), login_name="ada", password="a long secret")
    delete_account(user=user)
    assert find_person(session=another_browser, user=_nobody()) is None


def test_an_account_of_the_staff_is_not_deleted() -> None:
    user = User.objects.create_user("ada", is_staff=True)
    with pytest.raises(AccountError, match="administration"):
        delete_account(user=user)
    assert User.objects.exists()


def test_a_guest_is_forgotten(alice: Player) -> None:
    session = guest_session(alice)
    forget_guest(session=session)
    alice.refresh_from_db()
    assert SESSION_KEY not in session
    assert alice.deleted_at
    assert find_person(session=guest_session(alice), user=_nobody()) is None


def test_reports_leave_out_who_says_no(alice: Player, make_map: Callable[..., Map]) -> None:
    game = start_game(player=alice, map_=make_map())
    place_guess(game=game, player=alice, round_token=game.rounds.all()[0].token, lat=1, lng=2)
    assert len(list(rows_of())) == 1
    before = timezone.now()
    choose_reports(player=alice, in_reports=False)
    assert alice.in_reports_chosen_at
    assert alice.in_reports_chosen_at >= before
    assert list(rows_of()) == []


def test_the_address_of_a_profile_is_not_the_pseudonym_of_reports(alice: Player) -> None:
    assert alice.profile_token != alice.token


def test_the_migration_gives_each_player_an_address_of_its_own(alice: Player) -> None:
    bob = Player.objects.create(kind="person", name="Bob")
    before = {alice.profile_token, bob.profile_token}
    migration = importlib.import_module("geogame.accounts.migrations.0002_profiles_reports_deletion")
    migration.give_profile_tokens(apps, None)
    after = set(Player.objects.values_list("profile_token", flat=True))
    assert len(after) == 2
    assert not before & after


def _nobody() -> AnonymousUser:
    return AnonymousUser()
