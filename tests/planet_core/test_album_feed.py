from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from planet_core import album_recipe
from planet_core.album_feed import AlbumFeed, Photos, Targets
from planet_core.processes import Processes
from planet_core.recipe import RecipeError
from tests.planet_core.made_albums import album_of, embedded_albums, telling_albums
from tests.planet_core.made_model import made_partition

CPU = torch.device("cpu")
ALONE = Processes(0, 1, CPU)
RECIPE = replace(album_recipe.MODERN, batch_albums=4, photo_dropout=0.3, least_share=0.5)


def test_every_album_comes_once_an_epoch_with_at_least_its_share_of_photos() -> None:
    photos = telling_albums(30, 0)
    feed = AlbumFeed(photos, RECIPE, 0, ALONE)
    steps = list(feed.batches(1))
    assert len(steps) == feed.steps == 8
    runs = np.concatenate([step.pieces for step in steps])
    whole = {stop: start for start, stop in photos.pieces.tolist()}
    inside = np.array([(photos.pieces[:, 0] <= a) & (b <= photos.pieces[:, 1]) for a, b in runs.tolist()])
    assert (inside.sum(axis=1) == 1).all()
    owners = inside.argmax(axis=1)
    assert sorted(owners) == list(range(30))
    lengths = np.diff(photos.pieces, axis=1)[:, 0][owners]
    assert (np.diff(runs, axis=1)[:, 0] >= lengths / 2).all()
    assert any(whole.get(b) != a for a, b in runs.tolist())
    assert sum(step.scored for step in steps) == feed.scored(1)


def test_order_and_losses_are_a_function_of_seed_and_epoch() -> None:
    photos = telling_albums(20, 0)

    def shown(seed: int, epoch: int, first: int = 0) -> list[list[object]]:
        steps = AlbumFeed(photos, RECIPE, seed, ALONE).batches(epoch, first)
        return [[step.pieces.tolist(), step.lost.tolist()] for step in steps]

    assert shown(1, 2) == shown(1, 2)
    assert shown(1, 2, first=3) == shown(1, 2)[3:]
    assert shown(1, 2) != shown(1, 3)
    assert shown(1, 2) != shown(2, 2)


def test_several_processes_share_each_step() -> None:
    photos = telling_albums(9, 0)
    alone = list(AlbumFeed(photos, RECIPE, 0, ALONE).batches(1))
    parts = [list(AlbumFeed(photos, RECIPE, 0, Processes(rank, 3, CPU)).batches(1)) for rank in range(3)]
    for whole, *shares in zip(alone, *parts, strict=True):
        np.testing.assert_array_equal(np.concatenate([share.pieces for share in shares]), whole.pieces)
        lost = [row.tolist() for share in shares for row in share.lost]
        assert lost == [row[: len(mine)].tolist() for row, mine in zip(whole.lost, lost, strict=True)]
        for share in shares:
            assert share.lost.shape[1] == np.diff(share.pieces, axis=1).max(initial=0)
        assert {share.scored for share in shares} == {whole.scored}


def test_albums_are_cut_into_consecutive_pieces_whose_first_gap_is_zero() -> None:
    partition = made_partition()
    albums = [album_of("long", [0, 1, 2, 3, 4], partition), album_of("short", [5], partition)]
    photos = Photos.of(embedded_albums(albums, np.ones((6, 2))), partition, cut=2)
    assert photos.pieces.tolist() == [[0, 2], [2, 4], [4, 5], [5, 6]]
    batch = photos.batch(photos.pieces)
    assert batch.gaps_hours.tolist() == [[0, 3], [0, 3], [0, 0], [0, 0]]
    assert batch.lengths.tolist() == [2, 2, 1, 1]


def test_what_has_no_cell_or_no_picture_is_not_learnt() -> None:
    partition = made_partition()
    albums = [album_of("a", [0, -1, 2, 3], partition), album_of("nowhere", [-1, -1], partition)]
    readable = np.array([True, True, False, True, True, True])
    photos = Photos.of(embedded_albums(albums, np.ones((6, 2)), readable), partition)
    assert photos.scored.tolist() == [True, False, False, True, False, False]
    assert Targets.of(photos, CPU).classes.tolist() == [0, -1, -1, 3, -1, -1]
    feed = AlbumFeed(photos, replace(RECIPE, least_share=1.0), 0, ALONE)
    [step] = feed.batches(1)
    assert (feed.albums, step.pieces.tolist(), step.scored) == (1, [[0, 4]], 2)


def test_a_recipe_refuses_what_makes_no_sense() -> None:
    assert album_recipe.load("paper").optimiser == "adagrad"
    assert album_recipe.load("modern").changed(["hidden=7", "output=softmax"]).hidden == 7
    for setting in (
        "output=all",
        "least_share=0",
        "hidden=0",
        "dropout=1",
        "learning_rate=0",
        "hidden=x",
        "no=1",
    ):
        with pytest.raises(RecipeError):
            album_recipe.MODERN.changed([setting])
    with pytest.raises(RecipeError, match="paper, modern"):
        album_recipe.load("newest")
