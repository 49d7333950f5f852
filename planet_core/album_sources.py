"""Albums made of photos: a folder each, an author's trips, or a provider's sequences. No torch.

    python -m planet_core.albums holiday --by folder --out albums
    python -m planet_core.albums yfcc:yfcc100m_dataset.gz --by author --gap-hours 48 --out albums
    python -m planet_core.albums osv5m:train.csv --by sequence --out albums

`folder`: every folder with pictures is an album, its times and places those of Exif. A picture without a
place, or one that cannot be read, keeps its turn: the album's model answers it too. `author`: photos of one
user (YFCC100M) or one `group` of a list, parted where nothing was taken for more than `GAP_HOURS`.
`sequence`: photos of one group (OSV-5M's `sequence`, Mapillary's), parted likewise; where the group is one
panorama cut into views (Panoramax), the panoramas of a folder are the sequence.
"""

from __future__ import annotations

import argparse
import math
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from planet_core import exif
from planet_core.albums import FILE, Album, AlbumError, AlbumPhoto, in_time_order, utc_hours, write_albums
from planet_core.outputs import OutputError, while_somebody_reads, writable_file
from planet_core.progress import Progress, progress_on
from planet_core.sources.exif_folder import exif_block
from planet_core.sources.folder import SUFFIXES
from planet_core.sources.open_source import kinds_help, open_source
from planet_core.sources.photo import Photo, RowProblem, Source, SourceError, in_range
from planet_core.sources.yfcc import YfccPhotos
from planet_core.stopping import Stopped, stopping_on_signals

WAYS = ("folder", "author", "sequence")
GAP_HOURS: Mapping[str, float] = MappingProxyType({"folder": math.inf, "author": 48.0, "sequence": 6.0})
"""An album ends where nothing was taken for longer: a trip, a drive. A folder is one album as it is."""
LISTED = 10
"""So many remarks of a kind are shown; all are counted."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """Albums, and sentences on what stood in the way."""

    albums: list[Album]
    remarks: list[str]


@dataclass(frozen=True)
class Wanted:
    """How albums are to be made.

    Attributes:
        gap_hours: an album ends where nothing was taken for longer.
        least: albums of fewer photos are left out.
        source, licence: what is written into each album; "" for the SOURCE as it was named.
    """

    gap_hours: float
    least: int = 1
    source: str = ""
    licence: str | None = None


def build(source: str, way: str, wanted: Wanted, say: Say = lambda text: None) -> Built:
    """Albums out of a SOURCE.

    Args:
        source: a folder for `folder`, else `kind:path` or a path as `open_source` takes it.
        way: one of `WAYS`.

    Raises:
        AlbumError: another way, or there is no album in it.
        SourceError: the source cannot be read.
    """
    if way not in WAYS:
        raise AlbumError(f"there is no way {way!r} to make albums; there are {', '.join(WAYS)}")
    remarks: list[str] = []
    if way == "folder":
        groups = _folders(Path(source.removeprefix("folder:")), remarks, say)
    else:
        opened = open_source(source, digests=False)
        groups = _grouped(opened, way, say)
        remarks += _row_problems(opened)
    albums = list(_albums(groups, replace(wanted, source=wanted.source or _named(source)), remarks))
    if not albums:
        why = f": {remarks[0]}" if remarks else ""
        raise AlbumError(f"there is no album of at least {wanted.least} photos in {source}{why}")
    return Built(albums, remarks)


def _named(source: str) -> str:
    kind, colon, path = source.rpartition(":")
    return f"{kind}{colon}{Path(path).resolve().name}"


def _albums(groups: Mapping[str, list[AlbumPhoto]], wanted: Wanted, remarks: list[str]) -> Iterator[Album]:
    taken: set[str] = set()
    for name, photos in groups.items():
        ordered, said = in_time_order(photos)
        remarks += [f"{name}: {sentence}" for sentence in said]
        parts = list(_parted(ordered, wanted.gap_hours))
        for number, part in enumerate(parts, start=1):
            if len(part) >= wanted.least:
                wish = name if len(parts) == 1 else f"{name}-{number}"
                yield Album(_unused(wish, taken), part, wanted.source, wanted.licence)


def _unused(wish: str, taken: set[str]) -> str:
    name, number = wish, 2
    while name in taken:
        name, number = f"{wish}-{number}", number + 1
    taken.add(name)
    return name


def _parted(photos: tuple[AlbumPhoto, ...], gap_hours: float) -> Iterator[tuple[AlbumPhoto, ...]]:
    """The photos cut where more than `gap_hours` lie between two; one without a time stays with its last."""
    start, last = 0, math.inf
    for index, hours in enumerate(utc_hours([photo.taken_at for photo in photos])):
        if hours is None:
            continue
        if hours - last > gap_hours:
            yield photos[start:index]
            start = index
        last = hours
    yield photos[start:]


# ------------------------------------------------------------------------------------------------
# Folders


def _folders(root: Path, remarks: list[str], say: Say) -> dict[str, list[AlbumPhoto]]:
    if not root.is_dir():
        raise SourceError(
            f"{root} is no folder of pictures; by folder, SOURCE is a folder of folders of photos"
        )
    found: dict[str, list[AlbumPhoto]] = {}
    for folder in [root, *sorted(path for path in root.rglob("*") if path.is_dir())]:
        inside = folder.relative_to(root)
        if any(part.startswith(".") for part in inside.parts):
            continue
        files = [path for path in folder.iterdir() if _is_picture(path)]
        if files:
            say(f"reading {folder}")
            name = inside.as_posix() if inside.parts else root.resolve().name
            found[name] = [_of_file(path, remarks) for path in sorted(files, key=natural_order)]
    return found


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def natural_order(path: Path) -> list[tuple[int, str]]:
    """Sorts names as people do: 2.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]


