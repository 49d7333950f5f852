from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth import SESSION_KEY as USER_KEY
from django.http import Http404, HttpRequest, HttpResponse

from geogame.accounts.models import Player
from geogame.accounts.services import SESSION_KEY, find_person, stored_login_name
from geogame.games.models import Game
from geogame.games.queries import any_game_of, game_of
from geogame.lib.limits import client_address, wait_s
from geogame.pages.problems import too_many

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
OwnGameView = Callable[..., HttpResponse]
GameView = Callable[..., HttpResponse]


def _with_game(find: Callable[[Player, str], Game | None]) -> Callable[[OwnGameView], GameView]:
    def decorate(view: OwnGameView) -> GameView:
        @wraps(view)
        def wrapped(request: HttpRequest, token: str, **parts: str) -> HttpResponse:
            player = find_person(session=request.session, user=request.user)
            game = find(player, token) if player else None
            if player is None or game is None:
                raise Http404("There is no such game, or it is not yours.")
            return view(request, game, player, **parts)

        return wrapped

    return decorate


own_game = _with_game(game_of)
"""Hands the game and the player to the view, and what else the address says; somebody else's game does not
exist, nor does a live one that runs: it is played in its room.
"""
own_game_even_live = _with_game(any_game_of)
"""The same, for views that tell of closed rounds alone."""


def limited(name: str, *, account_field: str = "") -> Callable[[View[P]], View[P]]:
    """Refuse a POST that comes too often from a player or an address: RATE_LIMITS says how often.

    `account_field` is the field of a form that names an account: guessing at one is limited, too,
    from however many addresses.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method == "POST":
                user = request.session.get(USER_KEY)
                wait = wait_s(
                    name,
                    address=client_address(request),
                    player=f"user {user}" if user else request.session.get(SESSION_KEY, ""),
                    account=stored_login_name(request.POST.get(account_field, "")) if account_field else "",
                )
                if wait:
                    return too_many(request, wait)
            return view(request, *args, **kwargs)

        wrapped.limit = name  # type: ignore[attr-defined]
        return wrapped

    return decorate
