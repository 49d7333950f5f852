"""Photos for training as `torch.utils.data` wants them: out of shards, or out of a list of photos.

    dataset = ShardDataset("shards", rank=0, world_size=1, seed=0, epoch=3, batch_size=64)
    for picture, metadata in dataset: ...
    for batch in DataLoader(dataset, batch_size=64, num_workers=8, collate_fn=crop_and_stack): ...

Notable:
- every sample of an epoch comes once over all ranks and workers, in an order that seed and epoch decide alone
- `start` goes on in the middle of an epoch: so many samples of this rank are passed over unread
- with `batch_size` the same as the DataLoader's, batches are the same for any number of workers
- `metadata["position"]` is a sample's place in the epoch: a seed for its augmentation that survives a resume
- a damaged shard or picture is named in the log, counted in `skipped` and left out; the others go on
- `threads` decode ahead in this process, without the cost of handing pictures from process to process
- ranks differ by at most one sample: whoever steps them together stops after `min` of their `len`
"""

from __future__ import annotations

import abc
import itertools
import logging
import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from torch.utils.data import IterableDataset, get_worker_info

from planet_core import images
from planet_core.prepare import decode
from planet_core.shard_order import Part, samples_for_rank, samples_of
from planet_core.shards import IntArray, ShardError, Shards
from planet_core.sources.photo import Photo

CHUNK = 8
"""Pictures that a thread is given at once."""
AHEAD = 2
"""Chunks under way for each thread."""
LOGGED = 10
"""So many bad pictures are named by each process, then they are only counted."""
_WORKERS = 1024

Given = TypeVar("Given")
Made = TypeVar("Made")
Metadata = dict[str, Any]
Sample = tuple[Image.Image, Metadata]
_Undecoded = tuple[Any, Metadata, int, int]  # bytes, photo or ShardError; metadata; shard; sample

log = logging.getLogger(__name__)


