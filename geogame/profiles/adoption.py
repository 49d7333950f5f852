"""A guest logs in: what the guest has played goes to the account.

Seats, exposures and guesses change their player, and nothing else of them: what a guess knew of the truth
when it came (`times_revealed`, `group_revealed`) is history. `Exposure.times_seen` is counted anew in the
order of time, since both have been one person: a picture that the account had seen was not new to its guest.
Games in which that changed something are rated anew; those of the guest stay unrated, as they were begun.

A game stays with the guest where the account has a row of its own in its place: a seat in the same game, a
run at the same challenge, its one attempt at the same daily, its part in the same study. So does a membership
in a room.
"""

from __future__ import annotations

from collections import defaultdict

from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from geogame.accounts.models import Player
from geogame.accounts.services import SESSION_KEY, find_guest, lock, name_from, take_over
from geogame.albums.models import AlbumRound
from geogame.games.models import Challenge, DailyAttempt, Exposure, Game, Guess, Seat
from geogame.ratings.services import look_again
from geogame.rooms.members import lock_rooms_of, move_memberships
from geogame.studies.models import Subject


@transaction.atomic
def adopt_guest(*, session: SessionBase, user: User) -> None:
    """The browser's guest becomes the player of the account, or hands the games to the one that it has."""
    guest = find_guest(session)
    session.pop(SESSION_KEY, None)
    if guest is None:
        return
    own = Player.objects.filter(user=user).first()
    if own is None:
        take_over(guest, user=user, name=name_from(user.get_username()))
    else:
        move_games(guest=guest, to=own)


@transaction.atomic
def move_games(*, guest: Player, to: Player) -> None:
    lock_rooms_of(guest)
    for player in sorted((guest, to), key=lambda player: player.pk):
        lock(player)
    games = list(_games_without_conflict(guest, to).values_list("pk", flat=True))
    Seat.objects.filter(player=guest, game__in=games).update(player=to)
    Guess.objects.filter(player=guest, round__game__in=games).update(player=to)
    Exposure.objects.filter(player=guest, round__game__in=games).update(player=to)
    DailyAttempt.objects.filter(player=guest, game__in=games).update(player=to)
    Challenge.objects.filter(sender=guest, game__in=games).update(sender=to)
    Subject.objects.filter(player=guest, plan__game__in=games).update(player=to)
    _move_albums(guest, to)
    move_memberships(guest=guest, to=to)
    _recount_exposures(to)
    _keep_the_later_choice(guest, to)
    _remove_if_empty(guest)


def _games_without_conflict(guest: Player, account: Player) -> QuerySet[Game]:
    # The game that a challenge was made of and all runs at it have one origin: a player meets it once.
    games = Game.objects.annotate(origin=Coalesce("challenge__game", F("pk")))
    of_account = games.filter(seats__player=account)
    days = DailyAttempt.objects.filter(player=account).values("daily")
    studies = Subject.objects.filter(player=account).values("study")
    conflicting = (
        games.filter(origin__in=of_account.values("origin"))
        | games.filter(daily__in=days)
        | games.filter(plan__subject__study__in=studies)
    )
    return games.filter(seats__player=guest).exclude(pk__in=conflicting.values("pk"))


def _move_albums(guest: Player, account: Player) -> None:
    """An album that both have begun and not handed in stays with the guest."""
    begun = account.album_rounds.exclude(state=AlbumRound.State.CLOSED)
    conflicting = guest.album_rounds.exclude(state=AlbumRound.State.CLOSED).filter(
        album__in=list(begun.values_list("album", flat=True))
    )
    moved = guest.album_rounds.exclude(pk__in=list(conflicting.values_list("pk", flat=True)))
    moved.update(player=account)


def _recount_exposures(player: Player) -> None:
    """`times_seen` counts the exposures before, of both histories in one."""
    times: dict[int, int] = defaultdict(int)
    changed = []
    exposures = Exposure.objects.filter(player=player).select_related("round")
    for exposure in exposures.order_by("round__opened_at", "pk"):
        if exposure.times_seen != times[exposure.panorama_id]:
            exposure.times_seen = times[exposure.panorama_id]
            changed.append(exposure)
        times[exposure.panorama_id] += 1
    Exposure.objects.bulk_update(changed, ["times_seen"], batch_size=500)
    look_again(exposure.round.game_id for exposure in changed)


def _keep_the_later_choice(guest: Player, account: Player) -> None:
    """About reports: what the person said last holds for all of the games."""
    if guest.in_reports_chosen_at is None:
        return
    if account.in_reports_chosen_at is None or account.in_reports_chosen_at < guest.in_reports_chosen_at:
        account.in_reports = guest.in_reports
        account.in_reports_chosen_at = guest.in_reports_chosen_at
        account.save(update_fields=["in_reports", "in_reports_chosen_at"])


def _remove_if_empty(guest: Player) -> None:
    games = (guest.seats, guest.guesses, guest.exposures, guest.daily_attempts, guest.challenges)
    rows = (*games, guest.memberships, guest.hosted_rooms, guest.album_rounds)
    if not any(kept.exists() for kept in rows):
        guest.delete()
