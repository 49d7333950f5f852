"""Rows and files of rows for the tests."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.read import read_rounds
from benchmark.rounds import Rounds

KM_PER_DEGREE = 111.19508


def cells(kind: str, *, number: int = 1, km: float | None = 0.0, **changes: object) -> dict[str, Any]:
    """One row of a file: an answer `km` north of a truth on the equator; None is a time-out."""
    values: dict[str, Any] = {
        "round_id": f"round {number}",
        "panorama_id": f"panorama {number}",
        "player_id": kind,
        "player_kind": kind,
        "condition": "fair",
        "map": "Test",
        "lat": "" if km is None else km / KM_PER_DEGREE,
        "lng": "" if km is None else 20.0,
        "true_lat": 0.0,
        "true_lng": 20.0,
        "outcome": "timeout" if km is None else "answered",
        "answered_at": "2026-01-01T00:00:00+00:00",
        "exposure": 1 if kind == "person" else "",
        "seen_in_training": 0 if kind == "model" else "",
    }
    return values | changes


def pair(
    person_km: float | None, model_km: float | None, number: int = 1, **changes: object
) -> list[dict[str, Any]]:
    """One round of one person and one model."""
    return [
        cells("person", number=number, km=person_km, **changes),
        cells("model", number=number, km=model_km, **changes),
    ]


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """A CSV of the rows."""
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row)) or list(cells("person"))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def rounds_of(folder: Path, rows: Iterable[dict[str, Any]]) -> Rounds:
    """The rows, written and read."""
    return read_rounds(write(folder / "rows.csv", rows))


def study(people: int, each: int, seed: int = 0, **changes: object) -> list[dict[str, Any]]:
    """So many people with own panoramas each, beside one model; places all over the world."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(people * each):
        place = {
            "true_lat": round(float(rng.uniform(-55, 65)), 5),
            "true_lng": round(float(rng.uniform(-170, 170)), 5),
            "answered_at": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}+00:00",
        }
        answers = {
            kind: {
                "lat": round(place["true_lat"] + float(rng.normal(0, 8)), 5),
                "lng": round(place["true_lng"] + float(rng.normal(0, 4)), 5),
            }
            for kind in ("person", "model")
        }
        person = {**place, **answers["person"], "player_id": f"subject {number // each}"}
        model = {**place, **answers["model"], "player_id": "PlaNet"}
        rows.append(cells("person", number=number, **person | changes))
        rows.append(cells("model", number=number, **model | changes))
    return rows
