"""What is stored of a player: the page that says so, the choice about reports, the export, oblivion."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from geogame.accounts.models import Player
from geogame.accounts.services import choose_reports, find_person, forget_guest
from geogame.pages.decorators import limited
from geogame.profiles.export import amounts, everything_of

CHOICES = {"yes": True, "no": False}


@never_cache
@require_GET
def your_data(request: HttpRequest) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    context = {"player": player, "amounts": amounts(player) if player else None}
    return render(request, "account/your_data.html", context)


@require_POST
@limited("settings")
def reports(request: HttpRequest) -> HttpResponse:
    player = _player_or_404(request)
    chosen = CHOICES.get(request.POST.get("in_reports", ""))
    if chosen is None:
        message = _("Say whether reports may use your rounds: yes or no.")
        return render(request, "pages/problem.html", {"message": message}, status=400)
    choose_reports(player=player, in_reports=chosen)
    messages.success(
        request,
        _("Reports may use your rounds.") if chosen else _("Reports leave your rounds out from now on."),
    )
    return redirect("your-data")


@never_cache
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    player = _player_or_404(request)
    user = request.user if isinstance(request.user, User) else None
    name = f"planet-arena-{timezone.now():%Y-%m-%d}.json"
    return JsonResponse(
        everything_of(player, user),
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
        json_dumps_params={"indent": 1, "ensure_ascii": False},
    )


@require_POST
@limited("settings")
def forget(request: HttpRequest) -> HttpResponse:
    """For guests; an account is deleted by its own form, with its password."""
    if request.user.is_authenticated:
        return redirect("delete-account")
    forget_guest(session=request.session)
    messages.success(request, _("This browser is forgotten: the next game begins with a new guest."))
    return redirect("home")


def _player_or_404(request: HttpRequest) -> Player:
    player = find_person(session=request.session, user=request.user)
    if player is None:
        raise Http404("Nothing is stored of this visitor.")
    return player
