"""Pages about a player: the own profile with everything, the public one with what is harmless, the replay."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from geogame.accounts.models import Player
from geogame.accounts.queries import public_player
from geogame.accounts.services import find_person
from geogame.games.models import Game
from geogame.pages.decorators import own_game
from geogame.profiles import statistics
from geogame.profiles.charts import points_charts
from geogame.profiles.history import history_page
from geogame.profiles.played import PlayedGame, played_games, with_countries
from geogame.ratings.queries import outcomes, places_of
from geogame.ratings.words import short


@never_cache
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    games = played_games(player) if player else []
    rounds = with_countries(round_ for game in games for round_ in game.rounds)
    history = history_page(games, request.GET.get("page"))
    context = {
        "player": player,
        "history": history,
        "rated": _rated([game.token for game in history], player) if player else {},
        "places": places_of(player, timezone.now()) if player else [],
        "charts": points_charts(games),
        "sheets": statistics.sheets(rounds),
        **_honours(games),
    }
    return render(request, "profile/own.html", context)


@never_cache
@require_GET
def public(request: HttpRequest, token: str) -> HttpResponse:
    """Of accounts only, under an address that is not in any report: name, totals, medals."""
    player = public_player(token)
    if player is None:
        raise Http404("There is no such player.")
    context = {
        "player": player,
        "places": places_of(player, timezone.now()),
        **_honours(played_games(player)),
    }
    return render(request, "profile/public.html", context)


@never_cache
@require_GET
@own_game
def replay(request: HttpRequest, game: Game, player: Player) -> HttpResponse:
    """The game page shows a finished game round by round: this leads to a round of it, or to the first."""
    if game.state != Game.State.FINISHED:
        raise Http404("This game is not finished.")
    wanted = request.GET.get("round", "")
    known = (
        game.rounds.filter(wanted=True, number=int(wanted)).exists()
        if re.fullmatch(r"[0-9]{1,3}", wanted)
        else False
    )
    return redirect(f"{reverse('game', args=[game.token])}?round={int(wanted) if known else 1}")


def _rated(tokens: list[str], player: Player) -> dict[str, str]:
    """What each of these games changed, in a few words."""
    return {token: short(outcome) for token, outcome in outcomes(tokens, player).items()}


def _honours(games: list[PlayedGame]) -> dict[str, Any]:
    finished = [game for game in games if game.finished_at]
    return {
        "finished": len(finished),
        "rounds": sum(len(game.rounds) for game in games),
        "mixed": any(game.condition == "mixed" for game in finished),
        "medals": statistics.medals(games),
        "streak_medals": statistics.streak_medals(games),
        "best_streaks": statistics.best_streaks(games),
        "days": statistics.days(games, timezone.now().date()),
    }
