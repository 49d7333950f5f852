"""What the ratings need to know of games, read from the games alone: five queries for a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from geogame.accounts.models import Player
from geogame.games.models import Exposure, Game, Guess, Round, Seat
from geogame.ratings.rules import LEFT_AFTER, PlayedGame, Side, settled_at

BATCH = 500


class SeatRow(NamedTuple):
    player: int
    kind: str
    registered: bool


class RoundRow(NamedTuple):
    pk: int
    number: int
    state: str
    condition: str
    void_reason: str
    opened_at: datetime | None
    closed_at: datetime | None

    @property
    def counts(self) -> bool:
        return self.state == Round.State.CLOSED and not self.void_reason


class GuessRow(NamedTuple):
    points: int
    revealed: int
    group_revealed: int
    trained_on: bool | None


@dataclass
class Batch:
    """The rows of some games, by game and by (round, player)."""

    seats: dict[int, list[SeatRow]] = field(default_factory=lambda: defaultdict(list))
    rounds: dict[int, list[RoundRow]] = field(default_factory=lambda: defaultdict(list))
    guesses: dict[tuple[int, int], GuessRow] = field(default_factory=dict)
    seen: dict[tuple[int, int], int] = field(default_factory=dict)


def to_settle(now: datetime) -> QuerySet[Game]:
    """Games that the ratings have not looked at since they ended, or since they were left."""
    return settled(now).filter(settled=False)


def settled(now: datetime) -> QuerySet[Game]:
    """All games that are finished, or in which nothing happened for too long."""
    long_ago = now - LEFT_AFTER
    recent = Round.objects.filter(
        Q(opened_at__gte=long_ago) | Q(closed_at__gte=long_ago), game=OuterRef("pk")
    )
    left = Q(state=Game.State.PLAYING, created_at__lt=long_ago) & ~Exists(recent)
    return Game.objects.filter(Q(state=Game.State.FINISHED) | left)


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
    seats = Seat.objects.filter(game__in=numbers).order_by("pk")
    for game, player, kind, registered in seats.values_list("game", "player", "player__kind", "registered"):
        batch.seats[game].append(SeatRow(player, kind, registered))
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
    over_at = settled_at(_events(game, rounds), finished_at=game.finished_at, now=now)
    if over_at is None:
        return None
    left = game.finished_at is None or over_at < game.finished_at
    # What was played after the game counted as left is not looked at.
    rounds = [round_ for round_ in rounds if round_.closed_at is None or round_.closed_at <= over_at]
    counted = [round_ for round_ in rounds if round_.counts]
    void = sum(bool(round_.void_reason) for round_ in rounds)
    return PlayedGame(
        game=game.pk,
        map=game.map_id,
        mode=game.mode,
        is_challenge=game.challenge_id is not None,
        settled_at=over_at,
        conditions=frozenset(round_.condition for round_ in counted),
        rounds=len(counted),
        planned=game.rounds_total - void,
        void_rounds=void,
        sides=tuple(_side(seat, counted, batch, left=left) for seat in batch.seats[game.pk]),
    )


def _events(game: Game, rounds: Sequence[RoundRow]) -> list[datetime]:
    times: list[Any] = [time for round_ in rounds for time in (round_.opened_at, round_.closed_at)]
    return sorted([game.created_at, *filter(None, times)])


def _side(seat: SeatRow, counted: Sequence[RoundRow], batch: Batch, *, left: bool) -> Side:
    is_model = seat.kind == Player.Kind.MODEL
    known = _trained_on if is_model else _knew
    guesses = [batch.guesses.get((round_.pk, seat.player)) for round_ in counted]
    return Side(
        player=seat.player,
        is_model=is_model,
        registered=seat.registered,
        score=sum(guess.points for guess in guesses if guess),
        absent_rounds=guesses.count(None),
        known_rounds=sum(known(round_.pk, seat.player, batch) for round_ in counted),
        left=left and not is_model,
    )


def _trained_on(round_: int, player: int, batch: Batch) -> bool:
    """Where nobody can say whether the model trained on it, it did."""
    guess = batch.guesses.get((round_, player))
    return guess is not None and guess.trained_on is not False


def _knew(round_: int, player: int, batch: Batch) -> bool:
    guess = batch.guesses.get((round_, player))
    knew = guess is not None and bool(guess.revealed or guess.group_revealed)
    return knew or (round_, player) in batch.seen
