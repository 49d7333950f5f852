"""The file of a round set: a zip of `manifest.json`, `rows.csv` and `pictures/DIGEST.jpg`.

Files come from strangers: nothing is read that the format does not name, nothing larger than it may be, and
no name of an entry ever becomes a path.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from PIL import Image

from geogame.round_sets.errors import RoundSetError
from geogame.round_sets.services import MOST_ROUNDS
from planet_core.files import atomic_file
from planet_core.images import ImageError, load

FORMAT, FORMAT_VERSION = "planet-arena-round-set", 1
MANIFEST, ROWS, PICTURE = "manifest.json", "rows.csv", "pictures/{}.jpg"
ENTRY = re.compile(r"manifest\.json|rows\.csv|pictures/[0-9a-f]{64}\.jpg")
DIGEST = re.compile(r"[0-9a-f]{64}")
MEGABYTE = 1024 * 1024
MOST_BYTES = {MANIFEST: 16 * MEGABYTE, ROWS: 128 * MEGABYTE}
MOST_PICTURE_BYTES = 32 * MEGABYTE
MOST_BYTES_IN_ALL = 16 * 1024 * MEGABYTE
NEVER_SMALLER = 4
"""A JPEG that a zip makes smaller than this fraction is no photo."""


@dataclass(frozen=True, kw_only=True)
class RoundEntry:
    """A round as the manifest has it. Of an open set the second half is left out, unless it is asked for."""

    number: int
    digest: str
    width: int
    height: int
    drawn: bool
    licence: str
    author: str = ""
    lat: float | None = None
    lng: float | None = None
    source: str = ""
    taken_at: str = ""
    group: str = ""
    heading: float | None = None
    picture: bool = False


@dataclass(frozen=True, kw_only=True)
class Manifest:
    name: str
    version: int
    map: str
    condition: str
    state: str
    created_at: str
    closed_at: str
    scale_km: float
    scoring_version: int
    border_data: str
    players: list[str]
    rows_digest: str
    rounds: list[RoundEntry]


# ------------------------------------------------------------------------------------------------
# Writing


def write(path: Path, manifest: Manifest, rows: str, picture: Callable[[RoundEntry], bytes]) -> None:
    """Write the file in one piece. OSError where that is not possible."""
    with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        head = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(manifest)}
        _put(archive, MANIFEST, json.dumps(head, indent=1, ensure_ascii=False).encode(), pack=True)
        if rows:
            _put(archive, ROWS, rows.encode(), pack=True)
        for entry in manifest.rounds:
            if entry.picture:
                _put(archive, PICTURE.format(entry.digest), picture(entry), pack=False)


def _put(archive: zipfile.ZipFile, name: str, content: bytes, *, pack: bool) -> None:
    info = zipfile.ZipInfo(name)  # without the moment of writing: the same set is the same file
    info.compress_type = zipfile.ZIP_DEFLATED if pack else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


# ------------------------------------------------------------------------------------------------
# Reading


@dataclass
class Archive:
    """An opened file whose manifest makes sense."""

    file: Path
    manifest: Manifest
    zip: zipfile.ZipFile = field(repr=False)

    def rows(self) -> str:
        """The rows, of the digest that the manifest says."""
        if not self.manifest.rows_digest:
            return ""
        content = _content(self.zip, ROWS, self.file)
        if hashlib.sha256(content).hexdigest() != self.manifest.rows_digest:
            raise RoundSetError(f"{self.file}: {ROWS} is not what the manifest says: its digest differs.")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise RoundSetError(f"{self.file}: {ROWS} is no text in UTF-8.") from None

    def picture(self, entry: RoundEntry) -> bytes:
        """The picture of a round: a whole JPEG of that digest and size, without metadata."""
        name = PICTURE.format(entry.digest)
        content = _content(self.zip, name, self.file)
        if hashlib.sha256(content).hexdigest() != entry.digest:
            raise RoundSetError(f"{self.file}: {name} is not the picture of round {entry.number}.")
        try:
            size = load(content).size
        except ImageError as error:
            raise RoundSetError(f"{self.file}: {name}: {error.message}.") from None
        if size != (entry.width, entry.height) or not is_bare_jpeg(content):
            raise RoundSetError(
                f"{self.file}: {name} is no JPEG of {entry.width} x {entry.height} pixels without metadata."
            )
        return content


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open the file of a round set. RoundSetError says what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path)
            manifest = _manifest(archive, path)
            named = {PICTURE.format(entry.digest) for entry in manifest.rounds if entry.picture}
            _check_complete(archive, named | ({ROWS} if manifest.rows_digest else set()), path)
            yield Archive(path, manifest, archive)
    except zipfile.BadZipFile as error:
        raise RoundSetError(
            f"{path} is no round set: it is no zip file, or a damaged one ({error})."
        ) from None
    except OSError as error:
        raise RoundSetError(f"cannot read {path}: {error.strerror or error}") from error


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    strange = next((name for name in names if not ENTRY.fullmatch(name)), None)
    if strange is not None:
        raise RoundSetError(f"{path}: {strange[:80]!r} has no place in a round set.")
    if len(set(names)) < len(names) or len(names) > MOST_ROUNDS + 2:
        raise RoundSetError(f"{path}: it has an entry twice, or more than {MOST_ROUNDS:,} pictures.")
    for entry in entries:
        is_picture = entry.filename not in MOST_BYTES
        too_dense = is_picture and entry.file_size > NEVER_SMALLER * entry.compress_size + 1024
        if too_dense or entry.file_size > MOST_BYTES.get(entry.filename, MOST_PICTURE_BYTES):
            raise RoundSetError(f"{path}: {entry.filename} is too large: {entry.file_size:,} bytes.")
    if sum(entry.file_size for entry in entries) > MOST_BYTES_IN_ALL:
        raise RoundSetError(f"{path}: its pictures are too large together.")


def _check_complete(archive: zipfile.ZipFile, named: set[str], path: Path) -> None:
    there = set(archive.namelist()) - {MANIFEST}
    if there != named:
        name = min(there ^ named)
        what = "is missing" if name in named else "is not in the manifest"
        raise RoundSetError(f"{path}: {name} {what}.")


def _content(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """An entry, never more of it than it may have: what the zip says of its size may be a lie."""
    most = MOST_BYTES.get(name, MOST_PICTURE_BYTES)
    try:
        with archive.open(name) as file:
            content = file.read(most + 1)
    except (KeyError, RuntimeError, NotImplementedError, zlib.error, EOFError) as error:
        raise RoundSetError(f"{path}: {name} is missing, damaged or encrypted ({error}).") from None
    if len(content) > most:
        raise RoundSetError(f"{path}: {name} is too large.")
    return content


# ------------------------------------------------------------------------------------------------
# The manifest


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        told = json.loads(_content(archive, MANIFEST, path))
    except (ValueError, RecursionError):
        raise RoundSetError(f"{path}: {MANIFEST} is no JSON.") from None
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise RoundSetError(f"{path} is no round set: its {MANIFEST} is of another format.")
    version = told.pop("format_version", None)
    if version != FORMAT_VERSION:
        raise RoundSetError(
            f"{path} has version {version!r} of the format; this program reads {FORMAT_VERSION}: update it."
        )
    try:
        entries = told.pop("rounds", None)
        if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_ROUNDS:
            raise ValueError(f"rounds must be a list of 1 to {MOST_ROUNDS:,}")
        rounds = [RoundEntry(**_typed(RoundEntry, entry)) for entry in entries]
        manifest = Manifest(**_typed(Manifest, told | {"rounds": rounds}))
        _check_manifest(manifest)
    except ValueError as error:
        raise RoundSetError(f"{path}: {MANIFEST}: {error}.") from None
    return manifest


TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "list[str]": (list,),
    "list[RoundEntry]": (list,),
}
MOST_TEXT = 500


def _typed(cls: Any, told: object) -> dict[str, Any]:
    """Exactly the fields of the class, each of its type. ValueError says which is not."""
    expected = {one.name: str(one.type) for one in fields(cls)}
    if not isinstance(told, dict) or set(told) != set(expected):
        raise ValueError(f"{cls.__name__} must have exactly these fields: {', '.join(expected)}")
    for name, value in told.items():
        wanted = TYPES[expected[name]]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise ValueError(f"{name} must be {expected[name]}")
        if isinstance(value, str) and (len(value) > MOST_TEXT or not value.isprintable()):
            raise ValueError(f"{name} must be printable text of {MOST_TEXT} characters at most")
        if expected[name] == "list[str]":
            _check_texts(name, value)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} must be finite")
    return told


def _check_texts(name: str, values: Any) -> None:
    if not all(isinstance(text, str) and text.isprintable() and len(text) <= MOST_TEXT for text in values):
        raise ValueError(f"{name} must be a list of printable texts")


def _check_manifest(manifest: Manifest) -> None:
    closed = manifest.state == "closed"
    digests = [entry.digest for entry in manifest.rounds]
    checks = {
        "name": 1 <= len(manifest.name) <= 80 and "@" not in manifest.name,
        "version": 1 <= manifest.version < 2**31,
        "map": 1 <= len(manifest.map) <= 80,
        "condition": manifest.condition == "fair",
        "state": manifest.state in ("open", "closed"),
        "closed_at": bool(manifest.closed_at) == closed,
        "scale_km": 0 < manifest.scale_km < 100_000,
        "scoring_version": 0 <= manifest.scoring_version < 2**15,
        "rows_digest": bool(manifest.rows_digest) == closed,
        "border_data": 1 <= len(manifest.border_data) <= 100,
        "number": [entry.number for entry in manifest.rounds] == list(range(1, len(digests) + 1)),
        "digest": all(DIGEST.fullmatch(digest) for digest in digests) and len(set(digests)) == len(digests),
        "width, height": all(_has_a_size(entry) for entry in manifest.rounds),
        "lat, lng": all(_makes_sense(entry, closed) for entry in manifest.rounds),
    }
    wrong = [name for name, right in checks.items() if not right]
    if wrong:
        raise ValueError(f"{wrong[0]} makes no sense")


def _has_a_size(entry: RoundEntry) -> bool:
    return min(entry.width, entry.height) >= 1 and max(entry.width, entry.height) < 2**16


def _makes_sense(entry: RoundEntry, closed: bool) -> bool:
    """A place is whole and on the globe; a picture and a closed set tell it."""
    if entry.lat is None or entry.lng is None:
        return entry.lat is None and entry.lng is None and not entry.picture and not closed
    return abs(entry.lat) <= 90 and abs(entry.lng) <= 180


# ------------------------------------------------------------------------------------------------
# Pictures

SCAN, JFIF = 0xDA, 0xE0
METADATA = {*range(0xE1, 0xF0), 0xFE}
"""APP1 to APP15 (Exif, XMP, profiles, …) and comments."""


def is_bare_jpeg(content: bytes) -> bool:
    """Whether a JPEG has nothing before its pixels but what is needed to decode them."""
    place = 2
    while content[:2] == b"\xff\xd8" and place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == SCAN:
            with Image.open(io.BytesIO(content)) as image:
                return image.format == "JPEG"
        if marker in METADATA:
            return False
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return False
