"""Numbers as people read them, in their language: as `static/js/core/format.js` writes them in the game."""

from __future__ import annotations

import math

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from geogame.games.countries import named

register = template.Library()
THIN = "\u202f"
NONE = "–"
KM_IN_A_MILE = 1.609344
SIGNIFICANT = 3


@register.filter
def number(value: float | None, decimals: int = 0) -> str:
    """7412 -> 7,412; nothing for None."""
    return NONE if value is None else number_format(value, decimals, use_l10n=True, force_grouping=True)


@register.filter
def signed(value: float | None) -> str:
    """With a sign in any case: +312, −40, 0."""
    if value is None:
        return NONE
    sign = "+" if round(value) > 0 else "−" if round(value) < 0 else ""
    return f"{sign}{number(abs(value))}"


@register.filter
def percent(share: float | None) -> str:
    return NONE if share is None else f"{number(100 * share)}{THIN}%"


@register.filter
def distance(km: float | None, units: str = "km") -> str:
    """Three significant digits, a thin space before the unit; metres and feet close by."""
    if km is None:
        return NONE
    if units == "mi":
        far, near, per_far, unit_near = km / KM_IN_A_MILE, km / KM_IN_A_MILE * 5280, 0.1, _("ft")
        unit = _("mi")
    else:
        far, near, per_far, unit_near, unit = km, km * 1000, 1.0, _("m"), _("km")
    value, unit = (near, unit_near) if far < per_far else (far, unit)
    return f"{_three_digits(value)}{THIN}{unit}"


def _three_digits(value: float) -> str:
    if value <= 0:
        return "0"
    digits = SIGNIFICANT - 1 - math.floor(math.log10(value))
    rounded = round(value, digits)
    return number(rounded, max(0, min(digits, SIGNIFICANT - 1)))


@register.filter
def item(rows: dict[str, str], key: str) -> str:
    """What a dictionary has under the key; nothing where it has nothing."""
    return rows.get(key, "")


@register.filter
def country(code: str) -> str:
    found = named(code)
    return found["name"] if found else ""
