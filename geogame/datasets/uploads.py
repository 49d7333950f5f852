"""Uploaded files come from outside: nothing of them is believed, no name in them becomes a path.

A zip holds photos, with a list (one .csv, columns as everywhere) or with places in their Exif; pictures are
kept under numbers. A list alone names photos beneath `DATA_SET_ROOTS`. What comes out is photos.csv, as
`planet_core` reads it. Pictures keep their Exif, and nothing serves them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from geogame.datasets.errors import DataSetError
from geogame.datasets.lists import LIST, is_beneath_roots, roots, write_list
from geogame.datasets.models import DataSet
from planet_core import exif
from planet_core.files import atomic_file
from planet_core.sources.csv_photos import REQUIRED, CsvPhotos
from planet_core.sources.exif_folder import exif_block
from planet_core.sources.folder import SUFFIXES
from planet_core.sources.photo import RowProblem
from planet_core.sources.table import Row, header_rows

ZIP, CSV, PICTURES, SKIPPED = "upload.zip", "upload.csv", "photos", "skipped.json"
MOST_ENTRIES = 500_000
MOST_PICTURE_BYTES = 100 * 10**6
MOST_LIST_BYTES = 500 * 10**6
NEVER_SMALLER = 4
"""A picture that a zip makes smaller than this fraction is no photo."""
CHUNK = 1 << 20
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Kept:
    """A picture of the zip: its file here, its digest, and the folder that it lay in."""

    path: Path
    digest: str
    folder: str


def unpack(data_set: DataSet, progress: Progress) -> dict[str, int]:
    """Make photos.csv of what was uploaded, once; number of skipped entries by reason.

    The uploaded file goes when that is done. Killed on the way, it begins anew. DataSetError where the file
    is refused.
    """
    if data_set.kind != DataSet.Kind.UPLOAD:
        return {}
    folder = data_set.directory
    skipped: Counter[str] = Counter()
    if (folder / ZIP).is_file():
        _unpack_zip(folder, skipped, progress)
    elif (folder / CSV).is_file():
        write_list(folder / LIST, _outside_rows(folder / CSV, skipped))
    else:
        if not (folder / LIST).is_file():
            raise DataSetError("The uploaded file is gone: upload it again.")
        known: dict[str, int] = json.loads((folder / SKIPPED).read_text())
        return known
    with atomic_file(folder / SKIPPED) as file:
        file.write(json.dumps(skipped).encode())
    for name in (ZIP, CSV):
        (folder / name).unlink(missing_ok=True)
    return dict(skipped)


# ------------------------------------------------------------------------------------------------
# A zip


def _unpack_zip(folder: Path, skipped: Counter[str], progress: Progress) -> None:
    shutil.rmtree(folder / PICTURES, ignore_errors=True)
    (folder / PICTURES).mkdir(parents=True)
    try:
        with zipfile.ZipFile(folder / ZIP) as archive:
            pictures, lists = _checked(archive, skipped)
            _check_room(folder, pictures)
            kept = _take_out(archive, pictures, folder / PICTURES, progress)
            if not lists:
                write_list(folder / LIST, _exif_rows(kept, skipped, progress))
                return
            listed = _content(archive, lists[0], MOST_LIST_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataSetError(f"The uploaded file is no zip file, or a damaged one ({error}).") from None
    (folder / "list.csv").write_bytes(listed)
    where = str(PurePosixPath(lists[0].filename).parent)
    write_list(folder / LIST, _listed_rows(folder / "list.csv", where, kept, skipped))
    (folder / "list.csv").unlink()


def _checked(
    archive: zipfile.ZipFile, skipped: Counter[str]
) -> tuple[list[zipfile.ZipInfo], list[zipfile.ZipInfo]]:
    """(pictures, the list if there is one). Refuses what no honest file has."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_ENTRIES:
        raise DataSetError(f"The zip has {len(entries):,} entries; {MOST_ENTRIES:,} are allowed.")
    pictures, lists = [], []
    seen: set[str] = set()
    for entry in entries:
        name = PurePosixPath(entry.filename)
        _check_entry(entry, name, seen)
        if "__MACOSX" in name.parts or any(part.startswith(".") for part in name.parts):
            continue
        if name.suffix.lower() == ".csv":
            lists.append(entry)
        elif name.suffix.lower() in SUFFIXES:
            pictures.append(entry)
        else:
            skipped["not-a-photo"] += 1
    if len(lists) > 1:
        raise DataSetError(f"The zip has {len(lists)} lists ({lists[0].filename}, …): leave one of them.")
    return pictures, lists


