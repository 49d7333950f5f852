from __future__ import annotations

from django import template
from django.db.models import Model
from django.utils.formats import number_format
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from geogame.lib.badges import badge
from geogame.lib.translations import script_catalogue

register = template.Library()
THIN = "\u202f"
KM_PER_MILE = 1.609344
FEET_PER_MILE = 5280


@register.simple_tag
def catalogue() -> SafeString:
    """The texts of the scripts in the reader's language, as inert JSON."""
    return json_script(script_catalogue((get_language() or "en").split("-")[0]), "catalogue")


@register.filter
def in_words(title: object) -> str:
    """The title of a list of the admin, in the reader's language; the name of a thing stays as it is."""
    text = str(title)
    return text if isinstance(title, Model) or not text else gettext(text[0].upper() + text[1:])


@register.filter
def state_badge(state: str, share: float | None = None) -> SafeString:
    """The state of long work, as in the lists of the admin."""
    return badge(state, share)


@register.filter
def whole(value: float) -> str:
    """7412 -> "7,412", as the language writes it."""
    return _written(value, 0)


def _written(value: float, digits: int) -> str:
    # Rounded here: number_format cuts off.
    return number_format(f"{value:.{digits}f}", decimal_pos=digits, use_l10n=True, force_grouping=True)


@register.filter
def distance(km: float, units: str = "km") -> str:
    """Three significant digits in the unit that the visitor chose: "1,240 km", "3.21 mi", "870 ft"."""
    large, small, per_large, number = (
        ("mi", "ft", FEET_PER_MILE, km / KM_PER_MILE) if units == "mi" else ("km", "m", 1000, km)
    )
    if number < (0.1895 if units == "mi" else 0.9995):  # 1,000 feet, 1,000 metres
        return f"{whole(float(f'{number * per_large:.3g}'))}{THIN}{small}"
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    rounded = number if number < 999.5 else float(f"{number:.3g}")
    return f"{_written(rounded, digits)}{THIN}{large}"


@register.filter
def percent(share: float) -> str:
    """0.4231 -> "42 %"."""
    return f"{share * 100:.0f}{THIN}%"


@register.filter
def hundredths(share: float) -> str:
    """A share as a length in a drawing 100 wide; a point as decimal mark in every language."""
    return f"{share * 100:.2f}"


@register.filter
def unlocalized(value: float) -> str:
    """A number in a drawing: a point as decimal mark in every language."""
    return f"{value:g}"
