"""Rows of played rounds out of a CSV or a JSON Lines file, in columns; `docs/benchmark.md` has the format."""

from __future__ import annotations

import contextlib
import csv
import gc
import json
import os
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, TextIO

from benchmark.cells import Cells, Collected
from benchmark.cells import RowsError as RowsError
from benchmark.rounds import Rounds
from benchmark.row_checks import checked

REQUIRED = (
    *("round_id", "panorama_id", "player_id", "player_kind", "condition", "map"),
    *("lat", "lng", "true_lat", "true_lng", "outcome", "answered_at"),
)
CHUNK = 50_000


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
    collected = Collected(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as text, _without_collection():
            lines = _json_lines if file.suffix.lower() in (".jsonl", ".ndjson") else _csv_lines
            for numbers, columns in lines(text, file):
                collected.add(numbers, columns)
    except OSError as error:
        raise RowsError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RowsError(f"{file} is no text in UTF-8 ({error.reason}): save it as UTF-8") from error
    return checked(collected)


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
        columns = {name: tuple(row.get(name, "") for row in rows) for name in names}
        yield [number for number, _ in chunk], columns
    if names is None:
        yield [], dict.fromkeys(REQUIRED, ())


def _json_row(line: str, number: int, file: Path) -> dict[str, str]:
    try:
        row = json.loads(line)
        if isinstance(row, dict):
            return {name: _cell(value) for name, value in row.items()}
    except RecursionError:
        raise RowsError(f"{file}, line {number}: too deeply nested: values are numbers and texts") from None
    except ValueError as error:
        raise RowsError(f"{file}, line {number}: no JSON ({error})") from error
    raise RowsError(f"{file}, line {number}: one object is expected in each line")


def _cell(value: Any) -> str:
    """As a CSV would have it; numbers keep their value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
