"""Who gets which sample of an epoch, and when: every sample once over all ranks and workers. numpy only.

The order is decided by seed and epoch alone. Shards are shuffled, and samples inside windows of a few shards,
whose pictures fit the page cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WINDOW = 16
"""Shards that are shuffled together.

Their pictures are read in random order, so they should fit the page cache.
"""

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """One reader's part of an epoch: the rank in the world, and the worker inside the rank.

    Workers take blocks of `block` samples in turn. Where that is the batch size, a loader that collects whole
    batches from its workers in turn gives the same batches for any number of workers.
    """

    rank: int = 0
    world_size: int = 1
    worker: int = 0
    workers: int = 1
    block: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.rank < self.world_size and 0 <= self.worker < self.workers and self.block >= 1):
            raise ValueError(f"no such part: {self}")


def samples_of(
    counts: IntArray, part: Part, *, seed: int = 0, epoch: int = 0, start: int = 0, shuffle: bool = True
) -> Iterator[tuple[int, int, int]]:
    """(position in the epoch, shard, sample) for one reader, in order.

    Over all ranks and workers every sample comes exactly once. Position p of the epoch goes to rank
    p mod world_size, so ranks differ by at most one sample.

    Args:
        counts: int64 (shards,).
        start: so many samples of this *rank* are passed over, as they were taken before.
        shuffle: whether shards, and samples inside windows of `WINDOW` shards, come in random order.
    """
    first = 0
    order = (
        np.random.default_rng((seed, epoch)).permutation(len(counts)) if shuffle else np.arange(len(counts))
    )
    for window, begin in enumerate(range(0, len(order), WINDOW)):
        chosen = order[begin : begin + WINDOW]
        total = int(counts[chosen].sum())
        if (first + total - part.rank + part.world_size - 1) // part.world_size > start:
            shard = np.repeat(chosen, counts[chosen])
            sample = np.concatenate([np.arange(count) for count in counts[chosen]])
            place = np.arange(total)
            if shuffle:
                place = np.random.default_rng((seed, epoch, window)).permutation(total)
            position = first + np.arange(total)
            turn = (position - part.rank) // part.world_size - start  # this rank's own count from `start`
            mine = (position % part.world_size == part.rank) & (turn >= 0)
            mine &= (turn // part.block) % part.workers == part.worker
            place = place[mine]
            yield from zip(
                position[mine].tolist(), shard[place].tolist(), sample[place].tolist(), strict=True
            )
        first += total


def samples_for_rank(samples: int, rank: int, world_size: int, start: int = 0) -> int:
    """How many samples `samples_of` gives to all workers of a rank together."""
    return max(0, math.ceil((samples - rank) / world_size) - start)
