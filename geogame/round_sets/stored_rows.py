"""Rows as the file of a set has them: written once, read back to the last digit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.read import RowsError, read_rounds
from benchmark.rounds import COUNTS, FLAGS, KINDS, NUMBERS, OUTCOMES, TEXTS, Rounds, Row
from benchmark.rows_csv import write_rows
from geogame.round_sets.models import RoundSet

NAME = "rows.csv"
COLUMNS = [field.name for field in fields(Row)]


def csv_of(rows: Sequence[Row]) -> str:
    """The rows as CSV, names as they are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / NAME
        write_rows(Rounds.from_rows(rows), file, {})
        return file.read_text("utf-8")


def rounds_of(text: str) -> Rounds:
    """The rows of a CSV, checked. RowsError names line and column of what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / NAME
        file.write_text(text, "utf-8")
        try:
            return read_rounds(file)
        except RowsError as error:
            raise RowsError(str(error).replace(str(file), NAME)) from None


def read_stored(round_set: RoundSet) -> list[Row]:
    """The rows that an imported set came with."""
    return rows_from(rounds_of(round_set.rows))


def rows_from(rounds: Rounds) -> list[Row]:
    """Columns as rows again."""
    columns = {name: list(_cells(rounds, name)) for name in COLUMNS}
    names = list(columns)
    return [Row(**dict(zip(names, cells, strict=True))) for cells in zip(*columns.values(), strict=True)]


def _cells(rounds: Rounds, name: str) -> Iterator[Any]:
    if name == "player_kind":
        return (KINDS[model] for model in rounds.is_model.tolist())
    if name == "outcome":
        return (OUTCOMES[number] for number in rounds.outcome.tolist())
    if name == "answered_at":
        moments = np.datetime_as_string(rounds.answered_at).tolist()
        return ("" if moment == "NaT" else f"{moment}+00:00" for moment in moments)
    if name == "country_probabilities":
        return (rounds.country_probabilities.row(number) for number in range(len(rounds)))
    values = getattr(rounds, name)
    if name in TEXTS:
        return iter(values.texts())
    if name in NUMBERS:
        return (None if value != value else value for value in values.tolist())  # NaN is not itself
    if name in FLAGS:
        return (None if value < 0 else bool(value) for value in values.tolist())
    assert name in COUNTS, name
    return (None if value < 0 else value for value in values.tolist())
