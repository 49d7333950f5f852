"""What lies behind the model's answer in a closed round: its probabilities on the map, what it looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from geogame.accounts.models import Player
from geogame.games.answers import prediction_behind
from geogame.games.models import Game, Round
from geogame.pages.decorators import own_game_even_live
from geogame.pages.problems import api_error
from geogame.panoramas.fair import PictureGone, fair_picture
from geogame.predictions import explanations
from geogame.predictions.models import Explanation
from planet_core.cell_raster import MERCATOR_LIMIT

HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
CONFLICT = 409
BOUNDS = [[-MERCATOR_LIMIT, -180.0], [MERCATOR_LIMIT, 180.0]]
"""South-west and north-east corner of the layer, degrees: where Web Mercator is a square."""
VIEW = "view"
FILES = {"probability": "probability", "probability-dark": "probability_dark", "occlusion": "occlusion"}


class ProbabilityLayer(TypedDict):
    url: str
    dark_url: str
    bounds: list[list[float]]
    scale: dict[str, object]


class Address(TypedDict):
    url: str


class Layers(TypedDict):
    state: str
    probability: ProbabilityLayer | None
    occlusion: Address | None
    view: Address | None


@never_cache
@require_GET
@own_game_even_live
def layers(request: HttpRequest, game: Game, player: Player, *, round_token: str) -> HttpResponse:
    """The layers of a round whose result the player is told; those that are not drawn yet are asked for."""
    round_ = _round(game, round_token)
    if not _is_told(game, round_):
        return api_error("round-open", _("This round is not over yet."), CONFLICT)
    return JsonResponse(_layers(game, round_))


def _layers(game: Game, round_: Round) -> Layers:
    view: Address | None = {"url": _url(game, round_, VIEW, "jpg")} if _fair_file(round_) else None
    nothing = round_.void_reason or round_.panorama.withdrawn_at
    prediction = None if nothing else prediction_behind(round_)
    if prediction is None:
        return {"state": "none", "probability": None, "occlusion": None, "view": view}
    explanation = explanations.ask(prediction)
    has = {name: explanations.path_of(getattr(explanation, field)) for name, field in FILES.items()}
    failed = explanation.state == Explanation.State.FAILED
    return {
        "state": ("ready" if has["probability"] else "none") if failed else explanation.state,
        "probability": (
            {
                "url": _url(game, round_, "probability", "webp"),
                "dark_url": _url(game, round_, "probability-dark", "webp"),
                "bounds": BOUNDS,
                "scale": explanation.scale,
            }
            if has["probability"] and has["probability-dark"]
            else None
        ),
        "occlusion": {"url": _url(game, round_, "occlusion", "webp")} if has["occlusion"] else None,
        "view": view,
    }


def _url(game: Game, round_: Round, name: str, ending: str) -> str:
    return reverse("layer", args=[game.token, round_.token, name, ending])


@require_GET
@own_game_even_live
def layer(
    request: HttpRequest, game: Game, player: Player, *, round_token: str, name: str, ending: str
) -> HttpResponse:
    """The file of one layer, or the view that the model looked at; none before the round is closed."""
    round_ = _round(game, round_token)
    path = _file(round_, name, ending) if _is_told(game, round_) else None
    try:
        content = path.read_bytes() if path else None
    except OSError:
        content = None
    if content is None:
        raise Http404("There is no such layer.")
    kind = "image/jpeg" if name == VIEW else "image/webp"
    return HttpResponse(content, content_type=kind, headers=HEADERS)


def _file(round_: Round, name: str, ending: str) -> Path | None:
    if (name, ending) == (VIEW, "jpg"):
        return _fair_file(round_)
    if name not in FILES or ending != "webp" or round_.void_reason:
        return None
    prediction = prediction_behind(round_)
    explanation = Explanation.objects.filter(prediction=prediction).first() if prediction else None
    return explanations.path_of(getattr(explanation, FILES[name])) if explanation else None


def _fair_file(round_: Round) -> Path | None:
    try:
        return fair_picture(round_.panorama).path
    except PictureGone:
        return None


def _is_told(game: Game, round_: Round) -> bool:
    return round_.state == Round.State.CLOSED and game.tells_results


def _round(game: Game, token: str) -> Round:
    round_ = game.rounds.select_related("panorama").filter(token=token, wanted=True).first()
    if round_ is None:
        raise Http404("There is no such round.")
    return round_