def _of_file(path: Path, remarks: list[str]) -> AlbumPhoto:
    try:
        tags = exif.read(exif_block(path))
    except (RowProblem, OSError) as error:
        remarks.append(f"{path}: {error}; it keeps its turn, without a time and a place")
        return AlbumPhoto(path.absolute(), None, None, None)
    taken_at = datetime.fromisoformat(tags.taken_at) if tags.taken_at else None
    try:
        lat, lng = in_range(*tags.coordinates())
    except (exif.ExifError, RowProblem) as error:
        if error.code != "no-coordinates":
            remarks.append(f"{path}: {error}; it is without a place")
        return AlbumPhoto(path.absolute(), None, None, taken_at)
    return AlbumPhoto(path.absolute(), lat, lng, taken_at)


# ------------------------------------------------------------------------------------------------
# Lists


def _grouped(source: Source, way: str, say: Say) -> dict[str, list[AlbumPhoto]]:
    """Photos by author or sequence, in the order of the list."""
    group_of = _author if way == "author" else _group
    groups: dict[str, list[Photo]] = defaultdict(list)
    for number, photo in enumerate(source, start=1):
        if photo.length is not None:
            raise AlbumError(
                f"{source.path} holds photos packed in shards; albums are made of picture files: name the"
                " source that the shards were prepared from"
            )
        if number % 1000 == 0:
            say(f"{number:,} photos read")
        groups[group_of(source, photo)].append(photo)
    if way == "author":
        groups.pop("", None)  # of nobody: they do not belong together
    else:
        groups = _sequences(groups)
    return {name: [_of_photo(photo) for photo in photos] for name, photos in groups.items()}


def _author(source: Source, photo: Photo) -> str:
    # YFCC100M's group is one user's day
    return photo.group.rpartition("/")[0] if isinstance(source, YfccPhotos) else photo.group


def _group(_source: Source, photo: Photo) -> str:
    return photo.group


def _sequences(groups: Mapping[str, list[Photo]]) -> dict[str, list[Photo]]:
    """The groups; several photos of one place and time, or of no group, join the sequence of their folder."""
    found: dict[str, list[Photo]] = defaultdict(list)
    for group, photos in groups.items():
        frames = {(photo.lat, photo.lng, photo.taken_at) for photo in photos}
        alone = group and (len(frames) > 1 or len(photos) == 1)
        for photo in photos:
            found[group if alone else photo.path.parent.name].append(photo)
    return found


def _of_photo(photo: Photo) -> AlbumPhoto:
    properties: dict[str, Any] = {}
    if photo.projection != "flat":
        properties["projection"] = photo.projection
    if photo.heading is not None:
        properties["heading"] = photo.heading
    lat, lng = (photo.lat, photo.lng) if math.isfinite(photo.lat) else (None, None)
    return AlbumPhoto(photo.path.absolute(), lat, lng, _time(photo.taken_at), None, properties)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _row_problems(source: Source) -> list[str]:
    count = len(source.errors)
    first = next(iter(source.errors), None)
    return [f"{count} rows could not be used, the first: {first}"] if first else []


