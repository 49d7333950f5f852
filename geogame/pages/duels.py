"""Quick match: wait for an opponent of about the same strength, or duel the model at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from geogame.accounts.models import Player
from geogame.accounts.names import BadName
from geogame.accounts.services import find_person
from geogame.games.models import Game
from geogame.pages.api import BAD_REQUEST, CONFLICT
from geogame.pages.decorators import limited
from geogame.pages.maps import map_cards
from geogame.pages.problems import api_error
from geogame.pages.rooms import chosen_map, form_choices, name_fields, named
from geogame.registry.queries import active_version
from geogame.rooms import services
from geogame.rooms.errors import RoomError
from geogame.rooms.models import Room, Ticket


@never_cache
@require_GET
@ensure_csrf_cookie
def duel(request: HttpRequest) -> HttpResponse:
    """What to play; for who waits, the wait."""
    ticket = _ticket(find_person(session=request.session, user=request.user))
    if ticket and ticket.room and _is_on(ticket.room):
        return redirect("room", code=ticket.room.code)
    return _page(request)


@require_POST
@limited("queue")
def queue(request: HttpRequest) -> HttpResponse:
    try:
        player = named(request)
        room = services.quick_match(
            player=player, map_=chosen_map(request.POST), condition=_condition(request)
        )
    except BadName as error:
        return _page(request, name_problem=str(error), status=BAD_REQUEST)
    except RoomError as error:
        return _page(request, problem=error.message, status=CONFLICT)
    return redirect("room", code=room.code) if room else redirect("duel")


@require_POST
@limited("queue")
def cancel(request: HttpRequest) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    if player:
        services.cancel_quick_match(player=player)
    return redirect("duel")


@require_POST
@limited("room")
def against_model(request: HttpRequest) -> HttpResponse:
    """A duel with the model that plays, begun at once; it keeps nobody waiting."""
    try:
        room = _duel_with_model(request)
    except BadName as error:
        return _page(request, name_problem=str(error), status=BAD_REQUEST)
    except RoomError as error:
        return _page(request, problem=error.message, status=CONFLICT)
    return redirect("room", code=room.code)


def _duel_with_model(request: HttpRequest) -> Room:
    version = active_version()
    if version is None:
        raise RoomError("wrong-settings", _("No model is trained yet: nobody is there to duel."))
    return services.quick_match_with_model(
        player=named(request),
        map_=chosen_map(request.POST),
        condition=_condition(request),
        version=version,
    )


def _condition(request: HttpRequest) -> Game.Condition:
    condition = request.POST.get("condition", Game.Condition.FREE)
    if condition not in Game.Condition.values:
        raise RoomError("wrong-settings", _("Play either with a free look or with the fair view."))
    return Game.Condition(condition)


@never_cache
@require_POST
@limited("wait")
def waiting(request: HttpRequest) -> JsonResponse:
    """Whether the wait is over: the page asks again and again, which also says that somebody still waits."""
    player = find_person(session=request.session, user=request.user)
    ticket = _ticket(player)
    if player is None or ticket is None:
        return JsonResponse({"url": None, "is_waiting": False})
    try:
        room = services.quick_match(
            player=player, map_=ticket.map, condition=Game.Condition(ticket.condition)
        )
    except RoomError as error:
        return api_error(error.code, error.message, CONFLICT)
    return JsonResponse({"url": reverse("room", args=[room.code]) if room else None, "is_waiting": not room})


def _ticket(player: Player | None) -> Ticket | None:
    tickets = Ticket.objects.select_related("map", "room")
    return tickets.filter(player=player).first() if player else None


def _is_on(room: Room) -> bool:
    return room.closed_at is None and room.state != Room.State.FINISHED


def _page(
    request: HttpRequest, *, problem: str = "", name_problem: str = "", status: int = 200
) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    cards = map_cards(player)
    ticket = _ticket(player)
    context = {
        **name_fields(request, player, problem=name_problem),
        **form_choices(request, [card.slug for card in cards]),
        "problem": problem,
        "maps": cards,
        "ticket": ticket if ticket and ticket.room is None else None,
        "waited_s": f"{(timezone.now() - ticket.created_at).total_seconds():.1f}" if ticket else "",
    }
    return render(request, "pages/duel.html", context, status=status)
