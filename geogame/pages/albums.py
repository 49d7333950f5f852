"""Album rounds: the list of trips, the page of a round, its commands as JSON, its pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.signing import BadSignature
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from geogame.accounts.models import Player
from geogame.accounts.services import find_person, person_for
from geogame.albums import services
from geogame.albums.lifecycle import settle
from geogame.albums.models import AlbumPhoto, AlbumRound, Sight
from geogame.albums.queries import maps_with_albums, open_albums, round_of, unfinished_round
from geogame.albums.snapshots import PICTURE, snapshot
from geogame.games.errors import GameError
from geogame.games.picture_urls import Expired, check
from geogame.pages.api import BAD_REQUEST, CONFLICT, BadRequest, degrees, fields_of
from geogame.pages.decorators import limited
from geogame.pages.devices import device_of
from geogame.pages.pictures import HEADERS
from geogame.pages.problems import api_error, missing
from geogame.panoramas.fair import PictureGone, fair_picture
from geogame.registry.queries import active_album_version, active_version

RoundView = Callable[..., HttpResponse]


# --- Pages -----------------------------------------------------------------------------------------
@never_cache
@require_GET
@ensure_csrf_cookie
def albums(request: HttpRequest) -> HttpResponse:
    return _list(request)


def _list(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    player = find_person(session=request.session, user=request.user)
    version = active_version()
    context = {
        "trip_maps": trip_maps(player),
        "unfinished": unfinished_round(player) if player else None,
        "image_version": version,
        "album_version": active_album_version(version) if version else None,
        "problem": problem,
    }
    return render(request, "albums/albums.html", context, status=status)


def trip_maps(player: Player | None) -> list[dict[str, Any]]:
    """The maps that have albums, as cards, in three queries."""
    there = Q(panorama__withdrawn_at=None, album__in=open_albums())
    photos = dict(
        AlbumPhoto.objects.filter(there).values_list("album__map").annotate(photos=Count("pk")).order_by()
    )
    played = Count(
        "pk", filter=Q(rounds__player=player, rounds__state=AlbumRound.State.CLOSED), distinct=True
    )
    drawn = Count("pk", filter=Q(drawn=True), distinct=True)
    counts = open_albums().values_list("map").order_by()
    rows = counts.annotate(albums=Count("pk", distinct=True), played=played, drawn=drawn)
    found = {row[0]: row[1:] for row in rows}
    return [
        {
            "name": map_.name,
            "slug": map_.slug,
            "albums": found[map_.pk][0],
            "played": found[map_.pk][1] if player else 0,
            "all_drawn": found[map_.pk][2] == found[map_.pk][0],
            "photos": photos.get(map_.pk, 0),
        }
        for map_ in maps_with_albums()
        if map_.pk in found
    ]


@require_http_methods(["GET", "POST"])
@limited("start")
def start(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("albums")
    slug = request.POST.get("map", "").replace("\x00", "")
    map_ = maps_with_albums().filter(slug=slug).first()
    if map_ is None:
        return _list(request, problem=_("There is no trip to play here."), status=404)
    player = person_for(session=request.session, user=request.user)
    try:
        round_ = services.start_album(player=player, map_=map_, device=device_of(request))
    except GameError as error:
        return _list(request, problem=error.message, status=CONFLICT)
    return redirect("album", token=round_.token)


def own_round(view: RoundView) -> RoundView:
    """Hands the round and the player to the view; somebody else's does not exist."""

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        player = find_person(session=request.session, user=request.user)
        round_ = round_of(player, token) if player else None
        if player is None or round_ is None:
            raise Http404("There is no such trip, or it is not yours.")
        return view(request, round_, player)

    return wrapped


@never_cache
@require_GET
@own_round
def album(request: HttpRequest, round_: AlbumRound, player: Player) -> HttpResponse:
    urls = {
        "snapshot": reverse("api-album", args=[round_.token]),
        "pin": reverse("api-album-pin", args=[round_.token]),
        "next": reverse("api-album-next", args=[round_.token]),
        "hand_in": reverse("api-album-hand-in", args=[round_.token]),
        "home": reverse("home"),
        "albums": reverse("albums"),
        "start": reverse("album-start"),
    }
    boot = {"snapshot": _settled(round_, player), "urls": urls, "csrf_token": get_token(request)}
    return render(request, "albums/album.html", {"boot": boot, "map": round_.album.map})


# --- Commands --------------------------------------------------------------------------------------
@never_cache
@require_GET
@own_round
def state(request: HttpRequest, round_: AlbumRound, player: Player) -> JsonResponse:
    return JsonResponse(_settled(round_, player))


def _settled(round_: AlbumRound, player: Player) -> Any:
    if round_.state == AlbumRound.State.PREPARING:
        settle(round_)
    return _now(round_, player)


def _now(round_: AlbumRound, player: Player) -> Any:
    return snapshot(round_of(player, round_.token) or round_)


def _command(act: Callable[[HttpRequest, AlbumRound, Player], None]) -> RoundView:
    """Every command answers with what the player may know then, or with why it was refused."""

    @wraps(act)
    def view(request: HttpRequest, round_: AlbumRound, player: Player) -> JsonResponse:
        try:
            act(request, round_, player)
        except BadRequest as error:
            return api_error(error.code, error.message, BAD_REQUEST)
        except GameError as error:
            return api_error(error.code, error.message, CONFLICT)
        return JsonResponse(_now(round_, player))

    return view


@never_cache
@require_POST
@limited("guess")
@own_round
@_command
def pin(request: HttpRequest, round_: AlbumRound, player: Player) -> None:
    fields = fields_of(request, {"photo", "lat", "lng"})
    lat, lng = degrees(fields, "lat", 90), degrees(fields, "lng", 180)
    services.place_pin(round_=round_, player=player, number=_number(fields), lat=lat, lng=lng)


@never_cache
@require_POST
@limited("next")
@own_round
@_command
def next_photo(request: HttpRequest, round_: AlbumRound, player: Player) -> None:
    services.next_photo(round_=round_, player=player, after=_number(fields_of(request, {"photo"})))


@never_cache
@require_POST
@limited("next")
@own_round
@_command
def hand_in(request: HttpRequest, round_: AlbumRound, player: Player) -> None:
    fields_of(request, set())
    services.hand_in(round_=round_, player=player)


def _number(fields: dict[str, object]) -> int:
    value = fields["photo"]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**15:
        raise BadRequest("wrong-type", "photo must be the number of a photo.")
    return value


# --- Pictures --------------------------------------------------------------------------------------
@require_GET
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """A photo that was shown: the bytes that the models got."""
    try:
        check(PICTURE, token, request.GET.dict())
    except BadSignature:
        return missing(request, "not-found", _no_such_picture())
    except Expired:
        return missing(
            request, "picture-expired", _("This address of the picture has expired: load the page again.")
        )
    player = find_person(session=request.session, user=request.user)
    sights = Sight.objects.select_related("photo__panorama")
    sight = sights.filter(picture_token=token, round__player=player).first() if player else None
    if sight is None:
        return missing(request, "not-found", _no_such_picture())
    try:
        content = fair_picture(sight.photo.panorama).path.read_bytes()
    except (PictureGone, OSError):
        return missing(request, "picture-gone", _("This picture is gone."))
    return HttpResponse(content, content_type="image/jpeg", headers=HEADERS)


def _no_such_picture() -> str:
    return _("There is no such picture, or it is not yours.")
