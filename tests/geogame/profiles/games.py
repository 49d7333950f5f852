"""Played games made row by row: what the services would store, without playing them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from geogame.accounts.models import Player
from geogame.games.models import Challenge, Daily, DailyAttempt, Exposure, Game, Guess, Round, Seal, Seat
from geogame.panoramas.models import Map

EPOCH = datetime(2026, 11, 1, 12, tzinfo=UTC)
clock = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One round: what the player and the model did. A model without points was absent."""

    points: int = 1000
    km: float | None = 500.0
    lat: float = 40.0
    lng: float = -10.0
    correct: bool | None = None
    condition: str = "fair"
    seen: int = 0
    revealed: int = 0
    group_revealed: int = 0
    void: str = ""
    model_points: int | None = None
    model_km: float | None = 1000.0
    model_correct: bool | None = None
    trained_on: bool = False


def add_game(
    player: Player,
    map_: Map,
    answers: Sequence[Answer],
    *,
    model: Player | None = None,
    mode: str = "classic",
    state: str = "finished",
    daily: Daily | None = None,
    challenge: Challenge | None = None,
) -> Game:
    now = EPOCH + timedelta(hours=next(clock))
    game = Game.objects.create(
        map=map_,
        mode=mode,
        state=state,
        rounds_total=len(answers),
        scale_km=1000.0,
        scoring_version=1,
        daily=daily,
        challenge=challenge,
        finished_at=now if state == Game.State.FINISHED else None,
    )
    Game.objects.filter(pk=game.pk).update(created_at=now)
    Seat.objects.create(game=game, player=player)
    if daily:
        DailyAttempt.objects.create(daily=daily, player=player, game=game)
    panoramas = list(map_.panoramas.all())
    for number, answer in enumerate(answers, start=1):
        round_ = Round.objects.create(
            game=game,
            number=number,
            panorama=panoramas[(number - 1) % len(panoramas)],
            condition=answer.condition,
            state=Round.State.CLOSED,
            wanted=True,
            opened_at=now,
            closed_at=now,
            void_reason=answer.void,
        )
        _answer(round_, player, model, answer)
    return game


def _answer(round_: Round, player: Player, model: Player | None, answer: Answer) -> None:
    Exposure.objects.create(round=round_, player=player, panorama=round_.panorama, times_seen=answer.seen)
    answered = answer.km is not None or answer.correct is not None
    Guess.objects.create(
        round=round_,
        player=player,
        outcome="answered" if answered else "timeout",
        lat=answer.lat if answered else None,
        lng=answer.lng if answered else None,
        distance_km=answer.km,
        points=answer.points,
        correct=answer.correct,
        condition=answer.condition,
        times_revealed=answer.revealed,
        group_revealed=answer.group_revealed,
    )
    if model is None or answer.model_points is None:
        return
    guess = Guess.objects.create(
        round=round_,
        player=model,
        lat=0,
        lng=0,
        distance_km=answer.model_km,
        points=answer.model_points,
        correct=answer.model_correct,
        condition=answer.condition,
    )
    Seal.objects.create(
        guess=guess,
        digest="d" * 64,
        preimage="{}",
        rule="top-cell",
        top_cells=[],
        prediction_digest="e" * 64,
        seen_in_training=answer.trained_on,
    )
