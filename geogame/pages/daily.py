"""The daily game: what it is, how today's run went beside the others, and the player's earlier days."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from geogame.accounts.models import Player
from geogame.accounts.services import find_person, person_for
from geogame.games import dailies
from geogame.games.daily_rules import DAY, date_at, longest_streak, seconds_to_next, streak_of_days
from geogame.games.errors import GameError
from geogame.games.models import Daily
from geogame.games.rules import DAILY_TIME_LIMIT_S
from geogame.games.standings import page_of
from geogame.pages.charts import histogram_chart
from geogame.pages.decorators import limited
from geogame.pages.devices import device_of
from geogame.pages.paging import page_asked
from geogame.pages.share import share_text

CONFLICT = 409


@never_cache
@require_GET
@ensure_csrf_cookie
def daily(request: HttpRequest) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    now = timezone.now()
    today = date_at(now)
    found = dailies.daily_of(today)
    context: dict[str, Any] = {"daily": found, "seconds_to_next": seconds_to_next(now)}
    if player:
        played = dailies.dates_played(player)
        context |= {"streak": streak_of_days(played, today), "longest_streak": longest_streak(played)}
    if found is None:
        return render(request, "pages/daily.html", context)
    result = dailies.result_of(found, player, page=page_asked(request)) if player else None
    if player and result:
        return render(request, "pages/daily.html", context | _shown(request, result, player))
    attempt = dailies.attempt_of(found, player) if player else None
    return render(
        request,
        "pages/daily.html",
        context
        | {
            "attempt": attempt,
            "rounds": found.rounds.count(),
            "time_limit_s": DAILY_TIME_LIMIT_S,
            "yesterday": _yesterday(today - DAY, player) if player else None,
        },
    )


def _shown(request: HttpRequest, result: dailies.DailyResult, player: Player) -> dict[str, Any]:
    return {
        "result": result,
        "player": player,
        "chart": histogram_chart(result.bars),
        "share_text": share_text(request, result.game, player),
    }


def _yesterday(day: date, player: Player) -> dailies.DailyResult | None:
    earlier = Daily.objects.filter(date=day).first()
    return dailies.result_of(earlier, player) if earlier else None


@require_http_methods(["GET", "POST"])
@limited("start")
def start(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("daily")
    player = person_for(session=request.session, user=request.user)
    try:
        game = dailies.start_daily(player=player, device=device_of(request))
    except GameError as error:
        return render(request, "pages/problem.html", {"message": error.message}, status=CONFLICT)
    return redirect("game", token=game.token)


@never_cache
@require_GET
def archive(request: HttpRequest) -> HttpResponse:
    """The player's own earlier days."""
    player = find_person(session=request.session, user=request.user)
    page = page_of(dailies.finished_attempts(player) if player else [], page_asked(request))
    runs = dailies.own_runs(page.rows, player) if player else {}
    days = [{"daily": attempt.daily, "run": runs.get(attempt.game_id)} for attempt in page.rows]
    return render(request, "pages/daily_archive.html", {"days": days, "page": page})


@never_cache
@require_GET
def earlier(request: HttpRequest, day: date) -> HttpResponse:
    """One earlier day, for who finished it."""
    player = find_person(session=request.session, user=request.user)
    found = Daily.objects.select_related("map", "model_version").filter(date=day).first()
    result = dailies.result_of(found, player, page=page_asked(request)) if found and player else None
    if player is None or result is None:
        raise Http404("There is no such day, or you did not play it to its end.")
    return render(request, "pages/daily_day.html", {"daily": found, **_shown(request, result, player)})
