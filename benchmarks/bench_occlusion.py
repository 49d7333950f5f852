"""An occlusion map of 20 x 20 places against plain batched inference of as many pictures, in CPU seconds.

One core; both sides are interleaved batch by batch: after each batch of the map the same network takes a
batch of the same size that lies ready. What a map costs beyond inference (boxes, the photo without a box, the
choice of the cell) counts on its side: the smaller the network, the more. Random weights cost the same.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from record import record

from planet_core import checkpoint, inception, recipe
from planet_core.model_directory import TrainingIndex
from planet_core.occlusion import occlusion_map
from planet_core.partition import Partition
from planet_core.predict import Predictor

POSITIONS, ROUNDS = 20, 5
CELLS = 3000


def random_predictor(network: str) -> Predictor:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    partition = Partition.at_level(rng.uniform(-60, 70, CELLS), rng.uniform(-180, 180, CELLS), 8, 1)
    nothing = TrainingIndex((), (), (), (), 13, np.array([], dtype=np.uint64))
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "model"
        built = inception.build(network, len(partition))
        checkpoint.save(directory, built, network, partition, recipe.load("tiny").as_dict(), {}, nothing)
        return Predictor.load(directory, device="cpu")


def one_map(predictor: Predictor, photo: np.ndarray) -> tuple[float, float]:
    """(CPU seconds of the map, CPU seconds of plain inference of as many pictures)."""
    ready = predictor.tensor([photo]).repeat(64, 1, 1, 1)
    plain, before = 0.0, 0

    def progress(done: int, _boxes: int) -> None:
        nonlocal plain, before
        if done > before:
            start = time.process_time()
            predictor.probabilities_of(ready[: done - before])
            plain += time.process_time() - start
            before = done

    start = time.process_time()
    found = occlusion_map(predictor, photo, positions=POSITIONS, progress=progress)
    assert found.values.size == before == POSITIONS**2
    return time.process_time() - start - plain, plain


def measure(network: str) -> dict[str, object]:
    predictor = random_predictor(network)
    photo = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    one_map(predictor, photo)  # warm
    rounds = [one_map(predictor, photo) for _ in range(ROUNDS)]
    shares = [plain / ours for ours, plain in rounds]
    return {
        "image_px": predictor.image_px,
        "map_cpu_s": round(statistics.median(ours for ours, _ in rounds), 3),
        "plain_cpu_s": round(statistics.median(plain for _, plain in rounds), 3),
        "share_of_throughput": round(statistics.median(shares), 3),
        "lowest_share": round(min(shares), 3),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    values: dict[str, object] = {"positions": POSITIONS**2, "rounds": ROUNDS}
    for network in sys.argv[1:] or ["tiny", "small"]:
        values[network] = measure(network)
        print(network, json.dumps(values[network]), file=sys.stderr, flush=True)
    record("occlusion", values)
