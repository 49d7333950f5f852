from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planet_core import examination, model_directory, train_cnn
from planet_core.predict import Predictor
from tests.planet_core.made import coloured_towns, noise_picture


@pytest.mark.slow
def test_training_ends_with_a_temperature_that_the_predictor_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "CALIBRATED_FROM", 1)
    towns, run = coloured_towns(tmp_path), tmp_path / "run"
    command = ["--recipe", "tiny", "--data", str(towns), "--epochs", "2", "--run", str(run)]
    assert train_cnn.main(command) == 0
    found = model_directory.read_metrics(run / "model")["calibration"]
    predictor = Predictor.load(run / "model")
    assert predictor.temperature == found["temperature"] != 1
    assert found["nll_after"] < found["nll_before"]
    pictures = [noise_picture(1)]
    raw, calibrated = (predictor.distributions(pictures, calibrated=value)[0] for value in (False, True))
    assert np.argmax(raw) == np.argmax(calibrated)
    assert (calibrated.max() > raw.max()) == (predictor.temperature < 1)
