from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from planet_core import recipe
from planet_core.feed import Batch, MemoryFeed
from planet_core.pictures import Example
from planet_core.processes import Processes
from planet_core.sources.csv_photos import Photo
from planet_core.stopping import UserError

TINY = recipe.load("tiny")
PHOTOS = 21


def feed(rank: int = 0, count: int = 1, seed: int = 0, **values: object) -> MemoryFeed:
    rng = np.random.default_rng(0)
    examples = [
        Example(Photo(Path("x"), 0, 0), rng.integers(0, 255, (20, 24, 3), dtype=np.uint8))
        for _ in range(PHOTOS)
    ]
    classes = np.repeat([0, 1, 2], [15, 5, 1])
    values = {"batch_size": 8, **values}
    processes = Processes(rank, count, torch.device("cpu"))
    return MemoryFeed(examples, classes, replace(TINY, **values), 16, seed, processes)  # type: ignore[arg-type]


def rows(steps: list[list[Batch]]) -> list[int]:
    return [int(row) for parts in steps for batch in parts for row in batch.rows]


def test_an_epoch_shows_every_photo_once_in_another_order_each_time() -> None:
    orders = [rows(list(feed(seed=seed).batches(epoch))) for seed in (0, 1) for epoch in (1, 2)]
    assert all(sorted(order) == list(range(PHOTOS)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert sum(feed().sizes()) == PHOTOS


@pytest.mark.parametrize("count", [2, 3])
def test_processes_see_together_what_one_would_have_seen(count: int) -> None:
    alone = list(feed().batches(epoch=3))
    together = zip(*(feed(rank, count).batches(epoch=3) for rank in range(count)), strict=True)
    for [whole], parts in zip(alone, together, strict=True):
        for name in ("rows", "pixels", "colour"):
            joined = np.concatenate([getattr(batch, name) for [batch] in parts])
            assert np.array_equal(getattr(whole, name), joined)


def test_starting_in_the_middle_gives_the_rest_of_the_same_epoch() -> None:
    whole, rest = list(feed().batches(2)), list(feed().batches(2, start=1))
    assert len(whole) == feed().steps == len(rest) + 1
    assert all(np.array_equal(a.pixels, b.pixels) for [a], [b] in zip(whole[1:], rest, strict=True))


def test_accumulated_parts_are_the_step_cut_up() -> None:
    for [whole], parts in zip(feed().batches(1), feed(accumulate=3).batches(1), strict=True):
        assert len(parts) == 3
        assert np.array_equal(whole.pixels, np.concatenate([part.pixels for part in parts]))


def test_balanced_drawing_shows_all_classes_equally_often() -> None:
    drawn = np.concatenate([feed(balance=1.0).order(epoch) for epoch in range(200)])
    classes = np.bincount(np.repeat([0, 1, 2], [15, 5, 1])[drawn]) / len(drawn)
    np.testing.assert_allclose(classes, 1 / 3, atol=0.03)
    assert len(drawn) == 200 * PHOTOS


def test_too_few_photos_for_the_processes_are_refused() -> None:
    with pytest.raises(UserError, match="too few for 9 process"):
        feed(count=9)
    with pytest.raises(UserError, match="cut their part of a step into 5"):
        feed(count=2, accumulate=5)
