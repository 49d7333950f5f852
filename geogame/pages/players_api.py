"""The HTTP API of outside players: open sets, fair pictures, sealed answers; see `docs/player-api.json`.

A token says who asks; there is no session and no cookie, so there is nothing to forge a request with.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from geogame.lib.limits import client_address, wait_s
from geogame.pages.pictures import HEADERS
from geogame.pages.problems import api_error, too_many
from geogame.round_sets.answers import Answer, Result, give_answer, results
from geogame.round_sets.errors import AnswerError
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetAnswer, SetRound
from geogame.round_sets.pictures import picture_of
from geogame.round_sets.queries import rounds_for, sets_for
from geogame.round_sets.services import token_digest
from planet_core.geography import country_codes

LIMIT = "player-api"
MOST_BODY_BYTES = 16_384
MOST_PROBABILITY = 1.001
OPTIONAL = {"country_probabilities", "confidence", "seen_in_training"}
View = Callable[..., HttpResponse]


class Problem(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def for_players(view: View) -> View:
    """Hands the player whose token it is to the view, and tells problems as JSON."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, **parts: str) -> HttpResponse:
        player = _player(request)
        wait = wait_s(LIMIT, address=client_address(request), player=f"outside {player.pk}" if player else "")
        if wait:
            return too_many(request, wait)
        if player is None or player.revoked_at:
            problem = ("revoked", "This token was revoked.") if player else ("no-token", NO_TOKEN)
            response = api_error(*problem, 401)
            response["WWW-Authenticate"] = "Bearer"
            return response
        try:
            return view(request, player, **parts)
        except Problem as problem:
            return api_error(problem.code, problem.message, problem.status)
        except AnswerError as error:
            return api_error(error.code, error.message, 409)

    wrapped.limit = LIMIT  # type: ignore[attr-defined]
    return wrapped


NO_TOKEN = "Send the token that the operator gave you, as the header Authorization: Bearer TOKEN."


