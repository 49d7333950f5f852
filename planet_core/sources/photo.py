"""What every source of photos shares: the photo, the report of bad rows, and the shape of a source.

A source is iterated and gives `Photo`s one by one, so that a list may be longer than memory. A row that
cannot be used is counted in `errors` with where it stands and why, and skipped. Each kind of source is a
file of the same shape beside this one: a class with `kind`, `summary`, `recognises` and `_photos`.
"""

from __future__ import annotations

import abc
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from planet_core.model_directory import sha256_of

PROJECTIONS = ("flat", "equirectangular")
LISTED = 100
"""So many bad rows are kept as they were met; all are counted."""


class SourceError(Exception):
    """A source that cannot be read at all."""


class RowProblem(ValueError):
    """Why one row cannot be used, in words that need no more context than the row's number.

    Attributes:
        code: a short name to count by: `no-coordinates`, `bad-coordinates`, `swapped`, `missing-file`,
            `not-a-photo` or `bad-row`.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Photo:
    """One geotagged photo.

    Attributes:
        path: the file, or the tar file that it is in.
        lat, lng: degrees; both NaN in a source without places (see `Source.has_places`).
        group: what belongs together (sequence, panorama, album); "" for none.
        digest: sha256 of the picture's bytes, hexadecimal; "" where the source was opened without digests.
        projection: `flat`, or `equirectangular` for a 360-degree panorama.
        heading: compass bearing of the middle column in degrees, None where unknown.
        id: the source's own name of the photo; "" where it has none but the path.
        taken_at: ISO 8601, with a zone only where it is known; "" where unknown.
        offset, length: where the picture lies inside `path`; length None is the whole file.
    """

    path: Path
    lat: float
    lng: float
    group: str = ""
    digest: str = ""
    projection: str = "flat"
    heading: float | None = None
    id: str = ""
    taken_at: str = ""
    offset: int = 0
    length: int | None = None

    @property
    def name(self) -> str:
        """What a message calls the photo: its path, and its id where the file holds several."""
        return str(self.path) if self.length is None else f"{self.path}, {self.id}"

    @property
    def packed(self) -> str:
        """Where in a shard it lies, and what tells its bytes there from others; "" for a file of its own."""
        return "" if self.length is None else f"{self.path.name} {self.offset} {self.length}"

    def metadata(self) -> dict[str, Any]:
        """What a shard's JSON says of the photo, see `planet_core.shards`."""
        located = math.isfinite(self.lat)
        return {
            "lat": self.lat if located else None,
            "lng": self.lng if located else None,
            "digest": self.digest,
            "group": self.group,
            "projection": self.projection,
            "heading": self.heading,
            "id": self.id or self.path.name,
            "taken_at": self.taken_at,
        }

    def read(self) -> bytes:
        """The bytes of the picture file. Raises OSError."""
        if self.length is None:
            return self.path.read_bytes()
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


@dataclass(frozen=True)
class RowError:
    """A row that was skipped: its line in the file (or number in the folder), the reason, and a code."""

    line: int
    reason: str
    code: str = "bad-row"

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass
class RowErrors:
    """Bad rows of one reading: all counted, the first `LISTED` listed; `len` is the count of all.

    `sink`, where it is set, is called with every one as it is met.
    """

    listed: list[RowError] = field(default_factory=list)
    by_code: Counter[str] = field(default_factory=Counter)
    sink: Callable[[RowError], None] | None = None

    def __len__(self) -> int:
        return self.by_code.total()

    def __iter__(self) -> Iterator[RowError]:
        return iter(self.listed)

    def add(self, line: int, problem: ValueError) -> None:
        """Counts a row."""
        code = problem.code if isinstance(problem, RowProblem) else "bad-row"
        error = RowError(line, str(problem), code)
        self.by_code[code] += 1
        if len(self.listed) < LISTED:
            self.listed.append(error)
        if self.sink:
            self.sink(error)

    def clear(self) -> None:
        """Begins a new reading."""
        self.listed.clear()
        self.by_code.clear()


class Source(abc.ABC):
    """Photos of one kind of source; iterate over it, again and again if wanted.

    Args:
        path: the file or folder.
        digests: whether each file is read to fill in a missing `Photo.digest`.

    Raises (when iterated):
        SourceError: it cannot be read, or its coordinates are evidently in the wrong columns.
    """

    kind: ClassVar[str]
    summary: ClassVar[str]
    has_places: ClassVar[bool] = True
    noun: ClassVar[str] = "photo list"

    def __init__(self, path: str | os.PathLike[str], *, digests: bool = True) -> None:
        self.path = Path(path)
        self.digests = digests
        self.errors = RowErrors()
        self._share = 0.0

    def __iter__(self) -> Iterator[Photo]:
        self.errors.clear()
        self._share = 0.0
        try:
            yield from self._photos()
        except OSError as error:
            where = error.filename or self.path
            raise SourceError(f"cannot read the {self.noun} {where}: {error.strerror or error}") from error
        self._share = 1.0

    @property
    def share(self) -> float:
        """How much of the source the current reading has passed, 0..1, as far as it can tell."""
        return self._share

    @classmethod
    @abc.abstractmethod
    def recognises(cls, path: Path) -> bool:
        """Whether a bare path looks like this kind. Reads little. May raise OSError."""

    @abc.abstractmethod
    def _photos(self) -> Iterator[Photo]:
        """The photos; bad rows go to `self.errors`."""

    def _digest(self, path: Path, known: str = "") -> str:
        """The digest of a row's file. Raises RowProblem where the file is not there or cannot be read."""
        if not path.is_file():
            raise RowProblem("missing-file", f"missing file {path}")
        if known or not self.digests:
            return known
        try:
            return sha256_of(path)
        except OSError as error:
            raise RowProblem("missing-file", f"cannot read {path}: {error.strerror}") from error


# ------------------------------------------------------------------------------------------------
# Values


def checked_place(lat_text: str, lng_text: str) -> tuple[float, float]:
    """(lat, lng) in degrees out of two texts. Raises RowProblem; nothing is ever clipped."""
    return in_range(number(lat_text, "latitude"), number(lng_text, "longitude"))


def in_range(lat: float, lng: float) -> tuple[float, float]:
    """The place itself if it is on the globe. Raises RowProblem."""
    if abs(lat) > 90:
        if abs(lng) <= 90 and abs(lat) <= 180:
            problem = f"latitude {lat} is not within -90..90 (are latitude and longitude swapped?)"
            raise RowProblem("swapped", problem)
        raise RowProblem("bad-coordinates", f"latitude {lat} is not within -90..90")
    if not abs(lng) <= 180:
        raise RowProblem("bad-coordinates", f"longitude {lng} is not within -180..180")
    return lat, lng


def number(text: str, name: str) -> float:
    """A finite number out of a text. Raises RowProblem."""
    text = text.strip()
    code = "bad-coordinates" if name in ("latitude", "longitude") else "bad-row"
    if not text:
        raise RowProblem("no-coordinates" if code == "bad-coordinates" else code, f"no {name}")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RowProblem(code, f"{name} {text!r} is not a number")
    return value
