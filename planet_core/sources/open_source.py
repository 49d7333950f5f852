"""A SOURCE of photos as a command line names it: `kind:path`, or a bare path whose kind is recognised."""

from __future__ import annotations

from pathlib import Path

from planet_core.sources.csv_photos import CsvPhotos, SourceError

KINDS = {"csv": CsvPhotos}


def open_source(source: str) -> CsvPhotos:
    """The photos of a source; nothing is read before iterating.

    Raises:
        SourceError: the kind is unknown or cannot be recognised.
    """
    kind, colon, path = source.partition(":")
    if colon and kind in KINDS:
        return KINDS[kind](path)
    if Path(source).suffix.lower() == ".csv":
        return CsvPhotos(source)
    raise SourceError(
        f"{source!r} is no source of photos: give a .csv file or kind:path with kind {', '.join(KINDS)}"
    )
