"""Which country a pin lies in, and what it is called: `planet_core.geography` draws the borders."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geogame.games.errors import GameError
from planet_core import geography
from planet_core.geo import normalise_lng


class Country(TypedDict):
    code: str
    name: str


def country_of_pin(lat: float, lng: float) -> str:
    """The country at the pin of a person; GameError on the open sea."""
    country = geography.country_at(lat, lng)
    if not country:
        raise GameError("at-sea", _("This is open sea: set your pin in a country."))
    return country


def country_under_pin(lat: float, lng: float) -> Country | None:
    """What `country_of_pin` would find, by name; None on the open sea. It knows of no round."""
    return named(geography.country_at(lat, float(normalise_lng(lng))))


def named(code: str) -> Country | None:
    return {"code": code, "name": geography.country_name(code, get_language() or "en")} if code else None
