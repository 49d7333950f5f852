"""What `places.describe` wrote, in the reader's language: it is stored in English, once."""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from planet_core.geography import country_codes, country_name

AT_HOME = re.compile(r"(?:Near|(?P<distance>[\d,]+) km from) (?P<rest>.+)")
ABROAD = re.compile(
    r"(?P<home>.+), (?:near|(?P<distance>[\d,]+) km from) (?P<town>.+) \((?P<country>[^()]+(?:\([^()]*\))?)\)"
)


def in_readers_language(place: str) -> str:
    """The place as it is where it is in another form: an importer may have named it."""
    if (get_language() or "en").startswith("en"):
        return place
    return _at_home(place) or _abroad(place) or place


def _at_home(place: str) -> str:
    found = AT_HOME.fullmatch(place)
    if found is None:
        return ""
    rest = found["rest"]
    ends = [country for country in _codes() if rest.endswith(f", {country}")]
    if not ends:
        return ""
    country = max(ends, key=len)
    values = {"town": rest.removesuffix(f", {country}"), "country": _named(country)}
    if found["distance"] is None:
        return _("Near {town}, {country}").format(**values)
    return _("{distance} km from {town}, {country}").format(distance=_number(found["distance"]), **values)


def _abroad(place: str) -> str:
    found = ABROAD.fullmatch(place)
    if found is None or not {found["home"], found["country"]} <= set(_codes()):
        return ""
    values = {"home": _named(found["home"]), "town": found["town"], "country": _named(found["country"])}
    if found["distance"] is None:
        return _("{home}, near {town} ({country})").format(**values)
    text = _("{home}, {distance} km from {town} ({country})")
    return text.format(distance=_number(found["distance"]), **values)


def _number(distance: str) -> str:
    return distance.replace(",", "\u202f")


def _named(country: str) -> str:
    return country_name(_codes()[country], get_language() or "en")


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    return {country_name(code): code for code in country_codes()}
