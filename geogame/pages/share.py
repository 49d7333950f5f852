"""What a player shares of a finished game: a text without a place, and where others can play the same."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from geogame.accounts.models import Player
from geogame.games.challenges import link_of
from geogame.games.models import Game
from geogame.games.sharing import text_of
from geogame.games.streaks import best_streak
from geogame.pages.decorators import own_game
from geogame.pages.problems import api_error

CONFLICT = 409


@never_cache
@require_GET
@own_game
def share(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    """The text; for a streak, the player's best on this map as well."""
    if game.state != Game.State.FINISHED or not game.tells_results:
        return api_error("not-finished", _("Finish this game first."), CONFLICT)
    best = best_streak(player, game.map, game.condition) if game.mode == Game.Mode.STREAK else None
    url = share_url(request, game)
    return JsonResponse({"text": text_of(game, player, url=url), "url": url, "best_streak": best})


def share_text(request: HttpRequest, game: Game, player: Player) -> str:
    return text_of(game, player, url=share_url(request, game))


def share_url(request: HttpRequest, game: Game) -> str:
    challenge = link_of(game)
    if game.mode == Game.Mode.DAILY:
        path = reverse("daily")
    elif challenge:
        path = reverse("challenge", args=[challenge.token])
    else:
        path = reverse("home")
    return request.build_absolute_uri(path)
