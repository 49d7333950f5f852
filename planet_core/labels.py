"""What a photo's right answer is, as a distribution over the cells: the paper's one-hot, or smoothed.

`one-hot`     all mass on the photo's own cell (paper section 3); `smoothing` spreads a share over all cells
`haversine`   mass falls off with the distance from the photo to each cell's centroid (Haas et al. 2023,
              PIGEON), so that a neighbouring cell is a smaller mistake than another continent

PIGEON weighs cell i of a photo in cell n with exp(-(d_i - d_n) / scale), d being great-circle distances from
the photo to the centroids. Divided by its sum, d_n drops out, and what remains is the softmax of -d / scale.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from planet_core import geo
from planet_core.partition import Partition
from planet_core.stopping import UserError

KINDS = ("one-hot", "haversine")


def distances_km(points: Tensor, others: Tensor) -> Tensor:
    """Great-circle distances, (P, O), between float64 unit vectors (P, 3) and (O, 3).

    `geo.haversine_km` for whole matrices on any device; within 10 cm of it.
    """
    return geo.EARTH_RADIUS_KM * torch.acos((points @ others.T).clamp(-1, 1))


class Labels:
    """The targets of one partition.

    Args:
        kind: one of `KINDS`.
        partition: the classes, with the centroids of their training photos.
        smoothing: share of a one-hot target that is spread over all cells.
        scale_km: over which haversine targets fall off to 1/e.

    Raises:
        UserError: unknown kind, or a scale that is not a positive number.
    """

    def __init__(
        self,
        kind: str,
        partition: Partition,
        *,
        smoothing: float = 0.0,
        scale_km: float = 75.0,
        device: torch.device | str = "cpu",
    ) -> None:
        if kind not in KINDS:
            raise UserError(f"unknown labels {kind!r} (one of {', '.join(KINDS)})")
        if not (np.isfinite(scale_km) and scale_km > 0):
            raise UserError(f"the scale of haversine labels must be a positive number of km, not {scale_km}")
        self.kind, self.smoothing, self.scale_km = kind, smoothing, scale_km
        self.centroids = unit_vectors(*partition.centroids(), device=device)  # (cells, 3)

    def targets(self, points: Tensor) -> Tensor:
        """Haversine targets of photos at unit vectors (B, 3): float32 (B, cells), rows sum to 1."""
        return torch.softmax(-distances_km(points, self.centroids) / self.scale_km, dim=1).float()

    def loss(self, logits: Tensor, classes: Tensor, points: Tensor) -> Tensor:
        """Cross-entropy summed over the batch.

        Args:
            logits: (B, cells).
            classes: int64 (B,), the photos' own cells.
            points: float64 (B, 3), where the photos were taken, as unit vectors.
        """
        if self.kind == "haversine":
            return functional.cross_entropy(logits, self.targets(points), reduction="sum")
        return functional.cross_entropy(logits, classes, reduction="sum", label_smoothing=self.smoothing)


def unit_vectors(lat: npt.ArrayLike, lng: npt.ArrayLike, device: torch.device | str = "cpu") -> Tensor:
    """float64 (n, 3) of places in degrees, (n,)."""
    vectors = geo.unit_vectors(np.asarray(lat, dtype=np.float64), np.asarray(lng, dtype=np.float64))
    return torch.from_numpy(vectors).to(device)
