from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from planet_core import exemplars
from planet_core.exemplars import BestOfCells, find_exemplars
from planet_core.model_directory import TrainingIndex
from planet_core.predict import Predictor
from planet_core.sources.csv_photos import CsvPhotos
from planet_core.stopping import Stopped, UserError
from tests.planet_core.made import gradient_panorama, noise_picture
from tests.planet_core.made_model import made_model, made_partition


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "random"
    made_model(directory)
    return directory


@pytest.fixture(scope="module")
def predictor(model: Path) -> Predictor:
    return Predictor.load(model)


def photo_list(folder: Path, photos: int = 9, **columns: dict[int, str]) -> Path:
    """Photos of noise around the cells of the made model, and a digest for each by its number."""
    lat, lng = made_partition().centers()
    path = folder / "photos.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "lat", "lng", "group", "digest", "projection"])
        for number in range(photos):
            projection = columns.get("projection", {}).get(number, "flat")
            picture = gradient_panorama() if projection == "equirectangular" else noise_picture(number)
            picture.save(folder / f"{number}.png")
            cell = number % len(lat)
            group = columns.get("group", {}).get(number, "")
            digest = columns.get("digest", {}).get(number, f"{number:064x}")
            writer.writerow([f"{number}.png", lat[cell], lng[cell], group, digest, projection])
    return path


def names(found: exemplars.Found) -> list[list[str]]:
    return [[one.photo.path.stem for one in cell.exemplars] for cell in found.cells]


def test_the_best_are_kept_as_if_all_were_sorted() -> None:
    confidences = np.random.default_rng(0).random((200, 7)).astype(np.float32)
    best = BestOfCells(7, 5)
    for number, row in enumerate(confidences):
        best.add(number, "", row)
    order = np.argsort(-confidences, axis=0)[:5].T
    assert np.array_equal(best.numbers, order)
    assert np.array_equal(best.scores, np.take_along_axis(confidences.T, order, axis=1))
    np.testing.assert_allclose(best.totals, confidences.sum(axis=0, dtype=np.float64))


def test_a_group_shows_only_its_best_photo() -> None:
    rng = np.random.default_rng(1)
    confidences = rng.random((300, 6)).astype(np.float32)
    groups = [f"walk-{value}" if value else "" for value in rng.integers(0, 12, 300).tolist()]
    best = BestOfCells(6, 4)
    for number, (group, row) in enumerate(zip(groups, confidences, strict=True)):
        best.add(number, group, row)
    for cell in range(6):
        expected: list[int] = []
        taken: set[str] = set()
        for number in np.argsort(-confidences[:, cell]).tolist():
            if groups[number] not in taken:
                expected.append(number)
                taken |= {groups[number]} - {""}
        assert best.numbers[cell].tolist() == expected[:4]


def test_fewer_photos_than_places_leave_places_empty() -> None:
    best = BestOfCells(2, 3)
    best.add(7, "", np.array([0.0, 0.5], dtype=np.float32))
    assert best.numbers.tolist() == [[7, -1, -1], [7, -1, -1]]


def test_photos_are_those_with_the_highest_confidence(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exemplars, "BATCH", 4)
    source = CsvPhotos(photo_list(tmp_path))
    told: list[int] = []
    found = find_exemplars(
        predictor, source, cells=[3, 1], count=4, progress=lambda done, _share: told.append(done)
    )
    rows = np.stack([predictor.distributions([noise_picture(number)])[0] for number in range(9)])
    for cell, index in zip(found.cells, (3, 1), strict=True):
        best = np.argsort(-rows[:, index])[:4]
        assert [one.photo.path.stem for one in cell.exemplars] == [str(number) for number in best]
        assert [one.confidence for one in cell.exemplars] == pytest.approx(rows[best, index], abs=1e-6)
        assert cell.total == pytest.approx(rows[:, index].sum(), abs=1e-5)
        for one in cell.exemplars:
            inside = int(one.photo.path.stem) % 6 == index
            assert one.in_cell is inside
            assert one.distance_km is not None
            assert (one.distance_km < 1) is inside
    assert (found.photos, found.trained_on, found.unreadable) == (9, 0, 0)
    assert told == [4, 8, 9]
    top = find_exemplars(predictor, source, top=2, count=1)
    assert [cell.cell for cell in top.cells] == np.argsort(-rows.sum(axis=0))[:2].tolist()


