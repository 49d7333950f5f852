"""What a player may know of a game now. Built key by key from an allow-list: nothing of a round that
is still open comes from its panorama but the size of the picture and whether it is drawn.
"""

from __future__ import annotations

from typing import TypedDict

from django.utils import timezone

from geogame.accounts.models import Player
from geogame.games.countries import Country, named
from geogame.games.models import Game, Guess, Round, Seal
from geogame.games.picture_urls import picture_ahead_url, picture_url
from geogame.games.queries import model_of
from geogame.games.rules import Winner, country_winner, winner
from geogame.panoramas.fair import FairPicture, PictureGone, fair_picture, fair_side
from geogame.panoramas.models import Panorama
from geogame.panoramas.place_names import in_readers_language


class Place(TypedDict):
    lat: float
    lng: float


class Answer(TypedDict):
    lat: float | None
    lng: float | None
    distance_km: float | None
    points: int
    country: Country | None
    correct: bool | None


class YourAnswer(Answer):
    outcome: str | None
    time_used_s: float | None


class LayersPromise(TypedDict):
    """`coming` where layers can be asked for, else `none`. Where they are, their own address says."""

    state: str
    probability: None
    occlusion: None


class ModelsAnswer(Answer):
    name: str
    rule: str
    top_cells: list[dict[str, float]]
    layers: LayersPromise


class Ghost(Answer):
    name: str


class SealShown(TypedDict):
    digest: str
    preimage: str


class Result(TypedDict):
    void: str | None
    truth: Place
    country: Country | None
    you: YourAnswer
    model: ModelsAnswer | None
    ghost: Ghost | None
    winner: Winner
    place: str | None
    author: str
    licence: str
    source: str
    taken_at: str | None
    drawn: bool
    withdrawn: bool
    times_seen: int
    seen_in_training: bool | None
    seal: SealShown | None


class Picture(TypedDict):
    url: str
    width: int
    height: int
    key: str


class NumberedResult(Result):
    number: int
    round: str
    picture: Picture
    projection: str
    condition: str


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
    time_left_s: float | None
    model: ModelState
    outcome: str | None
    result: Result | None


class NextRound(TypedDict):
    round: str
    url: str


class Points(TypedDict):
    you: int
    model: int | None


class MapName(TypedDict):
    name: str
    slug: str


class Opponent(TypedDict):
    name: str
    digest: str


class ChallengeName(TypedDict):
    token: str
    sender: str


class GameState(TypedDict):
    id: str
    state: str
    mode: str
    condition: str
    show_results: str
    time_limit_s: int | None
    map: MapName
    rounds_total: int | None
    scale_km: float
    points: Points
    right: Points
    note: str | None
    opponent: Opponent | None
    challenge: ChallengeName | None
    daily: str | None


class Snapshot(TypedDict):
    version: int
    server_time: str
    game: GameState
    round: RoundState
    next: NextRound | None
    results: list[NumberedResult]


def snapshot(game: Game, player: Player) -> Snapshot:
    rounds = list(
        game.rounds.select_related("panorama__fair_view").prefetch_related(
            "guesses__player", "guesses__seal", "exposures"
        )
    )
    for round_ in rounds:
        round_.game = game
    asked_for = [round_ for round_ in rounds if round_.wanted]
    model, ghosts = model_of(game), _ghosts(game)
    closed = [round_ for round_ in asked_for if round_.state == Round.State.CLOSED]
    results = [_numbered(round_, player, ghosts) for round_ in closed] if game.tells_results else []
    return {
        "version": game.version,
        "server_time": timezone.now().isoformat(),
        "game": _game_state(game, results, model),
        "round": _round_state(asked_for[-1], player, model, ghosts),
        "next": _next(rounds),
        "results": results,
    }


