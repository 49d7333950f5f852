"""The loader feeding a step that does nothing, from shards, against decoding the same pictures alone.

Decoding alone: the JPEGs are in memory in a list, and one thread turns each into RGB pixels with Pillow. The
loader reads the shards (from the page cache), in shuffled order, with metadata, checksums and checks. Goal:
at least 90 % of the images per CPU second. All sides in turn in one process, medians of the passes. The
pictures are drawn here and packed by `planet_core.prepare` as for training. `dataloader_2_workers` shows what
handing whole pictures from process to process costs, start of the workers included.
"""

from __future__ import annotations

import io
import logging
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from record import record
from torch.utils.data import DataLoader

from planet_core import prepare
from planet_core.loader import ShardDataset
from planet_core.shards import Shards

PICTURES = 800
PASSES = 15


def draw(folder: Path) -> Path:
    """photos.csv with `PICTURES` different photos of 640 x 480 pixels."""
    rows = ["path,lat,lng"]
    for number in range(PICTURES):
        rng = np.random.default_rng(number)
        pixels = np.zeros((480, 640, 3), dtype=np.float32)
        for cells in (4, 16, 64, 256):
            patch = rng.normal(127, 90 / cells**0.4, (cells * 3 // 4, cells, 3)).clip(0, 255)
            layer = Image.fromarray(patch.astype(np.uint8)).resize((640, 480), Image.Resampling.BICUBIC)
            pixels += np.asarray(layer, dtype=np.float32) - 127
        name = f"{number}.jpg"
        Image.fromarray((pixels + 127).clip(0, 255).astype(np.uint8)).save(folder / name, quality=90)
        rows.append(f"{name},{number % 80},{number % 170}")
    (folder / "photos.csv").write_text("\n".join(rows) + "\n")
    return folder / "photos.csv"


def cpu_and_wall(function: Callable[[], int]) -> tuple[float, float]:
    """CPU seconds of this process and its ended children, and seconds on the clock."""

    def cpu() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    before, start = cpu(), time.perf_counter()
    if function() != PICTURES:
        raise SystemExit("a picture is missing")
    return cpu() - before, time.perf_counter() - start


def measure(shards: Path) -> dict[str, object]:
    opened = Shards(shards)
    files = [opened.read(shard, n)[0] for shard, count in enumerate(opened.counts) for n in range(count)]

    def decode_alone() -> int:
        return sum(Image.open(io.BytesIO(data)).convert("RGB").width > 0 for data in files)

    def loader(threads: int) -> Callable[[], int]:
        return lambda: sum(1 for _ in ShardDataset(shards, threads=threads))

    def workers() -> int:
        batches = DataLoader(
            ShardDataset(shards, batch_size=32), batch_size=32, num_workers=2, collate_fn=packed
        )
        return sum(len(metadata) for _, metadata in batches)

    sides = {
        "decode_alone": decode_alone,
        "loader": loader(0),
        "loader_2_threads": loader(2),
        "dataloader_2_workers": workers,
    }
    passes: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(PASSES):
        for name, side in sides.items():
            passes[name].append(cpu_and_wall(side))
    values: dict[str, object] = {
        "pictures": PICTURES,
        "file_kb_mean": round(sum(map(len, files)) / PICTURES / 1e3, 1),
    }
    alone = [cpu for cpu, _ in passes["decode_alone"]]
    for name, measured in passes.items():
        cpu = [cpu for cpu, _ in measured]
        values[name] = {
            "images_per_cpu_s": round(PICTURES / statistics.median(cpu)),
            "images_per_s": round(PICTURES / statistics.median(wall for _, wall in measured)),
            "share_of_decode_alone": round(
                statistics.median(a / c for a, c in zip(alone, cpu, strict=True)), 3
            ),
        }
    values["goal"] = {"share_of_decode_alone": 0.9}
    return values


def packed(
    batch: list[tuple[Image.Image, dict[str, object]]],
) -> tuple[torch.Tensor, list[dict[str, object]]]:
    """All pixels of a batch in one tensor, which goes from process to process without being copied."""
    flat = np.concatenate([np.asarray(picture).reshape(-1) for picture, _ in batch])
    return torch.from_numpy(flat), [metadata for _, metadata in batch]


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.basicConfig()
    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        if prepare.main([str(draw(Path(folder))), "--out", str(shards), "--shard-mb", "10", "--jobs", "2"]):
            raise SystemExit("prepare failed")
        record("loader", measure(shards))
