"""What a file or a cell may say, as checked values: numbers, texts and places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


class RowError(Exception):
    """Why one picture cannot be imported.

    Attributes:
        code: stable, to count by; `ImageError` of planet_core has codes of the same form.
        message: one sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Refusal:
    """One picture that stays out: `label` names the file and, where there is one, the row."""

    label: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.label}: {self.message}"


class Place(NamedTuple):
    lat: float
    lng: float


def clean_text(text: str) -> str:
    """One printable line: no NUL (PostgreSQL refuses it) and no control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def number(text: str, name: str) -> float:
    # Spreadsheets of half the world write 48,85.
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        value = math.nan if "_" in plain else float(plain)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RowError("not-a-number", f"{name} {text!r} is not a number")
    return value


def checked_place(lat: float, lng: float) -> Place:
    """The place with its longitude in -180..180; longitudes counted 0..360 are understood."""
    if abs(lat) > 90:
        if abs(lng) <= 90 and abs(lat) <= 360:
            raise RowError(
                "swapped-columns",
                f"latitude {lat:g} is out of range, longitude {lng:g} could be one: the columns look swapped",
            )
        raise RowError("latitude-out-of-range", f"latitude {lat:g} is out of range (-90 to 90)")
    if not -180 <= lng <= 360:
        raise RowError(
            "longitude-out-of-range", f"longitude {lng:g} is out of range (-180 to 180, or 0 to 360)"
        )
    if lat == 0 and lng == 0:
        raise RowError("no-coordinates", "the coordinates 0, 0 are a placeholder, not a place")
    return Place(lat, lng - 360 if lng > 180 else lng)


def checked_heading(text: str) -> float:
    degrees = number(text, "heading")
    if abs(degrees) > 360:
        raise RowError("heading-out-of-range", f"heading {degrees:g} is out of range (0 to 360)")
    return degrees % 360
