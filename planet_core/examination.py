"""How good is it? The held-out views, and the numbers of a network's answers to them.

Every process examines its share of the views and all end with the same numbers. Distributions are turned into
answers batch by batch, so that (views, cells) is never held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from planet_core import answer, geo, metrics
from planet_core.heads import Network
from planet_core.hierarchy import log_probabilities
from planet_core.optimisation import check_finite
from planet_core.partition import Partition
from planet_core.pictures import Example, validation_views
from planet_core.predict import normalise
from planet_core.processes import Processes
from planet_core.training_data import Sides

EXAMINED_AT_ONCE = 64


@dataclass(frozen=True)
class Examination:
    """The held-out views: pixels uint8 (V, px, px, 3), class (V,) or -1, place (V,) in degrees."""

    pixels: Tensor
    classes: Tensor
    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]
    photos: int

    def report(self, answers: npt.NDArray[np.int64], partition: Partition) -> dict[str, Any]:
        """Accuracy of answers (V,), cell indices, over all held-out views, those in dropped cells included.

        Distances are to the centres of the answered cells, the paper's way.
        """
        lat, lng = partition.centers()
        return {
            "photos": self.photos,
            "views": len(answers),
            "views_in_cells": int((self.classes >= 0).sum()),
            "accuracy": float(np.mean(answers == self.classes.numpy())),
            **self.distances(lat[answers], lng[answers]),
        }

    def distances(self, lat: npt.ArrayLike, lng: npt.ArrayLike) -> dict[str, Any]:
        """Share at five scales, median and mean points of answered places (V,), degrees."""
        distance = geo.haversine_km(lat, lng, self.lat, self.lng)
        return {
            "accuracy_at_km": {str(km): share for km, share in metrics.accuracy_at(distance).items()},
            "median_km": metrics.median_km(distance),
            "mean_points": metrics.mean_points(distance),
        }


def make_examination(examples: Sequence[Example], sides: Sides, image_px: int) -> Examination | None:
    """The examination of the held-out photos; None if the split could hold nothing out."""
    chosen: list[int] = np.flatnonzero(sides.validation).tolist()
    views = [(index, view) for index in chosen for view in validation_views(examples[index], image_px)]
    if not views:
        return None
    owner = [index for index, _ in views]
    return Examination(
        pixels=torch.from_numpy(np.stack([view for _, view in views])),
        classes=torch.from_numpy(sides.classes[owner]),
        lat=np.array([examples[index].photo.lat for index in owner]),
        lng=np.array([examples[index].photo.lng for index in owner]),
        photos=len(chosen),
    )


def _distributions(
    network: Network, examination: Examination, parents: Sequence[Tensor], processes: Processes
) -> Iterator[tuple[slice, Tensor]]:
    """(which views, log-probabilities float64 (B, cells)) over this process's share of the views."""
    network.eval()
    share = processes.part(len(examination.pixels))
    for start in range(share.start, share.stop, EXAMINED_AT_ONCE):
        views = slice(start, min(start + EXAMINED_AT_ONCE, share.stop))
        pixels = examination.pixels[views].to(processes.device)
        yield views, log_probabilities(network(normalise(pixels, network.normalisation)), parents)


@torch.inference_mode()
def examine(
    network: Network,
    examination: Examination,
    partition: Partition,
    parents: Sequence[Tensor],
    processes: Processes,
) -> dict[str, Any]:
    """Loss (over the views in cells), accuracy and distances of the network's answers.

    With several partitions these are of the distribution over the finest, the coarser multiplied in.
    """
    answers = torch.zeros(len(examination.pixels), dtype=torch.int64, device=processes.device)
    loss = torch.zeros(1, dtype=torch.float64, device=processes.device)
    for views, logs in _distributions(network, examination, parents, processes):
        answers[views] = logs.argmax(dim=1)
        classes = examination.classes[views].to(processes.device)
        loss += functional.nll_loss(logs, classes, ignore_index=-1, reduction="sum")
    answers, loss = processes.sum(answers), processes.sum(loss)
    check_finite(loss)
    inside = int((examination.classes >= 0).sum())
    return {
        "loss": float(loss) / inside if inside else None,
        **examination.report(answers.cpu().numpy(), partition),
    }


@torch.inference_mode()
def examine_rules(
    network: Network,
    examination: Examination,
    partition: Partition,
    parents: Sequence[Tensor],
    processes: Processes,
) -> dict[str, Any]:
    """Distances of the network's answers by each rule that turns a distribution into a point."""
    points = {
        "top-cell": partition.centers(),
        "max-score": partition.centroids(),
        "min-distance": partition.centroids(),
    }
    best = torch.zeros((len(points), len(examination.pixels)), dtype=torch.int64, device=processes.device)
    for views, logs in _distributions(network, examination, parents, processes):
        probabilities = logs.exp().cpu().numpy()
        for row, (rule, (lat, lng)) in enumerate(points.items()):
            cells = np.atleast_1d(answer.best_cell(probabilities, lat, lng, rule))
            best[row, views] = torch.from_numpy(cells).to(processes.device)
    chosen = processes.sum(best).cpu().numpy()
    return {
        rule: examination.distances(lat[cells], lng[cells])
        for cells, (rule, (lat, lng)) in zip(chosen, points.items(), strict=True)
    }


def better(new: dict[str, Any] | None, old: dict[str, Any] | None) -> bool:
    """Whether an epoch beats the best so far; without validation the latest is the best."""
    if new is None or old is None:
        return True

    def rank(result: dict[str, Any]) -> tuple[float, float]:
        return result["accuracy"], -(result["loss"] if result["loss"] is not None else 0.0)

    return rank(new) > rank(old)


def epochs_without_gain(history: Sequence[dict[str, Any]]) -> int:
    """How many epochs have passed since validation accuracy was highest (the first time); 0 without any."""
    accuracies = [result["validation"]["accuracy"] for result in history if result["validation"]]
    return len(accuracies) - 1 - accuracies.index(max(accuracies)) if accuracies else 0