def _player(request: HttpRequest) -> OutsidePlayer | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        return None
    return OutsidePlayer.objects.filter(token_digest=token_digest(token.strip())).first()


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of this API, for programs and people."""
    content = (settings.BASE_DIR / "docs" / "player-api.json").read_bytes()
    return HttpResponse(content, content_type="application/json")


@require_GET
@for_players
def sets(request: HttpRequest, player: OutsidePlayer) -> JsonResponse:
    found = sets_for(player).order_by("-created_at", "-pk")
    return JsonResponse({"sets": [_set(round_set) for round_set in found]})


@require_GET
@for_players
def one_set(request: HttpRequest, player: OutsidePlayer, token: str) -> JsonResponse:
    """A set and the rounds that the player has not answered."""
    round_set = _set_of(player, token)
    rounds = [_round(round_set, round_) for round_ in rounds_for(player, round_set)]
    return JsonResponse({"set": _set(round_set), "rounds": rounds})


@require_GET
@for_players
def picture(request: HttpRequest, player: OutsidePlayer, token: str, round_token: str) -> HttpResponse:
    """The fair picture: the very bytes that people get in the fair condition."""
    round_set, round_ = _round_of(player, token, round_token)
    if not round_set.is_open:
        raise Problem(409, "set-closed", "This set is closed: its pictures are shown no more.")
    content = picture_of(round_)
    if content is None:
        raise Problem(410, "picture-gone", "This picture is gone: the round counts for nobody.")
    return HttpResponse(content, content_type="image/jpeg", headers=HEADERS)


@require_POST
@for_players
def answer(request: HttpRequest, player: OutsidePlayer, token: str, round_token: str) -> JsonResponse:
    """Take the answer: once. The same again is the same; another one is refused, with the one that stands."""
    _, round_ = _round_of(player, token, round_token)
    stored = give_answer(player=player, round_=round_, answer=_answer(request))
    told = _told(stored.answer)
    if not stored.same:
        problem = {
            "code": "already-answered",
            "message": "You answered this round already: that answer stands.",
        }
        return JsonResponse({"error": problem, "answer": told}, status=409)
    return JsonResponse({"answer": told}, status=201 if stored.is_new else 200)


@require_GET
@for_players
def own_results(request: HttpRequest, player: OutsidePlayer, token: str) -> JsonResponse:
    round_set = _set_of(player, token)
    found = [_result(result) for result in results(player, round_set)]
    return JsonResponse({"set": _set(round_set), "results": found})


# --- What is asked for -----------------------------------------------------------------------------
def _set_of(player: OutsidePlayer, token: str) -> Any:
    found = sets_for(player).filter(token=token).first()
    if found is None:
        raise Problem(404, "not-found", "There is no such set, or it closed before you answered.")
    return found


def _round_of(player: OutsidePlayer, token: str, round_token: str) -> tuple[RoundSet, SetRound]:
    round_set = _set_of(player, token)
    found = round_set.rounds.select_related("panorama").filter(token=round_token).first()
    if found is None:
        raise Problem(404, "not-found", "There is no such round in this set.")
    return round_set, found


# --- What was sent ---------------------------------------------------------------------------------
def _answer(request: HttpRequest) -> Answer:
    fields = _fields(request)
    confidence = fields.get("confidence")
    seen = fields.get("seen_in_training", False)
    if not isinstance(seen, bool):
        raise Problem(400, "wrong-type", "seen_in_training must be true or false.")
    refused = "refusal" in fields
    return Answer(
        lat=None if refused else _number(fields["lat"], "lat", -90, 90),
        lng=None if refused else _number(fields["lng"], "lng", -180, 180),
        country_probabilities=_probabilities(fields.get("country_probabilities")),
        confidence=None if confidence is None else _number(confidence, "confidence", 0, 1),
        seen_in_training=seen,
    )


def _fields(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > MOST_BODY_BYTES:
        raise Problem(400, "too-long", "This message is too long.")
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Problem(400, "not-json", "This message is not JSON.") from None
    names = set(fields) if isinstance(fields, dict) else set()
    if names - OPTIONAL not in ({"lat", "lng"}, {"refusal"}):
        told = ", ".join(sorted(OPTIONAL))
        raise Problem(400, "wrong-fields", f"Send lat and lng, or refusal, and with them at most: {told}.")
    if fields.get("refusal", True) is not True:
        raise Problem(400, "wrong-type", "refusal can only be true: leave it out and send a place.")
    return dict(fields)


def _number(value: object, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN
        raise Problem(400, "wrong-type", f"{name} must be a number.")
    if not least <= value <= most:
        raise Problem(400, "out-of-range", f"{name} must be between {least} and {most}.")
    return float(value)


def _probabilities(value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Problem(400, "wrong-type", 'country_probabilities must be like {"FR": 0.8, "BE": 0.1}.')
    unknown = sorted(set(value) - set(country_codes()))
    if unknown:
        raise Problem(400, "unknown-country", f"No country has the ISO 3166-1 code {unknown[0][:20]!r}.")
    found = {code: _number(share, f"country_probabilities.{code}", 0, 1) for code, share in value.items()}
    if sum(found.values()) > MOST_PROBABILITY:
        raise Problem(400, "out-of-range", "country_probabilities add up to more than 1.")
    return found


# --- What is told: allow-lists ---------------------------------------------------------------------
def _set(round_set: Any) -> dict[str, object]:
    return {
        "id": round_set.token,
        "name": round_set.name,
        "version": round_set.version,
        "map": round_set.map_name,
        "condition": round_set.condition,
        "scoring_version": round_set.scoring_version,
        "scale_km": round_set.scale_km,
        "border_data_version": round_set.border_data_version,
        "state": round_set.state,
        "closed_at": round_set.closed_at.isoformat() if round_set.closed_at else None,
        "rounds": round_set.rounds_total,
        "answered": round_set.rounds_answered,
    }


def _round(round_set: RoundSet, round_: SetRound) -> dict[str, object]:
    return {
        "id": round_.token,
        "picture": reverse("api-set-picture", args=[round_set.token, round_.token]),
        "answer": reverse("api-set-answer", args=[round_set.token, round_.token]),
        "width": round_.width,
        "height": round_.height,
        "drawn": round_.drawn,
    }


def _told(answer: SetAnswer) -> dict[str, object]:
    return {
        "outcome": answer.outcome,
        "lat": answer.lat,
        "lng": answer.lng,
        "country_probabilities": answer.country_probabilities,
        "confidence": answer.confidence,
        "seen_in_training": answer.seen_in_training,
        "answered_at": answer.created_at.isoformat(),
    }


def _result(result: Result) -> dict[str, object]:
    return {
        "id": result.round.token,
        "outcome": result.outcome,
        "answer": _told(result.answer) if result.answer else None,
        "true_lat": result.true_lat,
        "true_lng": result.true_lng,
        "country": result.country,
        "distance_km": result.distance_km,
        "points": result.points,
        "held_back": result.held_back,
    }
