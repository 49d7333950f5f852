"""The folder that `planet_core.prepare` and others fill: whole shards, an index, a report, where to go on.

What DIR/index.json names is done for good; everything else of ours in DIR is written again. The index appears
before anything else, so that a folder without one is somebody else's as soon as it holds a file. It keeps a
digest of the rows that are done: a list that was changed meanwhile does not go on under old shards.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from planet_core.shards import Index, ShardWriter, remove_leftovers, shard_name
from planet_core.sources.photo import Photo
from planet_core.stopping import UserError

ERRORS = "errors.jsonl"
LOCK = ".lock"


@dataclass(frozen=True)
class Sample:
    """A photo ready for a shard."""

    jpeg: bytes
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Bad:
    """What could not be used, as DIR/errors.jsonl has it: where, why, and a code to count by."""

    source: str
    line: int | None
    code: str
    reason: str


Item = Photo | Bad
T = TypeVar("T")


class Rows(Generic[T]):
    """The items of a stream, and for each that was taken and not popped yet, a digest of all up to it."""

    def __init__(self, items: Iterable[T]) -> None:
        self.digests: deque[str] = deque()
        self._items = iter(items)
        self._sum = hashlib.sha256()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        item = next(self._items)
        self._sum.update(f"{item!r}\n".encode(errors="surrogateescape"))
        self.digests.append(self._sum.hexdigest())
        return item


class Output:
    """DIR while it is being filled. What `index.json` names is done for good; the rest is written again.

    Raises:
        UserError: DIR holds something else, or was prepared otherwise.
    """

    def __init__(self, directory: Path, settings: dict[str, Any], shard_bytes: int) -> None:
        self.directory = directory
        self.shard_bytes = shard_bytes
        self.index = self._load(settings)
        remove_leftovers(directory, self.index)
        self.samples = self.index.samples
        self.skipped: Counter[str] = Counter(self.index.prepared["skipped"])
        self.items: int = self.index.prepared["items"]
        self._writer: ShardWriter | None = None
        self._rows = str(self.index.prepared.get("rows", ""))  # digest of the items so far
        self._errors = (directory / ERRORS).open("a+b")
        written = self._errors.seek(0, os.SEEK_END)
        self._errors.truncate(min(written, self.index.prepared["errors_bytes"]))

    def _load(self, settings: dict[str, Any]) -> Index:
        try:
            index = Index.load(self.directory)
        except FileNotFoundError:
            strangers = sorted(p.name for p in self.directory.iterdir() if not p.name.startswith("."))
            if strangers:
                raise UserError(
                    f"{self.directory} is not empty ({strangers[0]} …): give a new folder as --out"
                ) from None
            prepared = {"settings": settings, "items": 0, "rows": "", "errors_bytes": 0, "skipped": {}}
            index = Index(prepared=prepared)
            index.save(self.directory)  # from now on the folder is ours
            return index
        before = index.prepared.get("settings")
        if before != settings:
            changed = [key for key in settings if not before or before.get(key) != settings[key]]
            raise UserError(
                f"{self.directory} was prepared with other {', '.join(changed)}: give the same command again"
                " to go on, or a new folder as --out"
            )
        return index

    def stands_after(self, rows: Rows[T]) -> bool:
        """Passes over the rows that are done; whether they are those of the index."""
        passed = sum(1 for _ in itertools.islice(rows, self.items))
        last = rows.digests[-1] if rows.digests else ""
        rows.digests.clear()
        return passed == self.items and last == self._rows

    def add(self, result: Sample | Bad, rows: str) -> None:
        """Takes the next item's result, and the digest of all items up to it. Raises OSError."""
        self.add_all([result], rows)

    def add_all(self, results: Sequence[Sample | Bad], rows: str) -> None:
        """The same for an item that gives several samples; they go into one shard. Raises OSError."""
        self.items += 1
        self._rows = rows
        for result in results:
            self._add(result)
        if self._writer is not None and self._writer.size >= self.shard_bytes:
            self.commit()

    def _add(self, result: Sample | Bad) -> None:
        if isinstance(result, Bad):
            self.skipped[result.code] += 1
            self._errors.write(json.dumps(result.__dict__, ensure_ascii=False).encode() + b"\n")
            return
        if self._writer is None:
            self._writer = ShardWriter(self.directory / shard_name(len(self.index.shards)))
        self._writer.add(f"{self.samples:09d}", result.jpeg, result.metadata)
        self.samples += 1

    def commit(self, complete: bool = False) -> None:
        """Makes what has been added so far last. Raises OSError."""
        shards = self.index.shards
        if self._writer:
            shards = (*shards, self._writer.close())
        self._errors.flush()
        os.fsync(self._errors.fileno())
        prepared = {
            **self.index.prepared,
            "items": self.items,
            "rows": self._rows,
            "errors_bytes": os.fstat(self._errors.fileno()).st_size,
            "skipped": dict(self.skipped),
        }
        index = replace(self.index, shards=shards, complete=complete, prepared=prepared)
        index.save(self.directory)
        self.index, self._writer = index, None

    def close(self) -> None:
        """Leaves nothing half-written behind, also after an error."""
        if self._writer:
            self._writer.abandon()
        with contextlib.suppress(OSError):  # a full disk: the next start cuts the report to the last shard
            self._errors.close()


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Nobody else fills this folder meanwhile."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another prepare is filling {directory}") from None
        yield
