"""How a visitor wants to see the pages: theme and units, kept in cookies, for guests too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from geogame.pages.decorators import limited

CHOICES: Final = {
    "theme": {
        "system": gettext_lazy("Automatic"),
        "light": gettext_lazy("Light"),
        "dark": gettext_lazy("Dark"),
    },
    "units": {"km": gettext_lazy("Kilometres"), "mi": gettext_lazy("Miles")},
}


@dataclass(frozen=True)
class Preferences:
    theme: str
    units: str


def preferences_of(request: HttpRequest) -> Preferences:
    return Preferences(**{name: _chosen(request, name) for name in CHOICES})


def _chosen(request: HttpRequest, name: str) -> str:
    value = request.COOKIES.get(name, "")
    return value if value in CHOICES[name] else next(iter(CHOICES[name]))


@never_cache
@require_http_methods(["GET", "POST"])
@limited("settings")
def preferences(request: HttpRequest) -> HttpResponse:
    """The page of the settings; a POST stores what it names and leads back to where it came from."""
    if request.method == "GET":
        return render(request, "pages/settings.html", {"here": reverse("settings")})
    chosen = {name: request.POST[name] for name in CHOICES if name in request.POST}
    if not chosen or any(value not in CHOICES[name] for name, value in chosen.items()):
        message = _("There is no such setting. Choose one of those on the page of the settings.")
        return render(request, "pages/problem.html", {"message": message}, status=400)
    response = redirect(_way_back(request))
    for name, value in chosen.items():
        response.set_cookie(
            name,
            value,
            max_age=settings.SESSION_COOKIE_AGE,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def _way_back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("settings")
