"""Whole games for tests, played by the services."""

from __future__ import annotations

from datetime import datetime

from geogame.accounts.models import Player
from geogame.accounts.services import player_of_model
from geogame.games.lifecycle import seal_answer
from geogame.games.models import Game, Guess, Round
from geogame.games.seals import CellProbability, ModelAnswer
from geogame.games.services import next_round, place_guess
from geogame.registry.models import ModelVersion


def model_answer(lat: float = 50.0, lng: float = 8.0) -> ModelAnswer:
    return ModelAnswer(
        lat=lat,
        lng=lng,
        rule="top-cell",
        top_cells=[CellProbability(lat, lng, 0.4), CellProbability(lat + 1, lng, 0.2)],
        prediction_digest="d" * 64,
        seen_in_training=False,
    )


def seal(round_: Round, version: ModelVersion, **place: float) -> bool:
    return seal_answer(round_id=round_.pk, model=player_of_model(version), answer=model_answer(**place))


def open_round(game: Game) -> Round:
    return game.rounds.get(state=Round.State.OPEN)


def guess(game: Game, player: Player, *, lat: float = 0.0, lng: float = 0.0) -> Round:
    """The player's guess for the open round."""
    round_ = open_round(game)
    place_guess(game=game, player=player, round_token=round_.token, lat=lat, lng=lng)
    round_.refresh_from_db()
    return round_


def play(
    game: Game,
    player: Player,
    *,
    lat: float = 0.0,
    lng: float = 0.0,
    version: ModelVersion | None = None,
    model: tuple[float, float] = (50.0, 8.0),
) -> Game:
    """To the end, with one pin for every round; the version answers with one place."""
    game.refresh_from_db()
    while game.state != Game.State.FINISHED:
        current = game.rounds.filter(wanted=True).latest("number")
        if current.state == Round.State.CLOSED:
            next_round(game=game, player=player, after=current.token)
        elif current.state == Round.State.PREPARING and version:
            seal(current, version, lat=model[0], lng=model[1])
        else:
            guess(game, player, lat=lat, lng=lng)
        game.refresh_from_db()
    return game


def panoramas_of(game: Game) -> list[int]:
    return list(game.rounds.order_by("number").values_list("panorama", flat=True))


def score(game: Game, player: Player, points: int, *, time_s: float = 60.0) -> Game:
    """Make a played game worth so many points in all, in so much time."""
    guesses = Guess.objects.filter(round__game=game, player=player).order_by("round__number")
    first = guesses[0]
    guesses.update(points=0, time_used_s=0)
    Guess.objects.filter(pk=first.pk).update(points=points, time_used_s=time_s)
    return game


def at(text: str) -> datetime:
    """A moment, in UTC."""
    return datetime.fromisoformat(f"{text}+00:00")