def test_training_photos_and_their_groups_are_left_out(predictor: Predictor, tmp_path: Path) -> None:
    path = photo_list(tmp_path, group={0: "walk", 1: "ride", 2: "other"}, digest={5: "a" * 64})
    seen = TrainingIndex(("a" * 64,), ("walk",), (), ("ride",), 13, np.array([], dtype=np.uint64))
    found = find_exemplars(predictor, CsvPhotos(path), cells=[0], count=9, seen=seen)
    assert found.trained_on == 2
    assert set(names(found)[0]) == {"1", "2", "3", "4", "6", "7", "8"}


def test_panoramas_and_bad_pictures(predictor: Predictor, tmp_path: Path) -> None:
    path = photo_list(tmp_path, 6, projection={2: "equirectangular", 4: "equirectangular"})
    noise_picture(4).save(tmp_path / "4.png")  # no panorama
    (tmp_path / "1.png").write_bytes(b"no picture")
    found = find_exemplars(predictor, CsvPhotos(path), cells=[0], count=6)
    assert sorted(names(found)[0]) == ["0", "2", "3", "5"]
    assert found.unreadable == 2
    assert any("no whole panorama" in reason for reason in found.reasons)
    [panorama] = [one for one in found.cells[0].exemplars if one.photo.path.stem == "2"]
    with Image.open(tmp_path / "2.png") as picture:
        expected = predictor.panorama_distributions([picture.convert("RGB")])[0, 0]
    assert panorama.confidence == pytest.approx(expected, abs=1e-5)


def test_nothing_to_look_at_and_impossible_wishes(predictor: Predictor, tmp_path: Path) -> None:
    path = photo_list(tmp_path, 2)
    seen = TrainingIndex(tuple(f"{n:064x}" for n in range(2)), (), (), (), 13, np.array([], dtype=np.uint64))
    with pytest.raises(UserError, match="trained on 2"):
        find_exemplars(predictor, CsvPhotos(path), top=1, seen=seen)
    path.write_text("path,lat,lng\n")
    with pytest.raises(UserError, match="no photo to look at"):
        find_exemplars(predictor, CsvPhotos(path), top=1)
    for options in ({}, {"cells": [0], "top": 1}, {"cells": []}, {"top": 0}, {"cells": [6]}, {"cells": [-1]}):
        with pytest.raises(ValueError, match=r"cell"):
            find_exemplars(predictor, CsvPhotos(path), **options)  # type: ignore[arg-type]


def test_the_command_draws_a_sheet(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = photo_list(tmp_path, 4), tmp_path / "sheet.png"
    tokens = made_partition().tokens()
    command = [str(model), str(path), "--out", str(out), "--count", "3"]
    assert exemplars.main([*command, "--cells", tokens[4], tokens[0], "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [cell["token"] for cell in found["cells"]] == [tokens[4], tokens[0]]
    assert all(len(cell["exemplars"]) == 3 for cell in found["cells"])
    with Image.open(out) as sheet:
        assert sheet.width > 3 * 176
        colours = {colour for _, colour in sheet.getcolors(1 << 20)}
    assert (0xF2, 0xB7, 0x05) in colours  # photo 0 was taken in cell 0
    assert exemplars.main([*command, "--top", "2"]) == 0
    assert capsys.readouterr().out.startswith("4 photos for 2 cells (0 left out")


def test_the_command_says_what_it_cannot_do(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = photo_list(tmp_path, 2), tmp_path / "sheet.png"
    good = [str(model), str(path), "--out", str(out)]
    for arguments, message in (
        ([*good, "--cells", "89c"], "89c is no cell of this model"),
        ([*good, "--cells", "xyz"], "not an S2 cell token"),
        ([*good, "--top", "0"], "1 to 100 cells"),
        ([*good, "--top", "1", "--count", "99"], "1 to 20 photos"),
        ([str(model), str(tmp_path / "none"), "--out", str(out), "--top", "1"], "does not exist"),
        ([str(tmp_path / "none"), str(path), "--out", str(out), "--top", "1"], "no model directory"),
        ([str(model), str(path), "--out", str(path / "a.png"), "--top", "1"], "is not a folder"),
    ):
        assert exemplars.main(arguments) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("exemplars: ")
        assert message in error

    def stopped(*_: object, **__: object) -> None:
        raise Stopped

    monkeypatch.setattr(exemplars, "find_exemplars", stopped)
    assert exemplars.main([*good, "--top", "1"]) == 130
    assert not out.exists()
