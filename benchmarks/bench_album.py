"""What album models add: training steps against a bare LSTM loop, an album's answer against its embeddings.

Goals: at least 90 % of the steps a second of nn.LSTM + Linear + cross-entropy on padded batches of the same
albums, cells and widths (the paper's recipe; CPU seconds of one thread, both in turn, medians); and an album
of 200 photos answered in less than 1.2 times the time of its embeddings (the shipped image model).
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from record import ROOT, record
from torch import Tensor, nn

from planet_core import album, album_checkpoint, album_recipe, model_directory
from planet_core.album_embeddings import Embedded
from planet_core.album_feed import AlbumFeed, Photos, Targets
from planet_core.album_predict import AlbumPredictor
from planet_core.albums import Album, AlbumPhoto
from planet_core.labels import Labels
from planet_core.optimisation import make_optimiser
from planet_core.partition import Partition
from planet_core.processes import Processes
from planet_core.train_album import learn

WIDTH, HIDDEN, CELLS, ALBUMS = 576, 256, 552, 160
BATCH = 16
PASSES, ALBUM_PASSES = 9, 3
PHOTOS = 200
IMAGE_MODEL = ROOT / "procedural_earth" / "model"


def made_up(rng: np.random.Generator, partition: Partition) -> Photos:
    """Albums of 8 to 26 photos, 17 in the mean, as the trip generator makes them."""
    lat, lng = partition.centroids()
    albums = []
    for number in range(ALBUMS):
        cells = rng.integers(len(partition), size=rng.integers(8, 27))
        photos = [
            AlbumPhoto(Path(f"{number}-{n}"), lat[c], lng[c], None) for n, c in enumerate(cells.tolist())
        ]
        albums.append(Album(str(number), tuple(photos), "made up"))
    count = sum(len(one) for one in albums)
    embedded = Embedded(
        albums=tuple(albums),
        image_model="0" * 64,
        table=rng.normal(size=(count, WIDTH)).astype(np.float32),
        readable=np.ones(count, dtype=bool),
        starts=np.concatenate([[0], np.cumsum([len(one) for one in albums])]),
        digests=tuple(map(str, range(count))),
        unreadable=(),
    )
    return Photos.of(embedded, partition)


class Bare(nn.Module):
    """What anybody would write down first."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(WIDTH, HIDDEN, batch_first=True)
        self.layer = nn.Linear(HIDDEN, CELLS)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layer(self.lstm(x)[0])
        return logits


def bare_epoch(batches: list[tuple[Tensor, Tensor]]) -> Iterator[None]:
    model = Bare()
    optimiser = make_optimiser(model, RECIPE)
    for x, classes in batches:
        optimiser.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(x).flatten(0, 1), classes.flatten(), ignore_index=-1).backward()
        optimiser.step()
        yield


def our_epoch(photos: Photos, partition: Partition) -> Iterator[None]:
    model = album.build("lstm", WIDTH, CELLS, hidden=HIDDEN)
    optimiser = make_optimiser(model, RECIPE)
    targets, labels = Targets.of(photos, torch.device("cpu")), Labels("one-hot", partition)
    for step in AlbumFeed(photos, RECIPE, 0, Processes(0, 1, torch.device("cpu"))).batches(1):
        optimiser.zero_grad(set_to_none=True)
        learn(model, step, photos, targets, labels, RECIPE.steps_back)
        optimiser.step()
        yield


RECIPE = replace(album_recipe.PAPER, batch_albums=BATCH, hidden=HIDDEN)


def padded_batches(photos: Photos) -> list[tuple[Tensor, Tensor]]:
    """The very batches of our feed, padded, made before the clock starts."""
    found = []
    for step in AlbumFeed(photos, RECIPE, 0, Processes(0, 1, torch.device("cpu"))).batches(1):
        batch = photos.batch(step.pieces)
        classes = torch.full(batch.readable.shape, -1)
        for row, (start, stop) in zip(classes, step.pieces.tolist(), strict=True):
            row[: stop - start] = torch.from_numpy(photos.classes[start:stop])
        found.append((batch.embeddings, classes))
    return found


def steps_per_cpu_s(epoch: Callable[[], Iterator[None]]) -> float:
    start, steps = time.process_time(), 0
    for _ in epoch():
        steps += 1
    return steps / (time.process_time() - start)


def training() -> dict[str, float]:
    rng = np.random.default_rng(0)
    partition = Partition.load(IMAGE_MODEL / model_directory.PARTITION)
    assert len(partition) == CELLS, len(partition)
    photos = made_up(rng, partition)
    batches = padded_batches(photos)
    rates = [
        (steps_per_cpu_s(lambda: bare_epoch(batches)), steps_per_cpu_s(lambda: our_epoch(photos, partition)))
        for _ in range(PASSES + 1)
    ][1:]
    return {
        "bare_steps_per_cpu_s": round(statistics.median(bare for bare, _ in rates), 2),
        "our_steps_per_cpu_s": round(statistics.median(ours for _, ours in rates), 2),
        "share_median": round(statistics.median(ours / bare for bare, ours in rates), 3),
    }


def answering() -> dict[str, float]:
    pictures = sorted((ROOT / "procedural_earth" / "play_set").glob("*.jpg"))
    photos = [pictures[number % len(pictures)] for number in range(PHOTOS)]
    with tempfile.TemporaryDirectory() as folder:
        model = album.build("lstm-rep", WIDTH, CELLS, hidden=HIDDEN)
        values = {
            "image_model": model_directory.version_digest(IMAGE_MODEL),
            "recipe": {},
            "trained_on": {},
        }
        album_checkpoint.save(Path(folder) / "model", model, values, {})
        predictor = AlbumPredictor(Path(folder) / "model", IMAGE_MODEL)
    times = []
    for _ in range(ALBUM_PASSES):
        start = time.process_time()
        predictor.embed(photos)
        middle = time.process_time()
        predictor.answer(photos)
        times.append((middle - start, time.process_time() - middle))
    return {
        "embeddings_cpu_s": round(statistics.median(one for one, _ in times), 3),
        "answer_cpu_s": round(statistics.median(two for _, two in times), 3),
        "times_median": round(statistics.median(two / one for one, two in times), 3),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    shapes = {"width": WIDTH, "hidden": HIDDEN, "cells": CELLS, "batch": BATCH}
    goal = {"share": 0.9, "times": 1.2}
    record(
        "album",
        {**shapes, "training": training(), "album_of_200_photos": answering(), "goal": goal},
    )
