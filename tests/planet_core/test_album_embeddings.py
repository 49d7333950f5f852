from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from planet_core import album_embeddings, images
from planet_core.album_embeddings import embed
from planet_core.albums import read_albums
from planet_core.predict import Predictor
from planet_core.stopping import UserError
from tests.planet_core.made_albums import album_folder
from tests.planet_core.made_model import made_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "image"
    made_model(folder)
    return folder


def never(*_arguments: object) -> None:
    raise AssertionError("a picture was computed again")


def test_embeddings_are_the_image_models_and_are_computed_once(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    albums = read_albums(album_folder(tmp_path / "albums"))
    said: list[str] = []
    found = embed(albums, model, tmp_path / "cache", said.append, batch=5)
    predictor = Predictor.load(model)
    for number, album in enumerate(albums):
        pictures = [images.load_square(photo.path, predictor.image_px) for photo in album.photos]
        np.testing.assert_allclose(found.table[found.rows(number)], predictor.embeddings(pictures), atol=1e-5)
    assert isinstance(found.table, np.memmap)
    assert found.readable.all()
    assert found.unreadable == ()
    assert "embedding: 12 of 12 photos" in said
    monkeypatch.setattr(Predictor, "load", never)
    again = embed(albums[::-1], model, tmp_path / "cache")
    np.testing.assert_array_equal(again.table[again.rows(2)], found.table[found.rows(0)])


def test_another_model_and_a_changed_picture_are_never_taken_for_the_same(
    tmp_path: Path, model: Path
) -> None:
    folder = album_folder(tmp_path / "albums", albums=1)
    before = embed(read_albums(folder), model, tmp_path / "cache")
    made_model(tmp_path / "other", seed=1)
    other = embed(read_albums(folder), tmp_path / "other", tmp_path / "cache")
    assert before.image_model != other.image_model
    assert not np.allclose(before.table, other.table)
    album_folder(tmp_path / "albums", albums=1, seed=7)
    after = embed(read_albums(folder), model, tmp_path / "cache")
    assert not np.allclose(before.table, after.table)


def test_unreadable_photos_are_marked_and_told(tmp_path: Path, model: Path) -> None:
    folder = album_folder(tmp_path / "albums", albums=2)
    (folder / "0-1.png").write_bytes(b"no picture")
    (folder / "1-3.png").unlink()
    found = embed(read_albums(folder), model, tmp_path / "cache")
    assert np.flatnonzero(~found.readable).tolist() == [1, 7]
    assert (found.table[[1, 7]] == 0).all()
    assert (found.table[[0, 2]] != 0).any(axis=1).all()
    assert [problem.partition(": ")[0] for problem in found.unreadable] == [
        str(folder / "0-1.png"),
        str(folder / "1-3.png"),
    ]
    assert found.digests[7] == ""
    for path in folder.glob("*.png"):
        path.write_bytes(b"none")
    with pytest.raises(UserError, match="none of the 8 photos"):
        embed(read_albums(folder), model, tmp_path / "cache")
    with pytest.raises(UserError, match="no albums"):
        embed([], model, tmp_path / "cache")


def test_after_an_interruption_only_the_rest_is_computed(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    albums = read_albums(album_folder(tmp_path / "albums"))
    compute = album_embeddings._compute

    def interrupted(*arguments: object) -> object:
        for number, found in enumerate(compute(*arguments)):  # type: ignore[arg-type]
            if number == 7:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr(album_embeddings, "_compute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embed(albums, model, tmp_path / "cache", batch=1)
    asked: list[int] = []

    def counted(model_: Path, pictures: list[object], *rest: object) -> object:
        asked.append(len(pictures))
        return compute(model_, pictures, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(album_embeddings, "_compute", counted)
    whole = embed(albums, model, tmp_path / "cache")
    assert asked == [5]
    fresh = embed(albums, model, tmp_path / "fresh")
    np.testing.assert_allclose(whole.table, fresh.table, atol=1e-5)


def test_damaged_parts_are_computed_again_and_the_same_picture_once(tmp_path: Path, model: Path) -> None:
    folder = album_folder(tmp_path / "albums", albums=2)
    shutil.copy(folder / "0-0.png", folder / "1-2.png")
    albums = read_albums(folder)
    found = embed(albums, model, tmp_path / "cache")
    np.testing.assert_array_equal(found.table[0], found.table[6])
    [values] = [path for path in (tmp_path / "cache").rglob("parts/*.npy") if ".keys" not in path.name]
    assert len(np.load(values)) == 7
    values.write_bytes(values.read_bytes()[:100])
    shutil.rmtree(next((tmp_path / "cache").rglob("tables")))
    np.testing.assert_allclose(embed(albums, model, tmp_path / "cache").table, found.table, atol=1e-5)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, model: Path) -> None:
    albums = read_albums(album_folder(tmp_path / "albums", albums=1))
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UserError, match="cannot write embeddings into"):
        embed(albums, model, tmp_path / "cache")
