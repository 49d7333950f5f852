"""The options of a recipe, end to end, with a network so small that a run takes a tenth of a second."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from planet_core import (
    checkpoint,
    inception,
    inference,
    model_directory,
    networks,
    recipe,
    resume,
    tensorboard,
    train_cnn,
)
from planet_core.heads import Network, make_classifier
from planet_core.model_directory import ModelDirectoryError
from planet_core.predict import Predictor
from planet_core.run_log import read_events, read_steps
from tests.planet_core.made import coloured_towns, noise_picture

BASE = replace(recipe.load("tiny"), batch_size=6, epochs=3)


class MeanColour(Network):
    """Sees the mean colour of a picture, all that the coloured towns differ in. No batch statistics."""

    def __init__(self, cells: int | Sequence[int]) -> None:
        super().__init__(32, inception.NORMALISATION, 3)
        self.dropout = nn.Dropout(0.0)
        self.classifier = make_classifier(3, cells)

    def embed(self, images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3))


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Trains with changed values of the recipe; returns the run directory."""
    towns = coloured_towns(tmp_path)
    monkeypatch.setattr(networks, "build", lambda _name, cells, **_: MeanColour(cells))
    monkeypatch.setattr(networks, "image_px", lambda _: 32)
    monkeypatch.setattr(networks, "restore", lambda _, cells: MeanColour(cells))

    def run(name: str = "run", *arguments: str, code: int = 0, **values: object) -> Path:
        changed = replace(BASE, **values)  # type: ignore[arg-type]
        monkeypatch.setattr(recipe, "load", lambda _: changed)
        folder = tmp_path / name
        command = ["--recipe", "tiny", "--data", str(towns), "--run", str(folder), *arguments]
        assert train_cnn.main(command) == code
        return folder

    return run


def curve(run: Path) -> list[float]:
    return [step["loss"] for step in read_steps(run)]


def test_accumulated_gradients_are_those_of_the_whole_step(train: Callable[..., Path]) -> None:
    whole, parts = train("whole"), train("parts", accumulate=3)
    np.testing.assert_allclose(curve(whole), curve(parts), rtol=1e-4)
    assert len(curve(whole)) > 6


@pytest.mark.parametrize("labels", ["one-hot", "haversine"])
@pytest.mark.parametrize("optimiser", ["adagrad", "adamw"])
def test_it_learns_with_both_labels_and_both_optimisers(
    train: Callable[..., Path], labels: str, optimiser: str
) -> None:
    run = train(labels=labels, optimiser=optimiser, learning_rate=0.5, epochs=6, average=0.5)
    metrics = model_directory.read_metrics(run / "model")
    assert metrics["validation"]["accuracy"] > 0.9 > metrics["baseline"]["accuracy"]
    epochs = [event for event in read_events(run) if event["event"] == "epoch"]
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]


def test_a_cpu_that_has_bfloat16_trains_in_it_on_demand(train: Callable[..., Path]) -> None:
    plain, half = (
        train(name, learning_rate=0.5, precision=name) for name in ("bfloat16", "bfloat16-anywhere")
    )
    np.testing.assert_allclose(curve(half), curve(plain), rtol=0.1)
    has = inference.precision("cpu", fast=True) == torch.bfloat16
    assert (curve(half) != curve(plain)) == has


