"""Rooms as pages: make one, join by link or code, the room itself; its state and a guess over HTTP for
when the socket is away. Thin: services decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

import segno
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from geogame.accounts.models import GUEST_NAME, Player
from geogame.accounts.names import BadName
from geogame.accounts.services import SESSION_KEY, find_person, person_for, rename
from geogame.games.models import Game
from geogame.lib.limits import client_address, wait_s
from geogame.pages.api import BAD_REQUEST, CONFLICT, BadRequest, place_fields
from geogame.pages.decorators import limited
from geogame.pages.maps import map_cards
from geogame.pages.new_game import CONDITIONS, Option
from geogame.pages.problems import api_error, missing, too_many
from geogame.panoramas.models import Map
from geogame.registry.queries import active_versions
from geogame.rooms import services
from geogame.rooms.errors import RoomError
from geogame.rooms.members import most_players
from geogame.rooms.models import Member, Room

KINDS: Final = (
    Option(
        Room.Kind.DUEL,
        gettext_lazy("Duel"),
        gettext_lazy("Two of you, 6,000 health each: the lower score loses the difference."),
        "swords",
    ),
    Option(
        Room.Kind.ROOM,
        gettext_lazy("Room"),
        gettext_lazy("Up to 20 people, everybody for themselves; the most points win."),
        "users",
    ),
    Option(
        Room.Kind.CROWD,
        gettext_lazy("Crowd against PlaNet"),
        gettext_lazy("All of you together: the middle of your pins against the model’s answer."),
        "hexagon",
    ),
)
TIMES_S: Final = (30, 60, 90, 120, 180)
ROUNDS: Final = (2, 3, 5, 7, 10, 15, 20)
FORBIDDEN, NOT_FOUND = 403, 404
RoomView = Callable[..., HttpResponse]


# --- Who asks for which room -----------------------------------------------------------------------
def own_room(view: RoomView) -> RoomView:
    """Hand the room and the membership to the view; of somebody else's room there is nothing to see."""

    @wraps(view)
    def wrapped(request: HttpRequest, code: str) -> HttpResponse:
        player = find_person(session=request.session, user=request.user)
        room = services.room_of(code) if player else None
        member = _member(room, player)
        if member and member.kicked_at:
            return api_error("kicked", _("The host removed you from this room."), FORBIDDEN)
        if room is None or member is None or member.left_at:
            return api_error("not-a-member", _("There is no such room, or you are not in it."), NOT_FOUND)
        return view(request, room, member)

    return wrapped


def _member(room: Room | None, player: Player | None) -> Member | None:
    members = Member.objects.select_related("player")
    return members.filter(room=room, player=player).first() if room and player else None


def open_room(view: RoomView) -> RoomView:
    """Hand the open room with this code to the view. Codes of none are counted, so that nobody tries all."""

    @wraps(view)
    def wrapped(request: HttpRequest, code: str) -> HttpResponse:
        found = services.room_of(code)
        if found:
            return view(request, found)
        user = request.session.get(USER_KEY)
        player = f"user {user}" if user else request.session.get(SESSION_KEY, "")
        wait = wait_s("room-code", address=client_address(request), player=player)
        if wait:
            return too_many(request, wait)
        return missing(request, "room-not-found", no_such_room())

    return wrapped


def no_such_room() -> str:
    return _("No room has this code now: it was closed, or the code is another one.")


# --- Play with friends -----------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "POST"])
@ensure_csrf_cookie
@limited("room")
def rooms(request: HttpRequest) -> HttpResponse:
    """What can be played together; a POST makes a room."""
    if request.method == "GET":
        return _rooms_page(request)
    try:
        room = _made(request)
    except BadName as error:
        return _rooms_page(request, name_problem=str(error), status=BAD_REQUEST)
    except RoomError as error:
        return _rooms_page(request, problem=error.message, status=CONFLICT)
    return redirect("room", code=room.code)


def _made(request: HttpRequest) -> Room:
    player = named(request)
    kind = request.POST.get("kind", "")
    if kind not in Room.Kind.values:
        raise RoomError("wrong-settings", _("There is no such way to play."))
    return services.create_room(
        player=player,
        kind=Room.Kind(kind),
        map_=chosen_map(request.POST),
        settings={"condition": request.POST.get("condition", Game.Condition.FREE)},
    )


def chosen_map(fields: Mapping[str, str]) -> Map:
    slug = fields.get("map", "").replace("\x00", "")
    found = Map.objects.filter(slug=slug, is_published=True).first()
    if found is None:
        raise RoomError("wrong-settings", _("This map is not there any more. Choose another one."))
    return found


def named(request: HttpRequest) -> Player:
    """The player; a guest under the name that was written beside the button. BadName where it is none."""
    player = person_for(session=request.session, user=request.user)
    name = request.POST.get("name", "").strip()
    if player.is_guest and name and name != player.name:
        rename(player=player, name=name)
    return player


def name_fields(request: HttpRequest, player: Player | None, *, problem: str = "") -> dict[str, Any]:
    known = player.name if player and player.name != GUEST_NAME else ""
    return {
        "needs_name": not request.user.is_authenticated,
        "name": request.POST.get("name", known),
        "name_problem": problem,
    }


