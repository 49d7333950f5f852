"""What all networks share: an embedding, and above it one linear layer for each partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn


class Network(nn.Module):
    """Pictures (B, 3, image_px, image_px), normalised, to logits (B, cells), or to a list of them.

    Attributes:
        image_px: side of the pictures it takes.
        normalisation: `mean` and `std` of each channel: input = (pixel / 255 - mean) / std.
        embedding: width of the layer below the logits.
    """

    dropout: nn.Module
    classifier: nn.Module

    def __init__(self, image_px: int, normalisation: Mapping[str, list[float]], embedding: int) -> None:
        super().__init__()
        self.image_px, self.normalisation, self.embedding = image_px, dict(normalisation), embedding

    def embed(self, images: Tensor) -> Tensor:
        """The layer below the logits, (B, embedding)."""
        raise NotImplementedError

    def forward(self, images: Tensor) -> Any:
        """Logits over the cells, (B, cells); a list of them where the network was built for a list."""
        return self.classifier(self.dropout(self.embed(images)))

    def facts(self) -> dict[str, Any]:
        """What a model's config must say beyond the name, so that the network can be built again."""
        return {}


class Heads(nn.ModuleList):
    """One linear layer for each of several partitions: embedding (B, E) to a list of logits (B, cells)."""

    def __init__(self, embedding: int, cells: Sequence[int]) -> None:
        super().__init__(nn.Linear(embedding, count) for count in cells)

    def forward(self, embedding: Tensor) -> list[Tensor]:
        return [head(embedding) for head in self]


def make_classifier(embedding: int, cells: int | Sequence[int]) -> nn.Module:
    """The layer above the embedding: logits (B, cells), or a list of them where `cells` is a list.

    Raises:
        ValueError: no partition, or one without cells.
    """
    counts = [cells] if isinstance(cells, int) else list(cells)
    if not counts or min(counts) < 1:
        raise ValueError(f"a network needs at least one cell in every partition, not {cells}")
    return nn.Linear(embedding, cells) if isinstance(cells, int) else Heads(embedding, counts)
