"""The image model's embeddings of all photos of some albums: computed once, kept on disk, mapped into memory.

    CACHE/MODEL/parts/….npy        embeddings, float32 (photos, width), as they were computed
    CACHE/MODEL/parts/….keys.npy   sha256 of those pictures' files, uint8 (photos, 32)
    CACHE/MODEL/tables/….npy       those of one list of albums, in its order: what is mapped

MODEL is the digest of the image model, and a picture is known by its file's sha256: another model, or another
picture under an old name, is never mixed up, and a picture in two lists is computed once. Parts appear by one
rename each, under names of their own: a run that was cut off goes on with what it had, and several processes
may fill the same cache at once.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from planet_core import images, model_directory
from planet_core.albums import Album, time_gaps_hours
from planet_core.files import atomic_file
from planet_core.loader import ahead
from planet_core.predict import Predictor
from planet_core.stopping import UserError

BATCH = 64
PART_SECONDS = 20.0  # what a crash loses at most, of computing
Float32Array = npt.NDArray[np.float32]
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Embedded:
    """The embeddings of some albums.

    Attributes:
        albums: as they were given.
        image_model: digest of the image model.
        table: float32 (photos, width), mapped from disk, one photo after another; zeros where not readable.
        readable: bool (photos,).
        starts: int64 (albums + 1,): album a has the rows starts[a]..starts[a + 1].
        digests: sha256 of each picture's file, hexadecimal; "" where there is none.
        unreadable: what was wrong with each photo that cannot be read, in order.
    """

    albums: tuple[Album, ...]
    image_model: str
    table: Float32Array
    readable: npt.NDArray[np.bool_]
    starts: npt.NDArray[np.int64]
    digests: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def width(self) -> int:
        """Of an embedding."""
        return int(self.table.shape[1])

    def rows(self, album: int) -> slice:
        """The rows of an album's photos."""
        return slice(int(self.starts[album]), int(self.starts[album + 1]))

    def gaps_hours(self) -> Float32Array:
        """Hours since the photo before, (photos,), see `albums.time_gaps_hours`."""
        return np.concatenate([time_gaps_hours(album) for album in self.albums])


def embed(
    albums: Sequence[Album],
    image_model: Path,
    cache: Path,
    progress: Say = lambda _text: None,
    batch: int = BATCH,
    device: str | None = None,
) -> Embedded:
    """The embeddings of all photos, from the cache as far as it has them.

    Args:
        image_model: directory of the model version.
        cache: folder that may be shared by any lists, models and processes; made where it is missing.
        progress: is told how far it is.
        batch: pictures that are computed at once.
        device: as torch names it; by default a GPU if there is one.

    Raises:
        ModelDirectoryError: the image model is missing, incomplete or damaged.
        UserError: no album, no photo of any can be read, or the cache cannot be written.
    """
    if not albums:
        raise UserError("there are no albums to embed")
    digest = model_directory.version_digest(image_model)
    width = int(model_directory.read_config(image_model)["embedding"])
    paths = [photo.path for album in albums for photo in album.photos]
    keys, problems = _digests(paths, progress)
    store = _Store(Path(cache) / digest, width)
    try:
        missing = _first_of_each(keys, store.known())
        if missing:
            found = _compute(
                image_model, [(paths[row], keys[row]) for row in missing], batch, progress, device
            )
            problems |= store.fill(found)
        readable = np.array([key in store.known() for key in keys])
        if not readable.any():
            first = next(iter(problems.values()), "")
            raise UserError(f"none of the {len(paths)} photos of these albums can be read; {first}")
        table = store.table(keys)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write embeddings into {cache}: {reason}; what is there stays") from error
    bad = [f"{paths[row]}: {problems[_name(paths[row], keys[row])]}" for row in np.flatnonzero(~readable)]
    counts = [len(album) for album in albums]
    return Embedded(
        tuple(albums),
        digest,
        table,
        readable,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        tuple(key.hex() for key in keys),
        tuple(bad),
    )


def _name(path: Path, key: bytes) -> str:
    """What a problem is kept under: the picture, or the path where no file is."""
    return key.hex() or str(path)


def _digests(paths: Sequence[Path], progress: Say) -> tuple[list[bytes], dict[str, str]]:
    """(sha256 of each file, b"" where it cannot be opened, and what is wrong with those)."""
    keys: list[bytes] = []
    problems: dict[str, str] = {}
    for done, path in enumerate(paths, start=1):
        try:
            keys.append(bytes.fromhex(model_directory.sha256_of(path)))
        except OSError as error:
            keys.append(b"")
            problems[str(path)] = error.strerror or str(error)
        if done % 200 == 0:
            progress(f"looking for embeddings: {done} of {len(paths)} photos")
    return keys, problems


