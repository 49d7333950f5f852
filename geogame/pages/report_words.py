"""What a report says in sentences, and the names of its parts, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from benchmark.clusters import FEW
from geogame.pages.report_numbers import THIN, interval, km, number, percent, percents
from planet_core.geography import country_codes, country_name

Part = dict[str, Any]
LEAST_P = 0.001
KINDS = {
    "country": gettext_noop("Country"),
    "continent": gettext_noop("Continent"),
    "climate": gettext_noop("Climate"),
    "settlement": gettext_noop("Settlement"),
    "source": gettext_noop("Source of the pictures"),
    "captured_year": gettext_noop("Year of the picture"),
    "games_played": gettext_noop("Games played before"),
    "guest": gettext_noop("Account"),
    "device": gettext_noop("Device"),
    "time_used": gettext_noop("Time used"),
}
VALUES = (
    *(
        gettext_noop("Africa"),
        gettext_noop("Antarctica"),
        gettext_noop("Asia"),
        gettext_noop("Europe"),
        gettext_noop("North America"),
    ),
    *(
        gettext_noop("Oceania"),
        gettext_noop("South America"),
        gettext_noop("open sea"),
        gettext_noop("not known"),
    ),
    *(
        gettext_noop("tropical (A)"),
        gettext_noop("dry (B)"),
        gettext_noop("temperate (C)"),
        gettext_noop("continental (D)"),
    ),
    *(
        gettext_noop("polar (E)"),
        gettext_noop("city"),
        gettext_noop("town"),
        gettext_noop("rural"),
        gettext_noop("with an account"),
        gettext_noop("guest"),
    ),
    *(
        gettext_noop("1 to 9"),
        gettext_noop("10 to 49"),
        gettext_noop("50 or more"),
        gettext_noop("below 10 s"),
        gettext_noop("10 to 30 s"),
    ),
    *(
        gettext_noop("30 to 60 s"),
        gettext_noop("1 to 2 min"),
        gettext_noop("longer"),
        gettext_noop("photo"),
        gettext_noop("drawn"),
    ),
)
APART = (
    gettext_noop("the model trained on it"),
    gettext_noop("nobody knows whether the model trained on it"),
    gettext_noop("the person had seen it before"),
    gettext_noop("nobody knows whether the person had seen it before"),
    gettext_noop("the person had seen another of its group before"),
)
TRIVIAL = (
    gettext_noop("most frequent cell"),
    gettext_noop("best point for the score"),
    gettext_noop("best point for the distance"),
    gettext_noop("random training photo"),
)
LEAKS = {
    "near_duplicate": gettext_noop("nearly the same picture as one that the model trained on"),
    "same_sequence": gettext_noop("of a walk that the model trained on"),
    "same_author": gettext_noop("by an author of training pictures"),
}
COVERAGE = (
    gettext_noop("points difference, wild bootstrap"),
    gettext_noop("points difference, Student's t"),
    gettext_noop("log-km difference, wild bootstrap"),
    gettext_noop("log-km difference, Student's t"),
    gettext_noop("people's mean points, Student's t"),
    gettext_noop("people's median km, Woodruff"),
    gettext_noop("model's median km, Woodruff"),
    gettext_noop("people's 25 % quantile km, Woodruff"),
    gettext_noop("people within 750 km, clustered Wilson"),
    gettext_noop("Brier score over panoramas, Student's t"),
    gettext_noop("rank correlation over panoramas, Bonett and Wright"),
    gettext_noop("model's win rate, clustered Wilson"),
    gettext_noop("model's win rate, plain Wilson"),
    gettext_noop("the paper's: 10 people, 5 own panoramas each"),
    gettext_noop("40 people, 5 own panoramas each"),
    gettext_noop("40 people, 10 of the same 40 panoramas each"),
    gettext_noop("200 people, 5 of the same 60 panoramas each"),
    gettext_noop("100 people, 4 to 40 of the same 300 panoramas"),
    gettext_noop("4 people, 3 own panoramas each"),
)
"""What was measured of the intervals, and in which designs."""
OUTCOMES = {
    "answered": gettext_noop("answered"),
    "timeout": gettext_noop("time ran out"),
    "refused": gettext_noop("refused"),
    "error": gettext_noop("error"),
}


def known(text: str) -> str:
    """A word of `benchmark/` in the reader's language, where there is one."""
    return _(text) if text in (*VALUES, *APART, *TRIVIAL, *COVERAGE) else text


def label(kind: str, value: str) -> str:
    if kind == "country" and value in _codes():
        return country_name(_codes()[value], get_language() or "en")
    return known(value)


@cache
def _codes() -> dict[str, str]:
    return {country_name(code): code for code in country_codes()}


def verdict(model: Part) -> str:
    """Who won how often."""
    ties = ngettext("%(n)s tie", "%(n)s ties", model["ties"]) % {"n": number(model["ties"])}
    return ngettext(
        "The model won %(wins)s of %(rounds)s round, people won %(losses)s, %(ties)s.",
        "The model won %(wins)s of %(rounds)s rounds, people won %(losses)s, %(ties)s.",
        model["rounds"],
    ) % {
        "wins": number(model["wins"]),
        "losses": number(model["losses"]),
        "rounds": number(model["rounds"]),
        "ties": ties,
    }


