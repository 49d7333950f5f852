"""Rows of played rounds out of a CSV or a JSON Lines file, in columns; `docs/benchmark.md` has the format."""

from __future__ import annotations

import contextlib
import csv
import gc
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from benchmark.rounds import (
    ANSWERED,
    COUNTS,
    FLAGS,
    KINDS,
    NUMBERS,
    OUTCOMES,
    TEXTS,
    BoolArray,
    CountryProbabilities,
    IntArray,
    Labels,
    Rounds,
    times,
)
from planet_core.scoring import WORLD_SCALE_KM
from planet_core.stopping import UserError

REQUIRED = (
    *("round_id", "panorama_id", "player_id", "player_kind", "condition", "map"),
    *("lat", "lng", "true_lat", "true_lng", "outcome", "answered_at"),
)
FILLED = ("round_id", "panorama_id", "player_id", "condition")
"""Texts that no row may leave empty."""
CHUNK = 50_000
MOST_IN_ALL = 1.001
"""What the probabilities of one answer may add up to."""

Cells = tuple[Any, ...]


class RowsError(UserError):
    """A file whose rows cannot be used; says where and what to do."""


def read_rounds(path: str | os.PathLike[str]) -> Rounds:
    """The rows of a file: JSON Lines where its name ends in .jsonl or .ndjson, else CSV with a header.

    Rows with impossible coordinates, and those of people who did not agree, are left out; `notes` says so.
    Where the file has no column `exposure` (`seen_in_training`), every row counts as a first one (as one
    not trained on), and `notes` says that too.

    Raises:
        RowsError: the file cannot be read, a column is missing, a value makes no sense, a player has two
            answers in a round, or a panorama two places; names file, line and column.
    """
    file = Path(path)
    collected = _Collected(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as text, _without_collection():
            lines = _json_lines if file.suffix.lower() in (".jsonl", ".ndjson") else _csv_lines
            for numbers, columns in lines(text, file):
                collected.add(numbers, columns)
    except OSError as error:
        raise RowsError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RowsError(f"{file} is no text in UTF-8 ({error.reason}): save it as UTF-8") from error
    return _checked(collected)


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Millions of cells that are no garbage are not searched for it: half the time of reading."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


# ------------------------------------------------------------------------------------------------
# Lines to columns


def _csv_lines(text: TextIO, file: Path) -> Iterator[tuple[list[int], dict[str, Cells]]]:
    reader = csv.reader(text)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, file)
        yield [], dict.fromkeys(header, ())
        last = reader.line_num
        while rows := list(islice(reader, CHUNK)):
            lines = _line_numbers(rows, last, reader.line_num)
            last = reader.line_num
            if [] in rows:  # empty lines
                lines = [line for line, row in zip(lines, rows, strict=True) if row]
                rows = [row for row in rows if row]
            _check_widths(rows, lines, len(header), file)
            cells = list(zip(*rows, strict=True)) or [()] * len(header)
            yield lines, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise RowsError(f"{file}, line {reader.line_num}: no CSV ({error})") from error


def _line_numbers(rows: list[list[str]], before: int, last: int) -> list[int]:
    """In which line of the file each row ends."""
    if last - before == len(rows):
        return list(range(before + 1, last + 1))
    return list(accumulate((1 + sum(cell.count("\n") for cell in row) for row in rows), initial=before))[1:]


def _check_widths(rows: list[list[str]], lines: list[int], width: int, file: Path) -> None:
    if set(map(len, rows)) <= {width}:
        return
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise RowsError(f"{file}, line {line}: {len(row)} values where the header has {width} columns")


def _check_header(header: list[str], file: Path) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise RowsError(f"{file} has no column {', '.join(missing)}: its first line has to name them")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise RowsError(f"{file} has two columns {', '.join(sorted(twice))}: keep one")


def _json_lines(text: TextIO, file: Path) -> Iterator[tuple[list[int], dict[str, Cells]]]:
    lines = ((number, line) for number, line in enumerate(text, 1) if line.strip())
    names: dict[str, None] | None = None
    while chunk := list(islice(lines, CHUNK)):
        rows = [_json_row(line, number, file) for number, line in chunk]
        if names is None:
            names = dict.fromkeys(name for row in rows for name in row)
            _check_header(list(names), file)
        for (number, _), row in zip(chunk, rows, strict=True):
            if not names.keys() >= row.keys():
                new = ", ".join(sorted(row.keys() - names.keys()))
                raise RowsError(
                    f"{file}, line {number}: {new} is new here: give it in an earlier row, or null"
                )
        columns = {name: tuple(_cell(row.get(name)) for row in rows) for name in names}
        yield [number for number, _ in chunk], columns
    if names is None:
        yield [], dict.fromkeys(REQUIRED, ())


