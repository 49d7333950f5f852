"""What people see of a validation: where the answers lie, and what the network made of a few pictures.

    RUN/validation.json    epoch, views (how many there are), shown (how many of them are in the arrays), the
                           arrays lat, lng (the truth), answer_lat, answer_lng (centre of the top cell) and
                           distance_km, and samples: picture, lat, lng, the five most probable answers
                           (lat, lng, probability), distance_km (to the first of them)
    RUN/samples/00.jpg     what the network saw, 256 pixels a side at most

Views and samples are the same ones in every epoch, spread evenly over the held-out photos, so that epochs can
be compared. Each epoch replaces the file as a whole. Probabilities are those of the network as it is, before
a temperature is fitted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from planet_core import geo
from planet_core.examination import Examination
from planet_core.files import atomic_file
from planet_core.heads import Network
from planet_core.hierarchy import log_probabilities
from planet_core.partition import Partition
from planet_core.predict import normalise

FILE, SAMPLES = "validation.json", "samples"
SHOWN = 2000
SAMPLE_COUNT = 12
SAMPLE_PX = 256
ANSWERS = 5


class ValidationRecord:
    """Writes validation.json and the samples of a run. What an earlier run left there is removed first."""

    def __init__(self, run: Path, examination: Examination, partition: Partition) -> None:
        self.run, self.examination = run, examination
        self.lat, self.lng = partition.centers()
        self.shown = _spread(len(examination.lat), SHOWN)
        self.sampled = _spread(len(examination.lat), SAMPLE_COUNT)
        self._pictures: Tensor | None = None
        (run / FILE).unlink(missing_ok=True)
        shutil.rmtree(run / SAMPLES, ignore_errors=True)

    def write(
        self,
        epoch: int,
        network: Network,
        answers: npt.NDArray[np.int64],
        parents: Sequence[Tensor],
        device: torch.device,
    ) -> None:
        """Writes what the network, in evaluation mode, makes of the held-out views after an epoch.

        Args:
            answers: (V,), the most probable cell of every view.
            parents: as `hierarchy.log_probabilities` takes them.

        Raises:
            OSError: the disk is full or not writable; the files of the epoch before stay whole.
            UserError: a picture that could be read before no longer can.
        """
        samples = self._samples(network, parents, device)
        cells = answers[self.shown]
        truth = self.examination.lat[self.shown], self.examination.lng[self.shown]
        places = self.lat[cells], self.lng[cells]
        content = {
            "epoch": epoch,
            "views": len(self.examination.lat),
            "shown": len(self.shown),
            "lat": _rounded(truth[0], 5),
            "lng": _rounded(truth[1], 5),
            "answer_lat": _rounded(places[0], 5),
            "answer_lng": _rounded(places[1], 5),
            "distance_km": _rounded(geo.haversine_km(*places, *truth), 3),
            "samples": samples,
        }
        with atomic_file(self.run / FILE) as file:
            file.write(json.dumps(content, allow_nan=False).encode())

    @torch.inference_mode()
    def _samples(
        self, network: Network, parents: Sequence[Tensor], device: torch.device
    ) -> list[dict[str, Any]]:
        if self._pictures is None:
            self._pictures = torch.cat([self._view(int(row)) for row in self.sampled])
            self._draw(self._pictures)
        logs = log_probabilities(
            network(normalise(self._pictures.to(device), network.normalisation)), parents
        )
        most = logs.exp().topk(min(ANSWERS, logs.shape[1]), dim=1)
        return [
            self._sample(number, cells.tolist(), probabilities.tolist())
            for number, (cells, probabilities) in enumerate(
                zip(most.indices.cpu(), most.values.cpu(), strict=True)
            )
        ]

    def _sample(self, number: int, cells: list[int], probabilities: list[float]) -> dict[str, Any]:
        lat, lng = (float(values[self.sampled[number]]) for values in self._truth)
        first = geo.haversine_km(self.lat[cells[0]], self.lng[cells[0]], lat, lng)
        return {
            "picture": _name(number),
            "lat": round(lat, 5),
            "lng": round(lng, 5),
            "answers": [
                {
                    "lat": round(float(self.lat[cell]), 5),
                    "lng": round(float(self.lng[cell]), 5),
                    "probability": round(probability, 6),
                }
                for cell, probability in zip(cells, probabilities, strict=True)
            ],
            "distance_km": round(float(first), 3),
        }

    @property
    def _truth(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return self.examination.lat, self.examination.lng

    def _view(self, row: int) -> Tensor:
        [pixels] = self.examination.read(slice(row, row + 1), threads=1)
        return pixels[None]

    def _draw(self, pictures: Tensor) -> None:
        for number, pixels in enumerate(pictures):
            picture = Image.fromarray(pixels.numpy())
            picture.thumbnail((SAMPLE_PX, SAMPLE_PX))
            with atomic_file(self.run / _name(number)) as file:
                picture.save(file, "JPEG", quality=88)


def _name(number: int) -> str:
    return f"{SAMPLES}/{number:02d}.jpg"


def _spread(count: int, wanted: int) -> npt.NDArray[np.int64]:
    """So many of the numbers below `count`, or all of them, spread evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


def _rounded(values: npt.ArrayLike, digits: int) -> list[float]:
    rounded: list[float] = np.round(np.asarray(values, dtype=np.float64), digits).tolist()
    return rounded
