"""Pictures to distributions on a CPU: `Predictor`'s default and fast path against torch's eager network.

Speed: `planet` with random weights, batch statistics of a few noise pictures and 26,263 cells, in batches of
1 and 16, from uint8 pixels to probabilities. The eager side is the network as it was trained: evaluation
mode, float32, NCHW, inference_mode, float64 softmax as ours. The sides run in turn, one thread, CPU seconds,
median of the passes. Goals: the default path at least 1.4 times as fast with the same top 5, the fast one at
least 2.3 times. Where the processor has no bfloat16, fast is the default path and says so.

Agreement: of the fast path's top cell with the default's, at least 99 % on 2,000 different pictures, and of
the default's with eager's. The model is a trained one: the recipe `tiny` (about two minutes), or one that is
given. The pictures are random crops of the development photos, of which the model has seen some.

    PYTHONPATH=. python benchmarks/bench_inference.py [MODEL]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from record import ROOT, record
from torch import Tensor, nn

from planet_core import checkpoint, images, inception, model_directory, recipe, s2
from planet_core.model_directory import TrainingIndex
from planet_core.partition import Partition
from planet_core.predict import Predictor, normalise

CELLS = 26_263  # the paper's
BATCHES = {1: 9, 16: 3}  # pictures: passes
TOP = 5
PICTURES = 2200
PHOTOS = ROOT.parent / "shared" / "data" / "real" / "labels.csv"
GOAL = {"default_times_eager": 1.4, "fast_times_eager": 2.3, "fast_top1_agreement": 0.99}


def cpu_seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def save_planet(folder: Path) -> None:
    """`planet` with random weights as a model version."""
    torch.manual_seed(0)
    lat, lng = np.random.default_rng(0).uniform(-80, 80, 200_000), np.linspace(-180, 180, 200_000)
    cells = np.unique(s2.cell_ids(lat, lng, 7))[:CELLS]
    partition = Partition(cells, np.ones(CELLS, dtype=np.int64), *s2.centers(cells))
    network = inception.build("planet", CELLS)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches seen
    network.train()
    with torch.no_grad():
        network.embed(normalise(noise(8, network.image_px), network.normalisation))
    index = TrainingIndex((), (), (), (), 13, np.empty(0, dtype=np.uint64))
    checkpoint.save(folder, network, "planet", partition, recipe.load("paper").as_dict(), {}, index)


def noise(count: int, px: int) -> Tensor:
    """Noise with detail at several scales, uint8 (count, px, px, 3)."""
    rng = np.random.default_rng(1)
    pixels = np.zeros((count, px, px, 3))
    for side in (3, 11, 40, px):
        for row in range(count):
            patch = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
            pixels[row] += np.asarray(patch.resize((px, px), Image.Resampling.BICUBIC)) / 4
    return torch.from_numpy(pixels.astype(np.uint8))


def eager_logits(model: checkpoint.Model, pixels: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model.network(normalise(pixels, model.config["normalisation"]).contiguous())
        return logits


def eager(model: checkpoint.Model, pixels: Tensor) -> np.ndarray:
    return torch.softmax(eager_logits(model, pixels).double(), dim=1).float().numpy()


def measure_speed() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        save_planet(Path(folder) / "planet")
        plain_load = cpu_seconds(lambda: checkpoint.load(Path(folder) / "planet"))
        load = {
            name: round(
                cpu_seconds(lambda fast=fast: Predictor.load(Path(folder) / "planet", "cpu", fast)), 2
            )
            for name, fast in (("default", False), ("fast", True))
        }
        model = checkpoint.load(Path(folder) / "planet")
        default = Predictor.load(Path(folder) / "planet", "cpu")
        fast = Predictor.load(Path(folder) / "planet", "cpu", fast=True)
    values: dict[str, object] = {
        "load_cpu_s": {"eager": round(plain_load, 2), **load},
        "fast_precision": str(fast.precision).removeprefix("torch."),
    }
    for count, passes in BATCHES.items():
        values[f"batch_{count}"] = compare(model, default, fast, noise(count, 299), passes)
        print(count, values[f"batch_{count}"], flush=True)
    return values


def compare(
    model: checkpoint.Model, default: Predictor, fast: Predictor, pixels: Tensor, passes: int
) -> dict[str, object]:
    sides: dict[str, Callable[[], np.ndarray]] = {
        "eager": lambda: eager(model, pixels),
        "default": lambda: default.probabilities_of(pixels),
        "fast": lambda: fast.probabilities_of(pixels),
    }
    first = {name: side() for name, side in sides.items()}  # warms up
    times = [{name: cpu_seconds(side) for name, side in sides.items()} for _ in range(passes)]
    top = {name: np.argsort(-rows, axis=1, kind="stable")[:, :TOP] for name, rows in first.items()}
    return {
        "eager_ms_per_picture": round(1e3 * statistics.median(t["eager"] for t in times) / len(pixels), 1),
        "default_times_eager": round(statistics.median(t["eager"] / t["default"] for t in times), 2),
        "fast_times_eager": round(statistics.median(t["eager"] / t["fast"] for t in times), 2),
        "default_same_top_5": float((top["eager"] == top["default"]).all(axis=1).mean()),
        "default_largest_relative_error": float(np.abs(first["default"] / first["eager"] - 1).max()),
    }


def train(folder: Path) -> Path:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["-m", "planet_core.train_cnn", "--recipe", "tiny", "--data", str(PHOTOS), "--run", str(folder)]
    subprocess.run([sys.executable, *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    return folder / "model"


def crops(px: int) -> Tensor:
    """Random crops of the development photos, uint8 (PICTURES, px, px, 3), all different."""
    rng = np.random.default_rng(0)
    files = sorted(path for path in PHOTOS.parent.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    each = -(-PICTURES // len(files))
    found: dict[bytes, np.ndarray] = {}
    for path in files:
        picture = images.load(path, max_side=1024)
        for _ in range(each):
            side = rng.uniform(0.5, 1.0) * min(picture.size)
            left, top = rng.uniform(0, picture.width - side), rng.uniform(0, picture.height - side)
            box = (left, top, left + side, top + side)
            square = picture.resize((px, px), Image.Resampling.BICUBIC, box=box)
            found[square.tobytes()] = np.asarray(square)
    return torch.from_numpy(np.stack(list(found.values())))


def measure_agreement(folder: Path) -> dict[str, object]:
    model = checkpoint.load(folder)
    pixels = crops(model.network.image_px)
    default, fast = Predictor.load(folder, "cpu"), Predictor.load(folder, "cpu", fast=True)
    rows = {
        "eager": np.concatenate([eager(model, part) for part in torch.split(pixels, 16)]),
        "default": default.probabilities_of(pixels, calibrated=False),
        "fast": fast.probabilities_of(pixels, calibrated=False),
    }
    best = {name: some.argmax(axis=1) for name, some in rows.items()}
    top = {name: np.argsort(-some, axis=1, kind="stable")[:, :TOP] for name, some in rows.items()}
    return {
        "pictures": len(pixels),
        "network": model.config["network"],
        "validation_accuracy": model_directory.read_metrics(folder)["validation"]["accuracy"],
        "different_answers": len(np.unique(best["default"])),
        "default_top1_agreement_with_eager": float((best["default"] == best["eager"]).mean()),
        "default_same_top_5": float((top["default"] == top["eager"]).all(axis=1).mean()),
        "fast_top1_agreement": float((best["fast"] == best["default"]).mean()),
        "fast_mean_absolute_difference_of_top_probability": float(
            np.abs(rows["fast"].max(axis=1) - rows["default"].max(axis=1)).mean()
        ),
    }


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1:]:
            agreement = measure_agreement(Path(sys.argv[1]))
        elif PHOTOS.exists():
            agreement = measure_agreement(train(Path(folder) / "run"))
        else:
            agreement = {"skipped": f"there are no photos in {PHOTOS.parent.name}"}
    print(agreement, flush=True)
    record("inference", {**measure_speed(), "agreement": agreement, "goal": GOAL})


if __name__ == "__main__":
    main()
