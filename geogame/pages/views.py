from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from geogame.accounts.models import Player
from geogame.games.lifecycle import settle
from geogame.games.models import Game
from geogame.games.queries import game_of
from geogame.games.rules import GRACE_S
from geogame.games.snapshots import snapshot
from geogame.pages.decorators import own_game
from geogame.studies.queries import own_subject


@never_cache
@require_GET
@own_game
def game(request: HttpRequest, game: Game, player: Player) -> HttpResponse:
    settle(game)
    game = game_of(player, game.token) or game
    urls = {
        "snapshot": reverse("api-state", args=[game.token]),
        "guess": reverse("api-guess", args=[game.token]),
        "next": reverse("api-next", args=[game.token]),
        "skip": reverse("api-skip", args=[game.token]),
        "socket": f"/ws/games/{game.token}/",
        "home": reverse("home"),
        "again": reverse("start"),
        "learn": reverse("learn"),
        "leaderboards": f"{reverse('leaderboards')}?{urlencode({'map': game.map.slug})}",
    }
    if subject := own_subject(game):
        urls["study"] = reverse("study", args=[subject.token])
    boot = {"snapshot": snapshot(game, player), "urls": urls, "csrf_token": get_token(request)}
    return render(request, "pages/game.html", {"boot": boot, "grace_s": f"{GRACE_S:g}"})


@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("icons/favicon.svg"), permanent=True)
