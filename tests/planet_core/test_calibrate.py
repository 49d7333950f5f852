from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from planet_core import calibrate, calibration, model_directory
from planet_core.evaluate_predict import read_source
from planet_core.images import load_square
from planet_core.predict import Predictor
from tests.planet_core.made import coloured_towns
from tests.planet_core.made_model import INDEX, made_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "random"
    made_model(directory, temperature=3.0)
    return directory


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos in cells of the model; two of a group that it trained on."""
    path = coloured_towns(tmp_path_factory.mktemp("towns"), photos_each=24)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    places = [(40.71, -74.0), (51.5, -0.12), (-33.87, 151.2)]
    for number, row in enumerate(rows):
        row["lat"], row["lng"] = map(str, places[number % 3])
        row["group"] = "walk" if number < 2 else f"group {number}"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_new_version_with_the_best_temperature(
    model: Path, towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "calibrated"
    assert calibrate.main([str(model), str(towns), "--out", str(out)]) == 0
    assert "in place of 3.000, fitted on 70 views" in capsys.readouterr().out
    model_directory.verify(out)
    old, new = model_directory.read_config(model), model_directory.read_config(out)
    assert new["calibrated_from"] == model_directory.version_digest(model)
    assert new["sha256"]["model.safetensors"] == old["sha256"]["model.safetensors"]
    photos = [
        photo for photo in read_source(str(towns), None, lambda text: None).photos if photo.group != "walk"
    ]
    predictor = Predictor.load(model)
    pictures = [load_square(Path(photo.path), predictor.image_px) for photo in photos]
    logs = np.log(predictor.distributions(pictures, calibrated=False))
    truth = predictor.partition.lookup([one.lat for one in photos], [one.lng for one in photos])
    assert new["temperature"] == pytest.approx(calibration.fit_temperature(logs, truth), rel=0.02)
    measured = model_directory.read_metrics(out)["calibration"]
    assert measured["nll_after"] <= measured["nll_before"]
    before = calibration.nll_sums(logs, truth, [3.0])[0] / 70
    assert measured["nll_before"] == pytest.approx(before, rel=1e-3)
    after = Predictor.load(out)
    assert after.temperature == new["temperature"]
    same = predictor.distributions(pictures[:3], calibrated=False)
    np.testing.assert_array_equal(after.distributions(pictures[:3], calibrated=False), same)


def test_too_few_photos_tell_no_temperature(
    model: Path, towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "calibrated")]
    assert calibrate.main([str(model), str(towns), *out, "--limit", "20"]) == 2
    assert "too few to tell a temperature, which takes 50" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays(
    model: Path, towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate.main([str(model), str(towns), "--out", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_program_that_follows_gets_events(
    model: Path, towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate.main([str(model), str(towns), "--out", str(tmp_path / "new"), "--events"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert events
    assert all(set(event) == {"message"} for event in events)
    assert INDEX.training_groups == ("walk",)
