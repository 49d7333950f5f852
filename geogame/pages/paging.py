from __future__ import annotations

from django.http import HttpRequest

MOST_DIGITS = 6


def page_asked(request: HttpRequest) -> int:
    """The page number in the address; what is no number is the first page."""
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 1
