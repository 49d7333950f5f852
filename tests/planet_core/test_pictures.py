from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from planet_core import images, recipe
from planet_core.pictures import Example, change_colour, decode, shrunk, training_crop, validation_views
from planet_core.run_log import RunLog
from planet_core.sources.csv_photos import Photo
from tests.planet_core.made import gradient_panorama, noise_picture

TINY = recipe.load("tiny")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[RunLog]:
    with contextlib.closing(RunLog(tmp_path / "log")) as run_log:
        yield run_log


def example(pixels: np.ndarray | Image.Image, projection: str = "flat") -> Example:
    return Example(Photo(Path("x"), 0, 0, projection=projection), np.asarray(pixels))


def test_training_crops_are_never_mirrored_and_stay_inside() -> None:
    ramp = np.zeros((160, 240, 3), dtype=np.uint8)
    ramp[...] = np.arange(240)[None, :, None]  # brighter to the right
    rng = np.random.default_rng(0)
    lefts = []
    for _ in range(50):
        crop = training_crop(example(ramp), TINY, 128, rng).astype(int)
        assert crop.shape == (128, 128, 3)
        assert np.all(np.diff(crop[64, :, 0]) >= 0)
        lefts.append(crop[64, 0, 0])
    assert max(lefts) - min(lefts) > 40


def test_panoramas_train_in_all_directions_and_are_examined_in_four() -> None:
    panorama = example(gradient_panorama(512), "equirectangular")
    rng = np.random.default_rng(0)
    crops = [training_crop(panorama, TINY, 128, rng) for _ in range(12)]
    assert len({crop.tobytes() for crop in crops}) == 12
    views = validation_views(panorama, 128)
    assert len(views) == 4
    expected = images.cut_view(panorama.pixels, 90, fov=90, size=(128, 128))
    assert np.array_equal(views[1], np.asarray(expected))


def test_flat_photos_are_examined_as_the_predictor_sees_them() -> None:
    picture = noise_picture(1, (213, 160))
    [view] = validation_views(example(picture), 128)
    assert np.array_equal(view, np.asarray(images.fit_square(picture, 128)))


def test_a_panorama_that_is_none_is_skipped_with_a_reason(tmp_path: Path, log: RunLog) -> None:
    noise_picture(1, (200, 150)).save(tmp_path / "flat.png")
    noise_picture(2, (200, 100)).save(tmp_path / "round.png")
    photos = [
        Photo(tmp_path / name, 0, 0, projection="equirectangular") for name in ("flat.png", "round.png")
    ]
    examples, skipped = decode(photos, 128, log)
    assert [e.photo.path.name for e in examples] == ["round.png"]
    assert skipped == {"not-a-panorama": 1}


def test_mirrors_are_made_on_demand_only_and_of_half_of_the_crops() -> None:
    ramp = np.zeros((160, 240, 3), dtype=np.uint8)
    ramp[...] = np.arange(240)[None, :, None]
    rng = np.random.default_rng(0)
    assert not any(recipe.load(name).mirror for name in recipe.names())
    mirrored = 0
    for _ in range(100):
        crop = training_crop(example(ramp), replace(TINY, mirror=True), 32, rng).astype(int)
        mirrored += int(crop[16, 0, 0] > crop[16, -1, 0])
    assert 30 < mirrored < 70


def test_colours_change_mildly_and_differently() -> None:
    pixels = torch.full((4, 8, 8, 3), 100, dtype=torch.uint8)
    pixels[..., 0] = 140
    amounts = 0.2 * (2 * torch.rand((4, 3), generator=torch.Generator().manual_seed(0)) - 1)
    changed = change_colour(pixels, amounts)
    assert changed.dtype == torch.uint8
    assert changed.shape == pixels.shape
    assert len({picture.numpy().tobytes() for picture in changed}) == 4
    assert (changed.int() - pixels.int()).abs().max() < 60
    assert torch.equal(change_colour(pixels, torch.zeros(4, 3)), pixels)


def test_brightness_changes_by_the_amount_asked_for() -> None:
    pixels = torch.full((1, 2, 2, 3), 100, dtype=torch.uint8)
    assert torch.equal(change_colour(pixels, torch.tensor([[0.2, 0.0, 0.0]])), pixels + 20)


def test_shrunk_pictures_keep_their_colours_and_their_sides() -> None:
    pixels = torch.zeros((2, 32, 32, 3), dtype=torch.uint8)
    pixels[:, :, :16, 0], pixels[:, :, 16:, 2] = 200, 100  # red on the left, blue on the right
    small = shrunk(pixels, 24)
    assert small.shape == (2, 24, 24, 3)
    assert small.dtype == torch.uint8
    assert small[0, 12, 3].tolist() == [200, 0, 0]
    assert small[1, 12, 20].tolist() == [0, 0, 100]
