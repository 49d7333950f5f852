"""What the ratings need to know of games, read from the games alone: five queries for a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from geogame.games.models import Exposure, Game, Guess, Round, Seat
from geogame.ratings.rules import LEFT_AFTER, PlayedGame, settled_at
from geogame.ratings.sides import Batch, GuessRow, RoundRow, SeatRow, sides_of

BATCH = 500


def to_settle(now: datetime) -> QuerySet[Game]:
    """Games that the ratings have not looked at since they ended, or since they were left."""
    return settled(now).filter(settled=False)


def settled(now: datetime) -> QuerySet[Game]:
    """All games that are finished, or in which nothing happened for too long. Live ones end by themselves."""
    long_ago = now - LEFT_AFTER
    recent = Round.objects.filter(
        Q(opened_at__gte=long_ago) | Q(closed_at__gte=long_ago), game=OuterRef("pk")
    )
    left = Q(state=Game.State.PLAYING, created_at__lt=long_ago) & ~Exists(recent)
    by_itself = Q(mode__in=Game.LIVE_MODES)
    return Game.objects.filter(Q(state=Game.State.FINISHED) | (left & ~by_itself))


def played_games(numbers: Sequence[int], now: datetime) -> Iterator[PlayedGame]:
    """These games, as far as they are over."""
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        batch = _read(some)
        for game in Game.objects.filter(pk__in=some).order_by("pk"):
            if found := _played(game, batch, now):
                yield found


def _read(numbers: Sequence[int]) -> Batch:
    batch = Batch()
    seats = Seat.objects.filter(game__in=numbers, watches=False).order_by("pk")
    for game, player, kind, registered, left_at in seats.values_list(
        *("game", "player", "player__kind", "registered", "left_at")
    ):
        batch.seats[game].append(SeatRow(player, kind, registered, left_at))
    rounds = Round.objects.filter(game__in=numbers).order_by("number")
    for game, *row in rounds.values_list("game", *RoundRow._fields):
        batch.rounds[game].append(RoundRow(*row))
    guesses = Guess.objects.filter(round__game__in=numbers)
    for round_, player, *row in guesses.values_list(
        *("round", "player", "points", "times_revealed", "group_revealed", "seal__seen_in_training")
    ):
        batch.guesses[round_, player] = GuessRow(*row)
    exposures = Exposure.objects.filter(round__game__in=numbers, times_seen__gt=0)
    for round_, player, times in exposures.values_list("round", "player", "times_seen"):
        batch.seen[round_, player] = times
    return batch


def _played(game: Game, batch: Batch, now: datetime) -> PlayedGame | None:
    rounds = batch.rounds[game.pk]
    over_at = _over_at(game, rounds, now)
    if over_at is None:
        return None
    # What was played after the game counted as left is not looked at.
    rounds = [round_ for round_ in rounds if round_.closed_at is None or round_.closed_at <= over_at]
    counted = [round_ for round_ in rounds if round_.counts]
    # A duel that was left in its first round: that one was seen, though it counts for nothing.
    looked_at = counted or [round_ for round_ in rounds if game.is_live and round_.opened_at]
    void = sum(bool(round_.void_reason) for round_ in rounds)
    is_left = game.finished_at is None or over_at < game.finished_at
    return PlayedGame(
        game=game.pk,
        map=game.map_id,
        mode=game.mode,
        is_challenge=game.challenge_id is not None,
        is_private=game.is_live and not game.is_rated,
        settled_at=over_at,
        conditions=frozenset(round_.condition for round_ in looked_at),
        rounds=len(looked_at),
        planned=game.rounds_total - void,
        void_rounds=void,
        sides=sides_of(game, rounds, batch, looked_at=looked_at, is_left=is_left),
    )


def _over_at(game: Game, rounds: Sequence[RoundRow], now: datetime) -> datetime | None:
    if game.is_live:
        return game.finished_at
    return settled_at(_events(game, rounds), finished_at=game.finished_at, now=now)


def _events(game: Game, rounds: Sequence[RoundRow]) -> list[datetime]:
    times: list[Any] = [time for round_ in rounds for time in (round_.opened_at, round_.closed_at)]
    return sorted([game.created_at, *filter(None, times)])
