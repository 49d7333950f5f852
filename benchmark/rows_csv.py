"""Rows written as CSV, people under pseudonyms, so that a report can be made anew from them."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from itertools import chain, count, pairwise
from typing import Any

import numpy as np

from benchmark.read import REQUIRED
from benchmark.rounds import (
    COUNTS,
    FLAGS,
    KINDS,
    NUMBERS,
    OUTCOMES,
    PLACES,
    TEXTS,
    CountryProbabilities,
    IntArray,
    Rounds,
)
from benchmark.statistics import Comparison
from planet_core.files import atomic_file

CHUNK = 20_000
FIRST = ("round_id", "panorama_id", "player_id", "player_kind", "condition", "map")
COLUMNS = (
    *FIRST,
    *(*PLACES, "outcome", "answered_at", "consent", "source"),
    *(name for name in (*NUMBERS, *FLAGS, *COUNTS, "device", "album") if name not in (*PLACES, "consent")),
    "country_probabilities",
)


ALWAYS = {*REQUIRED, "consent", "exposure", "seen_in_training"}


def pseudonyms(rounds: Rounds) -> dict[str, str]:
    """A new name for every person, "person 1" and so on in the order of first appearance, but none that a
    model has: people of other programs choose the names of theirs.
    """
    people = dict.fromkeys(rounds.player_id[np.flatnonzero(~rounds.is_model)].texts())
    taken = set(rounds.player_id[np.flatnonzero(rounds.is_model)].texts())
    free = (name for number in count(1) if (name := f"person {number}") not in taken)
    return dict(zip(people, free, strict=False))


def write_rows(
    rounds: Rounds, path: str | os.PathLike[str], names: dict[str, str], numbers: IntArray | None = None
) -> None:
    """Writes the rows in the format that `read_rounds` reads, people under `names`.

    Args:
        numbers: (n,), of the rows to write; all of them without it.

    Columns of which nothing is known are left out, but for those that change what counts. Consent is as
    the rows have it: empty where nobody knows whether the person was asked.

    Raises:
        OSError: it cannot be written.
    """
    numbers = np.arange(len(rounds)) if numbers is None else numbers
    columns = [name for name in COLUMNS if name in ALWAYS or _known(rounds, name, numbers)]
    with atomic_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for start in range(0, len(numbers), CHUNK):
            some = rounds[numbers[start : start + CHUNK]]
            writer.writerows(zip(*(_cells(some, name, names) for name in columns), strict=True))
        text.flush()
        text.detach()


def _known(rounds: Rounds, name: str, numbers: IntArray) -> bool:
    """Whether any of the rows says anything."""
    values = getattr(rounds, name)
    if name == "country_probabilities":
        return bool((np.diff(values.start)[numbers] > 0).any())
    if name in TEXTS:
        return bool(values.names != ("",))
    some = values[numbers]
    return bool((~np.isnan(some)).any() if name in NUMBERS else (some >= 0).any())


def _cells(rounds: Rounds, name: str, names: dict[str, str]) -> list[Any]:
    if name == "player_id":
        return [names.get(text, text) for text in rounds.player_id.texts()]
    if name == "player_kind":
        return [KINDS[model] for model in rounds.is_model.tolist()]
    if name == "outcome":
        return [OUTCOMES[number] for number in rounds.outcome.tolist()]
    if name == "answered_at":
        moments = np.datetime_as_string(rounds.answered_at).tolist()
        return ["" if moment == "NaT" else f"{moment}+00:00" for moment in moments]
    if name == "country_probabilities":
        return _distributions(rounds.country_probabilities)
    values = getattr(rounds, name)
    if name in TEXTS:
        return list(values.texts())
    if name in NUMBERS:
        return ["" if value != value else value for value in values.tolist()]  # NaN is not itself
    return ["" if value < 0 else value for value in values.tolist()]


def _distributions(given: CountryProbabilities) -> list[str]:
    countries, values, start = given.countries.texts(), given.values.tolist(), given.start.tolist()
    return [
        json.dumps(dict(zip(countries[low:high], values[low:high], strict=True))) if low < high else ""
        for low, high in pairwise(start)
    ]


def comparisons_csv(comparisons: list[dict[str, Any]]) -> str:
    """The comparisons as CSV, a line each; nested numbers are columns such as `win_rate.low`."""
    rows = [dict(_flat(one)) for one in comparisons]
    columns = list(dict.fromkeys(chain.from_iterable(rows)))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


OF_A_LINE = tuple(Comparison.__annotations__)
"""What all comparisons have, those of one person too."""


def _flat(comparison: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in OF_A_LINE:
        yield from _leaves(name, comparison[name])


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(f"{name}.{key}", part)
    else:
        yield name, value
