"""A subject's part in a study: what it asks for, the game, the thanks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from geogame.accounts.models import Player
from geogame.accounts.services import find_person, person_for
from geogame.games.errors import GameError
from geogame.games.lifecycle import settle
from geogame.games.models import Game
from geogame.games.snapshots import snapshot
from geogame.pages.decorators import limited
from geogame.studies.models import Subject
from geogame.studies.services import check_may_join, note_opened, take_part

BAD_REQUEST = 400
CONFLICT = 409
AGREED = "yes"


@never_cache
@require_GET
@ensure_csrf_cookie
def study(request: HttpRequest, token: str) -> HttpResponse:
    """What the subject is asked for; then their game, and after its end the thanks."""
    subject = _subject(token)
    player = find_person(session=request.session, user=request.user)
    if player and subject.player_id == player.pk and subject.study.is_open:
        return _own_part(request, subject.plan.game, player)
    try:
        check_may_join(subject, player)
    except GameError as error:
        return _refusal(request, error)
    note_opened(subject)
    return _asked(request, subject)


@never_cache
@require_http_methods(["GET", "POST"])
@limited("start")
def begin(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "GET":
        return redirect("study", token=token)
    subject = _subject(token)
    if request.POST.get("agree") != AGREED:
        problem = _("Say that you agree: without that nothing begins, and nothing is stored.")
        return _asked(request, subject, problem=problem)
    player = find_person(session=request.session, user=request.user)
    try:
        if player is None:
            check_may_join(subject, None)  # for who is refused, nobody new is stored
        player = person_for(session=request.session, user=request.user)
        game = take_part(subject=subject, player=player)
    except GameError as error:
        return _refusal(request, error)
    return redirect("game", token=game.token)


def _asked(request: HttpRequest, subject: Subject, *, problem: str = "") -> HttpResponse:
    context = {
        "subject": subject,
        "study": subject.study,
        "model": subject.study.model_version,
        "problem": problem,
        "game": {
            "map": subject.study.map,
            "condition": Game.Condition.FAIR,
            "time_limit_s": subject.study.time_limit_s,
        },
    }
    return render(request, "pages/study.html", context, status=BAD_REQUEST if problem else 200)


def _own_part(request: HttpRequest, game: Game, player: Player) -> HttpResponse:
    settle(game)
    game.refresh_from_db()
    if game.state != Game.State.FINISHED:
        return redirect("game", token=game.token)
    played = snapshot(game, player)
    won = sum(result["winner"] == "you" for result in played["results"])
    lost = sum(result["winner"] == "model" for result in played["results"])
    return render(
        request, "pages/study_thanks.html", {"game": game, "played": played, "won": won, "lost": lost}
    )


def _refusal(request: HttpRequest, error: GameError) -> HttpResponse:
    return render(request, "pages/study_refusal.html", {"message": error.message}, status=CONFLICT)


def _subject(token: str) -> Subject:
    found = (
        Subject.objects.select_related("study__map", "study__model_version", "plan__game")
        .filter(token=token)
        .first()
    )
    if found is None:
        raise Http404("There is no such study.")
    return found