def _first_of_each(keys: Sequence[bytes], known: dict[bytes, tuple[Path, int]]) -> list[int]:
    """The rows to compute: the first of each picture that is not known."""
    first: dict[bytes, int] = {}
    for row, key in enumerate(keys):
        if key and key not in known:
            first.setdefault(key, row)
    return list(first.values())


Found = tuple[bytes, "Float32Array | str"]
"""The key of a picture, and its embedding (width,) or what is wrong with it."""


def _compute(
    image_model: Path, pictures: Sequence[tuple[Path, bytes]], batch: int, progress: Say, device: str | None
) -> Iterator[Found]:
    progress(f"embedding: 0 of {len(pictures)} photos")
    predictor = Predictor.load(image_model, device)
    threads = max(1, len(os.sched_getaffinity(0)))
    squares: list[npt.NDArray[np.uint8]] = []
    keys: list[bytes] = []
    read = partial(_square, predictor.image_px)
    read_ahead = ahead(read, (path for path, _ in pictures), threads)
    for done, ((_, key), square) in enumerate(zip(pictures, read_ahead, strict=True), start=1):
        if isinstance(square, str):
            yield key, square
        else:
            squares.append(square)
            keys.append(key)
        if squares and (len(squares) == batch or done == len(pictures)):
            found = predictor.embeddings_of(torch.from_numpy(np.stack(squares)))
            yield from zip(keys, found, strict=True)
            squares, keys = [], []
            progress(f"embedding: {done} of {len(pictures)} photos")


def _square(image_px: int, path: Path) -> npt.NDArray[np.uint8] | str:
    """The picture as the image model sees it, uint8 (px, px, 3), or what is wrong with it."""
    try:
        return np.asarray(images.load_square(path, image_px))
    except images.ImageError as error:
        return error.message


class _Store:
    """One image model's folder in the cache."""

    def __init__(self, folder: Path, width: int) -> None:
        self.parts, self.tables, self.width = folder / "parts", folder / "tables", width
        self._known: dict[bytes, tuple[Path, int]] | None = None

    def known(self) -> dict[bytes, tuple[Path, int]]:
        """Where each picture's embedding lies: file and row. Parts that are damaged are as if not there."""
        if self._known is None:
            self._known = {}
            for file in sorted(self.parts.glob("*.keys.npy")):
                self._add(file)
        return self._known

    def _add(self, file: Path) -> None:
        values = file.with_name(file.name.removesuffix(".keys.npy") + ".npy")
        try:
            keys, shape = np.load(file), np.load(values, mmap_mode="r").shape
        except (OSError, ValueError, EOFError):
            return
        if keys.shape[1:] == (32,) and shape == (len(keys), self.width):
            self.known().update({key.tobytes(): (values, row) for row, key in enumerate(keys)})

    def fill(self, found: Iterator[Found]) -> dict[str, str]:
        """Keeps embeddings as they come; gives back what is wrong with pictures that have none."""
        problems: dict[str, str] = {}
        keys: list[bytes] = []
        rows: list[Float32Array] = []
        since = time.monotonic()
        try:
            for key, value in found:
                if isinstance(value, str):
                    problems[key.hex()] = value
                    continue
                keys.append(key)
                rows.append(value)
                if time.monotonic() - since > PART_SECONDS:
                    self._write(keys, rows)
                    keys, rows, since = [], [], time.monotonic()
        finally:  # a signal or a full disk loses nothing that was computed, if there is room for it
            if keys:
                self._write(keys, rows)
        return problems

    def _write(self, keys: Sequence[bytes], rows: Sequence[Float32Array]) -> None:
        name = secrets.token_hex(8)
        with atomic_file(self.parts / f"{name}.npy") as file:
            np.save(file, np.stack(rows).astype(np.float32))
        table = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 32)
        with atomic_file(self.parts / f"{name}.keys.npy") as file:  # the last: with it the part counts
            np.save(file, table)
        self._add(self.parts / f"{name}.keys.npy")

    def table(self, keys: Sequence[bytes]) -> Float32Array:
        """One list's embeddings in its order, mapped; zeros for what is not known."""
        places = [self.known().get(key) for key in keys]
        seen = bytes(place is not None for place in places)
        name = hashlib.sha256(b"".join(keys) + seen).hexdigest()[:32]
        file = self.tables / f"{name}.npy"
        if not file.exists():
            self._make_table(file, places)
        mapped: Float32Array = np.load(file, mmap_mode="r")
        return mapped

    def _make_table(self, file: Path, places: Sequence[tuple[Path, int] | None]) -> None:
        table = np.zeros((len(places), self.width), dtype=np.float32)
        by_part: dict[Path, list[tuple[int, int]]] = {}
        for row, place in enumerate(places):
            if place is not None:
                by_part.setdefault(place[0], []).append((row, place[1]))
        for part, pairs in by_part.items():
            here, there = np.array(pairs).T
            table[here] = np.load(part, mmap_mode="r")[there]
        with atomic_file(file) as out:
            np.save(out, table)
