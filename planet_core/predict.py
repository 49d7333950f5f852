"""Where was this photo taken? Load a model once, then pixels to a distribution over the earth and one point.

    python -m planet_core.predict MODEL IMAGE [IMAGE ...]

A picture is scaled so that its shorter side fits the network and cropped to the middle square. A model with
several partitions answers with the finest, the probabilities of the coarser multiplied in (`hierarchy`).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from planet_core import answer, checkpoint, s2, scoring
from planet_core.hierarchy import log_probabilities
from planet_core.images import ImageError, Picture, fit_square
from planet_core.images import load as load_image
from planet_core.model_directory import ModelDirectoryError
from planet_core.partition import Partition

BATCH = 32


@dataclass(frozen=True)
class TopCell:
    """One of the most probable cells; lat and lng are its S2 centre, degrees."""

    index: int
    token: str
    probability: float
    lat: float
    lng: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """One answer.

    Attributes:
        lat, lng: the point, degrees, chosen by `rule`.
        rule: `top-cell`, `max-score` or `min-distance` (see `planet_core.answer`).
        probabilities: float32 (cells,), sums to 1.
        top_cells: the k most probable cells, best first.
    """

    lat: float
    lng: float
    rule: str
    probabilities: npt.NDArray[np.float32]
    top_cells: list[TopCell]


@dataclass(frozen=True, eq=False)
class Predictor:
    """A loaded model version that answers pictures.

    Attributes:
        model: the loaded version.
        device: where it runs, as torch names it.
    """

    model: checkpoint.Model
    device: str

    @classmethod
    def load(cls, directory: str | os.PathLike[str], device: str | None = None) -> Predictor:
        """Loads a model directory, by default on a GPU if there is one.

        Raises:
            ModelDirectoryError: the directory is missing, incomplete or damaged.
        """
        chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
        return cls(checkpoint.load(directory, chosen), chosen)

    @property
    def config(self) -> dict[str, Any]:
        """The model's config.json."""
        return self.model.config

    @property
    def partition(self) -> Partition:
        """The model's classes."""
        return self.model.partition

    @property
    def digest(self) -> str:
        """The model version's name."""
        return self.model.digest

    def predict(
        self,
        images: Sequence[Picture],
        k: int = 5,
        rule: str = "top-cell",
        scale_km: float = scoring.WORLD_SCALE_KM,
    ) -> list[Prediction]:
        """One prediction for each picture; an empty list for none.

        Args:
            images: PIL images or uint8 arrays (height, width, 3), of any size.
            k: how many `top_cells` to report; at most as many as there are.
            rule: how the distribution becomes a point. `top-cell` answers the S2 cell centre, as the paper;
                the others choose among the centroids of the cells' training photos.
            scale_km: diagonal of the map, used by `max-score`.

        Raises:
            TypeError: not a list of pictures, or a picture of another type.
            ValueError: a picture of another shape, an unknown rule, or k below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        if rule not in answer.RULES:
            raise ValueError(f"unknown rule {rule!r}; the rules are {', '.join(answer.RULES)}")
        distributions = self.distributions(images)
        if not len(distributions):
            return []
        points = self.partition.centers() if rule == "top-cell" else self.partition.centroids()
        best = np.atleast_1d(answer.best_cell(distributions, *points, rule, scale_km))
        return [
            Prediction(float(points[0][cell]), float(points[1][cell]), rule, row, self._top(row, k))
            for cell, row in zip(best, distributions, strict=True)
        ]

    def distributions(self, images: Sequence[Picture]) -> npt.NDArray[np.float32]:
        """Probability of each cell for each picture, float32 (pictures, cells); errors as `predict`."""
        if not isinstance(images, list | tuple):
            raise TypeError(f"predict takes a list or tuple of pictures, not {type(images).__name__}")
        rows = [
            self._softmax(self._tensor(images[start : start + BATCH], start))
            for start in range(0, len(images), BATCH)
        ]
        return np.concatenate(rows) if rows else np.empty((0, len(self.partition)), dtype=np.float32)

    def _tensor(self, images: Sequence[Picture], first: int) -> Tensor:
        """uint8 (B, image_px, image_px, 3)."""
        squares = []
        for index, picture in enumerate(images, start=first):
            try:
                squares.append(np.asarray(fit_square(picture, self.config["image_px"])))
            except (TypeError, ValueError) as error:
                raise type(error)(f"picture {index}: {error}") from error
        return torch.from_numpy(np.stack(squares))

    @torch.inference_mode()
    def _softmax(self, pixels: Tensor) -> npt.NDArray[np.float32]:
        logits = self.model.network(normalise(pixels.to(self.device), self.config["normalisation"]))
        probabilities = log_probabilities(logits, self.model.parents).exp().float()  # (B, cells)
        return np.asarray(probabilities.cpu().numpy())

    def _top(self, probabilities: npt.NDArray[np.float32], k: int) -> list[TopCell]:
        lat, lng = self.partition.centers()
        best = np.argsort(-probabilities, kind="stable")[:k]
        tokens = s2.tokens(self.partition.cell_ids[best])
        return [
            TopCell(int(c), token, float(probabilities[c]), float(lat[c]), float(lng[c]))
            for c, token in zip(best, tokens, strict=True)
        ]


def normalise(pixels: Tensor, normalisation: dict[str, list[float]]) -> Tensor:
    """uint8 (B, H, W, 3) to the network's (B, 3, H, W) in torch's default precision, float32."""
    mean = torch.tensor(normalisation["mean"], device=pixels.device)
    std = torch.tensor(normalisation["std"], device=pixels.device)
    # a view, laid out channels last as the convolutions like it
    return ((pixels.to(mean.dtype) / 255 - mean) / std).permute(0, 3, 1, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, or 2 for a model or picture that cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.predict", description="Say where photos were taken."
    )
    parser.add_argument("model", help="a model version directory")
    parser.add_argument("image", nargs="+", help="JPEG, PNG or WebP files")
    parser.add_argument("--rule", choices=answer.RULES, default="top-cell", help="how to choose the point")
    parser.add_argument("-k", type=int, default=3, help="how many cells to show (3)")
    options = parser.parse_args(arguments)
    try:
        predictor = Predictor.load(options.model)
        pictures = [load_image(path) for path in options.image]
        predictions = predictor.predict(pictures, options.k, options.rule)
    except (ModelDirectoryError, ImageError, ValueError) as error:
        print(f"predict: {error}", file=sys.stderr)
        return 2
    for path, prediction in zip(options.image, predictions, strict=True):
        print(f"{path}: {prediction.lat:.4f}, {prediction.lng:.4f} ({prediction.rule})")
        for cell in prediction.top_cells:
            print(f"  {cell.probability:6.1%}  {cell.lat:9.4f} {cell.lng:9.4f}  cell {cell.token}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
