"""The text that a player shares: how it went, never where. Pure; the language is the active one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planet_core.scoring import MAX_POINTS

SQUARES = 5
FULL, EMPTY = "■", "□"
RIGHT, WRONG, VOID = "✓", "✗", "–"


@dataclass(frozen=True)
class RoundPlayed:
    """What a share text may know of a round. `correct` is for rounds where the country counts."""

    points: int = 0
    correct: bool | None = None
    void: bool = False


@dataclass(frozen=True)
class Totals:
    you: int
    model: int | None
    model_name: str = ""


def squares(points: int, *, most: int = MAX_POINTS) -> str:
    """A bar of five: all full for the best, none for nothing, at least one for any points at all."""
    full = round(SQUARES * points / most)
    if points > 0:
        full = max(full, 1)
    if points < most:
        full = min(full, SQUARES - 1)
    return FULL * full + EMPTY * (SQUARES - full)


def points_text(*, title: str, rounds: Sequence[RoundPlayed], totals: Totals, url: str) -> str:
    lines = [f"{VOID * SQUARES}" if played.void else _points_line(played) for played in rounds]
    most = MAX_POINTS * sum(1 for played in rounds if not played.void)
    total = _("%(points)s of %(most)s points") % {"points": _number(totals.you), "most": _number(most)}
    return "\n".join([title, *lines, _against(total, totals), url])


def _points_line(played: RoundPlayed) -> str:
    return f"{squares(played.points)} {_number(played.points)}"


def country_text(*, title: str, rounds: Sequence[RoundPlayed], totals: Totals, url: str) -> str:
    """For country rounds: right or wrong, and how many right."""
    marks = " ".join(VOID if played.void else RIGHT if played.correct else WRONG for played in rounds)
    counted = sum(1 for played in rounds if not played.void)
    total = ngettext(
        "%(right)s of %(count)s country right", "%(right)s of %(count)s countries right", counted
    ) % {"right": _number(totals.you), "count": _number(counted)}
    return "\n".join([title, marks, _against(total, totals), url])


def streak_text(*, title: str, countries: int, url: str) -> str:
    streak = ngettext("%(count)s country in a row", "%(count)s countries in a row", countries) % {
        "count": _number(countries)
    }
    return "\n".join([title, streak, url])


def _against(total: str, totals: Totals) -> str:
    if totals.model is None:
        return total
    return _("%(total)s, %(model)s (model): %(points)s") % {
        "total": total,
        "model": totals.model_name,
        "points": _number(totals.model),
    }


def _number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)