def ahead(
    work: Callable[[Given], Made], items: Iterable[Given], threads: int, least: int = 0
) -> Generator[Made, None, None]:
    """`map(work, items)`, in order, done ahead by so many threads: at least `least` items, once it runs."""
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[list[Made]]] = deque()
    # a few at once: handing work to a thread costs a tenth of decoding one small picture
    remaining = iter(items)
    chunks = iter(lambda: list(itertools.islice(remaining, CHUNK)), [])
    most = max(AHEAD * threads, math.ceil(least / CHUNK) + 1)
    try:
        for chunk in chunks:
            waiting.append(pool.submit(lambda chunk: [work(one) for one in chunk], chunk))
            if len(waiting) >= most:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class PictureDataset(IterableDataset[Sample], abc.ABC):
    """Pictures with metadata, split between ranks and workers.

    Args:
        rank, world_size: this process among those that train together.
        seed, epoch: decide the order.
        start: samples of this rank that are passed over.
        shuffle: False keeps the order of the source.
        batch_size: workers of a DataLoader take turns by so many samples.
        threads: decode ahead in so many threads; 0 decodes when asked.

    Yields:
        (PIL picture, RGB; metadata as `planet_core.shards` has it, with `position`).
    """

    def __init__(
        self,
        *,
        rank: int = 0,
        world_size: int = 1,
        seed: int = 0,
        epoch: int = 0,
        start: int = 0,
        shuffle: bool = True,
        batch_size: int = 1,
        threads: int = 0,
    ) -> None:
        super().__init__()
        Part(rank, world_size, block=batch_size)  # refuses what makes no sense
        self.rank, self.world_size = rank, world_size
        self.seed, self.epoch, self.start, self.shuffle = seed, epoch, start, shuffle
        self.batch_size, self.threads = batch_size, threads
        # a slot for each worker, so that none needs a lock
        self._skipped = torch.zeros(_WORKERS, dtype=torch.int64)
        self._skipped.share_memory_()  # type: ignore[no-untyped-call]

    @property
    @abc.abstractmethod
    def counts(self) -> IntArray:
        """int64 (shards,): samples of each."""

    @abc.abstractmethod
    def _read(self, shard: int, sample: int) -> tuple[Any, Metadata]:
        """What `_decode` needs, and the metadata; called in one thread. Raises ShardError."""

    @abc.abstractmethod
    def _decode(self, data: Any) -> Image.Image:
        """The picture; called in any thread. Raises ImageError."""

    def __len__(self) -> int:
        """Samples of this rank from `start` on, those that will turn out bad included."""
        return samples_for_rank(int(self.counts.sum()), self.rank, self.world_size, self.start)

    @property
    def skipped(self) -> int:
        """Bad pictures met so far, by all workers of this process."""
        return int(self._skipped.sum())

    def __iter__(self) -> Iterator[Sample]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        part = Part(self.rank, self.world_size, number, workers, self.batch_size)
        order = samples_of(
            self.counts, part, seed=self.seed, epoch=self.epoch, start=self.start, shuffle=self.shuffle
        )
        bad = 0
        for result, metadata in self._decoded(self._undecoded(order)):
            if not isinstance(result, str):
                yield result, metadata
                continue
            bad += 1
            self._skipped[number % _WORKERS] += 1
            if bad <= LOGGED:
                log.warning("skipped: %s", result)

    def _undecoded(self, order: Iterator[tuple[int, int, int]]) -> Iterator[_Undecoded]:
        for position, shard, sample in order:
            try:
                data, metadata = self._read(shard, sample)
            except ShardError as error:
                yield error, {}, shard, sample
                continue
            metadata["position"] = position
            yield data, metadata, shard, sample

    def _decoded(self, undecoded: Iterator[_Undecoded]) -> Iterator[tuple[Image.Image | str, Metadata]]:
        """Pictures, or why there is none, in order; decoded ahead by the pool if there are threads."""
        if not self.threads:
            for one in undecoded:
                yield self._finish(one)
            return
        yield from ahead(self._finish, undecoded, self.threads)

    def _finish(self, one: _Undecoded) -> tuple[Image.Image | str, Metadata]:
        data, metadata, shard, sample = one
        if isinstance(data, ShardError):
            return str(data), metadata
        try:
            return self._decode(data), metadata
        except images.ImageError as error:
            return self._named(error, shard, sample), metadata

    def _named(self, error: images.ImageError, shard: int, sample: int) -> str:
        """The error with the sample that it belongs to."""
        return str(error)


class ShardDataset(PictureDataset):
    """The photos of a directory of shards; `damaged` lists shards that are left out.

    Raises:
        ShardError: there are no shards, or `prepare` has not finished them.
    """

    def __init__(self, directory: str | os.PathLike[str], **options: Any) -> None:
        super().__init__(**options)
        self.shards = Shards(directory)
        self.damaged = self.shards.damaged
        for sentence in self.damaged:
            log.warning("%s", sentence)

    @property
    def counts(self) -> IntArray:
        return self.shards.counts

    def _read(self, shard: int, sample: int) -> tuple[bytes, Metadata]:
        return self.shards.read(shard, sample)

    def _decode(self, data: bytes) -> Image.Image:
        return images.load(data)

    def _named(self, error: images.ImageError, shard: int, sample: int) -> str:
        return f"{self.shards.files[shard]}, sample {sample}: {error}"


class PhotoDataset(PictureDataset):
    """Photos of a list, decoded from their files each time; shorter side at most `size` pixels."""

    def __init__(self, photos: Sequence[Photo], size: int, **options: Any) -> None:
        super().__init__(**options)
        self.photos, self.size = photos, size

    @property
    def counts(self) -> IntArray:
        return np.array([len(self.photos)], dtype=np.int64)

    def _read(self, shard: int, sample: int) -> tuple[Photo, Metadata]:
        photo = self.photos[sample]
        return photo, photo.metadata()

    def _decode(self, data: Photo) -> Image.Image:
        picture, _ = decode(data, self.size)
        return picture