def _check_entry(entry: zipfile.ZipInfo, name: PurePosixPath, seen: set[str]) -> None:
    shown = entry.filename[:80]
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename or ":" in entry.filename:
        raise DataSetError(f"The zip is refused: {shown!r} points out of it.")
    if entry.filename in seen:
        raise DataSetError(f"The zip is refused: it has {shown!r} twice.")
    seen.add(entry.filename)
    if entry.flag_bits & 1:
        raise DataSetError(f"The zip is refused: {shown!r} is encrypted.")
    is_list = name.suffix.lower() == ".csv"
    dense = not is_list and entry.file_size > NEVER_SMALLER * entry.compress_size + 4096
    if entry.file_size > (MOST_LIST_BYTES if is_list else MOST_PICTURE_BYTES) or dense:
        raise DataSetError(f"The zip is refused: {shown!r} unpacks to {entry.file_size:,} bytes.")


def _check_room(folder: Path, pictures: list[zipfile.ZipInfo]) -> None:
    needed, free = sum(entry.file_size for entry in pictures), shutil.disk_usage(folder).free
    if needed > free:
        raise DataSetError(
            f"The zip unpacks to {needed / 10**9:.1f} GB, and {free / 10**9:.1f} GB are free: make room."
        )


def _take_out(
    archive: zipfile.ZipFile, pictures: list[zipfile.ZipInfo], folder: Path, progress: Progress
) -> dict[str, Kept]:
    """The pictures by their names in the zip."""
    kept = {}
    for number, entry in enumerate(pictures):
        progress(number / len(pictures), f"Unpacking: {number:,} of {len(pictures):,} pictures")
        name = PurePosixPath(entry.filename)
        path = folder / f"{number:06d}{name.suffix.lower()}"
        content = _content(archive, entry, MOST_PICTURE_BYTES)
        path.write_bytes(content)
        parent = "" if str(name.parent) == "." else str(name.parent)
        kept[entry.filename] = Kept(path, hashlib.sha256(content).hexdigest(), parent)
    return kept


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """An entry, never more of it than it may have: what the zip says of its size may be a lie."""
    with archive.open(entry) as file:
        content = file.read(min(most, entry.file_size) + 1)
    if len(content) > entry.file_size:
        raise DataSetError(f"The zip is refused: {entry.filename[:80]!r} is larger than it says.")
    return content


def _exif_rows(kept: dict[str, Kept], skipped: Counter[str], progress: Progress) -> Iterator[list[object]]:
    for number, picture in enumerate(kept.values()):
        progress(1.0, f"Reading places: {number:,} of {len(kept):,} pictures")
        try:
            tags = exif.read(exif_block(picture.path))
            lat, lng = tags.place()
        except (exif.ExifError, RowProblem) as error:
            skipped[error.code] += 1
            continue
        heading = "" if tags.heading is None else tags.heading
        yield [picture.path, repr(lat), repr(lng), picture.folder, picture.digest, "flat", heading, ""]


def _listed_rows(
    path: Path, where: str, kept: dict[str, Kept], skipped: Counter[str]
) -> Iterator[list[object]]:
    for row in _rows(path):
        name = str(PurePosixPath(row["path"].replace("\\", "/")))
        picture = kept.get(name) or kept.get(str(PurePosixPath(where) / name))
        if picture is None:
            skipped["missing-file"] += 1
            continue
        yield _row(row, picture.path, picture.digest)


# ------------------------------------------------------------------------------------------------
# A list alone


def _outside_rows(path: Path, skipped: Counter[str]) -> Iterator[list[object]]:
    """Rows whose photos lie beneath the roots; others are skipped alike, whether they are there or not."""
    if not roots():
        raise DataSetError("No folder is named in DATA_SET_ROOTS, so a list has no photos to name.")
    for row in _rows(path):
        found = next((root / row["path"] for root in roots() if (root / row["path"]).exists()), None)
        if found is None or not is_beneath_roots(found):
            skipped["missing-file"] += 1
            continue
        yield _row(row, found.resolve(), "")


def _rows(path: Path) -> Iterator[Row]:
    source = CsvPhotos(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for _, row in header_rows(source.path, file, REQUIRED):
                if row.get("path"):
                    yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataSetError(f"The list is no CSV file in UTF-8: {error}.") from None


def _row(row: Row, path: Path, digest: str) -> list[object]:
    licence = row.get("licence") or row.get("license") or ""
    return [
        *(path, row.get("lat", ""), row.get("lng", ""), row.get("group", ""), digest),
        *(row.get("projection", ""), row.get("heading", ""), licence),
    ]