def _rooms_page(
    request: HttpRequest,
    *,
    problem: str = "",
    name_problem: str = "",
    code_problem: str = "",
    status: int = 200,
) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    cards = map_cards(player)
    context = {
        **name_fields(request, player, problem=name_problem),
        **form_choices(request, [card.slug for card in cards], kind=Room.Kind.ROOM),
        "problem": problem,
        "code_problem": code_problem,
        "code": request.POST.get("code", ""),
        "kinds": KINDS,
        "maps": cards,
        "open_rooms": services.rooms_of(player) if player else [],
    }
    return render(request, "pages/rooms.html", context, status=status)


def form_choices(request: HttpRequest, slugs: list[str], **defaults: str) -> dict[str, Any]:
    """What a form shows as chosen: as it was sent, else the defaults and the first map."""
    sent = request.POST if request.method == "POST" else request.GET
    wanted = {"map": slugs[0] if slugs else "", "condition": Game.Condition.FREE, **defaults}
    chosen = {name: sent.get(name, value) for name, value in wanted.items()}
    if chosen["map"] not in slugs:
        chosen["map"] = wanted["map"]
    return {"chosen": chosen, "conditions": CONDITIONS}


@require_POST
@limited("room-code")
def enter(request: HttpRequest) -> HttpResponse:
    """From a code that somebody typed to the room."""
    found = services.room_of(request.POST.get("code", "").replace("\x00", ""))
    if found is None:
        return _rooms_page(request, code_problem=no_such_room(), status=NOT_FOUND)
    return redirect("room", code=found.code)


# --- The room --------------------------------------------------------------------------------------
@never_cache
@require_GET
@ensure_csrf_cookie
@open_room
def room(request: HttpRequest, found: Room) -> HttpResponse:
    """The room for its members, an invitation for all others."""
    player = find_person(session=request.session, user=request.user)
    member = _member(found, player)
    if member is None or member.left_at or member.kicked_at:
        return _invitation(request, found, player, member)
    public, private = services.snapshot_for(room=found, player=member.player)
    address = request.build_absolute_uri(reverse("room", args=[found.code]))
    boot = {
        "state": services.in_language(public, get_language() or "en"),
        "private": private,
        "urls": _urls(found, address),
        "choices": _setting_choices(),
        "csrf_token": get_token(request),
    }
    return render(request, "pages/room.html", {"room": found, "boot": boot, "qr": qr_code(address)})


def _urls(found: Room, address: str) -> dict[str, str]:
    return {
        "socket": f"/ws/rooms/{found.code}/",
        "snapshot": reverse("api-room", args=[found.code]),
        "guess": reverse("api-room-guess", args=[found.code]),
        "home": reverse("home"),
        "invitation": address,
    }


def _setting_choices() -> dict[str, Any]:
    return {
        "maps": list(Map.objects.filter(is_published=True).values("slug", "name")),
        "models": [{"digest": version.digest, "name": version.name} for version in active_versions()],
        "times": TIMES_S,
        "rounds": ROUNDS,
    }


def qr_code(address: str) -> SafeString:
    """The address as a picture, drawn here: lines in the ink of the page, nothing of it from outside."""
    svg = segno.make_qr(address, error="m").svg_inline(
        border=2, omitsize=True, svgclass=None, lineclass=None, dark="#1b1d22"
    )
    return mark_safe(svg)


def _invitation(
    request: HttpRequest,
    found: Room,
    player: Player | None,
    member: Member | None,
    *,
    problem: str = "",
    name_problem: str = "",
    status: int = 200,
) -> HttpResponse:
    is_kicked = member is not None and member.kicked_at is not None
    if is_kicked:
        problem, status = _("The host removed you from this room."), FORBIDDEN
    elif found.is_quick:
        problem = _("This duel was found by quick match, for two people who waited.")
    here = found.members.filter(role=Member.Role.PLAYER, left_at=None).count()
    context = {
        **name_fields(request, player, problem=name_problem),
        "room": found,
        "problem": problem,
        "here": here,
        "is_full": here >= most_players(found),
        "is_running": found.state == Room.State.PLAYING,
        "may_join": not is_kicked and not found.is_quick,
    }
    return render(request, "pages/room_join.html", context, status=status)


@require_POST
@limited("room")
@open_room
def join(request: HttpRequest, found: Room) -> HttpResponse:
    watches = request.POST.get("role") == Member.Role.SPECTATOR
    try:
        player = named(request)
    except BadName as error:
        player_now = find_person(session=request.session, user=request.user)
        return _invitation(request, found, player_now, None, name_problem=str(error), status=BAD_REQUEST)
    try:
        services.join(room=found, player=player, as_spectator=watches)
    except RoomError as error:
        return _invitation(
            request, found, player, _member(found, player), problem=error.message, status=CONFLICT
        )
    return redirect("room", code=found.code)


# --- Without the socket ----------------------------------------------------------------------------
@never_cache
@require_GET
@own_room
def state(request: HttpRequest, room: Room, member: Member) -> JsonResponse:
    return _state(room, member)


@never_cache
@require_POST
@limited("guess")
@own_room
def guess(request: HttpRequest, room: Room, member: Member) -> JsonResponse:
    try:
        round_token, lat, lng = place_fields(request)
        services.guess(room=room, player=member.player, round_token=round_token, lat=lat, lng=lng)
    except BadRequest as error:
        return api_error(error.code, error.message, BAD_REQUEST)
    except RoomError as error:
        return api_error(error.code, error.message, CONFLICT)
    return _state(room, member)


def _state(room: Room, member: Member) -> JsonResponse:
    public, private = services.snapshot_for(room=room, player=member.player)
    return JsonResponse({"state": services.in_language(public, get_language() or "en"), "private": private})
