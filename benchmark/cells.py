"""Cells of a file of rows to values in columns, each with a message that says where it makes no sense."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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
    times,
)
from planet_core.stopping import UserError

FILLED = ("round_id", "panorama_id", "player_id", "condition")
"""Texts that no row may leave empty."""
MOST_IN_ALL = 1.001
"""What the probabilities of one answer may add up to."""

Cells = tuple[Any, ...]


class RowsError(UserError):
    """A file whose rows cannot be used; says where and what to do."""


@dataclass
class Collected:
    """The columns of a file as far as it is read.

    Attributes:
        lines: in which line of the file each row is.
        parts: arrays of values by column, one after the other; nothing of columns that nobody knows.
        names: the texts of a column by their numbers.
    """

    file: Path
    lines: list[int] = field(default_factory=list)
    parts: dict[str, list[Any]] = field(default_factory=dict)
    names: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, lines: list[int], columns: Mapping[str, Cells]) -> None:
        """Adds rows. Raises RowsError for a value that makes no sense."""
        self.lines += lines
        for name, cells in columns.items():
            if name in READ:
                self.parts.setdefault(name, []).append(self._values(name, cells, lines))
            else:
                self.parts.setdefault(name, [])

    def _values(self, name: str, cells: Cells, lines: list[int]) -> Any:
        try:
            return READ[name](self, name, cells)
        except ValueError:
            pass
        for line, cell in zip(lines, cells, strict=True):
            try:
                READ[name](self, name, (cell,))
            except ValueError as error:
                raise RowsError(f"{self.file}, line {line}: {name} {cell!r}: {error}") from error
        raise AssertionError("a column failed of which each cell is right")

    def at(self, row: int) -> str:
        """Where the row is, for people."""
        return f"{self.file}, line {self.lines[row]}"

    def array(self, name: str) -> npt.NDArray[Any]:
        """A column, (n,)."""
        return np.concatenate(self.parts[name]) if self.parts[name] else np.zeros(0)


def _texts(collected: Collected, name: str, cells: Cells) -> IntArray:
    known = collected.names.setdefault(name, {})
    if name in FILLED and "" in cells:
        raise ValueError("is empty")
    return np.array([known.setdefault(cell, len(known)) for cell in cells], dtype=np.int64)


def _numbers(_: Collected, name: str, cells: Cells) -> npt.NDArray[np.float64]:
    try:
        values = np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        raise ValueError("a number is expected") from None
    most = {"confidence": 1.0}.get(name, math.inf)
    if name not in PLACES and ((values < 0) | (values > most) | np.isinf(values)).any():
        raise ValueError("expected 0 to 1" if most == 1 else "expected a finite number of at least 0")
    return values


def _counts(_: Collected, name: str, cells: Cells) -> IntArray:
    try:
        values = [float(cell) if cell else -1.0 for cell in cells]
        whole = [int(value) for value in values]
        numbers = np.array(whole, dtype=np.int64)
    except (ValueError, OverflowError):
        raise ValueError("a whole number is expected") from None
    if values != whole or min(whole, default=0) < -1:
        raise ValueError("a whole number of at least 0 is expected")
    return numbers


YES_NO = {"": -1, "0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1, "False": 0, "True": 1}


def _choice(among: Mapping[str, int]) -> Callable[[Collected, str, Cells], IntArray]:
    def read(_: Collected, name: str, cells: Cells) -> IntArray:
        try:
            return np.array([among[cell] for cell in cells], dtype=np.int64)
        except KeyError:
            raise ValueError(f"expected {', '.join(word for word in among if word)}") from None

    return read


def _times(_: Collected, name: str, cells: Cells) -> npt.NDArray[np.datetime64]:
    try:
        return times(cells)
    except ValueError:
        raise ValueError("expected a moment such as 2026-01-31T12:00:00+00:00") from None


def _probabilities(_: Collected, name: str, cells: Cells) -> CountryProbabilities:
    return CountryProbabilities.of(_distribution(cell) if cell else {} for cell in cells)


@lru_cache(maxsize=50_000)  # a model says the same of a panorama, however often it is met
def _distribution(cell: str) -> dict[str, float]:
    try:
        row = json.loads(cell)
    except (ValueError, RecursionError):
        raise ValueError('expected JSON such as {"FR": 0.8, "BE": 0.1}') from None
    if not isinstance(row, dict) or not all(type(value) in (int, float) for value in row.values()):
        raise ValueError('expected JSON such as {"FR": 0.8, "BE": 0.1}')
    if not (all(0 <= value <= MOST_IN_ALL for value in row.values()) and sum(row.values()) <= MOST_IN_ALL):
        raise ValueError("probabilities are at least 0 and add up to 1 at most")
    return row


READ: dict[str, Callable[[Collected, str, Cells], Any]] = {
    **dict.fromkeys(TEXTS, _texts),
    **dict.fromkeys(NUMBERS, _numbers),
    **dict.fromkeys(COUNTS, _counts),
    **dict.fromkeys(FLAGS, _choice(YES_NO)),
    "player_kind": _choice({name: number for number, name in enumerate(KINDS)}),
    "outcome": _choice({name: number for number, name in enumerate(OUTCOMES)}),
    "answered_at": _times,
    "country_probabilities": _probabilities,
}
