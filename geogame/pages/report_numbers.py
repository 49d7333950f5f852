"""Numbers of a report in the reader's language: three digits, in columns aligned at the decimal point."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import get_format, number_format

THIN = "\u202f"
MINUS = "\u2212"
DIGIT_SPACE, POINT_SPACE = "\u2007", "\u2008"
"""As wide as a digit, and as a decimal point."""
NOTHING = "–"
Found = dict[str, float | None]


def number(value: float, digits: int = 0) -> str:
    # Rounded here: number_format cuts off.
    text = number_format(f"{value:.{digits}f}", decimal_pos=digits, use_l10n=True, force_grouping=True)
    return text.replace("-", MINUS)


def km(value: float | None) -> str:
    """Three digits; a dash where there is no number: no answer is infinitely far."""
    if value is None:
        return NOTHING
    size = abs(value)
    return number(value, 0 if size == 0 else 2 if size < 9.995 else 1 if size < 99.95 else 0)


def percent(share: float, digits: int = 0) -> str:
    return f"{number(100 * share, digits)}{THIN}%"


def percents(found: Found) -> str:
    """An interval of shares."""
    low, high = found["low"], found["high"]
    return NOTHING if low is None or high is None else f"{number(100 * low)}–{percent(high)}"


def interval(found: Found, *, share: bool = False) -> str:
    """The ends of an interval; an open end is infinite."""
    low, high = found["low"], found["high"]
    if low is None:
        return NOTHING
    if share:
        return f"{number(100 * low, 1)}–{'∞' if high is None else number(100 * high, 1)}"
    dash = "–" if low >= 0 else f"{THIN}–{THIN}"
    return f"{km(low)}{dash}{'∞' if high is None else km(high)}"


def aligned(texts: Sequence[str]) -> list[str]:
    """Numbers of one column, filled up behind so that their decimal points lie below each other."""
    mark = get_format("DECIMAL_SEPARATOR")
    behind = [
        len(text.partition(mark)[2]) if text[:1].isdigit() or text[:1] in "-+−" else -1 for text in texts
    ]
    most = max(behind, default=0)
    if most <= 0:
        return list(texts)
    return [
        text + (POINT_SPACE if places <= 0 else "") + DIGIT_SPACE * (most - max(places, 0))
        for text, places in zip(texts, behind, strict=True)
    ]
