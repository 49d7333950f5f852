"""Photos out of WebDataset shards: a folder that `prepare` wrote, one of another maker, or one tar.
`shards:folder`

A photo's `path` is the tar, `offset` and `length` say where in it; `Photo.read` gives the bytes and checks
them. Listing reads the metadata alone, and the pictures only for digests that are missing. A damaged shard is
as many bad rows as it has samples, and the others go on; so is a sample without a place.
"""

from __future__ import annotations

import errno
import hashlib
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planet_core.shards import INDEX, ShardError, Shards, read_both
from planet_core.sources.photo import PROJECTIONS, Photo, RowProblem, Source, SourceError, checked_place


@dataclass(frozen=True)
class ShardPhoto(Photo):
    """A photo in a shard: where its metadata lie, and the CRC-32 of picture and metadata, or -1."""

    text_offset: int = 0
    text_length: int = 0
    checksum: int = -1

    @property
    def packed(self) -> str:
        return f"{super().packed} {self.checksum}"

    def read(self) -> bytes:
        """The bytes of the picture file. Raises OSError, also where they are damaged."""
        assert self.length is not None
        with self.path.open("rb") as file:
            picture, text = read_both(
                file.fileno(), self.offset, self.length, self.text_offset, self.text_length
            )
        if len(picture) != self.length:
            raise OSError(errno.EIO, "the shard is cut off", str(self.path))
        if self.checksum >= 0 and zlib.crc32(text, zlib.crc32(picture)) != self.checksum:
            raise OSError(errno.EIO, "it is damaged: its checksum does not match", str(self.path))
        return picture


class ShardPhotos(Source):
    """The samples of shards; errors are numbered by the sample, 0 for a whole shard."""

    kind = "shards"
    summary = "a folder of WebDataset shards as prepare writes it, or one .tar file"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        if path.is_dir():
            return (path / INDEX).is_file() or any(path.glob("*.tar"))
        return path.suffix.lower() == ".tar"

    def _photos(self) -> Iterator[Photo]:
        try:
            shards = Shards(self.path)
        except ShardError as error:
            raise SourceError(str(error)) from error
        for sentence in shards.damaged:
            self.errors.add(0, RowProblem("damaged-shard", sentence))
        if shards.lost:  # every sample counts
            self.errors.by_code["damaged-shard"] += shards.lost - len(shards.damaged)
        total, done = max(1, len(shards)), 0
        for shard in range(len(shards.files)):
            for sample in range(int(shards.counts[shard])):
                done += 1
                self._share = done / total
                try:
                    yield self._photo(shards, shard, sample)
                except RowProblem as problem:
                    name = f"{shards.files[shard]}, sample {sample}"
                    self.errors.add(done, RowProblem(problem.code, f"{name}: {problem}"))
                except ShardError as error:
                    self.errors.add(done, RowProblem("damaged-shard", str(error)))
        shards.close()

    def _photo(self, shards: Shards, shard: int, sample: int) -> Photo:
        metadata = shards.metadata(shard, sample)
        offset, length, text_offset, text_length, checksum = shards.offsets(shard)[sample].tolist()
        digest = _text(metadata, "digest")
        if not digest and self.digests:
            digest = hashlib.sha256(shards.read(shard, sample)[0]).hexdigest()
        if metadata["lat"] is None and metadata["lng"] is None and not self.has_places:
            lat = lng = math.nan
        else:
            lat, lng = checked_place(_text(metadata, "lat"), _text(metadata, "lng"))
        projection = _text(metadata, "projection") or "flat"
        if projection not in PROJECTIONS:
            raise RowProblem("bad-row", f"unknown projection {projection!r}")
        heading = metadata.get("heading")
        return ShardPhoto(
            shards.files[shard],
            lat,
            lng,
            _text(metadata, "group") or _text(metadata, "sequence"),
            digest,
            projection,
            float(heading) if isinstance(heading, int | float) else None,
            _text(metadata, "id") or f"sample {sample}",
            _text(metadata, "taken_at"),
            offset,
            length,
            text_offset,
            text_length,
            checksum,
        )


def _text(metadata: Mapping[str, Any], name: str) -> str:
    value = metadata.get(name)
    return "" if value is None else str(value)
