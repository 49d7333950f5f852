"""Setting a game up: what can be chosen, what was chosen last, and the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from geogame.accounts.services import find_person, person_for
from geogame.games.rules import ROUNDS
from geogame.games.services import GameError, start_game
from geogame.pages.maps import MapCard, map_cards
from geogame.panoramas.models import Map
from geogame.registry.models import ModelVersion

SESSION_KEY: Final = "last_choice"
ALONE: Final = "none"
NEWEST: Final = ""


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
    Option("30", gettext_lazy("30 s")),
    Option("60", gettext_lazy("60 s")),
    Option("120", gettext_lazy("120 s")),
)
DEFAULTS: Final = {"mode": "classic", "condition": "free", "time_limit": "0", "opponent": NEWEST}
FIELDS: Final = ("map", *DEFAULTS)


def _pairs(options: tuple[Option, ...]) -> list[tuple[str, Any]]:
    return [(option.value, option.name) for option in options]


class GameForm(forms.Form):
    """The fields of POST /games/. Only the map must be given; the others have a default."""

    map = forms.CharField(error_messages={"required": gettext_lazy("Choose a map.")})
    mode = forms.ChoiceField(
        choices=_pairs(MODES),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("There is no such way to play. Choose one of these.")},
    )
    condition = forms.ChoiceField(
        choices=_pairs(CONDITIONS),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose free look or fair view.")},
    )
    time_limit = forms.ChoiceField(
        choices=_pairs(TIME_LIMITS),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of these time limits.")},
    )
    opponent = forms.CharField(required=False)

    def clean_map(self) -> Map:
        found = Map.objects.filter(slug=self.cleaned_data["map"], is_published=True).first()
        if found is None:
            raise ValidationError(
                _("This map is not there any more. Choose another one."), code="no-such-map"
            )
        return found

    def clean_opponent(self) -> str:
        wanted: str = self.cleaned_data["opponent"]
        if wanted not in {NEWEST, ALONE, *_digests()}:
            raise ValidationError(_("This model does not play any more. Choose another opponent."))
        return wanted

    def clean(self) -> None:
        unknown = sorted(set(self.data) - {*FIELDS, "csrfmiddlewaretoken"})
        if unknown:
            raise ValidationError(
                _("A game has no setting named “%(name)s”."), params={"name": unknown[0][:40]}
            )

    @property
    def choice(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] or default for name, default in DEFAULTS.items()}


def remembered(session: SessionBase) -> dict[str, str]:
    """The settings of the visitor's last game, as far as they can still be chosen."""
    kept = session.get(SESSION_KEY)
    return _possible(kept if isinstance(kept, dict) else {})


def _possible(values: Mapping[str, Any]) -> dict[str, str]:
    """`values` with the default for each that cannot be chosen (any more)."""
    choice = {name: str(values.get(name, default)) for name, default in DEFAULTS.items()}
    for name, options in (("mode", MODES), ("condition", CONDITIONS), ("time_limit", TIME_LIMITS)):
        if choice[name] not in {option.value for option in options}:
            choice[name] = DEFAULTS[name]
    if choice["opponent"] not in {NEWEST, ALONE, *_digests()}:
        choice["opponent"] = NEWEST
    return choice


def _digests() -> set[str]:
    return set(ModelVersion.objects.filter(is_active=True).values_list("digest", flat=True))


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
    chosen = {**remembered(request.session), **_named(request.GET)}
    return _form_page(request, _possible(chosen) | {"map": request.GET.get("map", "")})


def _named(query: QueryDict) -> dict[str, str]:
    return {name: query[name] for name in DEFAULTS if name in query}


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("play")
    form = GameForm(request.POST)
    if not form.is_valid():
        missing = form.has_error("map", "no-such-map")
        return _form_page(request, request.POST.dict(), form=form, status=404 if missing else 400)
    request.session[SESSION_KEY] = form.choice
    player = person_for(session=request.session, user=request.user)
    try:
        game = start_game(player=player, map_=form.cleaned_data["map"])
    except GameError as error:
        form.add_error(None, error.message)
        return _form_page(request, request.POST.dict(), form=form, status=409)
    return redirect("game", token=game.token)


def _form_page(
    request: HttpRequest,
    chosen: Mapping[str, str],
    *,
    form: GameForm | None = None,
    status: int = 200,
) -> HttpResponse:
    cards = map_cards(find_person(session=request.session, user=request.user))
    context = {
        "form": form,
        "maps": cards,
        "chosen": _shown(chosen, cards),
        "modes": MODES,
        "conditions": CONDITIONS,
        "time_limits": TIME_LIMITS,
        "opponents": ModelVersion.objects.filter(is_active=True).order_by("-activated_at"),
        "rounds": ROUNDS,
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
