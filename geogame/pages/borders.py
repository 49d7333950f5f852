from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from planet_core.geography import BORDER_DATA, NEAR_COAST_KM


@require_GET
def borders(request: HttpRequest) -> HttpResponse:
    """Whose borders decide in which country a pin or a picture lies."""
    borders = replace(
        BORDER_DATA,
        name=gettext(BORDER_DATA.name),
        policy=gettext(BORDER_DATA.policy),
        licence=gettext(BORDER_DATA.licence),
    )
    return render(request, "pages/borders.html", {"borders": borders, "near_coast_km": NEAR_COAST_KM})
