"""A small album model directory with random weights, for tests that need one quickly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from planet_core import album, album_checkpoint, album_recipe, checkpoint
from planet_core.album_layers import ImageLayer
from tests.planet_core.made_model import INDEX

METRICS = {
    "validation": {
        "accuracy": 0.5,
        "accuracy_at_km": {"1": 0.0, "25": 0.25, "200": 0.5, "750": 0.75, "2500": 1.0},
        "median_km": 12.5,
    },
    "baseline": {
        "single photos": {
            "accuracy_at_km": {"1": 0.0, "25": 0.0, "200": 0.25, "750": 0.5, "2500": 1.0},
            "median_km": 300.0,
        }
    },
}
TRAINED_ON = {"albums": 3, "photos": 12, "drawn": False, "sources": ["made"], "licences": ["CC0"]}


def made_album_model(
    directory: Path, image_model: Path, variant: str = "lstm", *, seed: int = 0, **trained_on: Any
) -> str:
    """Writes an album model that hangs on an image model, and returns its digest."""
    torch.manual_seed(seed)
    image = checkpoint.load(image_model)
    layer = ImageLayer.of_model(image)
    width, cells = image.network.embedding, len(image.partition)
    model = album.build(variant, width, cells, hidden=8, coarser=layer.coarser)
    model.take_image_layer(layer)
    values = {
        "image_model": image.digest,
        "partition_digest": image.partition.digest,
        "recipe": {**album_recipe.load("modern").as_dict(), "seed": seed},
        "trained_on": {**TRAINED_ON, **trained_on},
    }
    return album_checkpoint.save(directory, model, values, METRICS, INDEX)