# ------------------------------------------------------------------------------------------------
# The command


def copied(albums: Iterable[Album], folder: Path, say: Say) -> list[Album]:
    """The albums with their pictures copied into the folder, `ALBUM/PHOTO` by number.

    Raises:
        AlbumError: a picture cannot be copied.
    """
    made = []
    for number, album in enumerate(albums, start=1):
        into = folder / f"{number:05d}"
        photos = tuple(_copied(photo, into, index, say) for index, photo in enumerate(album.photos, start=1))
        made.append(replace(album, photos=photos))
    return made


def _copied(photo: AlbumPhoto, folder: Path, number: int, say: Say) -> AlbumPhoto:
    target = folder / f"{number:04d}{photo.path.suffix.lower()}"
    say(f"copying {photo.path}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo.path, target)
    except OSError as error:
        raise AlbumError(f"cannot copy {photo.path} to {target}: {error.strerror or error}") from error
    return replace(photo, path=target)


def summary(built: Built, file: Path) -> str:
    """What was made, for people."""
    lengths = sorted(len(album) for album in built.albums)
    photos = [photo for album in built.albums for photo in album.photos]
    located = sum(1 for photo in photos if photo.located)
    timed = sum(1 for photo in photos if photo.taken_at)
    lines = [
        f"{len(lengths)} albums of {len(photos)} photos ({lengths[0]} to {lengths[-1]} each, median"
        f" {lengths[len(lengths) // 2]}), {located} with a place, {timed} with a time: {file}",
        *(f"- {remark}" for remark in built.remarks[:LISTED]),
    ]
    if len(built.remarks) > LISTED:
        lines.append(f"- and {len(built.remarks) - LISTED} more remarks of these kinds")
    return "\n".join(lines)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.albums",
        description="Make albums of photos: DIR/albums.jsonl, with the paths of the pictures where they are.",
        epilog=f"kinds of SOURCE (kind:path, or a bare path whose kind is recognised):\n{kinds_help()}\n\n"
        "exit codes: 0 done, 2 something to put right, 130 stopped",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", help="a folder of folders, or a list of photos, see below")
    add("--by", choices=WAYS, default="folder", help="what makes an album (folder)")
    add("--out", type=Path, required=True, metavar="DIR", help=f"where {FILE} is written")
    gaps = ", ".join(f"{way} {hours:g}" for way, hours in GAP_HOURS.items())
    add("--gap-hours", type=float, metavar="N", help=f"a longer pause ends an album ({gaps})")
    add("--least", type=int, default=1, metavar="N", help="leave out albums of fewer photos (1)")
    add("--copy", action="store_true", help="copy the pictures into DIR")
    add("--source-name", default="", metavar="TEXT", help="who published the photos (SOURCE)")
    add("--licence", metavar="TEXT", help="the licence of the photos")
    options = parser.parse_args(arguments)
    if options.gap_hours is None:
        options.gap_hours = GAP_HOURS[options.by]
    if not options.gap_hours > 0:
        parser.error(f"--gap-hours must be more than 0, not {options.gap_hours:g}")
    if options.least < 1:
        parser.error(f"--least must be at least 1, not {options.least}")
    return options


def run(options: argparse.Namespace, progress: Progress) -> None:
    """Builds and writes. Raises what `main` answers with code 2."""
    file = writable_file(options.out / FILE)
    wanted = Wanted(options.gap_hours, options.least, options.source_name, options.licence)
    built = build(options.source, options.by, wanted, progress.say)
    albums = copied(built.albums, options.out, progress.say) if options.copy else built.albums
    write_albums(options.out, albums)
    progress.end()
    print(summary(built, file))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    options = parse_arguments(arguments)
    progress = progress_on(sys.stderr, events=False)
    try:
        with stopping_on_signals(), while_somebody_reads():
            run(options, progress)
    except Stopped:
        progress.end()
        print("albums: stopped; no file is half written", file=sys.stderr)
        return 130
    except (AlbumError, OutputError, SourceError) as error:
        progress.end()
        print(f"albums: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        progress.end()
        print(f"albums: cannot use {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0
