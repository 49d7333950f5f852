"""What a player may know of a game now. Built key by key from an allow-list: nothing of a round that
is still open comes from its panorama but the size of the picture and whether it is drawn.
"""

from __future__ import annotations

from typing import TypedDict

from django.urls import reverse

from geogame.accounts.models import Player
from geogame.games.models import Game, Guess, Round, Seal
from geogame.games.queries import model_of
from geogame.games.rules import Winner, winner


class Place(TypedDict):
    lat: float
    lng: float


class YourAnswer(TypedDict):
    lat: float | None
    lng: float | None
    distance_km: float | None
    points: int


class ModelsAnswer(YourAnswer):
    name: str
    rule: str
    top_cells: list[dict[str, float]]


class SealShown(TypedDict):
    digest: str
    preimage: str


class Result(TypedDict):
    truth: Place
    you: YourAnswer
    model: ModelsAnswer | None
    winner: Winner
    place: str | None
    author: str
    licence: str
    source: str
    taken_at: str | None
    drawn: bool
    times_seen: int
    seen_in_training: bool | None
    seal: SealShown | None


class NumberedResult(Result):
    number: int
    picture_url: str


class Picture(TypedDict):
    url: str
    width: int
    height: int


class ModelState(TypedDict):
    state: str
    name: str | None
    digest: str | None
    reason: str | None


class RoundState(TypedDict):
    id: str
    number: int
    state: str
    condition: str
    projection: str
    picture: Picture | None
    drawn: bool
    initial_heading: float
    model: ModelState
    result: Result | None


class Points(TypedDict):
    you: int
    model: int | None


class MapName(TypedDict):
    name: str
    slug: str


class GameState(TypedDict):
    id: str
    state: str
    map: MapName
    rounds_total: int
    scale_km: float
    points: Points
    note: str | None


class Snapshot(TypedDict):
    version: int
    game: GameState
    round: RoundState
    results: list[NumberedResult]


def snapshot(game: Game, player: Player) -> Snapshot:
    rounds = list(
        game.rounds.select_related("panorama").prefetch_related(
            "guesses__player", "guesses__seal", "exposures"
        )
    )
    model = model_of(game)
    results = [_numbered(round_, player, game) for round_ in rounds if round_.state == Round.State.CLOSED]
    return {
        "version": game.version,
        "game": {
            "id": game.token,
            "state": game.state,
            "map": {"name": game.map.name, "slug": game.map.slug},
            "rounds_total": game.rounds_total,
            "scale_km": game.scale_km,
            "points": _points(results, with_model=model is not None),
            "note": game.note or None,
        },
        "round": _round_state(rounds[-1], player, model, game),
        "results": results,
    }


def picture_url(round_: Round) -> str:
    return reverse("picture", args=[round_.picture_token])


def _points(results: list[NumberedResult], *, with_model: bool) -> Points:
    models = [result["model"]["points"] for result in results if result["model"]]
    return {
        "you": sum(result["you"]["points"] for result in results),
        "model": sum(models) if with_model else None,
    }


def _round_state(round_: Round, player: Player, model: Player | None, game: Game) -> RoundState:
    shown = round_.state != Round.State.PREPARING
    panorama = round_.panorama
    return {
        "id": round_.token,
        "number": round_.number,
        "state": round_.state,
        "condition": round_.condition,
        "projection": panorama.projection,
        "picture": (
            {"url": picture_url(round_), "width": panorama.width, "height": panorama.height}
            if shown
            else None
        ),
        "drawn": panorama.drawn,
        "initial_heading": 0.0,
        "model": _model_state(round_, model),
        "result": _result(round_, player, game) if round_.state == Round.State.CLOSED else None,
    }


def _model_state(round_: Round, model: Player | None) -> ModelState:
    name = model.name if model else None
    if round_.state == Round.State.PREPARING:
        return {"state": "thinking", "name": name, "digest": None, "reason": None}
    guess = _models_guess(round_)
    if guess is None:
        return {"state": "absent", "name": name, "digest": None, "reason": round_.model_absent or None}
    return {"state": "sealed", "name": name, "digest": guess.seal.digest, "reason": None}


def _models_guess(round_: Round) -> Guess | None:
    guesses = [guess for guess in round_.guesses.all() if guess.player.kind == Player.Kind.MODEL]
    return guesses[0] if guesses else None


def _numbered(round_: Round, player: Player, game: Game) -> NumberedResult:
    return {"number": round_.number, "picture_url": picture_url(round_), **_result(round_, player, game)}


def _result(round_: Round, player: Player, game: Game) -> Result:
    panorama = round_.panorama
    yours = next((guess for guess in round_.guesses.all() if guess.player_id == player.pk), None)
    models = _models_guess(round_)
    seal: Seal | None = models.seal if models else None
    times_seen = next((e.times_seen for e in round_.exposures.all() if e.player_id == player.pk), 0)
    return {
        "truth": {"lat": panorama.lat, "lng": panorama.lng},
        "you": _answer(yours),
        "model": (
            {**_answer(models), "name": models.player.name, "rule": seal.rule, "top_cells": seal.top_cells}
            if models and seal
            else None
        ),
        "winner": winner(
            you_km=yours.distance_km if yours else None, model_km=models.distance_km if models else None
        ),
        "place": panorama.place or None,
        "author": panorama.author,
        "licence": panorama.licence,
        "source": panorama.source,
        "taken_at": panorama.taken_at or None,
        "drawn": panorama.drawn,
        "times_seen": times_seen,
        "seen_in_training": seal.seen_in_training if seal else None,
        "seal": {"digest": seal.digest, "preimage": seal.preimage} if seal else None,
    }


def _answer(guess: Guess | None) -> YourAnswer:
    if guess is None:
        return {"lat": None, "lng": None, "distance_km": None, "points": 0}
    return {
        "lat": guess.lat,
        "lng": guess.lng,
        "distance_km": guess.distance_km,
        "points": guess.points,
    }
