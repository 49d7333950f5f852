"""Which country a pin lies in, and what it is called: `planet_core.geography` draws the borders."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geogame.games.errors import GameError
from planet_core import geography


class Country(TypedDict):
    code: str
    name: str


def country_of_pin(lat: float, lng: float) -> str:
    """The country at the pin of a person; GameError on the open sea."""
    country = geography.country_at(lat, lng)
    if not country:
        raise GameError("at-sea", _("This is open sea: set your pin in a country."))
    return country


def named(code: str) -> Country | None:
    return {"code": code, "name": geography.country_name(code, get_language() or "en")} if code else None
