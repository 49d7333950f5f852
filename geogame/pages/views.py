from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from geogame.accounts.models import Player
from geogame.accounts.services import find_person
from geogame.games.models import Game, Round
from geogame.games.services import open_if_overdue
from geogame.games.snapshots import snapshot
from geogame.pages.decorators import own_game


@never_cache
@require_GET
@own_game
def game(request: HttpRequest, game: Game, player: Player) -> HttpResponse:
    open_if_overdue(game)
    game.refresh_from_db()
    urls = {
        "snapshot": reverse("api-state", args=[game.token]),
        "guess": reverse("api-guess", args=[game.token]),
        "next": reverse("api-next", args=[game.token]),
        "socket": f"/ws/games/{game.token}/",
        "home": reverse("home"),
        "again": reverse("start"),
        "learn": reverse("learn"),
    }
    boot = {"snapshot": snapshot(game, player), "urls": urls, "csrf_token": get_token(request)}
    return render(request, "pages/game.html", {"boot": boot})


@require_GET
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """The pixels of a round under a name that only this round has. The bytes are those the model gets."""
    player = find_person(session=request.session, user=request.user)
    round_ = (
        Round.objects.select_related("panorama")
        .filter(picture_token=token, game__seats__player=player)
        .exclude(state=Round.State.PREPARING)
        .first()
    )
    if player is None or round_ is None:
        raise Http404("There is no such picture.")
    try:
        content = round_.panorama.path.read_bytes()
    except OSError:
        raise Http404("This picture is gone.") from None
    return HttpResponse(content, content_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("icons/favicon.svg"), permanent=True)
