"""What a player reads about the rating of a game of theirs."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geogame.games.rules import ROUNDS
from geogame.ratings.queries import Outcome
from geogame.ratings.rules import PAIR_WINDOW, Reason


def sentence(outcome: Outcome) -> str:
    if outcome.is_rated:
        return _rated(outcome)
    of_duels = OF_DUELS if outcome.is_duel else {}
    return of_duels.get(outcome.reason, NOT_RATED[outcome.reason])(outcome.count)


def short(outcome: Outcome) -> str:
    """The same in a list of games."""
    if not outcome.is_rated:
        return sentence(outcome)
    change = signed(outcome.change)
    return (
        _("Rated {change}, left").format(change=change)
        if outcome.left
        else _("Rated {change}").format(change=change)
    )


def signed(change: int) -> str:
    """+12, −8, ±0."""
    return f"+{change}" if change > 0 else f"−{-change}" if change < 0 else "±0"


def _rated(outcome: Outcome) -> str:
    values = {
        "change": signed(outcome.change),
        "rating": number_format(round(outcome.after), 0, force_grouping=True),
    }
    if outcome.left and outcome.is_duel:
        return _("Rated as lost, because you left: {change}, now {rating}.").format(**values)
    if outcome.left:
        return _("Rated as lost, because you left it for a week: {change}, now {rating}.").format(**values)
    if outcome.weight < 1:
        return _("Rated, at {share} % because you meet often: {change}, now {rating}.").format(
            share=number_format(100 * outcome.weight, 0), **values
        )
    if outcome.provisional:
        return _("Rated: {change}, now {rating}, still provisional.").format(**values)
    return _("Rated: {change}, now {rating}.").format(**values)


def _places_known(count: int) -> str:
    return ngettext(
        "Not rated: you had seen {n} of these places, or one beside it.",
        "Not rated: you had seen {n} of these places, or others beside them.",
        count,
    ).format(n=count)


def _places_known_in_duel(count: int) -> str:
    return ngettext(
        "Not rated: one of you had seen {n} of these places, or one beside it.",
        "Not rated: you two had seen {n} of these places, or others beside them.",
        count,
    ).format(n=count)


def _trained_on(count: int) -> str:
    return ngettext(
        "Not rated: the model had trained on {n} of these places.",
        "Not rated: the model had trained on {n} of these places.",
        count,
    ).format(n=count)


def _absent(count: int) -> str:
    return ngettext(
        "Not rated: the model was absent in {n} round.",
        "Not rated: the model was absent in {n} rounds.",
        count,
    ).format(n=count)


def _void(count: int) -> str:
    return ngettext(
        "Not rated: {n} round counted for nothing, because its picture was withdrawn.",
        "Not rated: {n} rounds counted for nothing, because their pictures were withdrawn.",
        count,
    ).format(n=count)


NOT_RATED: dict[Reason, Callable[[int], str]] = {
    Reason.PRIVATE: lambda _count: _("Not rated: of live matches, only duels of the quick match are."),
    Reason.STUDY: lambda _count: _("Not rated: this game is part of a study."),
    Reason.OTHER_MODE: lambda _count: _("Not rated: countries were guessed, not places."),
    Reason.CHALLENGE: lambda _count: _("Not rated: a challenge repeats rounds that somebody knows."),
    Reason.ALONE: lambda _count: _("Not rated: no model played against you."),
    Reason.GUEST: lambda _count: _("Not rated: only games that begin with an account are."),
    Reason.NOT_BEGUN: lambda _count: _("Not rated: it was left before the first guess."),
    Reason.VOID_ROUNDS: _void,
    Reason.SHORT: lambda _count: _("Not rated: a rated game has {rounds} rounds.").format(rounds=ROUNDS),
    Reason.MIXED_VIEW: lambda _count: _("Not rated: some of the pictures could be turned, others not."),
    Reason.MODEL_ABSENT: _absent,
    Reason.TRAINED_ON: _trained_on,
    Reason.KNOWN_PLACES: _places_known,
    Reason.PAIR_DECAY: lambda _count: _(
        "Not rated: you have met this opponent too often within {days} days."
    ).format(days=PAIR_WINDOW.days),
}

OF_DUELS: dict[Reason, Callable[[int], str]] = {
    Reason.GUEST: lambda _count: _("Not rated: not both of you had an account when it began."),
    Reason.NOT_BEGUN: lambda _count: _("Not rated: it was left before the first picture."),
    Reason.KNOWN_PLACES: _places_known_in_duel,
}
