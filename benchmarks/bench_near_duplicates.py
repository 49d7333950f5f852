"""Hamming search of near-duplicate codes: processor time, pairs a second and memory beside the codes.

The other side is the plain way, all distances in one array by `np.bitwise_count`, on a part that fits in
memory.
"""

from __future__ import annotations

import time
import tracemalloc
from statistics import median

import numpy as np
from record import record

from planet_core.near_duplicates_bits import VIEWS, search
from planet_core.near_duplicates_model import BITS

WORDS = BITS // 64
TEST, TRAIN = 1_000, 20_000
PLAIN_TEST, PLAIN_TRAIN = 100, 2_000


def plain(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Nearest distance of each query, the definition in one expression a pair of views."""
    best = np.full((len(queries), len(references)), 64 * WORDS, dtype=np.int64)
    for one, other in [*((0, view) for view in range(VIEWS)), *((view, 0) for view in range(1, VIEWS))]:
        different = queries[:, None, one] ^ references[None, :, other]
        best = np.minimum(best, np.bitwise_count(different).sum(axis=2, dtype=np.int64))
    return best.min(axis=1)


def main() -> None:
    rng = np.random.default_rng(0)
    queries, references = (
        rng.integers(0, 2**64, (count, VIEWS, WORDS), dtype=np.uint64) for count in (TEST, TRAIN)
    )
    few, some = queries[:PLAIN_TEST], references[:PLAIN_TRAIN]
    assert search(few, some, 40).distance.tolist() == plain(few, some).tolist()
    ours, theirs = [], []
    for _ in range(3):
        start = time.process_time()
        search(queries, references, 40)
        middle = time.process_time()
        plain(few, some)
        ours.append((middle - start) / (TEST * TRAIN))
        theirs.append((time.process_time() - middle) / (PLAIN_TEST * PLAIN_TRAIN))
    tracemalloc.start()
    search(queries[:100], references, 40)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    record(
        "near_duplicates",
        {
            "test_photos": TEST,
            "training_photos": TRAIN,
            "bits": 64 * WORDS,
            "views": VIEWS,
            "pairs_of_photos_per_cpu_second": round(1 / median(ours)),
            "times_as_fast_as_plain": round(median(theirs) / median(ours), 2),
            "peak_bytes_beside_codes": peak,
        },
    )


if __name__ == "__main__":
    main()
