"""Played rounds in columns: one answer of one player in one round, as the game stores it or a file has it.

`Row` is one answer, for whoever has them one by one; `Rounds` holds any number of them as numpy columns. What
is not known is -1 in whole numbers, NaN in others, "" in texts, NaT in times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from planet_core.geo import haversine_km
from planet_core.scoring import WORLD_SCALE_KM, points

PlayerKind = Literal["person", "model"]
KINDS = ("person", "model")
OUTCOMES = ("answered", "timeout", "refused", "error")
ANSWERED = OUTCOMES.index("answered")
DRAWN = "drawn"
"""The source of pictures that were drawn from facts; all other sources are photographs."""

CHUNK = 20_000
"""Rows that are held one by one at a time."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SmallIntArray = npt.NDArray[np.signedinteger[Any]]
BoolArray = npt.NDArray[np.bool_]
Index = IntArray | BoolArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One answer. Places in degrees; `lat, lng` are None unless the outcome is "answered".

    `exposure` is 1 when the player saw the panorama for the first time, `group_exposure` is 1 when they
    knew no other panorama of its group (one walk, one place) either. `album` is the album that the picture
    was shown in, "" for a single one. `seen_in_training` is known of
    models only, `consent` of people who were asked. `source` says where the picture is from, "drawn" that
    it was not photographed. The rest is as in `docs/benchmark.md`; None is "not known".
    """

    round_id: str
    panorama_id: str
    player_id: str
    player_kind: PlayerKind
    condition: str
    map: str
    lat: float | None
    lng: float | None
    true_lat: float
    true_lng: float
    outcome: str
    answered_at: str
    exposure: int | None = None
    group_exposure: int | None = None
    seen_in_training: bool | None = None
    scale_km: float = WORLD_SCALE_KM
    source: str = "photo"
    captured_year: int | None = None
    scoring_version: int | None = None
    guest: bool | None = None
    games_played: int | None = None
    device: str = ""
    album: str = ""
    time_s: float | None = None
    confidence: float | None = None
    country_probabilities: Mapping[str, float] | None = None
    near_duplicate: bool | None = None
    same_sequence: bool | None = None
    same_author: bool | None = None
    consent: bool | None = None


def times(texts: Iterable[str]) -> npt.NDArray[np.datetime64]:
    """Moments of ISO 8601, datetime64[us] in UTC; NaT of "". Without a zone they are UTC.

    Raises:
        ValueError: a text that is no moment.
    """
    return np.array([_utc(text) for text in texts], dtype="datetime64[us]")


def _utc(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    try:
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"{text!r} is before year 1 or after year 9999 in UTC") from None


@dataclass(frozen=True, eq=False)
class Labels:
    """A column of texts: `codes` (n,) are numbers of `names`; order of names is that of first appearance."""

    codes: IntArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str]) -> Labels:
        """Numbers the texts."""
        known: dict[str, int] = {}
        codes = [known.setdefault(value, len(known)) for value in values]
        return cls(np.array(codes, dtype=np.int64), tuple(known))

    @classmethod
    def joined(cls, parts: Sequence[Labels]) -> Labels:
        """One after the other."""
        names = cls.of(name for part in parts for name in part.names)
        numbers = np.split(names.codes, np.cumsum([len(part.names) for part in parts])[:-1])
        codes = [number[part.codes] for number, part in zip(numbers, parts, strict=True)]
        return cls(np.concatenate(codes), names.names)

    def __getitem__(self, index: Index) -> Labels:
        return Labels(self.codes[index], self.names)

    def compact(self) -> Labels:
        """The same without names that no row has."""
        used, codes = np.unique(self.codes, return_inverse=True)
        return Labels(codes.astype(np.int64), tuple(self.names[code] for code in used.tolist()))

    def texts(self) -> list[str]:
        """The texts, (n,)."""
        return [self.names[code] for code in self.codes.tolist()]

    def texts_at(self, row: int) -> str:
        """The text of one row."""
        return self.names[int(self.codes[row])]

    def equal(self, name: str) -> BoolArray:
        """Which rows hold the text, (n,)."""
        number = self.names.index(name) if name in self.names else -1
        return np.asarray(self.codes == number)


@dataclass(frozen=True, eq=False)
class CountryProbabilities:
    """What models gave to countries: row i has `countries.codes` and `values` of `start[i]:start[i + 1]`."""

    start: IntArray
    countries: Labels
    values: FloatArray

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, float]]) -> CountryProbabilities:
        """From one mapping of ISO codes to probabilities for each row; empty where nothing is known."""
        rows = list(rows)
        start = np.cumsum([0, *(len(row) for row in rows)])
        countries = Labels.of(code for row in rows for code in row)
        values = [value for row in rows for value in row.values()]
        return cls(start, countries, np.array(values, dtype=np.float64))

    @classmethod
    def joined(cls, parts: Sequence[CountryProbabilities]) -> CountryProbabilities:
        """One after the other."""
        if not parts:
            return cls.of([])
        sizes = np.concatenate([np.diff(part.start) for part in parts])
        return cls(
            np.concatenate([[0], np.cumsum(sizes)]),
            Labels.joined([part.countries for part in parts]),
            np.concatenate([part.values for part in parts]),
        )

    def __getitem__(self, index: Index) -> CountryProbabilities:
        rows = np.arange(len(self.start) - 1)[index]
        sizes = np.diff(self.start)[rows]
        start = np.concatenate([[0], np.cumsum(sizes)])
        taken = np.arange(start[-1]) + np.repeat(self.start[rows] - start[:-1], sizes)
        return CountryProbabilities(start, self.countries[taken], self.values[taken])

    def row(self, number: int) -> dict[str, float]:
        """What one row holds."""
        some = slice(self.start[number], self.start[number + 1])
        names = (self.countries.names[code] for code in self.countries.codes[some].tolist())
        return dict(zip(names, self.values[some].tolist(), strict=True))


TEXTS = ("round_id", "panorama_id", "player_id", "condition", "map", "source", "device", "album")
FLAGS = ("seen_in_training", "near_duplicate", "same_sequence", "same_author", "guest", "consent")
COUNTS = ("exposure", "group_exposure", "captured_year", "games_played", "scoring_version")
PLACES = ("lat", "lng", "true_lat", "true_lng")
NUMBERS = (*PLACES, "scale_km", "confidence", "time_s")


def _columns(parts: Sequence[Rounds]) -> dict[str, list[Any]]:
    """By name, those of each part."""
    names = [field.name for field in fields(Rounds) if field.name != "notes"]
    return {name: [getattr(part, name) for part in parts] for name in names}


def _joined(columns: dict[str, list[Any]]) -> dict[str, Any]:
    """One after the other. The parts of each column are let go once it is joined: of many rows there is no
    room for both.
    """
    found: dict[str, Any] = {}
    for name in list(columns):
        parts = columns.pop(name)
        if name in TEXTS:
            found[name] = Labels.joined(parts)
        elif name == "country_probabilities":
            found[name] = CountryProbabilities.joined(parts)
        else:
            found[name] = np.concatenate(parts)
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Rounds:
    """Answers in columns, (n,) each; `docs/benchmark.md` describes them. Degrees, km, seconds.

    Attributes:
        is_model: whether the player is a model.
        outcome: number of `OUTCOMES`.
        answered_at: datetime64[us], UTC.
        notes: what whoever reads a report has to know of these rows.
    """

    round_id: Labels
    panorama_id: Labels
    player_id: Labels
    condition: Labels
    map: Labels
    source: Labels
    device: Labels
    album: Labels
    is_model: BoolArray
    outcome: SmallIntArray
    lat: FloatArray
    lng: FloatArray
    true_lat: FloatArray
    true_lng: FloatArray
    scale_km: FloatArray
    confidence: FloatArray
    time_s: FloatArray
    seen_in_training: SmallIntArray
    near_duplicate: SmallIntArray
    same_sequence: SmallIntArray
    same_author: SmallIntArray
    guest: SmallIntArray
    consent: SmallIntArray
    exposure: SmallIntArray
    group_exposure: SmallIntArray
    captured_year: SmallIntArray
    games_played: SmallIntArray
    scoring_version: SmallIntArray
    answered_at: npt.NDArray[np.datetime64]
    country_probabilities: CountryProbabilities
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.is_model)

    @classmethod
    def of(cls, columns: Mapping[str, Any], size: int, notes: Sequence[str] = ()) -> Rounds:
        """From converted columns; what is left out is not known.

        Args:
            columns: by name; a column of `TEXTS` as `Labels`, others as arrays (size,).
        """
        unknown: dict[str, Any] = {}
        for name in TEXTS:
            unknown[name] = Labels(np.zeros(size, dtype=np.int64), ("",))
        for name in (*FLAGS, *COUNTS):
            unknown[name] = np.full(size, -1, dtype=np.int8 if name in FLAGS else np.int32)
        for name in NUMBERS:
            unknown[name] = np.full(size, np.nan)
        unknown["answered_at"] = np.full(size, "NaT", dtype="datetime64[us]")
        unknown["country_probabilities"] = CountryProbabilities.of([{}] * size)
        return cls(**(unknown | dict(columns)), notes=tuple(notes))

    @classmethod
    def from_rows(cls, rows: Iterable[Row]) -> Rounds:
        """The same answers in columns; only some rows at a time are held. Raises ValueError for an unknown
        kind of player or outcome.
        """
        left = iter(rows)
        columns = _columns([cls._of_some(list(islice(left, CHUNK)))])
        while some := list(islice(left, CHUNK)):
            for name, parts in _columns([cls._of_some(some)]).items():
                columns[name] += parts
        return cls(**_joined(columns))

    @classmethod
    def _of_some(cls, rows: Sequence[Row]) -> Rounds:
        columns: dict[str, Any] = {name: Labels.of(getattr(row, name) for row in rows) for name in TEXTS}
        for name in (*FLAGS, *COUNTS):
            values = (getattr(row, name) for row in rows)
            small = np.int8 if name in FLAGS else np.int32
            columns[name] = np.array([-1 if value is None else int(value) for value in values], dtype=small)
        for name in NUMBERS:
            columns[name] = np.array([getattr(row, name) for row in rows], dtype=np.float64)  # None is NaN
        columns["is_model"] = np.array([KINDS.index(row.player_kind) == 1 for row in rows], dtype=np.bool_)
        columns["answered_at"] = times(row.answered_at for row in rows)
        columns["outcome"] = np.array([OUTCOMES.index(row.outcome) for row in rows], dtype=np.int8)
        columns["country_probabilities"] = CountryProbabilities.of(
            row.country_probabilities or {} for row in rows
        )
        return cls.of(columns, len(rows))

    @classmethod
    def joined(cls, parts: Sequence[Rounds]) -> Rounds:
        """One after the other, at least one, with the notes of all."""
        columns = _joined(_columns(parts))
        notes = dict.fromkeys(note for part in parts for note in part.notes)
        return cls(**columns, notes=tuple(notes))

    def __getitem__(self, index: Index) -> Rounds:
        """Some of the rows: numbers or a mask."""
        parts = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "notes"}
        return replace(self, **{name: part[index] for name, part in parts.items()})

    def compact(self) -> Rounds:
        """The same without names that no row has: of some rows, those that are left."""
        return replace(self, **{name: getattr(self, name).compact() for name in TEXTS})

    @cached_property
    def distance_km(self) -> FloatArray:
        """Great-circle error (n,), km; no answer is infinitely far."""
        distance = np.asarray(haversine_km(self.lat, self.lng, self.true_lat, self.true_lng))
        return np.where(self.outcome == ANSWERED, distance, np.inf)

    @cached_property
    def points(self) -> FloatArray:
        """Points of the game (n,), computed from the distance; 0 without an answer."""
        pairs = zip(self.distance_km.tolist(), self.scale_km.tolist(), strict=True)
        return np.array([points(km, scale) if km != np.inf else 0 for km, scale in pairs], dtype=np.float64)

    @cached_property
    def drawn(self) -> BoolArray:
        """Whether the picture was drawn and not photographed, (n,)."""
        return self.source.equal(DRAWN)
