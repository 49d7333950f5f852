"""How good is it? The held-out views, and the numbers of a network's answers to them.

Every process examines its share of the views and all end with the same numbers. Distributions are turned into
answers batch by batch, so that (views, cells) is never held.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from planet_core import answer, calibration, geo, images, metrics
from planet_core.heads import Network
from planet_core.hierarchy import log_probabilities
from planet_core.loader import ahead
from planet_core.optimisation import check_finite
from planet_core.partition import Partition
from planet_core.pictures import Examples, Streamed, validation_views, views_of
from planet_core.predict import normalise
from planet_core.processes import Processes
from planet_core.stopping import UserError
from planet_core.training_data import Sides

EXAMINED_AT_ONCE = 64
CALIBRATED_FROM = 50  # held-out views in cells; fewer do not tell a temperature


@dataclass(frozen=True)
class Examination:
    """The held-out views: pixels uint8 (V, px, px, 3), class (V,) or -1, place (V,) in degrees."""

    pixels: Tensor | StreamedViews
    classes: Tensor
    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]
    photos: int

    def read(self, views: slice, threads: int) -> Iterator[Tensor]:
        """The pixels of the slice, view by view."""
        if isinstance(self.pixels, StreamedViews):
            return self.pixels.read(views, threads)
        return iter(self.pixels[views])

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


@dataclass(frozen=True)
class StreamedViews:
    """Views (V,) that are decoded whenever they are wanted: view `number[v]` of photo `owner[v]`."""

    examples: Streamed
    owner: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.owner)

    def read(self, views: slice, threads: int) -> Iterator[Tensor]:
        """The views of the slice, uint8 (px, px, 3) each, decoded ahead.

        Raises:
            UserError: a picture that could be read before no longer can.
        """
        owners, first = np.unique(self.owner[views], return_index=True)  # ascending, as `owner` is
        numbers = np.split(self.number[views], first)[1:]  # nothing precedes the first
        wanted = zip(owners.tolist(), numbers, strict=True)
        with contextlib.closing(ahead(self._views, wanted, threads, 2 * EXAMINED_AT_ONCE)) as photos:
            for pixels in photos:
                yield from pixels

    def _views(self, wanted: tuple[int, npt.NDArray[np.int64]]) -> list[Tensor]:
        row, numbers = wanted
        try:
            views = validation_views(self.examples[row], self.examples.image_px)
        except images.ImageError as error:
            raise UserError(f"{error.message}; it could be read when the run began") from error
        return [torch.from_numpy(views[number].copy()) for number in numbers]


def make_examination(
    examples: Examples,
    sides: Sides,
    image_px: int,
    held_out: npt.NDArray[np.int64] | None = None,
) -> Examination | None:
    """The examination of the held-out photos, or of those of them that are usable; None without any."""
    rows: list[int] = (np.flatnonzero(sides.validation) if held_out is None else held_out).tolist()
    if not rows:
        return None
    pixels: Tensor | StreamedViews
    if isinstance(examples, Streamed):
        photos = [examples.photos[row] for row in rows]
        counts = [views_of(photo) for photo in photos]
        number = np.concatenate([np.arange(count) for count in counts])
        pixels = StreamedViews(examples, np.repeat(rows, counts), number)
    else:
        photos = [examples[row].photo for row in rows]
        views = [validation_views(examples[row], image_px) for row in rows]
        counts = [len(some) for some in views]
        pixels = torch.from_numpy(np.concatenate(views))
    return Examination(
        pixels=pixels,
        classes=torch.from_numpy(np.repeat(sides.classes[rows], counts)),
        lat=np.repeat([photo.lat for photo in photos], counts),
        lng=np.repeat([photo.lng for photo in photos], counts),
        photos=len(rows),
    )


def _distributions(
    network: Network, examination: Examination, parents: Sequence[Tensor], processes: Processes
) -> Iterator[tuple[slice, Tensor]]:
    """(which views, log-probabilities float64 (B, cells)) over this process's share of the views."""
    network.eval()
    share = processes.part(len(examination.pixels))
    pixels = examination.read(share, processes.threads)
    for start in range(share.start, share.stop, EXAMINED_AT_ONCE):
        views = slice(start, min(start + EXAMINED_AT_ONCE, share.stop))
        batch = torch.stack(list(itertools.islice(pixels, views.stop - views.start))).to(processes.device)
        yield views, log_probabilities(network(normalise(batch, network.normalisation)), parents)


@dataclass(frozen=True)
class Examined:
    """What came of an examination: its numbers, and the most probable cell of every view, (V,)."""

    report: dict[str, Any]
    answers: npt.NDArray[np.int64]


@torch.inference_mode()
def examine(
    network: Network,
    examination: Examination,
    partition: Partition,
    parents: Sequence[Tensor],
    processes: Processes,
) -> Examined:
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
    cells = answers.cpu().numpy()
    report = {"loss": float(loss) / inside if inside else None, **examination.report(cells, partition)}
    return Examined(report, cells)


@torch.inference_mode()
def examine_rules(
    network: Network,
    examination: Examination,
    partition: Partition,
    parents: Sequence[Tensor],
    processes: Processes,
    temperature: float = 1.0,
) -> dict[str, Any]:
    """Distances of the network's answers by each rule that turns a distribution into a point.

    Args:
        temperature: of the distributions, as `Predictor` takes them.
    """
    points = {
        "top-cell": partition.centers(),
        "max-score": partition.centroids(),
        "min-distance": partition.centroids(),
    }
    best = torch.zeros((len(points), len(examination.pixels)), dtype=torch.int64, device=processes.device)
    for views, logs in _distributions(network, examination, parents, processes):
        probabilities = torch.softmax(logs / temperature, dim=1).cpu().numpy()
        for row, (rule, (lat, lng)) in enumerate(points.items()):
            cells = np.atleast_1d(answer.best_cell(probabilities, lat, lng, rule))
            best[row, views] = torch.from_numpy(cells).to(processes.device)
    chosen = processes.sum(best).cpu().numpy()
    return {
        rule: examination.distances(lat[cells], lng[cells])
        for cells, (rule, (lat, lng)) in zip(chosen, points.items(), strict=True)
    }


@torch.inference_mode()
def calibrate(
    network: Network,
    examination: Examination,
    parents: Sequence[Tensor],
    processes: Processes,
) -> dict[str, Any]:
    """The temperature that fits the held-out views, and what it does to them.

    `temperature` is 1 where fewer than `CALIBRATED_FROM` views lie in cells: too few to tell. The negative
    log likelihoods, before and after, are means over those views. These chose temperature and epoch: a test
    set's would be a little worse.
    """
    temperatures = calibration.TEMPERATURES
    sums = torch.zeros(len(temperatures), dtype=torch.float64, device=processes.device)
    for views, logs in _distributions(network, examination, parents, processes):
        part = calibration.nll_sums(logs.cpu().numpy(), examination.classes[views].numpy(), temperatures)
        sums += torch.from_numpy(part).to(processes.device)
    nll = processes.sum(sums).cpu().numpy()
    inside = int((examination.classes >= 0).sum())
    enough = inside >= CALIBRATED_FROM
    return {
        "temperature": calibration.least_of(temperatures, nll) if enough else 1.0,
        "views_in_cells": inside,
        "nll_before": float(nll[np.abs(temperatures - 1).argmin()]) / inside if inside else None,
        "nll_after": float(nll.min()) / inside if enough else None,
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