def test_the_first_steps_are_of_smaller_pictures_on_demand(
    train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[int] = []

    def embed(network: MeanColour, images: Tensor) -> Tensor:
        assert images.shape[2] == images.shape[3]
        if network.training:
            sides.append(images.shape[2])
        return images.mean(dim=(2, 3))

    monkeypatch.setattr(MeanColour, "embed", embed)
    run = train(first_px=16, first_share=0.5, learning_rate=0.5)
    steps = len(curve(run))
    assert sides == [16] * -(-steps // 2) + [32] * (steps // 2)
    sides.clear()
    train("never", learning_rate=0.5)
    assert sides == [32] * steps
    assert curve(run)[-1] < curve(run)[0]


def test_the_shuffled_label_control_learns_nothing_from_the_pictures(train: Callable[..., Path]) -> None:
    values = {"learning_rate": 0.5, "epochs": 6}
    learnt = model_directory.read_metrics(train("true", **values) / "model")
    run = train("control", "--shuffle-labels", **values)
    control = model_directory.read_metrics(run / "model")
    assert learnt["epochs"][-1]["train_accuracy"] > 0.9
    assert control["epochs"][-1]["train_accuracy"] < 0.7
    assert model_directory.read_config(run / "model")["recipe"]["shuffled_labels"] is True
    assert "shuffled_labels" not in model_directory.read_config(run.parent / "true" / "model")["recipe"]
    partitions = [Predictor.load(run.parent / name / "model").partition for name in ("true", "control")]
    assert partitions[0].digest == partitions[1].digest  # the places are the same, whose they are is not


def test_several_partitions_train_together_and_answer_as_one(train: Callable[..., Path]) -> None:
    values = {"max_photos": 5, "min_photos": 1, "coarser": ((40, 1, 8), (11, 1, 9))}
    run = train(**values, learning_rate=0.3, epochs=6)
    predictor = Predictor.load(run / "model")
    sizes = [len(tokens) for tokens in predictor.config["coarser_cells"]]
    assert sizes[0] < sizes[1] < len(predictor.partition)
    rows = predictor.distributions([noise_picture(1), noise_picture(2)])
    assert rows.shape == (2, len(predictor.partition))
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)
    first = curve(run)[0]
    expected = sum(np.log(cells) for cells in [*sizes, len(predictor.partition)])
    assert first == pytest.approx(expected, rel=0.3)  # the sum of three losses, of an undecided network
    assert model_directory.read_metrics(run / "model")["coarser_cells"] == sizes


def test_partitions_that_do_not_nest_are_a_clear_error(
    train: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(code=2, coarser=((40, 39, 8),))
    assert "lie in no cell of a coarser partition" in capsys.readouterr().err
    assert read_events(run)[-1]["event"] == "failed"


def test_training_ends_when_validation_accuracy_has_stopped_rising(train: Callable[..., Path]) -> None:
    run = train(epochs=50, patience=2, optimiser="adagrad", learning_rate=1e-9)
    metrics = model_directory.read_metrics(run / "model")
    assert (len(metrics["epochs"]), metrics["stopped_early"], metrics["best_epoch"] <= 3) == (3, True, True)
    assert not model_directory.read_metrics(train("long", epochs=5) / "model")["stopped_early"]


def test_the_average_is_what_is_saved(train: Callable[..., Path]) -> None:
    plain, averaged = (checkpoint.load(train(str(a), average=a) / "model").network for a in (0.0, 0.999))
    weights = [network.classifier.weight.detach() for network in (plain, averaged)]
    assert not torch.allclose(*weights)
    assert weights[1].norm() < weights[0].norm()  # the average lags behind the weights, which grow from 0


def test_a_run_goes_on_at_the_step_where_it_stopped(
    train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train("whole", average=0.9)
    real, saved = resume.save, []

    def stop_after_the_fifth(run: Path, state: resume.Checkpoint) -> None:
        real(run, state)
        saved.append(state.progress["step"])
        if len(saved) == 5:
            raise train_cnn.Stopped

    with monkeypatch.context() as patch:
        patch.setattr(resume, "save", stop_after_the_fifth)
        train("part", "--checkpoint-steps", "1", code=130, average=0.9)
    train("part", "--resume", average=0.9)
    assert saved == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(curve(tmp := whole.parent / "part"), curve(whole), rtol=0, atol=1e-6)
    digests = [model_directory.version_digest(run / "model") for run in (whole, tmp)]
    assert digests[0] == digests[1]
    assert [e["step"] for e in read_events(tmp) if e["event"] == "resume"] == [5]


def test_without_resume_the_checkpoints_of_an_unfinished_run_are_set_aside(
    train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(train_cnn, "examine_rules", lambda *_: stop())

        def stop() -> None:
            raise train_cnn.Stopped

        run = train(code=130)
        before = [path.name for path in sorted((run / resume.FOLDER).iterdir())]
        train(code=130, epochs=1)
    assert [path.name for path in sorted((run / resume.ASIDE).iterdir())] == before
    assert f"are now in {run / resume.ASIDE}" in capsys.readouterr().err
    train(epochs=1)
    assert not (run / resume.ASIDE).exists()


def test_a_full_disk_at_the_end_is_told_and_the_run_can_go_on(
    train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    whole = train("whole")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", full)
        run = train(code=2)
    assert f"cannot save the model version {run / 'model'}: I/O error: No space" in capsys.readouterr().err
    assert not (run / "model").exists()
    train("run", "--resume")
    digests = [model_directory.version_digest(folder / "model") for folder in (whole, run)]
    assert digests[0] == digests[1]


def test_a_full_disk_under_the_diary_is_told_in_one_line(
    train: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.jsonl").symlink_to("/dev/full")
    train(code=2)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"train_cnn: cannot write {tmp_path}/run/metrics.jsonl: No space left")


def test_losses_that_are_fetched_now_and_then_are_the_same_and_checkpoints_come_when_wanted(
    train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = curve(train("each"))
    real, saved = resume.save, []
    monkeypatch.setattr(
        resume, "save", lambda run, state: saved.append(state.progress["step"]) or real(run, state)
    )
    monkeypatch.setattr(train_cnn, "SYNC_STEPS", {"cpu": 4})
    assert curve(train("some", "--checkpoint-steps", "3")) == expected
    epoch = len(expected) // BASE.epochs
    assert saved == [step for step in range(1, len(expected) + 1) if step % 3 == 0 or step % epoch == 0]


def test_curves_for_tensorboard_where_it_is_installed(
    train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    scalars: list[tuple[str, float, int]] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            assert folder.endswith(tensorboard.FOLDER)

        def add_scalar(self, name: str, value: float, step: int) -> None:
            scalars.append((name, value, step))

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    run = train("run", "--tensorboard")
    losses = [value for name, value, _ in scalars if name == "loss"]
    assert losses == curve(run)
    assert sum(name == "validation/accuracy" for name, _, _ in scalars) == BASE.epochs


def test_without_tensorboard_the_option_says_what_to_do(
    train: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    train("run", "--tensorboard", code=2)
    assert "pip install tensorboard" in capsys.readouterr().err


def test_a_model_whose_coarser_cells_were_changed_is_refused(train: Callable[..., Path]) -> None:
    run = train(max_photos=5, min_photos=1, coarser=((40, 1, 8),))
    config = run / "model" / model_directory.CONFIG
    text = config.read_text()
    token = model_directory.read_config(run / "model")["coarser_cells"][0][0]
    config.write_text(text.replace(f'"{token}"', '"1"'))
    with pytest.raises(ModelDirectoryError, match="do not fit its config"):
        checkpoint.load(run / "model")


def test_each_validation_leaves_what_people_look_at(train: Callable[..., Path]) -> None:
    run = train(epochs=2, learning_rate=0.5)
    shown = json.loads((run / "validation.json").read_text())
    last = [event for event in read_events(run) if event["event"] == "epoch"][-1]
    assert (shown["epoch"], shown["views"]) == (2, last["validation"]["views"])
    assert float(np.median(shown["distance_km"])) == pytest.approx(last["validation"]["median_km"], abs=0.01)
    assert len(shown["samples"]) == len(list((run / "samples").iterdir())) == min(12, shown["views"])
