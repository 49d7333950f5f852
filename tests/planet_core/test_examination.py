from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from planet_core import calibration, inception, recipe
from planet_core import examination as examination_module
from planet_core.examination import (
    Examination,
    better,
    calibrate,
    epochs_without_gain,
    examine,
    examine_rules,
    make_examination,
)
from planet_core.pictures import Example
from planet_core.processes import Processes
from planet_core.sources.csv_photos import Photo
from planet_core.training_data import make_sides

TINY = recipe.load("tiny")
ALONE = Processes(0, 1, torch.device("cpu"))


def test_without_validation_the_last_epoch_is_kept() -> None:
    assert better(None, None)
    first, second = {"accuracy": 0.5, "loss": 2.0}, {"accuracy": 0.5, "loss": 1.0}
    assert better(second, first)
    assert not better(first, second)
    assert not better({"accuracy": 0.4, "loss": 0.1}, first)
    assert better({"accuracy": 0.6, "loss": None}, first)


def test_reports_are_plain_json() -> None:
    photos = [Photo(Path("x"), 48.85 + 0.05 * i, 2.35) for i in range(8)]
    photos += [Photo(Path("x"), -33.87 + 0.05 * i, 151.2) for i in range(8)]
    sides = make_sides(photos, TINY, seed=0)
    examination = make_examination(
        [Example(photo, np.zeros((128, 128, 3), np.uint8)) for photo in photos], sides, 128
    )
    assert examination is not None
    report = examination.report(np.zeros(len(examination.lat), dtype=np.int64), sides.partition)
    assert json.loads(json.dumps(report)) == report
    assert list(report["accuracy_at_km"]) == ["1", "25", "200", "750", "2500"]


def test_every_process_examines_its_share(monkeypatch: object) -> None:
    photos = [Photo(Path("x"), 48.85 + 0.05 * i, 2.35) for i in range(8)]
    photos += [Photo(Path("x"), -33.87 + 0.05 * i, 151.2) for i in range(8)]
    sides = make_sides(photos, TINY, seed=0)
    rng = np.random.default_rng(0)
    examples = [Example(p, rng.integers(0, 255, (128, 128, 3), dtype=np.uint8)) for p in photos]
    examination = make_examination(examples, sides, 128)
    assert examination is not None
    network = inception.build("tiny", len(sides.partition))
    examined = examine(network, examination, sides.partition, (), ALONE)
    whole = examined.report
    assert whole["views"] == len(examination.lat) > 1

    class Both(Processes):
        """The sum over two processes, computed one after the other."""

        parts: list[torch.Tensor] = []

        def sum(self, values: torch.Tensor) -> torch.Tensor:
            self.parts.append(values)
            return values

    for rank in (0, 1):
        examine(network, examination, sides.partition, (), Both(rank, 2, torch.device("cpu")))
    answers, losses = sum(Both.parts[::2]), sum(Both.parts[1::2])
    assert examination.report(answers.numpy(), sides.partition)["accuracy"] == whole["accuracy"]
    assert answers.tolist() == examined.answers.tolist()
    inside = int((examination.classes >= 0).sum())
    assert abs(float(losses) / inside - whole["loss"]) < 1e-5
    rules = examine_rules(network, examination, sides.partition, (), ALONE)
    assert rules["top-cell"] == {name: whole[name] for name in rules["top-cell"]}


def test_epochs_without_gain_count_from_the_first_best() -> None:
    def history(*accuracies: float) -> list[dict[str, object]]:
        return [{"validation": {"accuracy": value}} for value in accuracies]

    assert epochs_without_gain([]) == 0
    assert epochs_without_gain([{"validation": None}]) == 0
    assert epochs_without_gain(history(0.1, 0.2, 0.3)) == 0
    assert epochs_without_gain(history(0.1, 0.3, 0.3, 0.2)) == 2


def test_a_network_that_is_too_sure_gets_its_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    logs = rng.normal(0, 3, (90, 4))
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    truth = rng.uniform(size=(90, 1)) > np.exp(logs / 3).cumsum(axis=1) / np.exp(logs / 3).sum(
        1, keepdims=True
    )
    classes = np.minimum(truth.sum(axis=1), 3)
    classes[::9] = -1  # dropped cells
    parts = [slice(0, 64), slice(64, 90)]
    monkeypatch.setattr(
        examination_module,
        "_distributions",
        lambda *_: ((part, torch.from_numpy(logs[part])) for part in parts),
    )
    network = inception.build("tiny", 4)
    held_out = Examination(torch.zeros(90), torch.from_numpy(classes), np.zeros(90), np.zeros(90), 90)
    found = calibrate(network, held_out, (), ALONE)
    assert found["temperature"] == pytest.approx(calibration.fit_temperature(logs, classes), rel=1e-9)
    assert 2 < found["temperature"] < 4
    assert found["views_in_cells"] == 80
    inside = classes >= 0
    assert found["nll_before"] == pytest.approx(-logs[inside, classes[inside]].mean())
    assert found["nll_after"] < found["nll_before"]
    assert json.loads(json.dumps(found)) == found

    monkeypatch.setattr(examination_module, "CALIBRATED_FROM", 81)
    assert calibrate(network, held_out, (), ALONE)["temperature"] == 1.0
