from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from planet_core import album, album_checkpoint, images, model_directory
from planet_core.album_predict import AlbumPredictor
from planet_core.model_directory import ModelDirectoryError
from planet_core.predict import Predictor
from tests.planet_core.made import noise_picture
from tests.planet_core.made_albums import START
from tests.planet_core.made_model import made_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image model, six pictures, and a random album model of each variant."""
    folder = tmp_path_factory.mktemp("predict")
    made_model(folder / "image", temperature=1.3)
    width = model_directory.read_config(folder / "image")["embedding"]
    values = {
        "image_model": model_directory.version_digest(folder / "image"),
        "recipe": {},
        "trained_on": {},
        "temperature": 1.5,
    }
    for name in ("lstm", "lstm-rep", "blstm", "transformer"):
        torch.manual_seed(1)
        album_checkpoint.save(folder / name, album.build(name, width, 6, hidden=8), values, {})
    for number in range(6):
        noise_picture(number).save(folder / f"{number}.png")
    return folder


def pictures(folder: Path) -> list[Path]:
    return [folder / f"{number}.png" for number in range(6)]


def test_without_an_album_model_the_mean_of_single_answers_is_given(folder: Path) -> None:
    found = AlbumPredictor(None, folder / "image").answer(pictures(folder))
    single = Predictor.load(folder / "image")
    squares = [images.load_square(path, single.image_px) for path in pictures(folder)]
    mean = single.distributions(squares).mean(axis=0)
    assert [one.condition for one in found] == ["album-avg"] * 6
    for one in found:
        np.testing.assert_allclose(one.probabilities, mean, atol=1e-5)
        assert one.readable


@pytest.mark.parametrize("name", ["lstm", "lstm-rep", "blstm", "transformer"])
def test_files_bytes_and_pictures_are_answered_alike(folder: Path, name: str) -> None:
    predictor = AlbumPredictor(folder / name, folder / "image")
    paths = pictures(folder)
    times = [START + timedelta(hours=number) for number in range(6)]
    found = predictor.answer(paths, times, k=2)
    others = [path.read_bytes() for path in paths[:3]] + [Image.open(path) for path in paths[3:]]
    for one, other in zip(found, predictor.answer(others, times, k=2), strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)
        assert one.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert len(one.top_cells) == 2
        assert (one.lat, one.lng) == (one.top_cells[0].lat, one.top_cells[0].lng)


def test_a_photo_that_cannot_be_read_is_answered_and_marked(folder: Path) -> None:
    predictor = AlbumPredictor(folder / "blstm", folder / "image")
    photos = [*pictures(folder)[:2], b"nothing", folder / "none.png", folder / "3.png"]
    found = predictor.answer(photos)
    assert [one.readable for one in found] == [True, True, False, False, True]
    assert all(bool(one.remark) != one.readable for one in found)
    with pytest.raises(ValueError, match="none of the 2 photos of this album can be read"):
        predictor.answer([b"nothing", folder / "none.png"])


def test_albums_of_one_photo_of_none_and_of_thousands(folder: Path) -> None:
    predictor = AlbumPredictor(folder / "lstm-rep", folder / "image")
    assert len(predictor.answer(pictures(folder)[:1], [None])) == 1
    assert predictor.answer([]) == []
    embeddings = np.random.default_rng(0).normal(size=(5000, predictor.image.model.network.embedding))
    parts = list(predictor.distributions(embeddings.astype(np.float32), [True] * 5000, [None] * 5000))
    assert max(map(len, parts)) < 500
    assert np.concatenate(parts).shape == (5000, 6)


def test_what_does_not_belong_together_is_told(folder: Path, tmp_path: Path) -> None:
    made_model(tmp_path / "other", seed=1)
    with pytest.raises(ModelDirectoryError, match="belongs to the image model"):
        AlbumPredictor(folder / "lstm", tmp_path / "other")
    with pytest.raises(ValueError, match="6 photos, but 2 times"):
        AlbumPredictor(None, folder / "image").answer(pictures(folder), [None, None])
    with pytest.raises(ValueError, match="unknown rule"):
        AlbumPredictor(None, folder / "image").answer(pictures(folder), rule="best")
