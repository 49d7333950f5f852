"""Setting a game up: what can be chosen, what was chosen last, and the start."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from geogame.accounts.services import find_person, person_for
from geogame.games.errors import GameError
from geogame.games.rules import TIME_LIMITS_S
from geogame.games.services import start_game
from geogame.pages.decorators import limited
from geogame.pages.devices import device_of
from geogame.pages.maps import MapCard, map_cards
from geogame.pages.setup import ALONE, NEWEST, BadSettings, game_settings, opponent_again
from geogame.panoramas.models import Map
from geogame.registry.queries import active_versions

SESSION_KEY: Final = "last_choice"


@dataclass(frozen=True)
class Option:
    """A choice with the sentence that explains it."""

    value: str
    name: Any
    hint: Any = ""
    icon: str = ""


MODES: Final = (
    Option(
        "classic",
        gettext_lazy("Classic"),
        gettext_lazy("Place a pin in each round; the nearer pin wins it."),
        "map-pin",
    ),
    Option(
        "country",
        gettext_lazy("Country guess"),
        gettext_lazy("Only the country counts: a pin anywhere in it is right."),
        "flag",
    ),
    Option(
        "streak",
        gettext_lazy("Country streak"),
        gettext_lazy("One country after the other, until the first wrong one."),
        "flame",
    ),
)
CONDITIONS: Final = (
    Option(
        "free",
        gettext_lazy("Free look"),
        gettext_lazy("You may turn around in a 360° picture; the model sees views cut out of it."),
        "rotate-3d",
    ),
    Option(
        "fair",
        gettext_lazy("Fair view"),
        gettext_lazy("You and the model get the very same pixels: no turning, no zoom."),
        "scale",
    ),
)
TIME_LIMITS: Final = (
    Option("0", gettext_lazy("No clock")),
    *(Option(str(seconds), format_lazy("{}\u202fs", seconds)) for seconds in TIME_LIMITS_S),
)
DEFAULTS: Final = {"mode": "classic", "condition": "free", "time_limit": "0", "opponent": NEWEST}
AGAIN: Final = "again"  # the first letters of the digest of the version that played last
FIELDS: Final = frozenset({"map", *DEFAULTS, AGAIN, "csrfmiddlewaretoken"})


def remembered(session: SessionBase) -> dict[str, str]:
    """The settings of the visitor's last game, as far as they can still be chosen."""
    kept = session.get(SESSION_KEY)
    return _possible(kept) if isinstance(kept, dict) else dict(DEFAULTS)


def _possible(values: Mapping[str, str]) -> dict[str, str]:
    """`values` with the default in the place of each that cannot be chosen (any more)."""
    choice = dict(DEFAULTS)
    for name, default in DEFAULTS.items():
        value = values.get(name, default)
        if value != default:
            with suppress(BadSettings):
                game_settings({"opponent": ALONE, name: value})
                choice[name] = value
    return choice


def in_words(choice: Mapping[str, str]) -> str:
    """ "Classic · Free look · No clock": what a button that starts at once would start."""
    names = {option.value: str(option.name) for option in (*MODES, *CONDITIONS, *TIME_LIMITS)}
    return " · ".join(names[choice[name]] for name in ("mode", "condition", "time_limit"))


# --- Pages -----------------------------------------------------------------------------------------
@never_cache
@require_GET
@ensure_csrf_cookie
def play(request: HttpRequest) -> HttpResponse:
    """The form, with the last choice or what the address names."""
    return _form_page(request, {**remembered(request.session), **request.GET.dict()})


@require_http_methods(["GET", "POST"])
@limited("start")
def start(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("play")
    chosen = request.POST.dict()
    note = ""
    if last := chosen.get(AGAIN):
        chosen["opponent"], note = opponent_again(last)
    try:
        map_, settings = _map_of(chosen), game_settings(_known(chosen))
    except NoSuchMap as error:
        return _form_page(request, chosen, problem=str(error), status=404)
    except BadSettings as error:
        return _form_page(request, chosen, problem=str(error), status=400)
    player = person_for(session=request.session, user=request.user)
    try:
        game = start_game(player=player, map_=map_, note=note, device=device_of(request), **settings)
    except GameError as error:
        return _form_page(request, chosen, problem=error.message, status=409)
    request.session[SESSION_KEY] = _possible(chosen)
    return redirect("game", token=game.token)


class NoSuchMap(BadSettings):
    pass


def _map_of(chosen: Mapping[str, str]) -> Map:
    slug = chosen.get("map", "").replace("\x00", "")
    found = Map.objects.filter(slug=slug, is_published=True).first()
    if found is None:
        raise NoSuchMap(_("This map is not there any more. Choose another one."))
    return found


def _known(chosen: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(chosen) - FIELDS)
    if unknown:
        raise BadSettings(_("A game has no setting named “%(name)s”.") % {"name": unknown[0][:40]})
    return chosen


def _form_page(
    request: HttpRequest, chosen: Mapping[str, str], *, problem: str = "", status: int = 200
) -> HttpResponse:
    cards = map_cards(find_person(session=request.session, user=request.user))
    context = {
        "problem": problem,
        "maps": cards,
        "chosen": _shown(chosen, cards),
        "modes": MODES,
        "conditions": CONDITIONS,
        "time_limits": TIME_LIMITS,
        "opponents": active_versions(),
        "with_friend": request.GET.get("with") == "friend",
    }
    return render(request, "pages/play.html", context, status=status)


def _shown(chosen: Mapping[str, str], cards: list[MapCard]) -> dict[str, str]:
    """What the form shows as chosen: as it was sent, and the first map where none of these was."""
    slugs = [card.slug for card in cards]
    shown = {**_possible(chosen), "map": chosen.get("map", "")}
    if shown["map"] not in slugs and slugs:
        shown["map"] = slugs[0]
    return shown
