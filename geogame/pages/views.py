from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from benchmark.statistics import Tally, tally
from geogame.accounts.models import Player
from geogame.accounts.services import find_person, person_for
from geogame.games.errors import GameError
from geogame.games.lifecycle import settle
from geogame.games.models import Game
from geogame.games.queries import (
    closed_rounds,
    game_of,
    last_seen_round,
    unfinished_game,
    unseen_on,
)
from geogame.games.rows import rows_of
from geogame.games.rules import ROUNDS
from geogame.games.services import start_game
from geogame.games.snapshots import picture_url, snapshot
from geogame.pages.decorators import own_game
from geogame.pages.setup import BadSettings, game_settings
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion
from geogame.registry.queries import active_version
from procedural_earth.clues import CLUES

DRAWN = "Drawn from facts, not photographed"


@never_cache
@require_GET
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    version = active_version()
    return render(
        request,
        "pages/home.html",
        {
            "maps": [_map_card(map_, player) for map_ in Map.objects.filter(is_published=True)],
            "model": _model_card(version) if version else None,
            "tally": _tally(),
            "unfinished": _unfinished(player),
        },
    )


@require_GET
def learn(request: HttpRequest) -> HttpResponse:
    """The clues of the drawn world, with pictures."""
    return render(request, "pages/learn.html", {"clues": CLUES})


def _model_card(version: ModelVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "digest": version.digest,
        "trained_on_drawings": version.trained_on_drawings,
    }


def _map_card(map_: Map, player: Player | None) -> dict[str, Any]:
    seen = last_seen_round(map_, player) if player else None
    facts = map_.panoramas.aggregate(
        all=Count("pk"),
        around=Count("pk", filter=Q(projection="equirectangular")),
        alone=Count("pk", filter=Q(group="")),
        groups=Count("group", filter=~Q(group=""), distinct=True),
        drawn=Count("pk", filter=Q(drawn=True)),
    )
    return {
        "name": map_.name,
        "slug": map_.slug,
        "panoramas": facts["all"],
        "rounds": min(ROUNDS, facts["alone"] + facts["groups"]),
        "unseen": unseen_on(map_, player),
        # A picture that the player has met: any other would give a round away.
        "cover_url": picture_url(seen) if seen else None,
        "drawn_note": _drawn_note(drawn=facts["drawn"], all_=facts["all"]),
        "kind_note": _kind_note(around=facts["around"], flat=facts["all"] - facts["around"]),
    }


def _kind_note(*, around: int, flat: int) -> str:
    return "360° panoramas and photos" if around and flat else "360° panoramas" if around else "photos"


def _drawn_note(*, drawn: int, all_: int) -> str:
    if not drawn:
        return ""
    return DRAWN if drawn == all_ else f"{drawn} of them are drawn from facts, not photographed"


def _unfinished(player: Player | None) -> dict[str, Any] | None:
    game = unfinished_game(player) if player else None
    if game is None:
        return None
    return {
        "url": reverse("game", args=[game.token]),
        "map": game.map.name,
        "round": game.rounds.filter(wanted=True).count(),
        "rounds_total": game.rounds_total,
    }


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("home")
    slug = request.POST.get("map", "").replace("\x00", "")
    map_ = Map.objects.filter(slug=slug, is_published=True).first()
    if map_ is None:
        raise Http404("There is no such map.")
    try:
        settings = game_settings(request.POST)
    except BadSettings as error:
        return render(request, "pages/problem.html", {"message": str(error)}, status=400)
    player = person_for(session=request.session, user=request.user)
    try:
        game = start_game(player=player, map_=map_, **settings)
    except GameError as error:
        return render(request, "pages/problem.html", {"message": error.message}, status=409)
    return redirect("game", token=game.token)


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
    }
    boot = {"snapshot": snapshot(game, player), "urls": urls, "csrf_token": get_token(request)}
    return render(request, "pages/game.html", {"boot": boot})


@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("icons/favicon.svg"), permanent=True)


def _tally() -> Tally | None:
    """People against models so far; read again when another round was closed."""
    key = f"tally-{closed_rounds()}"
    found: Tally | str | None = cache.get(key, "unknown")
    if isinstance(found, str):
        found = tally(rows_of())
        cache.set(key, found, timeout=24 * 3600)
    return found
