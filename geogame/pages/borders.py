from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from planet_core.geography import BORDER_DATA, NEAR_COAST_KM


@require_GET
def borders(request: HttpRequest) -> HttpResponse:
    """Whose borders decide in which country a pin or a picture lies."""
    return render(request, "pages/borders.html", {"borders": BORDER_DATA, "near_coast_km": NEAR_COAST_KM})
