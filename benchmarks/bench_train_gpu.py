"""Training speed of the network `planet` on one GPU: images/s in bf16, share of the GPU's peak, and memory.

    make bench, or: PYTHONPATH=. python benchmarks/bench_train_gpu.py

The step is that of recipe `modern`: channels_last, bf16, torch.compile, haversine labels over 26,263 cells,
AdamW and weight averaging, on made-up pictures that are on the GPU already, so that it is the network that is
measured. The peak is measured in the same run, as the rate of a large bf16 matrix product. The share of the
loader's rate belongs to the loader's benchmark. Without a GPU it says so and measures nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from record import record
from torch import nn

from planet_core import inception, recipe
from planet_core.labels import Labels, unit_vectors
from planet_core.optimisation import Average, make_optimiser
from planet_core.partition import Partition
from planet_core.pictures import change_colour
from planet_core.predict import normalise

CELLS = 26_263
BATCH = int(os.environ.get("BENCH_BATCH", "256"))
WARM_UP, ROUNDS, STEPS = 5, 5, 20
GOAL_IMAGES_PER_SECOND = 2000.0


def main() -> int:
    if not torch.cuda.is_available():
        print("bench_train_gpu: there is no GPU here, nothing is measured")
        return 0
    device = torch.device("cuda")
    step = made_step(device)
    matrix = torch.randn(8192, 8192, device=device, dtype=torch.bfloat16)
    product_flops = 2 * 8192**3
    for _ in range(WARM_UP):
        step()
        matrix @ matrix
    torch.cuda.reset_peak_memory_stats()
    # both sides in turn, medians over the rounds
    seconds = [(timed(step, STEPS), timed(lambda: matrix @ matrix, STEPS)) for _ in range(ROUNDS)]
    step_s, product_s = np.median(np.array(seconds), axis=0)
    rate = BATCH / step_s
    peak = product_flops / product_s
    values: dict[str, object] = {
        "gpu": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "batch": BATCH,
        "images_per_second": round(rate, 1),
        "goal_images_per_second": GOAL_IMAGES_PER_SECOND,
        "reached": bool(rate >= GOAL_IMAGES_PER_SECOND),
        "tflops_of_training": round(rate * training_flops() / 1e12, 1),
        "tflops_of_matrix_product": round(peak / 1e12, 1),
        "share_of_peak": round(rate * training_flops() / peak, 3),
        "peak_memory_gib": round(torch.cuda.max_memory_allocated() / 2**30, 1),
    }
    record("train_gpu", values)
    return 0


def made_step(device: torch.device) -> Callable[[], None]:
    """One training step on made-up pictures."""
    values = recipe.load("modern")
    generator = np.random.default_rng(0)
    lat = np.degrees(np.arcsin(generator.uniform(-1, 1, 8 * CELLS)))
    partition = _first_cells(Partition.at_level(lat, generator.uniform(-180, 180, 8 * CELLS), 7, 1))
    network = inception.build(values.network, len(partition)).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser, average = make_optimiser(network, values), Average(network, values.average)
    labels = Labels("haversine", partition, device=device)
    learner = torch.compile(network)
    classes = torch.from_numpy(generator.integers(0, len(partition), BATCH)).to(device)
    points = unit_vectors(*(axis[classes.cpu().numpy()] for axis in partition.centroids()), device)
    side = network.image_px
    pixels = torch.randint(0, 256, (BATCH, side, side, 3), dtype=torch.uint8, device=device)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        colour = values.colour * (2 * torch.rand(BATCH, 3, device=device) - 1)
        images = normalise(change_colour(pixels, colour), network.normalisation)
        with torch.autocast("cuda", torch.bfloat16):
            logits = learner(images)
        (labels.loss(logits.float(), classes, points) / BATCH).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        average.update(network, 1)

    return step


def _first_cells(partition: Partition) -> Partition:
    """As many cells as the paper has."""
    if len(partition) < CELLS:
        raise SystemExit(f"bench_train_gpu: {len(partition)} made-up cells are fewer than {CELLS}")
    return Partition(
        partition.cell_ids[:CELLS],
        partition.counts[:CELLS],
        partition.centroid_lat[:CELLS],
        partition.centroid_lng[:CELLS],
    )


def timed(action: Callable[[], object], times: int) -> float:
    """Seconds of one call."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        action()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / times


def training_flops() -> float:
    """Floating-point operations of forward and backward for one picture: three times the forward products."""
    multiplications = 0

    def count(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal multiplications
        weight = module.weight
        assert isinstance(weight, torch.Tensor)
        multiplications += weight.numel() * (output[0, 0].numel() if output.ndim == 4 else 1)

    with torch.device("meta"):
        network = inception.build("planet", CELLS)
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.register_forward_hook(count)
        network(torch.zeros(1, 3, network.image_px, network.image_px))
    return 3.0 * 2.0 * multiplications


if __name__ == "__main__":
    sys.exit(main())
