"""The ladders: by map and view, over all time or of late, all rated games or one way to play."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from geogame.accounts.models import Player
from geogame.accounts.services import find_person
from geogame.games.models import Game
from geogame.games.standings import page_of
from geogame.pages.decorators import own_game
from geogame.pages.paging import page_asked
from geogame.pages.problems import api_error
from geogame.ratings import leaderboards as boards
from geogame.ratings.models import Ladder
from geogame.ratings.queries import outcome_of
from geogame.ratings.rules import (
    CERTAIN_DEVIATION,
    LEFT_AFTER,
    PAIR_FULL,
    PAIR_WINDOW,
)
from geogame.ratings.words import sentence

CONFLICT = 409
CONDITIONS = ("fair", "free")
Choice = dict[str, str]


@never_cache
@require_GET
def leaderboards(request: HttpRequest) -> HttpResponse:
    """What is asked for and is not there becomes what is: the most played ladder, all games, all time."""
    viewer = find_person(session=request.session, user=request.user)
    ladders = boards.ladders()
    ladder, choice = _chosen(request, ladders)
    context: dict[str, Any] = {
        "viewer": viewer,
        "ladder": ladder,
        "choice": choice,
        "filters": _filters(ladders, choice) if ladders else [],
        "query": urlencode(choice),
        "kind": _kind(choice),
        "certain_deviation": round(CERTAIN_DEVIATION),
        "pair_full": PAIR_FULL,
        "pair_days": PAIR_WINDOW.days,
        "left_days": LEFT_AFTER.days,
    }
    if ladder:
        context |= _board(request, ladder, choice, viewer)
    return render(request, "pages/leaderboards.html", context)


@never_cache
@require_GET
@own_game
def rating(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    """What the player's own finished game changed, in a sentence; `coming` until the worker has rated it."""
    if game.state != Game.State.FINISHED:
        return api_error("not-finished", _("Finish this game first."), CONFLICT)
    outcome = outcome_of(game, player)
    if outcome is None:
        return JsonResponse({"state": "coming", "text": "", "reason": None, "change": None, "rating": None})
    rated = outcome.is_rated
    return JsonResponse(
        {
            "state": "rated" if rated else "unrated",
            "text": sentence(outcome),
            "reason": None if rated else outcome.reason.value,
            "change": outcome.change if rated else None,
            "rating": round(outcome.after) if rated else None,
        }
    )


def _chosen(request: HttpRequest, ladders: list[Ladder]) -> tuple[Ladder | None, Choice]:
    asked = request.GET
    of_map = [ladder for ladder in ladders if ladder.map.slug == asked.get("map")] or ladders
    view = asked.get("view", "")
    if view not in CONDITIONS:
        view = of_map[0].condition if of_map else CONDITIONS[0]
    slug = of_map[0].map.slug if of_map else ""
    found = [ladder for ladder in of_map if ladder.map.slug == slug and ladder.condition == view]
    mode, period = asked.get("mode", ""), asked.get("period", "")
    choice = {
        "map": slug,
        "view": view,
        "mode": mode if mode in boards.MODES else boards.MODES[0],
        "period": period if period in boards.PERIODS else boards.PERIODS[0],
    }
    return (found[0] if found else None), choice


def _filters(ladders: list[Ladder], choice: Choice) -> list[dict[str, Any]]:
    maps = {ladder.map.slug: ladder.map.name for ladder in ladders}
    groups = [
        ("map", _("Map"), maps),
        ("view", _("View"), {"fair": _("Fair view"), "free": _("Free look")}),
        (
            "mode",
            _("Games"),
            {"all": _("All rated"), "classic": _("Classic"), "daily": _("Daily"), "duel": _("Duel")},
        ),
        (
            "period",
            _("Time"),
            {
                "all": _("All time"),
                "month": _("This month"),
                "week": _("This week"),
                "today": _("Today"),
            },
        ),
    ]
    return [
        {
            "name": name,
            "title": title,
            "options": [
                {
                    "name": text,
                    "query": urlencode(choice | {name: value}),
                    "current": choice[name] == value,
                }
                for value, text in options.items()
            ],
        }
        for name, title, options in groups
    ]


def _kind(choice: Choice) -> str:
    """Health that is left is no total: of duels it says nothing beside who won."""
    if choice["mode"] in ("classic", "daily"):
        return "totals"
    return "ratings" if choice["mode"] == choice["period"] == "all" else "changes"


def _board(request: HttpRequest, ladder: Ladder, choice: Choice, viewer: Player | None) -> dict[str, Any]:
    now = timezone.now()
    since = boards.start_of(choice["period"], now)
    hidden = boards.hidden_dailies(viewer, now)
    number = page_asked(request)
    kind = _kind(choice)
    if kind == "totals":
        asked = ladder, choice["mode"], since, hidden
        totals = boards.best_totals(*asked)
        page = page_of(totals, number)
        own = [line for line in totals if viewer and line.who.player == viewer.pk and line not in page.rows]
        lines = boards.with_opponents([*page.rows, *own], *asked)
        return {
            "page": page,
            "lines": lines[: len(page.rows)],
            "own": lines[len(page.rows) :],
            "models": boards.means_of_models(*asked),
        }
    if kind == "changes":
        rated = boards.changes(ladder, since, hidden, now, mode=choice["mode"])
    else:
        rated = boards.standings(ladder, now)
    shown = page_of(rated, number)
    return {
        "page": shown,
        "lines": [line for line in shown.rows if not line.provisional],
        "provisional": [line for line in shown.rows if line.provisional],
        "own": [line for line in rated if viewer and line.who.player == viewer.pk and line not in shown.rows],
    }
