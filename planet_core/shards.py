"""Photos packed into WebDataset shards: tar files with `KEY.jpg` and `KEY.json` side by side. No torch.

    DIR/index.json                 how many samples are where; written last, so `complete` can be believed
    DIR/shard-000000.tar           samples; any tar program and the webdataset package read it
    DIR/shard-000000.offsets.npy   int64 (samples, 5): offset, length of picture and of JSON; a CRC-32

The JSON of a sample has `lat`, `lng` (degrees, null where unknown), `digest` (sha256 of the original file),
`group`, `projection`, `heading`, `id`, `taken_at`. The offsets only spare a reader the walk through the
tar: shards of other makers, without index and offsets, are read as well, by `.json` with `latitude`,
`longitude` or `lon` too.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core.files import atomic_file
from planet_core.shard_order import WINDOW

INDEX = "index.json"
FORMAT = "planet-shards"
VERSION = 1
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
IntArray = npt.NDArray[np.int64]


class ShardError(Exception):
    """Shards that cannot be read or written; the message names the file."""


@dataclass(frozen=True)
class Shard:
    """One finished shard of an index."""

    file: str
    samples: int
    bytes: int


@dataclass(frozen=True)
class Index:
    """What a directory of shards holds. `prepared` is what `planet_core.prepare` notes for resuming."""

    shards: tuple[Shard, ...] = ()
    complete: bool = False
    prepared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        return sum(shard.samples for shard in self.shards)

    def save(self, directory: Path) -> None:
        """Writes DIR/index.json, whole or not at all. Raises OSError."""
        content = {"format": FORMAT, "version": VERSION, "samples": self.samples, **asdict(self)}
        with atomic_file(directory / INDEX) as file:
            file.write(json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")

    @classmethod
    def load(cls, directory: Path) -> Index:
        """DIR/index.json.

        Raises:
            FileNotFoundError: there is none.
            ShardError: it is not one of ours, or of a later version.
        """
        path = directory / INDEX
        text = path.read_bytes()
        try:
            content = json.loads(text)
            if content["format"] != FORMAT or content["version"] != VERSION:
                raise ShardError(f"{path} is not an index of version {VERSION} of {FORMAT}")
            shards = tuple(
                Shard(str(s["file"]), int(s["samples"]), int(s["bytes"])) for s in content["shards"]
            )
            return cls(shards, bool(content["complete"]), dict(content["prepared"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ShardError(f"{path} is damaged: {error}; run prepare again into an empty folder") from error


# ------------------------------------------------------------------------------------------------
# Writing


def shard_name(number: int) -> str:
    """The file name of shard `number`."""
    return f"shard-{number:06d}.tar"


def offsets_path(shard: Path) -> Path:
    """Where the offsets of a shard are kept."""
    return shard.with_name(f"{shard.stem}.offsets.npy")


class ShardWriter:
    """Writes one shard; `close` gives it its name, `abandon` leaves nothing behind.

    The same samples give the same bytes: times, owners and modes are fixed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path.with_name(f".{path.name}.tmp")
        self._file = self._temporary.open("wb")
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.USTAR_FORMAT)
        self._rows: list[tuple[int, int, int, int, int]] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._tar.offset

    def add(self, key: str, jpeg: bytes, metadata: Mapping[str, Any]) -> None:
        """Appends a sample. Keys must differ within a directory and hold no dot. Raises OSError."""
        text = json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        picture_at = self._member(f"{key}.jpg", jpeg)
        text_at = self._member(f"{key}.json", text)
        self._rows.append((picture_at, len(jpeg), text_at, len(text), zlib.crc32(text, zlib.crc32(jpeg))))

    def _member(self, name: str, data: bytes) -> int:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o644
        offset = self._tar.offset + tarfile.BLOCKSIZE
        self._tar.addfile(member, io.BytesIO(data))
        return offset

    def close(self) -> Shard:
        """Finishes the shard; from now on it exists under its name. Raises OSError."""
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        with atomic_file(offsets_path(self.path)) as file:
            np.save(file, np.array(self._rows, dtype=np.int64).reshape(-1, 5))
        self._temporary.replace(self.path)
        return Shard(self.path.name, len(self._rows), self.path.stat().st_size)

    def abandon(self) -> None:
        """Removes what has been written. Never raises for a full disk."""
        try:
            self._file.close()
        except OSError:  # what was buffered had no room
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def remove_leftovers(directory: Path, index: Index) -> None:
    """Deletes what a killed writer left: temporary files, and shards that the index does not know."""
    known = {name for s in index.shards for name in (s.file, offsets_path(Path(s.file)).name)}
    for path in directory.iterdir():
        temporary = path.name.startswith((".shard-", f".{INDEX}.")) and path.name.endswith(".tmp")
        ours = path.name.startswith("shard-") and path.name.endswith((".tar", ".offsets.npy"))
        if temporary or (ours and path.name not in known):
            path.unlink()