def judgement(model: Part) -> str:
    """Whether this is more than chance, by the interval that may be trusted."""
    rate = model["win_rate_clustered"]
    if rate["low"] is None:
        rate = model["win_rate"]
    if rate["low"] is None or rate["low"] <= 0.5 <= rate["high"]:
        return _("That can be chance alone.")
    if rate["low"] > 0.5:
        return _("The model wins more often than chance would let it.")
    return _("People win more often than chance would let them.")


def findings(model: Part) -> Iterator[str]:
    """The sentences below the verdict."""
    power = model["power"]
    if model["win_rate"]["value"] is not None:
        p = model["sign_test_p"]
        yield _("Exact sign test against an even match, rounds taken as independent: p %(p)s.") % {
            "p": f"< {number(LEAST_P, 3)}" if p < LEAST_P else f"= {number(p, 3)}"
        }
    if power["rounds_needed"]:
        yield ngettext(
            "To tell this rate from one half takes %(needed)s rounds with a winner (power 80 %%, two-sided "
            "5 %%); there is %(there)s.",
            "To tell this rate from one half takes %(needed)s rounds with a winner (power 80 %%, two-sided "
            "5 %%); there are %(there)s.",
            power["decided_rounds"],
        ) % {"needed": number(power["rounds_needed"]), "there": number(power["decided_rounds"])}
    yield from _differences(model["differences"])
    rank = model["difficulty"]["rank_correlation"]
    if rank["low"] is not None:
        text = (
            _(
                "What is hard for people is hard for the model, too: rank correlation of their points over "
                "%(n)s panoramas %(value)s (%(low)s to %(high)s)."
            )
            if rank["low"] > 0
            else _(
                "Rank correlation of people’s and the model’s points over %(n)s panoramas: %(value)s "
                "(%(low)s to %(high)s)."
            )
        )
        values = {key: number(value, 2) for key, value in rank.items()}
        yield text % {"n": number(model["difficulty"]["panoramas"]), **values}


def _differences(found: Part) -> Iterator[str]:
    points, logs = found["points"], found["log10_km"]
    if points["low"] is not None:
        yield _("Model less person in the same round: %(value)s points (%(low)s to %(high)s).") % {
            key: f"{'+' if points[key] > 0 else ''}{number(points[key])}" for key in ("value", "low", "high")
        }
    if logs["low"] is not None:
        yield ngettext(
            "In the %(n)s round that both answered, the model was %(value)s times as far away (%(low)s to "
            "%(high)s).",
            "In the %(n)s rounds that both answered, the model was %(value)s times as far away (%(low)s to "
            "%(high)s).",
            logs["rounds"],
        ) % {
            "n": number(logs["rounds"]),
            **{key: number(10 ** logs[key], 2) for key in ("value", "low", "high")},
        }


def remarks(model: Part) -> Iterator[str]:
    """What a reader has to know before the numbers."""
    for side in ("person", "model"):
        if not model["sides"][side]["outcomes"]["answered"]:
            yield (
                _("People answered in no round.")
                if side == "person"
                else _("The model answered in no round.")
            )
    if model["win_rate"]["value"] is None:
        yield _("All rounds are ties: there is no win rate.")
    if model["people"] == 1:
        yield _(
            "One person: the intervals are about this person on other panoramas, and say nothing of other "
            "people."
        )
    elif min(model["people"], model["panoramas"]) < FEW:
        yield ngettext(
            "A small design: %(people)s people and %(panoramas)s panorama. Intervals are made for that, and "
            "are wide.",
            "A small design: %(people)s people and %(panoramas)s panoramas. Intervals are made for that, and "
            "are wide.",
            model["panoramas"],
        ) % {"people": number(model["people"]), "panoramas": number(model["panoramas"])}


def size(model: Part) -> str:
    """n, in words."""
    parts = (
        ngettext("%(n)s round", "%(n)s rounds", model["rounds"]) % {"n": number(model["rounds"])},
        ngettext("%(n)s person", "%(n)s people", model["people"]) % {"n": number(model["people"])},
        ngettext("%(n)s panorama", "%(n)s panoramas", model["panoramas"]) % {"n": number(model["panoramas"])},
    )
    return " · ".join(parts)


def leaks(found: Part) -> str:
    """What is left of the result without the rounds that have a flag."""
    without = found["without"]
    if not without or not without["rounds"]:
        return ""
    rounds = ngettext("%(n)s round", "%(n)s rounds", without["rounds"]) % {"n": number(without["rounds"])}
    return _("Without the flagged rounds: %(rounds)s, won by the model: %(rate)s.") % {
        "rounds": rounds,
        "rate": rate_in_words(without["win_rate"]),
    }


def rate_in_words(found: Part) -> str:
    """A win rate with its interval."""
    if found["value"] is None:
        return _("no round has a winner")
    return _("%(rate)s (%(interval)s)") % {"rate": percent(found["value"]), "interval": percents(found)}


def median_in_words(found: Part) -> str:
    if found["value"] is None:
        return _("no answer")
    return f"{km(found['value'])}{THIN}km ({interval(found)})"
