"""Who played a game against whom, and what decided: points, or in a duel the health that was left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from geogame.accounts.models import Player
from geogame.games import match_rules
from geogame.games.match_rules import Match, Played, Stage
from geogame.games.models import Game, Round
from geogame.ratings.rules import Side


class SeatRow(NamedTuple):
    player: int
    kind: str
    registered: bool
    left_at: datetime | None


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


@dataclass(frozen=True)
class Outcome:
    """What decides, by player, and who has lost by leaving."""

    scores: Mapping[int, int]
    left: frozenset[int]


def sides_of(
    game: Game, rounds: Sequence[RoundRow], batch: Batch, *, looked_at: Sequence[RoundRow], is_left: bool
) -> tuple[Side, ...]:
    """`looked_at` are the rounds whose pictures must have been new, `is_left` a game that nobody ended."""
    seats = batch.seats[game.pk]
    if game.mode == Game.Mode.DUEL:
        found = _of_duel(game, seats, rounds, batch)
    else:
        found = _of_points(seats, rounds, batch, is_left=is_left)
    return tuple(_side(seat, looked_at, batch, found) for seat in seats)


def _is_model(seat: SeatRow) -> bool:
    return seat.kind == Player.Kind.MODEL


def _points(round_: RoundRow, player: int, batch: Batch) -> int:
    guess = batch.guesses.get((round_.pk, player))
    return guess.points if guess and round_.counts else 0


def _of_points(
    seats: Sequence[SeatRow], rounds: Sequence[RoundRow], batch: Batch, *, is_left: bool
) -> Outcome:
    return Outcome(
        scores={seat.player: sum(_points(round_, seat.player, batch) for round_ in rounds) for seat in seats},
        left=frozenset(seat.player for seat in seats if is_left and not _is_model(seat)),
    )


def _of_duel(game: Game, seats: Sequence[SeatRow], rounds: Sequence[RoundRow], batch: Batch) -> Outcome:
    """By the rules of the match themselves."""
    players = tuple(seat.player for seat in seats)
    match = Match(
        is_duel=True,
        players=players,
        people=frozenset(seat.player for seat in seats if not _is_model(seat)),
        left=frozenset(seat.player for seat in seats if seat.left_at),
        rounds_total=game.rounds_total,
        began_at=game.created_at,
        rounds=tuple(
            Played(
                number=round_.number,
                stage=Stage.CLOSED,
                points={player: _points(round_, player, batch) for player in players},
                is_void=not round_.counts,
            )
            for round_ in rounds
            if round_.state == Round.State.CLOSED
        ),
        is_finished=True,
    )
    return Outcome(match_rules.health_of(match), match_rules.lost_by_leaving(match))


def _side(seat: SeatRow, looked_at: Sequence[RoundRow], batch: Batch, outcome: Outcome) -> Side:
    known = _trained_on if _is_model(seat) else _knew
    return Side(
        player=seat.player,
        is_model=_is_model(seat),
        registered=seat.registered,
        score=outcome.scores[seat.player],
        absent_rounds=sum((round_.pk, seat.player) not in batch.guesses for round_ in looked_at),
        known_rounds=sum(known(round_.pk, seat.player, batch) for round_ in looked_at),
        left=seat.player in outcome.left,
    )


def _trained_on(round_: int, player: int, batch: Batch) -> bool:
    """Where nobody can say whether the model trained on it, it did."""
    guess = batch.guesses.get((round_, player))
    return guess is not None and guess.trained_on is not False


def _knew(round_: int, player: int, batch: Batch) -> bool:
    guess = batch.guesses.get((round_, player))
    knew = guess is not None and bool(guess.revealed or guess.group_revealed)
    return knew or (round_, player) in batch.seen
