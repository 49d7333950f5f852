from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from planet_core import health, model_directory
from planet_core.predict import Predictor
from tests.planet_core.made_model import made_model


def with_weights(folder: Path, name: str, value: float) -> None:
    """Overwrites a number of the weights, and says in config.json that this is right."""
    weights = load_file(folder / model_directory.WEIGHTS)
    weights[name].view(-1)[0] = value
    save_file(weights, folder / model_directory.WEIGHTS)
    config = json.loads((folder / "config.json").read_text())
    config["sha256"][model_directory.WEIGHTS] = model_directory.sha256_of(folder / model_directory.WEIGHTS)
    (folder / "config.json").write_text(json.dumps(config))


def test_probes_are_the_same_again_and_of_all_shapes() -> None:
    one, other = health.probes(), health.probes()
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert len({picture.shape for picture in one}) >= 5


def test_a_version_that_answers_is_healthy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = made_model(tmp_path / "model")
    assert health.main([str(tmp_path / "model"), "--most-seconds", "60", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["digest"] == digest
    assert found["probes"] == len(health.probes())
    assert 0 < found["answer_ms"] <= found["slowest_ms"]
    assert found["load_s"] > 0
    assert health.main([str(tmp_path / "model"), "--most-seconds", "60"]) == 0
    assert "answers: 8 pictures" in capsys.readouterr().out


def test_weights_that_are_no_numbers_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_model(tmp_path / "model")
    with_weights(tmp_path / "model", "classifier.bias", float("nan"))
    assert health.main([str(tmp_path / "model"), "--most-seconds", "60"]) == 2
    assert "probability of cell 0 is nan" in capsys.readouterr().err


def test_a_version_that_is_too_slow_is_refused(tmp_path: Path) -> None:
    made_model(tmp_path / "model")
    with pytest.raises(health.HealthError, match=r"a round waits 1e-09 s"):
        health.examine(Predictor.load(tmp_path / "model"), 1e-9, count=1)


def test_a_damaged_version_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_model(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"damaged")
    assert health.main([str(tmp_path / "model")]) == 2
    assert "damaged or foreign" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("probabilities", "place", "message"),
    [
        ([0.5, 0.4], (1, 1), "sum to 0.9"),
        ([1.5, -0.5], (1, 1), "probability of cell 1 is -0.5"),
        ([0.5, 0.5], (91, 1), "no place on Earth"),
    ],
)
def test_what_is_no_answer_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    probabilities: list[float],
    place: tuple[float, float],
    message: str,
) -> None:
    made_model(tmp_path / "model")
    predictor = Predictor.load(tmp_path / "model")
    [answer] = predictor.predict(health.probes()[:1], k=1)
    wrong = replace(
        answer, lat=place[0], lng=place[1], probabilities=np.array(probabilities, dtype=np.float32)
    )
    monkeypatch.setattr(Predictor, "predict", lambda *_, **__: [wrong])
    with pytest.raises(health.HealthError, match=message):
        health.examine(predictor, 60)
