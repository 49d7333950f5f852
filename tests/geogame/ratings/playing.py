"""Finished games for the ratings, made row by row, at any moment."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from geogame.accounts.models import Player
from geogame.games.match_rules import DUEL_ROUNDS
from geogame.games.models import Game, Guess, Round, Seal, Seat
from geogame.panoramas.models import Map
from geogame.ratings.models import RatedResult, RatedSide, Rating
from tests.geogame.profiles.games import EPOCH, Answer, add_game

FAIR = Answer(points=4000, model_points=3000)
LOST = Answer(points=2000, model_points=3000)
WON = [(5000, 1000), (5000, 1000)]
"""A duel in two rounds: 4,000 and 2,000 of 6,000 health."""
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


def add_duel(
    one: Player,
    other: Player,
    map_: Map,
    *,
    at: datetime = EPOCH,
    points: Sequence[tuple[int, int]] = WON,
    is_rated: bool = True,
    registered: bool = True,
    left: Player | None = None,
    condition: str = "fair",
    seen: int = 0,
) -> Game:
    """A duel that ended then; `left` gave it up while the next round was open. A model has no -1 points."""
    begun = at - timedelta(minutes=10)
    game = Game.objects.create(
        map=map_,
        mode=Game.Mode.DUEL,
        state=Game.State.FINISHED,
        rounds_total=DUEL_ROUNDS + (1 if left else 0),
        scale_km=1000.0,
        scoring_version=1,
        is_rated=is_rated,
        finished_at=at,
    )
    Game.objects.filter(pk=game.pk).update(created_at=begun)
    for player in (one, other):
        Seat.objects.create(
            game=game, player=player, registered=registered, left_at=at if player == left else None
        )
    panoramas = list(map_.panoramas.all())
    for number, both in enumerate([*points, *([None] if left else [])]):
        round_ = Round.objects.create(
            game=game,
            number=number + 1,
            panorama=panoramas[number % len(panoramas)],
            condition=condition,
            state=Round.State.CLOSED,
            wanted=True,
            opened_at=begun,
            closed_at=at,
            void_reason="" if both else "given up",
        )
        for player, own in zip((one, other), both or (), strict=False):
            _guess(round_, player, own, seen)
    game.refresh_from_db()
    return game


def _guess(round_: Round, player: Player, points: int, seen: int) -> None:
    is_model = player.kind == Player.Kind.MODEL
    if points < 0 and is_model:
        return
    guess = Guess.objects.create(
        round=round_,
        player=player,
        lat=0,
        lng=0,
        points=max(0, points),
        condition=round_.condition,
        times_revealed=0 if is_model else seen,
    )
    if is_model:
        Seal.objects.create(
            guess=guess,
            digest="d" * 64,
            preimage="{}",
            rule="top-cell",
            top_cells=[],
            prediction_digest="e" * 64,
            seen_in_training=False,
        )


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
    if rng.random() < 0.4:
        return _random_duel(rng, people, rng.choice(maps), models, at)
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


def _random_duel(
    rng: random.Random, people: Sequence[Player], map_: Map, models: Sequence[Player], at: datetime
) -> Game:
    """Won, lost, drawn, given up by who is ahead or behind, private, with a guest, or known before."""
    one, other = rng.sample([*people, models[0]], 2)
    rounds = [(rng.choice(POINTS), rng.choice(POINTS)) for _ in range(rng.randrange(0, 6))]
    people_in = [player for player in (one, other) if player.kind == Player.Kind.PERSON]
    return add_duel(
        one,
        other,
        map_,
        at=at,
        points=rounds,
        is_rated=rng.random() < 0.9,
        registered=rng.random() < 0.9,
        left=rng.choice(people_in) if rng.random() < 0.3 else None,
        condition=rng.choice(["fair", "fair", "free"]),
        seen=int(rng.random() < 0.1),
    )


POINTS = (0, 1000, 4000, 5000)


def _random_answer(rng: random.Random) -> Answer:
    return Answer(
        points=rng.choice([1000, 3000, 5000]),
        model_points=None if rng.random() < 0.03 else 3000,
        condition=rng.choice(["fair", "fair", "free"]),
        seen=int(rng.random() < 0.05),
        trained_on=rng.random() < 0.03,
    )
