"""Some of the rounds: of a map, a condition, a period, people, models."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from benchmark.rounds import BoolArray, Labels, Rounds
from planet_core.stopping import UserError

LISTED = 20
"""Names that a message lists at most."""


class SelectionError(UserError):
    """A name that no row has; says which there are."""


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The options that `select` reads."""
    parser.add_argument(
        "--map", metavar="NAME", help="only rounds on this map (default: every map, each apart)"
    )
    parser.add_argument("--condition", metavar="NAME", help="only rounds seen so: fair, free or album")
    for name, which in (("since", "from this day on"), ("until", "to the end of this day")):
        parser.add_argument(
            f"--{name}", metavar="DATE", type=_day, help=f"only rounds that people answered {which} (UTC)"
        )
    for name, whom in (("player", "person"), ("model", "model")):
        parser.add_argument(
            f"--{name}",
            metavar="NAME",
            action="append",
            help=f"only rounds that this {whom} played; may be given several times",
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-01-31") from None


def is_selected(options: Mapping[str, Any]) -> bool:
    """Whether anything but the map is asked for."""
    return any(options.get(name) for name in ("condition", "since", "until", "player", "model"))


def select(rounds: Rounds, options: Mapping[str, Any]) -> Rounds:
    """The rounds that the options of `add_selection` ask for; a note says what was left out.

    Of people and models that are named, only the rounds that one of them played are kept, with the answers of
    both sides. A round is of the time at which its people answered: models answer before.

    Raises:
        SelectionError: a name that no row has.
    """
    wanted = _in_words(options)
    if not wanted or not len(rounds):
        return rounds
    chosen = _named(rounds.map, options, "map") & _named(rounds.condition, options, "condition")
    people, models = ~rounds.is_model & chosen, rounds.is_model & chosen
    notes = list(rounds.notes)
    if options.get("since") or options.get("until"):
        people, models = _of_period(rounds, people, models, options)
        unknown = int((chosen & np.isnat(rounds.answered_at)).sum())
        if unknown:
            notes.append(f"Answers of which nobody knows the time, left out by the period: {unknown:,}.")
    if options.get("player"):
        people &= _player(rounds, ~rounds.is_model, options["player"], "player")
        models &= _in_rounds_of(rounds, people)
    if options.get("model"):
        models &= _player(rounds, rounds.is_model, options["model"], "model")
        people &= _in_rounds_of(rounds, models)
    kept = np.flatnonzero(people | models)
    notes.append(f"Selected: {wanted}; {len(kept):,} of {len(rounds):,} answers.")
    return replace(rounds[kept].compact(), notes=tuple(notes))


def _in_words(options: Mapping[str, Any]) -> str:
    """What was asked for; people are counted and not named: reports have pseudonyms for them."""
    people = len(set(options.get("player") or ()))
    parts = [
        *(f"{name} {options[name]}" for name in ("map", "condition", "since", "until") if options.get(name)),
        *([f"{people} {'person' if people == 1 else 'people'} by name"] if people else ()),
        *(f"model {name}" for name in dict.fromkeys(options.get("model") or ())),
    ]
    return ", ".join(parts)


def _named(labels: Labels, options: Mapping[str, Any], option: str) -> BoolArray:
    """The rows with the name that the option gives; all where it gives none."""
    name = options.get(option)
    if name is None:
        return np.ones(len(labels.codes), dtype=np.bool_)
    found = labels.equal(name)
    if not found.any():
        raise _unknown(option, name, [labels.names[code] for code in np.unique(labels.codes).tolist()])
    return found


def _player(rounds: Rounds, side: BoolArray, names: Sequence[str], option: str) -> BoolArray:
    """The rows of players; a model of the game may be named without its "(token)"."""
    codes = np.unique(rounds.player_id.codes[side]).tolist()
    known = {code: rounds.player_id.names[code] for code in codes}
    wanted: list[int] = []
    for name in names:
        found = [code for code, full in known.items() if name in (full, full.rpartition(" (")[0])]
        if not found:
            raise _unknown(option, name, list(known.values()))
        wanted += found
    return side & np.isin(rounds.player_id.codes, wanted)


def _unknown(option: str, name: str, known: Sequence[str]) -> SelectionError:
    if not known:
        return SelectionError(f"--{option} {name}: the rows have none at all")
    some = ", ".join(sorted(known)[:LISTED])
    more = f" and {len(known) - LISTED:,} more" if len(known) > LISTED else ""
    return SelectionError(f"--{option} {name}: no row has it; there are: {some}{more}")


def _of_period(
    rounds: Rounds, people: BoolArray, models: BoolArray, options: Mapping[str, Any]
) -> tuple[BoolArray, BoolArray]:
    since, until = options.get("since"), options.get("until")
    within = ~np.isnat(rounds.answered_at)
    if since:
        within &= rounds.answered_at >= np.datetime64(since)
    if until:
        within &= rounds.answered_at < np.datetime64(until) + np.timedelta64(1, "D")
    then = people & within
    alone = ~_in_rounds_of(rounds, ~rounds.is_model)
    return then, models & np.where(alone, within, _in_rounds_of(rounds, then))


def _in_rounds_of(rounds: Rounds, some: BoolArray) -> BoolArray:
    """The rows of the rounds that some rows are of."""
    numbers = rounds.round_id.codes
    there = np.zeros(len(rounds.round_id.names), dtype=np.bool_)
    there[numbers[some]] = True
    return there[numbers]
