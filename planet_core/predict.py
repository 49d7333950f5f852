"""Where was this photo taken? Load a model once, then pixels to a distribution over the earth and one point.

    python -m planet_core.predict MODEL IMAGE [IMAGE ...]

A picture is scaled so that its shorter side fits the network and cropped to the middle square; five crops of
it, or several headings of a panorama, are fused into one distribution (`views`). A model with several
partitions answers with the finest, the probabilities of the coarser multiplied in (`hierarchy`). All
probabilities are at the model's temperature (`calibration`) unless raw ones are asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from planet_core import answer, checkpoint, inference, s2, scoring, views
from planet_core.hierarchy import log_probabilities
from planet_core.images import Picture
from planet_core.partition import Partition

BATCH = 32
CPU_BATCH = 4  # what a CPU does at once: what lies between two layers then stays in its caches

Float32Array = npt.NDArray[np.float32]


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
        condition: what was looked at: `view`, `five-crop`, `panorama-4` and so on (see `planet_core.views`).
    """

    lat: float
    lng: float
    rule: str
    probabilities: Float32Array
    top_cells: list[TopCell]
    condition: str = "view"


@dataclass(frozen=True, eq=False)
class Predictor:
    """A loaded model version that answers pictures.

    Attributes:
        model: the loaded version.
        device: where it runs, as torch names it.
        precision: the numbers that the network calculates in, float32 or bfloat16.
    """

    model: checkpoint.Model
    device: str
    precision: torch.dtype

    @classmethod
    def load(
        cls, directory: str | os.PathLike[str], device: str | None = None, fast: bool = False
    ) -> Predictor:
        """Loads a model directory, and makes its network ready to answer (`inference`).

        Args:
            device: as torch names it; by default a GPU if there is one, else the CPU.
            fast: calculate in bfloat16 where the device has it (see `precision`): about twice as fast, and
                the top cell is another for up to one picture in a hundred.

        Raises:
            ModelDirectoryError: the directory is missing, incomplete or damaged.
            ValueError: no such device.
        """
        chosen = _device(device)
        model = checkpoint.load(directory, chosen)
        precision = inference.precision(chosen, fast=fast)
        network = inference.prepare_for_inference(model.network, chosen, precision)
        return cls(replace(model, network=network), chosen, precision)

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

    @property
    def temperature(self) -> float:
        """What calibrated probabilities are taken at; 1 for a model that was never calibrated."""
        return float(self.config.get("temperature", 1.0))

    # ---- pictures to answers

    def predict(
        self,
        images: Sequence[Picture],
        k: int = 5,
        rule: str = "top-cell",
        scale_km: float = scoring.WORLD_SCALE_KM,
        *,
        crops: int = 1,
        calibrated: bool = True,
    ) -> list[Prediction]:
        """One prediction for each picture; an empty list for none.

        Args:
            images: PIL images or uint8 arrays (height, width, 3), of any size.
            k: how many `top_cells` to report; at most as many as there are.
            rule: how the distribution becomes a point. `top-cell` answers the S2 cell centre, as the paper;
                the others choose among the centroids of the cells' training photos.
            scale_km: diagonal of the map, used by `max-score`.
            crops, calibrated: as `distributions`.

        Raises:
            TypeError: not a list of pictures, or a picture of another type.
            ValueError: a picture that is damaged or of another shape, an unknown rule, k below 1, or crops
                other than 1 and 5.
        """
        _check(k, rule)
        rows = self.distributions(images, crops, calibrated)
        return self.answers(rows, k, rule, scale_km, views.crop_condition(crops))

    def predict_panorama(
        self,
        panorama: Picture,
        headings: int = 4,
        k: int = 5,
        rule: str = "top-cell",
        scale_km: float = scoring.WORLD_SCALE_KM,
        *,
        fusion: str = "geometric",
        calibrated: bool = True,
    ) -> Prediction:
        """One prediction for an equirectangular panorama, its headings fused.

        Args:
            headings, fusion, calibrated: as `panorama_distributions`.
            k, rule, scale_km: as `predict`.

        Raises:
            TypeError, ValueError: as `predict`; or a picture not twice as wide as high, or no heading.
        """
        _check(k, rule)
        rows = self.panorama_distributions([panorama], headings, fusion, calibrated)
        [prediction] = self.answers(rows, k, rule, scale_km, views.panorama_condition(headings, fusion))
        return prediction

    def distributions(
        self, images: Sequence[Picture], crops: int = 1, calibrated: bool = True
    ) -> Float32Array:
        """Probability of each cell for each picture, float32 (pictures, cells); errors as `predict`.

        Args:
            crops: 1 for the middle square, or 5 for the mean of the probabilities (arithmetic, each at the
                model's temperature) of four corners and the middle, see `views.crops`.
            calibrated: whether at the model's temperature; False for what the softmax gives.
        """
        if crops not in views.CROP_COUNTS:
            raise ValueError(f"there are 1 or 5 crops of a picture, not {crops}")

        def cut(picture: Picture) -> list[Image.Image]:
            return views.crops(picture, crops, self.image_px)

        return self._fused(images, cut, crops, "arithmetic", calibrated)

    def panorama_distributions(
        self,
        panoramas: Sequence[Picture],
        headings: int = 4,
        fusion: str = "geometric",
        calibrated: bool = True,
    ) -> Float32Array:
        """Probability of each cell for each equirectangular panorama, float32 (panoramas, cells).

        Args:
            headings: how many views of 90 degrees, at equal steps around the horizon.
            fusion: `geometric` or `arithmetic` mean of their distributions, see `views`.
            calibrated: as `distributions`; the temperature is applied to each view.

        Raises:
            TypeError, ValueError: as `predict_panorama`.
        """
        if headings < 1:
            raise ValueError(f"a panorama needs at least one heading, not {headings}")
        if fusion not in views.FUSIONS:
            raise ValueError(f"unknown fusion {fusion!r}; there are {', '.join(views.FUSIONS)}")

        def cut(panorama: Picture) -> list[Image.Image]:
            return views.panorama_views(panorama, headings, self.image_px)

        return self._fused(panoramas, cut, headings, fusion, calibrated)

    def embeddings(self, images: Sequence[Picture]) -> Float32Array:
        """The layer below the logits for each picture's middle square, float32 (pictures, width).

        The width is 2,048 for `planet`. Errors as `predict`.
        """
        parts = [self.embeddings_of(batch) for batch in self._batches(images, self._square, 1)]
        return _under_each_other(parts, self.model.network.embedding)

    # ---- pixels to numbers

    @property
    def image_px(self) -> int:
        """Side of the squares that the network takes."""
        return int(self.config["image_px"])

    def tensor(self, images: Sequence[Picture]) -> Tensor:
        """The middle squares of pictures as the network sees them, uint8 (n, px, px, 3), on the CPU.

        Raises:
            TypeError, ValueError: as `predict`.
        """
        squares = [square for batch in self._batches(images, self._square, 1) for square in batch]
        return torch.stack(squares) if squares else torch.empty((0, *self._square_shape), dtype=torch.uint8)

    @torch.inference_mode()
    def probabilities_of(self, pixels: Tensor, calibrated: bool = True) -> Float32Array:
        """Probability of each cell, float32 (n, cells), all squares in one batch.

        Args:
            pixels: uint8 (n, px, px, 3), on any device.

        Raises:
            ValueError: another shape or type.
        """
        logits = self.model.network.classifier(self._embed(pixels))
        logs = self._log_probabilities(logits)  # (n, cells)
        if calibrated and self.temperature != 1:
            logs = torch.log_softmax(logs / self.temperature, dim=1)
        return np.asarray(logs.exp().float().cpu().numpy())

    @torch.inference_mode()
    def embeddings_of(self, pixels: Tensor) -> Float32Array:
        """The layer below the logits, float32 (n, width); argument and errors as `probabilities_of`."""
        return np.asarray(self._embed(pixels).float().cpu().numpy())

    def _log_probabilities(self, logits: Tensor | list[Tensor]) -> Tensor:
        parents: Sequence[Tensor] = self.model.parents
        if torch.device(self.device).type == "mps":  # has no double precision
            heads = [logits] if isinstance(logits, Tensor) else logits
            logits, parents = [head.cpu() for head in heads], [parent.cpu() for parent in parents]
        return log_probabilities(logits, parents)

    @property
    def _square_shape(self) -> tuple[int, int, int]:
        return self.image_px, self.image_px, 3

    def _embed(self, pixels: Tensor) -> Tensor:
        """(n, width), in the network's precision."""
        if pixels.dtype != torch.uint8 or tuple(pixels.shape[1:]) != self._square_shape:
            raise ValueError(
                f"the network takes uint8 pixels (n, {self.image_px}, {self.image_px}, 3),"
                f" not {str(pixels.dtype).removeprefix('torch.')} {tuple(pixels.shape)}"
            )
        at_once = CPU_BATCH if torch.device(self.device).type == "cpu" else max(1, len(pixels))
        parts = [
            self.model.network.embed(
                normalise(part.to(self.device), self.config["normalisation"]).to(self.precision)
            )
            for part in torch.split(pixels, at_once)
        ]
        return torch.cat(parts)

    def _square(self, picture: Picture) -> list[Image.Image]:
        return views.crops(picture, 1, self.image_px)

    def _fused(
        self,
        images: Sequence[Picture],
        cut: Callable[[Picture], list[Image.Image]],
        views_each: int,
        fusion: str,
        calibrated: bool,
    ) -> Float32Array:
        parts = [
            views.fuse(
                np.concatenate(
                    [self.probabilities_of(some, calibrated) for some in torch.split(batch, BATCH)]
                ),
                views_each,
                fusion,
            )
            for batch in self._batches(images, cut, views_each)
        ]
        return _under_each_other(parts, len(self.partition))

    def _batches(
        self, images: Sequence[Picture], cut: Callable[[Picture], list[Image.Image]], views_each: int
    ) -> Iterator[Tensor]:
        """Views of whole pictures, uint8 (B, px, px, 3), about `BATCH` at a time."""
        if not isinstance(images, list | tuple):
            raise TypeError(f"predict takes a list or tuple of pictures, not {type(images).__name__}")
        at_once = max(1, BATCH // views_each)
        for start in range(0, len(images), at_once):
            squares = []
            for index, picture in enumerate(images[start : start + at_once], start=start):
                try:
                    squares += [np.asarray(view) for view in cut(picture)]
                except (TypeError, ValueError) as error:
                    raise type(error)(f"picture {index}: {error}") from error
                except OSError as error:  # Pillow decodes late what was opened without `images.load`
                    raise ValueError(f"picture {index} is truncated or damaged: {error}") from error
            yield torch.from_numpy(np.stack(squares))

    # ---- distributions to answers

    def answers(
        self, rows: Float32Array, k: int, rule: str, scale_km: float, condition: str
    ) -> list[Prediction]:
        """Predictions for distributions (photos, cells) that are known already; the rest as `predict`."""
        _check(k, rule)
        if not len(rows):
            return []
        points = self.partition.centers() if rule == "top-cell" else self.partition.centroids()
        best = np.atleast_1d(answer.best_cell(rows, *points, rule, scale_km))
        return [
            Prediction(
                float(points[0][cell]), float(points[1][cell]), rule, row, self._top(row, k), condition
            )
            for cell, row in zip(best, rows, strict=True)
        ]

    def _top(self, probabilities: Float32Array, k: int) -> list[TopCell]:
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


def _device(name: str | None) -> str:
    """The device of that name, if it is there; of none, a CUDA GPU, else the CPU."""
    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(name.partition(":")[0]):
        raise ValueError(
            f"there is no device {name!r} here; there are {', '.join(n for n in there if there[n])}"
        )
    return name


def _check(k: int, rule: str) -> None:
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if rule not in answer.RULES:
        raise ValueError(f"unknown rule {rule!r}; the rules are {', '.join(answer.RULES)}")


def _under_each_other(parts: Sequence[Float32Array], width: int) -> Float32Array:
    return np.concatenate(parts) if parts else np.empty((0, width), dtype=np.float32)


if __name__ == "__main__":
    from planet_core.predict_cli import main

    sys.exit(main())