def _game_state(game: Game, results: list[NumberedResult], model: Player | None) -> GameState:
    version = model.model_version if model else None
    return {
        "id": game.token,
        "state": game.state,
        "mode": game.mode,
        "condition": game.condition,
        "show_results": game.show_results,
        "time_limit_s": game.time_limit_s,
        "map": {"name": game.map.name, "slug": game.map.slug},
        "rounds_total": (
            None if game.mode == Game.Mode.STREAK and game.state == Game.State.PLAYING else game.rounds_total
        ),
        "scale_km": game.scale_km,
        "points": {
            "you": sum(result["you"]["points"] for result in results),
            "model": sum(r["model"]["points"] for r in results if r["model"]) if model else None,
        },
        "right": {
            "you": sum(bool(result["you"]["correct"]) for result in results),
            "model": sum(bool(r["model"]["correct"]) for r in results if r["model"]) if model else None,
        },
        "note": game.note or None,
        "opponent": {"name": model.name, "digest": version.digest[:8]} if model and version else None,
        "challenge": (
            {"token": game.challenge.token, "sender": game.challenge.sender.shown_name}
            if game.challenge
            else None
        ),
        "daily": game.daily.date.isoformat() if game.daily else None,
    }


def _next(rounds: list[Round]) -> NextRound | None:
    """The round that waits to be asked for: its picture can travel ahead, under a key that is told later."""
    last = rounds[-1]
    if last.wanted or last.state != Round.State.READY:
        return None
    return {"round": last.token, "url": picture_ahead_url(last)}


def _round_state(round_: Round, player: Player, model: Player | None, ghosts: dict[int, Guess]) -> RoundState:
    panorama = round_.panorama
    shown = round_.state in (Round.State.OPEN, Round.State.CLOSED)
    told = round_.state == Round.State.CLOSED and round_.game.tells_results
    return {
        "id": round_.token,
        "number": round_.number,
        "state": Round.State.PREPARING if round_.state == Round.State.READY else round_.state,
        "condition": round_.condition,
        "projection": projection_of(round_),
        "picture": picture_state(round_) if shown else None,
        "drawn": panorama.drawn,
        "initial_heading": 0.0,
        "time_left_s": _time_left_s(round_),
        "model": _model_state(round_, model),
        "outcome": _outcome(round_, player),
        "result": _result(round_, player, ghosts) if told else None,
    }


def _outcome(round_: Round, player: Player) -> str | None:
    """How the round ended for the player, which tells nothing of its place."""
    if round_.state != Round.State.CLOSED:
        return None
    if round_.void_reason:
        return "void"
    yours = _guess_of(round_, player)
    return yours.outcome if yours else None


def _guess_of(round_: Round, player: Player) -> Guess | None:
    return next((guess for guess in round_.guesses.all() if guess.player_id == player.pk), None)


def projection_of(round_: Round) -> str:
    """As the person gets it: the fair picture is flat."""
    fair = round_.condition == Round.Condition.FAIR
    return str(Panorama.Projection.FLAT if fair else round_.panorama.projection)


def picture_state(round_: Round) -> Picture:
    width, height = _size(round_)
    return {"url": picture_url(round_), "width": width, "height": height, "key": round_.picture_key}


def _size(round_: Round) -> tuple[int, int]:
    panorama = round_.panorama
    if round_.condition == Round.Condition.FREE or not panorama.is_360:
        return panorama.width, panorama.height
    view = getattr(panorama, "fair_view", None)  # no row: it is cut anew when the picture is asked for
    return (view.width, view.height) if view else (fair_side(panorama), fair_side(panorama))


def picture_of(round_: Round) -> FairPicture:
    """What the person gets in this round. PictureGone where it was withdrawn or its file is lost."""
    panorama = round_.panorama
    if round_.condition == Round.Condition.FAIR:
        return fair_picture(panorama)
    if panorama.withdrawn_at or not panorama.path.is_file():
        raise PictureGone("The picture is gone.")
    return FairPicture(
        path=panorama.path, digest=panorama.file_digest, width=panorama.width, height=panorama.height
    )


def _time_left_s(round_: Round) -> float | None:
    if round_.state != Round.State.OPEN or round_.deadline_at is None:
        return None
    return max(0.0, (round_.deadline_at - timezone.now()).total_seconds())


