"""What nearest-neighbour search over the training photos would cost beside a classifier (paper, Sec. 3).

A classifier's size and time do not depend on how many photos trained it; an exact search's do. Both need the
network's embedding of the query first, so the search's time comes on top. Measured with random vectors of the
model's width: neither bytes nor time depend on what the vectors hold.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

PHOTOS = (1_000, 10_000, 100_000)
MOST_BYTES = 1 << 30
REPEATS = 5


def measure(width: int, most_bytes: int = MOST_BYTES) -> list[dict[str, Any]]:
    """Bytes of the embeddings, float32, and processor milliseconds a query, for each of `PHOTOS`.

    A set of more than `most_bytes` is not tried: its time is None.

    Raises:
        ValueError: a width below 1.
    """
    if width < 1:
        raise ValueError(f"an embedding has at least one number, not {width}")
    rng = np.random.default_rng(0)
    found: list[dict[str, Any]] = []
    for photos in PHOTOS:
        size = 4 * photos * width
        found.append({"photos": photos, "bytes": size, "cpu_ms_per_query": None})
        if size > most_bytes:
            continue
        vectors = rng.random((photos, width), dtype=np.float32)
        lengths = np.einsum("ij,ij->i", vectors, vectors)
        seconds = []
        for query in rng.random((REPEATS, width), dtype=np.float32):
            start = time.process_time()
            np.argmin(lengths - 2 * (vectors @ query))
            seconds.append(time.process_time() - start)
        found[-1]["cpu_ms_per_query"] = 1000 * statistics.median(seconds)
    return found
