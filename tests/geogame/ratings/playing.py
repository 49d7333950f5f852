"""Finished games for the ratings, made row by row, at any moment."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from geogame.accounts.models import Player
from geogame.games.models import Game, Round, Seat
from geogame.panoramas.models import Map
from geogame.ratings.models import RatedResult, RatedSide, Rating
from tests.geogame.profiles.games import EPOCH, Answer, add_game

FAIR = Answer(points=4000, model_points=3000)
LOST = Answer(points=2000, model_points=3000)
Stored = tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]


def add(
    player: Player,
    map_: Map,
    model: Player,
    *,
    at: datetime = EPOCH,
    answers: Sequence[Answer] = (FAIR,) * 5,
    registered: bool = True,
    state: str = "finished",
    mode: str = "classic",
) -> Game:
    """A game of an account against a model that ended then."""
    game = add_game(player, map_, answers, model=model, state=state, mode=mode)
    Seat.objects.create(game=game, player=model)
    Seat.objects.filter(game=game, player=player).update(registered=registered)
    move(game, at)
    game.refresh_from_db()
    return game


def move(game: Game, at: datetime) -> None:
    """As if the game had been played then, within ten minutes."""
    begun = at - timedelta(minutes=10)
    Game.objects.filter(pk=game.pk).update(created_at=begun)
    Game.objects.filter(pk=game.pk, state=Game.State.FINISHED).update(finished_at=at)
    Round.objects.filter(game=game).update(opened_at=begun, closed_at=at)


def stored() -> Stored:
    """All that the ratings keep, but for the numbers of the rows themselves."""
    results = RatedResult.objects.order_by("game").values_list(
        *(
            "game",
            "ladder__map",
            "ladder__condition",
            "settled_at",
            "reason",
            "reason_count",
            "weight",
            "left",
        )
    )
    sides = RatedSide.objects.order_by("result__game", "number").values_list(
        *("result__game", "player", "number", "points", "score", "played_before"),
        *("rating_before", "deviation_before", "volatility_before"),
        *("rating_after", "deviation_after", "volatility_after"),
    )
    ratings = Rating.objects.order_by("ladder__map", "ladder__condition", "player").values_list(
        *("ladder__map", "ladder__condition", "player", "rating", "deviation", "volatility"),
        *("won", "drawn", "lost", "played_at"),
    )
    return list(results), list(sides), list(ratings)


def random_game(
    rng: random.Random, people: Sequence[Player], maps: Sequence[Map], models: Sequence[Player]
) -> Game:
    """Of any kind that there is, rated and not, within some weeks; several end at the same moment."""
    at = EPOCH + timedelta(hours=rng.randrange(0, 24 * 30, 6))
    answers = [_random_answer(rng)] * 5 if rng.random() < 0.8 else [_random_answer(rng) for _ in range(5)]
    return add(
        rng.choice(people),
        rng.choice(maps),
        rng.choice(models),
        at=at,
        answers=answers[: 5 if rng.random() < 0.9 else 3],
        registered=rng.random() < 0.9,
        state="finished" if rng.random() < 0.9 else "playing",
        mode="classic" if rng.random() < 0.9 else "country",
    )


def _random_answer(rng: random.Random) -> Answer:
    return Answer(
        points=rng.choice([1000, 3000, 5000]),
        model_points=None if rng.random() < 0.03 else 3000,
        condition=rng.choice(["fair", "fair", "free"]),
        seen=int(rng.random() < 0.05),
        trained_on=rng.random() < 0.03,
    )
