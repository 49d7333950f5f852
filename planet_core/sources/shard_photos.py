"""Photos out of WebDataset shards: a folder that `prepare` wrote, one of another maker, or one tar.
`shards:folder`

A photo's `path` is the tar, `offset` and `length` say where in it; `Photo.read` gives the bytes. A damaged
shard is a bad row, and the others go on; so is a sample without a place.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from planet_core.shards import INDEX, ShardError, Shards
from planet_core.sources.photo import PROJECTIONS, Photo, RowProblem, Source, SourceError, checked_place


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
        data, metadata = shards.read(shard, sample)
        offset, length = shards.offsets(shard)[sample, :2].tolist()
        digest = _text(metadata, "digest") or (hashlib.sha256(data).hexdigest() if self.digests else "")
        if metadata["lat"] is None and metadata["lng"] is None and not self.has_places:
            lat = lng = math.nan
        else:
            lat, lng = checked_place(_text(metadata, "lat"), _text(metadata, "lng"))
        projection = _text(metadata, "projection") or "flat"
        if projection not in PROJECTIONS:
            raise RowProblem("bad-row", f"unknown projection {projection!r}")
        heading = metadata.get("heading")
        return Photo(
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
        )


def _text(metadata: Mapping[str, Any], name: str) -> str:
    value = metadata.get(name)
    return "" if value is None else str(value)