# ------------------------------------------------------------------------------------------------
# Reading


class Shards:
    """The samples of a directory of shards, or of one tar file, by shard and number.

    Attributes:
        files: the usable shards, in order.
        counts: int64 (shards,), samples of each.
        damaged: for each shard that cannot be used, one sentence that names it; they are left out.

    Raises:
        ShardError: nothing is there, or `prepare` has not finished it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.files: list[Path] = []
        self.damaged: list[str] = []
        self.lost = 0  # samples in shards that are left out
        self._offsets: dict[int, IntArray] = {}
        self._handles: dict[int, int] = {}  # open file descriptors
        self._indexed = (self.path / INDEX).is_file()
        counts = self._from_index() if self._indexed else self._from_tars()
        self.counts: IntArray = np.array(counts, dtype=np.int64)

    def __len__(self) -> int:
        return int(self.counts.sum())

    def _from_index(self) -> list[int]:
        index = Index.load(self.path)
        if not index.complete:
            raise ShardError(
                f"{self.path} is not finished: run the same prepare command again to complete it"
            )
        counts = []
        for shard in index.shards:
            file = self.path / shard.file
            size = file.stat().st_size if file.is_file() else None
            if size != shard.bytes:
                state = "is missing" if size is None else f"has {size} bytes where {shard.bytes} were written"
                self.damaged.append(f"{file} {state}: {shard.samples} photos are left out")
                self.lost += shard.samples
                continue
            self.files.append(file)
            counts.append(shard.samples)
        return counts

    def _from_tars(self) -> list[int]:
        tars = [self.path] if self.path.is_file() else sorted(self.path.glob("*.tar"))
        if not tars:
            raise ShardError(f"{self.path} holds no shards: no {INDEX} and no .tar files")
        counts = []
        for file in tars:
            offsets, problem = scan(file)
            if problem:
                self.damaged.append(f"{file} {problem}: {len(offsets)} photos before that are used")
            if len(offsets):
                self._offsets[len(self.files)] = offsets
                self.files.append(file)
                counts.append(len(offsets))
        return counts

    def _forget(self) -> None:
        """Closes the shards opened longest ago; an epoch never has more than `WINDOW` in use."""
        while len(self._handles) > 2 * WINDOW:
            oldest = next(iter(self._handles))
            os.close(self._handles.pop(oldest))
            if self._indexed:
                self._offsets.pop(oldest, None)

    def close(self) -> None:
        """Closes all files; reading opens them again."""
        while self._handles:
            os.close(self._handles.popitem()[1])

    def __del__(self) -> None:
        if hasattr(self, "_handles"):
            self.close()

    def offsets(self, shard: int) -> IntArray:
        """int64 (samples, 5): offset and length of picture and JSON, CRC-32 or -1. Raises ShardError."""
        if shard not in self._offsets:
            path = offsets_path(self.files[shard])
            try:
                rows = np.load(path, allow_pickle=False)
            except (OSError, ValueError, EOFError):
                rows, _ = scan(self.files[shard])
            if rows.dtype != np.int64 or rows.shape != (self.counts[shard], 5):
                raise ShardError(f"{path} does not belong to its shard")
            self._offsets[shard] = rows
        return self._offsets[shard]

    def read(self, shard: int, sample: int) -> tuple[bytes, dict[str, Any]]:
        """The picture file and the metadata of a sample.

        Raises:
            ShardError: the shard is damaged there; the message names shard and sample.
        """
        name = f"{self.files[shard]}, sample {sample}"
        try:
            picture_at, picture_length, text_at, text_length, checksum = self.offsets(shard)[sample].tolist()
            handle = self._handle(shard)
            picture, text = read_both(handle, picture_at, picture_length, text_at, text_length)
        except OSError as error:
            raise ShardError(f"{name} cannot be read: {error.strerror}") from error
        if checksum >= 0 and zlib.crc32(text, zlib.crc32(picture)) != checksum:
            raise ShardError(f"{name} is damaged: its checksum does not match")
        return picture, _parsed(name, text)

    def metadata(self, shard: int, sample: int) -> dict[str, Any]:
        """The metadata of a sample, without reading its picture or checking its checksum.

        Raises:
            ShardError: as `read` does.
        """
        name = f"{self.files[shard]}, sample {sample}"
        try:
            at, length = self.offsets(shard)[sample, 2:4].tolist()
            text = os.pread(self._handle(shard), length, at)
        except OSError as error:
            raise ShardError(f"{name} cannot be read: {error.strerror}") from error
        return _parsed(name, text)

    def _handle(self, shard: int) -> int:
        if shard not in self._handles:
            self._handles[shard] = os.open(self.files[shard], os.O_RDONLY)
            self._forget()
        return self._handles[shard]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handles": {}}


def _parsed(name: str, text: bytes) -> dict[str, Any]:
    try:
        return normalised(json.loads(text))
    except ValueError as error:
        raise ShardError(f"{name} has damaged metadata: {error}") from error


def read_both(handle: int, at: int, length: int, text_at: int, text_length: int) -> tuple[bytes, bytes]:
    """Picture and JSON of a sample, in one read where they are neighbours. Raises OSError."""
    gap = text_at - at - length
    if 0 <= gap <= 1 << 16:
        data = os.pread(handle, text_at + text_length - at, at)
        return data[:length], data[text_at - at :]
    return os.pread(handle, length, at), os.pread(handle, text_length, text_at)


def normalised(metadata: object) -> dict[str, Any]:
    """A sample's JSON with `lat` and `lng`, whichever way their maker spelled them. Raises ValueError."""
    if not isinstance(metadata, dict):
        raise ValueError("it is no JSON object")
    for name, spellings in (("lat", ("latitude", "LAT")), ("lng", ("longitude", "lon", "LON"))):
        if name not in metadata:
            metadata[name] = next((metadata[other] for other in spellings if other in metadata), None)
    return metadata


