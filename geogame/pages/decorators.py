from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse

from geogame.accounts.models import Player
from geogame.accounts.services import find_person
from geogame.games.models import Game
from geogame.games.queries import game_of

OwnGameView = Callable[[HttpRequest, Game, Player], HttpResponse]
GameView = Callable[[HttpRequest, str], HttpResponse]


def own_game(view: OwnGameView) -> GameView:
    """Hand the game and the player to the view; somebody else's game does not exist."""

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        player = find_person(session=request.session, user=request.user)
        game = game_of(player, token) if player else None
        if player is None or game is None:
            raise Http404("There is no such game, or it is not yours.")
        return view(request, game, player)

    return wrapped
