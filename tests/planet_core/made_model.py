"""A small model version directory with random weights, for tests that need one quickly."""

from __future__ import annotations

from pathlib import Path

import torch

from planet_core import checkpoint, inception, recipe, s2
from planet_core.model_directory import TrainingIndex
from planet_core.partition import Partition

INDEX = TrainingIndex(
    training_digests=("d1", "d2"),
    training_groups=("walk",),
    validation_digests=("d3",),
    validation_groups=("ride",),
    fine_level=13,
    training_cells=s2.cell_ids([48.85], [2.35], 13),
)
METRICS = {"validation": {"accuracy": 0.5, "median_km": 12.5}}


def made_partition() -> Partition:
    """Six cells, whose centroids are not their centres."""
    lat = [48.85, 48.86, 40.71, 40.72, -33.87, -33.86, 35.68, 51.5, 51.51, -1.28]
    lng = [2.35, 2.36, -74.0, -74.01, 151.2, 151.21, 139.69, -0.12, -0.13, 36.8]
    return Partition.at_level(lat, lng, 6, 1)


def made_model(directory: Path, seed: int = 0, temperature: float | None = None) -> str:
    """Writes a model version and returns its digest."""
    torch.manual_seed(seed)
    partition = made_partition()
    network = inception.build("tiny", len(partition))
    values = recipe.load("tiny").as_dict()
    return checkpoint.save(
        directory, network, "tiny", partition, values, METRICS, INDEX, temperature=temperature
    )