def scan(path: Path) -> tuple[IntArray, str]:
    """(offsets as `Shards.offsets` has them, problem or "") of a tar, by walking through it.

    Members belong to one sample while they share their name up to the first dot; samples without a picture or
    without a .json are left out.
    """
    rows: list[tuple[int, int, int, int, int]] = []
    problem = ""
    parts: dict[str, tuple[int, int]] = {}
    current = None
    try:
        size = path.stat().st_size
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]  # or it would remember every member
                if not member.isfile():
                    continue
                if member.offset_data + member.size > size:
                    problem = f"is cut off at {size} bytes"
                    break
                folder, _, name = member.name.rpartition("/")
                stem, _, extension = name.partition(".")
                if (folder, stem) != current:
                    _append(rows, parts)
                    current, parts = (folder, stem), {}
                parts["." + extension.lower()] = member.offset_data, member.size
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        problem = f"is damaged: {error}"
    _append(rows, parts)
    return np.array(rows, dtype=np.int64).reshape(-1, 5), problem


def _append(rows: list[tuple[int, int, int, int, int]], parts: dict[str, tuple[int, int]]) -> None:
    picture = next((parts[extension] for extension in PICTURES if extension in parts), None)
    if picture and ".json" in parts:
        rows.append((*picture, *parts[".json"], -1))
