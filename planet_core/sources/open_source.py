"""A SOURCE of photos as a command line names it: `kind:path`, or a bare path whose kind is recognised."""

from __future__ import annotations

from pathlib import Path

from planet_core.sources.csv_photos import CsvPhotos
from planet_core.sources.exif_folder import ExifFolder
from planet_core.sources.holidays import HolidaysPhotos
from planet_core.sources.im2gps import Im2gpsPhotos
from planet_core.sources.mp16 import Mp16Photos
from planet_core.sources.osv5m import Osv5mPhotos
from planet_core.sources.photo import Source, SourceError
from planet_core.sources.shard_photos import ShardPhotos
from planet_core.sources.yfcc import YfccPhotos

RECOGNISED: tuple[type[Source], ...] = (
    ShardPhotos,
    Mp16Photos,
    Osv5mPhotos,
    CsvPhotos,
    YfccPhotos,
    HolidaysPhotos,
    Im2gpsPhotos,
    ExifFolder,
)
"""In the order in which a bare path is tried: the narrower kind first."""
KINDS: dict[str, type[Source]] = {source.kind: source for source in RECOGNISED}


def open_source(source: str, *, digests: bool = True, need_places: bool = True) -> Source:
    """The photos of a source; little is read before iterating.

    Args:
        source: `kind:path` or a path.
        digests: whether missing digests are filled in, for which every file is read.
        need_places: whether a kind without places is refused.

    Raises:
        SourceError: the kind is unknown or cannot be recognised, or has no places where they are needed.
    """
    kind, colon, path = source.partition(":")
    if not (colon and kind in KINDS):
        kind, path = _recognise(source), source
    opened = KINDS[kind](path, digests=digests)
    if need_places and not opened.has_places:
        raise SourceError(f"{source!r} has no places ({opened.summary}), and they are needed here")
    return opened


def kinds_help() -> str:
    """The kinds, a line each, for a command's help."""
    return "\n".join(f"  {kind + ':':10} {KINDS[kind].summary}" for kind in sorted(KINDS))


def _recognise(source: str) -> str:
    path = Path(source)
    kind, colon, _ = source.partition(":")
    if not path.exists():
        if colon and not path.parent.joinpath(kind).exists() and kind.isidentifier():
            reason = f"there is no kind {kind!r}"
        elif path.suffix.lower() == ".csv":
            return CsvPhotos.kind
        else:
            reason = "it does not exist"
    else:
        try:
            for candidate in RECOGNISED:
                if candidate.recognises(path):
                    return candidate.kind
        except OSError as error:
            raise SourceError(f"cannot read {error.filename or path}: {error.strerror}") from error
        reason = "its kind is not recognised"
    raise SourceError(
        f"{source!r} is no source of photos: {reason}. Give kind:path, or a path, of one of"
        f" these kinds: {', '.join(sorted(KINDS))}"
    )
