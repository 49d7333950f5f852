"""Challenges: the link to a game, who takes it up, and how all did."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from geogame.accounts.models import Player
from geogame.accounts.services import find_person, person_for
from geogame.games import challenges
from geogame.games.errors import GameError
from geogame.games.models import Challenge, Game
from geogame.games.queries import model_of
from geogame.games.sharing import text_of
from geogame.pages.decorators import limited, own_game
from geogame.pages.devices import device_of
from geogame.pages.paging import page_asked
from geogame.pages.problems import api_error
from geogame.pages.share import share_text

BAD_REQUEST = 400
CONFLICT = 409


@never_cache
@require_GET
@ensure_csrf_cookie
def challenge(request: HttpRequest, token: str) -> HttpResponse:
    """The invitation; for who has finished these rounds, the results."""
    found = _challenge(token)
    player = find_person(session=request.session, user=request.user)
    run = challenges.run_at(found, player) if player else None
    if player is None or run is None or run.state != Game.State.FINISHED:
        return render(request, "pages/challenge.html", _invitation(found, run))
    return render(
        request,
        "pages/challenge_board.html",
        {
            "challenge": found,
            "game": found.game,
            "run": run,
            "player": player,
            "sent_by_you": run.pk == found.game_id,
            "board": challenges.board(found, player, page=page_asked(request)),
            "link": request.build_absolute_uri(reverse("challenge", args=[token])),
            "share_text": share_text(request, run, player),
        },
    )


def _invitation(found: Challenge, run: Game | None) -> dict[str, object]:
    return {
        "challenge": found,
        "game": found.game,
        "run": run,
        "rounds": found.game.rounds.count(),
        "model": model_of(found.game),
    }


@require_http_methods(["GET", "POST"])
@limited("start")
def accept(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "GET":
        return redirect("challenge", token=token)
    found = _challenge(token)
    player = person_for(session=request.session, user=request.user)
    try:
        game = challenges.accept(challenge=found, player=player, device=device_of(request))
    except GameError as error:
        return render(request, "pages/problem.html", {"message": error.message}, status=CONFLICT)
    if game.state == Game.State.FINISHED:
        return redirect("challenge", token=token)
    return redirect("game", token=game.token)


@require_POST
@limited("challenge")
@own_game
def send(request: HttpRequest, game: Game, player: Player) -> HttpResponse:
    """For a page without JavaScript: make the link and go there."""
    try:
        made = challenges.send(game=game, player=player)
    except GameError as error:
        return render(request, "pages/problem.html", {"message": error.message}, status=CONFLICT)
    return redirect("challenge", token=made.token)


@never_cache
@require_POST
@limited("challenge")
@own_game
def api_send(request: HttpRequest, game: Game, player: Player) -> JsonResponse:
    """The link to the player's game, and the text to send with it. There is nothing to ask for."""
    if request.body not in (b"", b"{}"):
        return api_error("wrong-fields", _("Send no fields."), BAD_REQUEST)
    try:
        made = challenges.send(game=game, player=player)
    except GameError as error:
        return api_error(error.code, error.message, CONFLICT)
    url = request.build_absolute_uri(reverse("challenge", args=[made.token]))
    return JsonResponse({"url": url, "text": text_of(game, player, url=url)})


def _challenge(token: str) -> Challenge:
    found = Challenge.objects.select_related("game__map", "sender").filter(token=token).first()
    if found is None:
        raise Http404("There is no such challenge.")
    return found
