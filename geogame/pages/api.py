"""The JSON of a game: snapshots, guesses, next round. Thin: services decide."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from geogame.accounts.models import Player
from geogame.games.countries import country_under_pin
from geogame.games.errors import GameError
from geogame.games.lifecycle import settle
from geogame.games.models import Game
from geogame.games.queries import game_of
from geogame.games.services import next_round as go_on
from geogame.games.services import place_guess, skip_round
from geogame.games.snapshots import snapshot
from geogame.lib.tokens import TOKEN
from geogame.pages.decorators import limited, own_game
from geogame.pages.problems import api_error

MAX_BODY_BYTES = 2048
CONFLICT = 409
BAD_REQUEST = 400


@dataclass(frozen=True)
class BadRequest(Exception):
    code: str
    message: str


@never_cache
@require_GET
@own_game
def state(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    settle(game)
    return _snapshot(game, player)


@never_cache
@require_POST
@limited("guess")
@own_game
def guess(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    try:
        round_token, lat, lng = place_fields(request)
        place_guess(game=game, player=player, round_token=round_token, lat=lat, lng=lng)
    except BadRequest as error:
        return api_error(error.code, error.message, BAD_REQUEST)
    except GameError as error:
        return api_error(error.code, error.message, CONFLICT)
    return _snapshot(game, player)


@never_cache
@require_POST
@limited("next")
@own_game
def next_round(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    try:
        go_on(game=game, player=player, after=_text(fields_of(request, {"round"}), "round"))
    except BadRequest as error:
        return api_error(error.code, error.message, BAD_REQUEST)
    except GameError as error:
        return api_error(error.code, error.message, CONFLICT)
    return _snapshot(game, player)


@never_cache
@require_POST
@limited("skip")
@own_game
def skip(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    try:
        token = _text(fields_of(request, {"round"}), "round")
        skip_round(game=game, player=player, round_token=token)
    except BadRequest as error:
        return api_error(error.code, error.message, BAD_REQUEST)
    except GameError as error:
        return api_error(error.code, error.message, CONFLICT)
    return _snapshot(game, player)


@never_cache
@require_POST
@limited("country")
@own_game
def country(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    """In which country a pin lies, wherever the picture is: the answer that the borders of a guess give."""
    try:
        fields = fields_of(request, {"lat", "lng"})
        lat, lng = degrees(fields, "lat", 90), degrees(fields, "lng", 180)
    except BadRequest as error:
        return api_error(error.code, error.message, BAD_REQUEST)
    return JsonResponse({"country": country_under_pin(lat, lng)})


def _snapshot(game: Game, player: Player) -> JsonResponse:
    current = game_of(player, game.token) or game
    return JsonResponse(snapshot(current, player))


def place_fields(request: HttpRequest) -> tuple[str, float, float]:
    """Round, latitude and longitude of a guess: exactly these. BadRequest where they are something else."""
    fields = fields_of(request, {"round", "lat", "lng"})
    lat, lng = degrees(fields, "lat", 90), degrees(fields, "lng", 180)
    return _text(fields, "round"), lat, lng


def fields_of(request: HttpRequest, names: set[str]) -> dict[str, object]:
    if len(request.body) > MAX_BODY_BYTES:
        raise BadRequest("too-long", "This message is too long.")
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadRequest("not-json", "This message is not JSON.") from None
    if not isinstance(fields, dict) or set(fields) != names:
        raise BadRequest("wrong-fields", f"Send exactly these fields: {', '.join(sorted(names))}.")
    return fields


def _text(fields: dict[str, object], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not re.fullmatch(TOKEN, value):
        raise BadRequest("wrong-type", f"{name} must be the id of a round.")
    return value


def degrees(fields: dict[str, object], name: str, limit: int) -> float:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value in (math.inf, -math.inf):
        raise BadRequest("wrong-type", f"{name} must be a number.")
    if isinstance(value, float) and math.isnan(value):
        raise BadRequest("wrong-type", f"{name} must be a number.")
    if not -limit <= value <= limit:
        raise BadRequest("out-of-range", f"{name} must be between -{limit} and {limit}.")
    return float(value)