def _json_row(line: str, number: int, file: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise RowsError(f"{file}, line {number}: no JSON ({error})") from error
    if not isinstance(row, dict):
        raise RowsError(f"{file}, line {number}: one object is expected in each line")
    return row


def _cell(value: Any) -> str:
    """As a CSV would have it; numbers keep their value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


# ------------------------------------------------------------------------------------------------
# Cells to values


@dataclass
class _Collected:
    file: Path
    lines: list[int] = field(default_factory=list)
    parts: dict[str, list[Any]] = field(default_factory=dict)
    names: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, lines: list[int], columns: Mapping[str, Cells]) -> None:
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
        return f"{self.file}, line {self.lines[row]}"

    def array(self, name: str) -> npt.NDArray[Any]:
        return np.concatenate(self.parts[name]) if self.parts[name] else np.zeros(0)


def _texts(collected: _Collected, name: str, cells: Cells) -> IntArray:
    known = collected.names.setdefault(name, {})
    if name in FILLED and "" in cells:
        raise ValueError("is empty")
    return np.array([known.setdefault(cell, len(known)) for cell in cells], dtype=np.int64)


def _numbers(_: _Collected, name: str, cells: Cells) -> npt.NDArray[np.float64]:
    try:
        values = np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        raise ValueError("a number is expected") from None
    most = {"confidence": 1.0}.get(name, math.inf)
    if name not in PLACE_NAMES and ((values < 0) | (values > most) | np.isinf(values)).any():
        raise ValueError("expected 0 to 1" if most == 1 else "expected a finite number of at least 0")
    return values


def _counts(_: _Collected, name: str, cells: Cells) -> IntArray:
    try:
        values = [float(cell) if cell else -1.0 for cell in cells]
        whole = [int(value) for value in values]
    except (ValueError, OverflowError):
        raise ValueError("a whole number is expected") from None
    if values != whole or min(whole, default=0) < -1:
        raise ValueError("a whole number of at least 0 is expected")
    return np.array(whole, dtype=np.int64)


YES_NO = {"": -1, "0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1, "False": 0, "True": 1}


def _choice(among: Mapping[str, int]) -> Callable[[_Collected, str, Cells], IntArray]:
    def read(_: _Collected, name: str, cells: Cells) -> IntArray:
        try:
            return np.array([among[cell] for cell in cells], dtype=np.int64)
        except KeyError:
            raise ValueError(f"expected {', '.join(word for word in among if word)}") from None

    return read


def _times(_: _Collected, name: str, cells: Cells) -> npt.NDArray[np.datetime64]:
    try:
        return times(cells)
    except ValueError:
        raise ValueError("expected a moment such as 2026-01-31T12:00:00+00:00") from None


def _probabilities(_: _Collected, name: str, cells: Cells) -> CountryProbabilities:
    return CountryProbabilities.of(_distribution(cell) if cell else {} for cell in cells)


@lru_cache(maxsize=50_000)  # a model says the same of a panorama, however often it is met
def _distribution(cell: str) -> dict[str, float]:
    try:
        row = json.loads(cell)
    except ValueError:
        raise ValueError('expected JSON such as {"FR": 0.8, "BE": 0.1}') from None
    if not isinstance(row, dict) or not all(type(value) in (int, float) for value in row.values()):
        raise ValueError('expected JSON such as {"FR": 0.8, "BE": 0.1}')
    if not (all(value >= 0 for value in row.values()) and sum(row.values()) <= MOST_IN_ALL):
        raise ValueError("probabilities are at least 0 and add up to 1 at most")
    return row


PLACE_NAMES = ("lat", "lng", "true_lat", "true_lng")
READ: dict[str, Callable[[_Collected, str, Cells], Any]] = {
    **dict.fromkeys(TEXTS, _texts),
    **dict.fromkeys(NUMBERS, _numbers),
    **dict.fromkeys(COUNTS, _counts),
    **dict.fromkeys((*FLAGS, "consent"), _choice(YES_NO)),
    "player_kind": _choice({name: number for number, name in enumerate(KINDS)}),
    "outcome": _choice({name: number for number, name in enumerate(OUTCOMES)}),
    "answered_at": _times,
    "country_probabilities": _probabilities,
}


# ------------------------------------------------------------------------------------------------
# Values to rounds


def _checked(collected: _Collected) -> Rounds:
    columns: dict[str, Any] = {}
    for name in collected.parts.keys() & READ.keys():
        if name in TEXTS:
            names = tuple(collected.names.get(name, {}))
            columns[name] = Labels(collected.array(name).astype(np.int64), names)
        elif name == "country_probabilities":
            columns[name] = CountryProbabilities.joined(collected.parts[name])
        else:
            columns[name] = collected.array(name)
    columns = {name: _of_type(name, values) for name, values in columns.items()}
    notes: list[str] = []
    unknown = sorted(collected.parts.keys() - READ.keys())
    if unknown:
        notes.append(f"Columns that nobody here knows and nothing uses: {', '.join(unknown)}.")
    size = len(collected.lines)
    _assume(columns, size, notes)
    columns["is_model"] = columns.pop("player_kind") == KINDS.index("model")
    consent = columns.pop("consent", np.full(size, -1))
    rounds = Rounds.of(columns, size)
    kept = _kept(rounds, consent, collected, notes)
    _check_rows(rounds, kept, collected)
    return Rounds.of(_columns_of(rounds[np.flatnonzero(kept)]), int(kept.sum()), notes)


def _of_type(name: str, values: Any) -> Any:
    if name == "answered_at":
        return values.astype("datetime64[us]")
    if isinstance(values, np.ndarray) and name not in NUMBERS:
        return values.astype(np.int64)
    return values


def _columns_of(rounds: Rounds) -> dict[str, Any]:
    return {name: value for name, value in vars(rounds).items() if name != "notes"}


def _assume(columns: dict[str, Any], size: int, notes: list[str]) -> None:
    """Fills in what the file does not say at all."""
    if "exposure" not in columns:
        columns["exposure"] = np.ones(size, dtype=np.int64)
        notes.append("No column exposure: every round counts as the person's first sight of the panorama.")
    if "seen_in_training" not in columns:
        columns["seen_in_training"] = np.zeros(size, dtype=np.int64)
        notes.append("No column seen_in_training: every panorama counts as one that no model trained on.")
    scale = columns.get("scale_km", np.full(size, np.nan))
    if np.isnan(scale).any() and size:
        notes.append(f"Points of rounds without a scale_km are those of the world ({WORLD_SCALE_KM:.0f} km).")
    columns["scale_km"] = np.where(np.isnan(scale), WORLD_SCALE_KM, scale)


def _kept(rounds: Rounds, consent: IntArray, collected: _Collected, notes: list[str]) -> BoolArray:
    """Which rows can be used; the notes say how many cannot, and why."""
    outside = ~((np.abs(rounds.true_lat) <= 90) & (np.abs(rounds.true_lng) <= 180))
    placed = ~(np.isnan(rounds.lat) & np.isnan(rounds.lng))
    outside |= placed & ~((np.abs(rounds.lat) <= 90) & (np.abs(rounds.lng) <= 180))
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        notes.append(
            f"Left out: {_count(outside)} with impossible coordinates (latitudes are within -90..90,"
            f" longitudes within -180..180), the first in line {collected.lines[first]}."
        )
    refused = (consent == 0) & ~rounds.is_model
    if refused.any():
        notes.append(f"Left out: {_count(refused)} of people who did not agree to be in a report.")
    return np.asarray(~outside & ~refused)


def _count(rows: BoolArray) -> str:
    number = int(rows.sum())
    return "1 row" if number == 1 else f"{number:,} rows"


def _check_rows(rounds: Rounds, kept: BoolArray, collected: _Collected) -> None:
    answered, placed = rounds.outcome == ANSWERED, ~np.isnan(rounds.lat)
    for wrong, what in (
        (answered & ~placed, "answered, but lat and lng are empty"),
        (~answered & placed, "not answered, but there are lat and lng: leave them empty"),
        (rounds.scale_km <= 0, "scale_km must be more than 0"),
    ):
        bad = np.flatnonzero(wrong & kept)
        if bad.size:
            raise RowsError(f"{collected.at(int(bad[0]))}: {what}")
    players = len(rounds.player_id.names)
    _no_two(
        rounds.round_id.codes * players + rounds.player_id.codes,
        collected,
        "the player has an answer in this round already, in line {}: keep one",
    )
    usable = np.flatnonzero(kept)
    _same(rounds.round_id, rounds.panorama_id.codes, usable, collected, "round {} has two panoramas")
    for truth in (rounds.true_lat, rounds.true_lng):
        _same(rounds.panorama_id, truth, usable, collected, "panorama {} has two places")


def _no_two(keys: IntArray, collected: _Collected, message: str) -> None:
    order = np.argsort(keys, kind="stable")
    again = np.flatnonzero(np.diff(keys[order]) == 0)
    if again.size:
        place = int(again[np.argmin(order[again + 1])])
        first, second = int(order[place]), int(order[place + 1])
        raise RowsError(f"{collected.at(second)}: {message.format(collected.lines[first])}")


def _same(
    groups: Labels, values: npt.NDArray[Any], rows: IntArray, collected: _Collected, message: str
) -> None:
    """All rows of a group must have one value."""
    values, codes = values[rows], groups.codes[rows]
    first = np.zeros(len(groups.names), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    differs = np.flatnonzero(values != values[first[codes]])
    if differs.size:
        row = int(differs[0])
        other = collected.lines[int(rows[first[codes[row]]])]
        what = message.format(groups.names[codes[row]])
        raise RowsError(f"{collected.at(int(rows[row]))}: {what}, see line {other}")
