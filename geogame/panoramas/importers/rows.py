from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from geogame.panoramas.importers.values import Place, Refusal


class ImportFailed(Exception):
    """Why nothing of a folder or CSV can be imported, as a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A picture to import. What its CSV leaves open is empty; the picture itself may say it."""

    file: Path
    label: str
    place: Place | None = None
    heading: float | None = None
    taken_at: str = ""
    licence: str = ""
    author: str = ""
    source: str = ""
    kind: str = ""
    group: str = ""


class Source(Protocol):
    """A stream of pictures whose number is known beforehand."""

    total: int

    def __iter__(self) -> Iterator[Row | Refusal]: ...
