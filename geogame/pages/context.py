"""What every page may show: settings of the visitor, the model that plays, where the visitor is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from geogame.pages.preferences import CHOICES, preferences_of
from geogame.registry.queries import active_version


def site(request: HttpRequest) -> dict[str, Any]:
    match = request.resolver_match
    return {
        "preferences": preferences_of(request),
        "preference_choices": CHOICES,
        "languages": settings.LANGUAGES,
        # Only pages that show it ask the database.
        "opponent_model": SimpleLazyObject(active_version),
        "page_name": match.url_name if match else "",
        # Where a form in the masthead leads back to.
        "here": request.get_full_path() if request.method == "GET" and match else "/",
    }
