"""How good is an album model? Its distributions for all photos of some albums, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from planet_core import calibration, geo, metrics
from planet_core.album import AlbumModel
from planet_core.album_feed import IntArray, Photos
from planet_core.album_layers import ImageLayer
from planet_core.examination import CALIBRATED_FROM
from planet_core.partition import Partition
from planet_core.processes import Processes

PHOTOS_AT_ONCE = 2048  # whose memories are held, padding included
LOGITS_AT_ONCE = 512  # photos whose distributions are held


@torch.inference_mode()
def log_distributions(
    model: AlbumModel, photos: Photos, device: torch.device | str = "cpu", part: slice | None = None
) -> Iterator[tuple[IntArray, Tensor]]:
    """(rows of photos (m,), logarithms of their distributions (m, cells)); every photo of every album once.

    Albums go whole through the memory, those of about the same length together; distributions are made a few
    hundred photos at a time, so that (photos, cells) is never held.

    Args:
        model: in evaluation mode.
        part: of the albums, for one of several processes.
    """
    pieces = photos.pieces[part or slice(None)]
    for group in _groups(pieces):
        batch = photos.batch(pieces[group], device)
        memory = model.memory(batch)
        album, photo = batch.photos.nonzero(as_tuple=True)
        rows = pieces[group, 0][album.cpu().numpy()] + photo.cpu().numpy()
        for start in range(0, len(rows), LOGITS_AT_ONCE):
            some = slice(start, start + LOGITS_AT_ONCE)
            a, p = album[some], photo[some]
            yield rows[some], torch.log_softmax(model.logits(batch.embeddings[a, p], memory[a, p]), dim=1)


def _groups(pieces: IntArray) -> Iterator[IntArray]:
    """Numbers of albums that go together: about as long, and not too many photos in all."""
    lengths = pieces[:, 1] - pieces[:, 0]
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and lengths[order[stop]] * (stop + 1 - start) <= PHOTOS_AT_ONCE:
            stop += 1
        yield order[start:stop]
        start = stop


@torch.inference_mode()
def single_log_distributions(
    layer: ImageLayer, photos: Photos, device: torch.device | str = "cpu"
) -> Iterator[tuple[IntArray, Tensor]]:
    """As `log_distributions`, each photo for itself: what the image model says."""
    for start in range(0, len(photos.classes), LOGITS_AT_ONCE):
        rows = np.arange(start, min(start + LOGITS_AT_ONCE, len(photos.classes)))
        embeddings = torch.from_numpy(np.array(photos.embedded.table[rows])).to(device)
        yield rows, torch.log_softmax(layer(embeddings), dim=1)


def examine(
    found: Iterator[tuple[IntArray, Tensor]], photos: Photos, partition: Partition, processes: Processes
) -> dict[str, Any]:
    """Loss, accuracy and distances over the photos whose place is known and whose picture can be read.

    Args:
        found: distributions, on each process those of its share of the albums.

    Returns:
        `albums`, `photos`, `photos_in_cells`, `loss` (mean over those; None without any), `accuracy` (right
        cell), `accuracy_at_km`, `median_km`, `mean_points`; distances to the centres of the answered cells.
    """
    cells = np.zeros(len(photos.classes), dtype=np.int64)
    loss = 0.0
    for rows, logs in found:
        classes = np.where(photos.scored[rows], photos.classes[rows], -1)
        inside = np.flatnonzero(classes >= 0)
        loss -= float(logs[inside, torch.from_numpy(classes[inside]).to(logs.device)].double().sum())
        cells[rows] = logs.argmax(dim=1).cpu().numpy()
    total = processes.sum(torch.tensor([loss], dtype=torch.float64, device=processes.device)).item()
    answers = processes.sum(torch.from_numpy(cells).to(processes.device)).cpu().numpy()
    return {**_report(answers, photos, partition), "loss": total / max(1, int(photos.scored.sum()))}


def _report(answers: IntArray, photos: Photos, partition: Partition) -> dict[str, Any]:
    known = np.flatnonzero(~np.isnan(photos.lat) & photos.embedded.readable)
    lat, lng = partition.centers()
    cells = answers[known]
    distance = geo.haversine_km(lat[cells], lng[cells], photos.lat[known], photos.lng[known])
    return {
        "albums": len(photos.embedded.albums),
        "photos": len(known),
        "photos_in_cells": int(photos.scored.sum()),
        "accuracy": float(np.mean(cells == photos.classes[known])),
        "accuracy_at_km": {str(km): share for km, share in metrics.accuracy_at(distance).items()},
        "median_km": metrics.median_km(distance),
        "mean_points": metrics.mean_points(distance),
    }


def calibrate(
    found: Iterator[tuple[IntArray, Tensor]], photos: Photos, processes: Processes
) -> dict[str, Any]:
    """The temperature that fits the albums, and what it does to them; see `examination.calibrate`."""
    temperatures = calibration.TEMPERATURES
    sums = np.zeros(len(temperatures))
    for rows, logs in found:
        classes = np.where(photos.scored[rows], photos.classes[rows], -1)
        sums += calibration.nll_sums(logs.cpu().numpy(), classes, temperatures)
    nll: npt.NDArray[np.float64] = processes.sum(torch.from_numpy(sums).to(processes.device)).cpu().numpy()
    inside = int(photos.scored.sum())
    enough = inside >= CALIBRATED_FROM
    return {
        "temperature": calibration.least_of(temperatures, nll) if enough else 1.0,
        "photos_in_cells": inside,
        "nll_before": float(nll[np.abs(temperatures - 1).argmin()]) / inside if inside else None,
        "nll_after": float(nll.min()) / inside if enough else None,
    }


def better(new: dict[str, Any] | None, old: dict[str, Any] | None) -> bool:
    """Whether an epoch beats the best so far: a lower loss; without validation the latest is the best."""
    return new is None or old is None or bool(new["loss"] < old["loss"])


def epochs_without_gain(history: list[dict[str, Any]]) -> int:
    """How many epochs have passed since validation loss was lowest (the first time); 0 without any."""
    losses = [result["validation"]["loss"] for result in history if result["validation"]]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0