def _model_state(round_: Round, model: Player | None) -> ModelState:
    name = model.name if model else None
    guess = _models_guess(round_)
    if guess is not None:
        return {"state": "sealed", "name": name, "digest": guess.seal.digest, "reason": None}
    if round_.state == Round.State.PREPARING:
        return {"state": "thinking", "name": name, "digest": None, "reason": None}
    return {"state": "absent", "name": name, "digest": None, "reason": round_.model_absent or None}


def _models_guess(round_: Round) -> Guess | None:
    guesses = [guess for guess in round_.guesses.all() if guess.player.kind == Player.Kind.MODEL]
    return guesses[0] if guesses else None


def _ghosts(game: Game) -> dict[int, Guess]:
    """What the sender of the challenge guessed, by number of the round; shown once a round is closed."""
    challenge = game.challenge
    if challenge is None:
        return {}
    guesses = Guess.objects.filter(round__game=challenge.game_id, player=challenge.sender_id)
    return {guess.round.number: guess for guess in guesses.select_related("round", "player")}


def _numbered(round_: Round, player: Player, ghosts: dict[int, Guess]) -> NumberedResult:
    return {
        "number": round_.number,
        "round": round_.token,
        "picture": picture_state(round_),
        "projection": projection_of(round_),
        "condition": round_.condition,
        **_result(round_, player, ghosts),
    }


def _result(round_: Round, player: Player, ghosts: dict[int, Guess]) -> Result:
    panorama = round_.panorama
    yours = _guess_of(round_, player)
    models = _models_guess(round_)
    seal: Seal | None = models.seal if models else None
    ghost = ghosts.get(round_.number)
    times_seen = next((e.times_seen for e in round_.exposures.all() if e.player_id == player.pk), 0)
    return {
        "void": round_.void_reason or None,
        "truth": {"lat": panorama.lat, "lng": panorama.lng},
        "country": named(panorama.country),
        "you": {
            **_answer(yours),
            "outcome": yours.outcome if yours else None,
            "time_used_s": yours.time_used_s if yours else None,
        },
        "model": (
            {
                **_answer(models),
                "name": models.player.name,
                "rule": seal.rule,
                "top_cells": seal.top_cells,
                "layers": _promise(round_),
            }
            if models and seal
            else None
        ),
        "ghost": {**_answer(ghost), "name": ghost.player.shown_name} if ghost else None,
        "winner": "nobody" if round_.void_reason else _winner(round_.game, yours, models),
        "place": in_readers_language(panorama.place) or None,
        "author": panorama.author,
        "licence": panorama.licence,
        "source": panorama.source,
        "taken_at": panorama.taken_at or None,
        "drawn": panorama.drawn,
        "withdrawn": panorama.withdrawn_at is not None,
        "times_seen": times_seen,
        "seen_in_training": seal.seen_in_training if seal else None,
        "seal": {"digest": seal.digest, "preimage": seal.preimage} if seal else None,
    }


def _winner(game: Game, yours: Guess | None, models: Guess | None) -> Winner:
    if game.is_about_countries:
        return country_winner(
            you_correct=yours.correct if yours else None, model_correct=models.correct if models else None
        )
    return winner(
        you_km=yours.distance_km if yours else None, model_km=models.distance_km if models else None
    )


def _promise(round_: Round) -> LayersPromise:
    gone = round_.void_reason or round_.panorama.withdrawn_at
    return {"state": "none" if gone else "coming", "probability": None, "occlusion": None}


def _answer(guess: Guess | None) -> Answer:
    if guess is None:
        return {
            "lat": None,
            "lng": None,
            "distance_km": None,
            "points": 0,
            "country": None,
            "correct": None,
        }
    return {
        "lat": guess.lat,
        "lng": guess.lng,
        "distance_km": guess.distance_km,
        "points": guess.points,
        "country": named(guess.country),
        "correct": guess.correct,
    }
