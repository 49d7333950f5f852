"""The first page, and the pages that explain."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from geogame.accounts.models import Player
from geogame.accounts.services import find_person
from geogame.albums.queries import unfinished_round
from geogame.games.match_rules import HEALTH
from geogame.games.models import Game
from geogame.games.queries import unfinished_game
from geogame.games.rules import GRACE_S, MEDALS
from geogame.pages.albums import trip_maps
from geogame.pages.maps import map_cards
from geogame.pages.new_game import CONDITIONS, MODES, in_words, remembered
from geogame.pages.rooms import KINDS
from geogame.pages.tryout import tried
from geogame.panoramas.models import Panorama
from geogame.registry.queries import active_versions
from geogame.reports.tallies import tallies
from planet_core.scoring import MAX_POINTS
from procedural_earth.clues import CLUES

TEASER = ("drive_side", "vegetation", "script", "relief")


@never_cache
@require_GET
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    choice = remembered(request.session)
    return render(
        request,
        "pages/home.html",
        {
            "maps": map_cards(player),
            "trip_maps": trip_maps(player),
            "unfinished_trip": unfinished_round(player) if player else None,
            "tallies": tallies(),
            "unfinished": _unfinished(player),
            "choice": choice,
            "choice_in_words": in_words(choice),
            "tryout": tried(request.GET),
            "clues": [clue for clue in CLUES if clue.name in TEASER],
        },
    )


@require_GET
def learn(request: HttpRequest) -> HttpResponse:
    """The clues of the drawn world, with pictures."""
    return render(request, "pages/learn.html", {"clues": CLUES})


@require_GET
def about(request: HttpRequest) -> HttpResponse:
    """The models, the borders, the licences, what is stored."""
    licences = Panorama.objects.filter(maps__is_published=True).exclude(licence="")
    context = {
        "models": active_versions(),
        "map_licences": sorted(set(licences.values_list("licence", flat=True))),
    }
    return render(request, "pages/about.html", context)


@require_GET
def guide(request: HttpRequest) -> HttpResponse:
    """The rules of the game."""
    context = {
        "modes": MODES,
        "kinds": KINDS,
        "health": HEALTH,
        "conditions": CONDITIONS,
        "most_points": MAX_POINTS,
        "medals": MEDALS,
        "grace_s": f"{GRACE_S:g}",
    }
    return render(request, "pages/help.html", context)


def _unfinished(player: Player | None) -> dict[str, Any] | None:
    game = unfinished_game(player) if player else None
    if game is None:
        return None
    return {
        "url": reverse("game", args=[game.token]),
        "map": game.map.name,
        "round": game.rounds.filter(wanted=True).count(),
        "rounds_total": None if game.mode == Game.Mode.STREAK else game.rounds_total,
    }
