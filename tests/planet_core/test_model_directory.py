from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from planet_core import checkpoint, inception, model_directory, s2
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.partition import Partition
from tests.planet_core.made_model import INDEX, METRICS, made_model, made_partition


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "first"
    made_model(directory)
    return directory


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def rewrite_config(model: Path, **changes: object) -> None:
    path = model / model_directory.CONFIG
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def sign(model: Path, name: str) -> None:
    """Makes the checksum of a changed file right, as a forger or a confused script would."""
    checksums = model_directory.read_config(model)["sha256"]
    rewrite_config(model, sha256={**checksums, name: model_directory.sha256_of(model / name)})


def test_a_model_comes_back_as_it_was(saved: Path) -> None:
    torch.manual_seed(0)
    original = inception.build("tiny", len(made_partition())).eval()
    loaded = checkpoint.load(saved)
    images = torch.randn(2, 3, 128, 128)
    assert torch.equal(loaded.network(images), original(images))
    assert loaded.partition.digest == made_partition().digest
    assert loaded.digest == model_directory.version_digest(saved)
    assert not loaded.network.training


def test_the_config_names_everything(saved: Path) -> None:
    config = model_directory.read_config(saved)
    assert {path.name for path in saved.iterdir()} == {model_directory.CONFIG, *model_directory.CHECKSUMMED}
    assert config["network"] == "tiny"
    assert config["cells"] == len(made_partition())
    assert config["image_px"] == 128
    assert config["class_point"] == "cell-center"
    assert config["recipe"]["fine_level"] == config["fine_level"] == 13
    assert config["parameters"] == sum(p.numel() for p in inception.build("tiny", 6).parameters())


def test_metrics_and_training_index_come_back(saved: Path) -> None:
    assert model_directory.read_metrics(saved) == METRICS
    index = TrainingIndex.load(saved)
    assert index.validation_digests == INDEX.validation_digests
    assert index.validation_groups == INDEX.validation_groups
    assert np.array_equal(index.training_cells, INDEX.training_cells)


def test_trained_on_means_the_photo_or_its_group(saved: Path) -> None:
    index = TrainingIndex.load(saved)
    assert index.trained_on("d1")
    assert index.trained_on("new", "walk")
    assert not index.trained_on("d3")
    assert not index.trained_on("d3", "ride")
    assert not index.trained_on("new")
    assert not index.trained_on("")


def test_trained_at_means_the_fine_cell(saved: Path) -> None:
    lat, lng = s2.centers(INDEX.training_cells)
    found = TrainingIndex.load(saved).trained_at([lat[0], 0.0], [lng[0], 0.0])
    assert found.tolist() == [True, False]


def test_an_index_may_be_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_directory, "check_file", lambda folder, name: Path(folder) / name)
    nothing = TrainingIndex((), (), (), (), 13, np.array([], dtype=np.uint64))
    nothing.write(tmp_path / model_directory.TRAINING_INDEX)
    loaded = TrainingIndex.load(tmp_path)
    assert not loaded.trained_on("", "")
    assert not loaded.trained_at(1.0, 2.0)


def test_the_digest_follows_the_weights(saved: Path, tmp_path: Path) -> None:
    assert made_model(tmp_path / "same") == model_directory.version_digest(saved)
    assert made_model(tmp_path / "other", seed=1) != model_directory.version_digest(saved)


@pytest.mark.parametrize("name", model_directory.CHECKSUMMED)
def test_every_file_is_checked(model: Path, name: str) -> None:
    path = model / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    for check in (model_directory.verify, checkpoint.load):
        with pytest.raises(ModelDirectoryError, match=f"{name} is damaged or foreign"):
            check(model)
    path.unlink()
    with pytest.raises(ModelDirectoryError, match=f"lacks a file: cannot read .*{name}"):
        model_directory.verify(model)


def test_places_that_are_no_model_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelDirectoryError, match="there is no model directory"):
        model_directory.read_config(tmp_path / "none")
    with pytest.raises(ModelDirectoryError, match=r"lacks a file: cannot read .*config\.json"):
        model_directory.version_digest(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"), [("{", "is damaged"), ("[]", "is damaged"), ("{}", "does not describe a model")]
)
def test_other_configs_are_refused(model: Path, content: str, reason: str) -> None:
    (model / model_directory.CONFIG).write_text(content)
    with pytest.raises(ModelDirectoryError, match=reason):
        model_directory.read_config(model)


def test_newer_and_incomplete_configs_are_refused(model: Path) -> None:
    rewrite_config(model, recipe=None)
    with pytest.raises(ModelDirectoryError, match="lacks recipe"):
        model_directory.read_config(model)
    rewrite_config(model, format_version=99)
    with pytest.raises(ModelDirectoryError, match="format 99"):
        model_directory.read_config(model)


def test_the_partition_of_another_model_is_refused(model: Path) -> None:
    Partition.at_level([1.0, 50.0], [1.0, 50.0], 3, 1).save(model / model_directory.PARTITION)
    sign(model, model_directory.PARTITION)
    with pytest.raises(ModelDirectoryError, match="not the one that the model was trained with"):
        checkpoint.load(model)


def test_weights_that_do_not_fit_are_refused(model: Path) -> None:
    weights = load_file(model / model_directory.WEIGHTS)
    save_file({"classifier.bias": weights["classifier.bias"]}, model / model_directory.WEIGHTS)
    sign(model, model_directory.WEIGHTS)
    with pytest.raises(ModelDirectoryError, match="do not fit"):
        checkpoint.load(model)
    (model / model_directory.WEIGHTS).write_bytes(b"no tensors here")
    sign(model, model_directory.WEIGHTS)
    with pytest.raises(ModelDirectoryError, match="do not fit"):
        checkpoint.load(model)


def test_an_index_that_lacks_arrays_is_damaged(model: Path) -> None:
    np.savez(model / model_directory.TRAINING_INDEX, other=np.arange(3))
    sign(model, model_directory.TRAINING_INDEX)
    with pytest.raises(ModelDirectoryError, match="is damaged"):
        TrainingIndex.load(model)


def test_a_disk_that_fills_up_leaves_the_old_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model_directory.version_digest(model)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TrainingIndex, "write", full)
    with pytest.raises(OSError, match="No space"):
        made_model(model, seed=2)
    assert model_directory.version_digest(model) == before
    model_directory.verify(model)
    assert list(model.parent.iterdir()) == [model]


def test_weights_for_another_number_of_cells_are_named(model: Path) -> None:
    weights = load_file(model / model_directory.WEIGHTS)
    fewer = {name: value[:-1] if name.startswith("classifier.") else value for name, value in weights.items()}
    save_file(fewer, model / model_directory.WEIGHTS)
    sign(model, model_directory.WEIGHTS)
    with pytest.raises(
        ModelDirectoryError, match=r"model\.safetensors are for 5 cells, but .*partition\.npz .* 6"
    ):
        checkpoint.load(model)


def test_a_partition_of_another_size_is_named(model: Path) -> None:
    other = Partition.at_level([1.0, 50.0], [1.0, 50.0], 3, 1)
    other.save(model / model_directory.PARTITION)
    sign(model, model_directory.PARTITION)
    rewrite_config(model, partition_digest=other.digest)
    with pytest.raises(ModelDirectoryError, match=r"partition\.npz is not the one .*: 2 cells, 6 in config"):
        checkpoint.load(model)
    rewrite_config(model, cells=2)
    with pytest.raises(
        ModelDirectoryError, match=r"model\.safetensors are for 6 cells, but .*partition\.npz .* 2"
    ):
        checkpoint.load(model)


def test_the_temperature_is_kept_and_may_be_absent(model: Path, tmp_path: Path) -> None:
    assert "temperature" not in checkpoint.load(model).config
    made_model(tmp_path / "calibrated", temperature=1.75)
    assert checkpoint.load(tmp_path / "calibrated").config["temperature"] == 1.75


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0),
        ("temperature", "warm"),
        ("temperature", True),
        ("temperature", float("inf")),
        ("normalisation", {"mean": [0.5] * 3}),
        ("normalisation", [0.5]),
        ("normalisation", {"mean": [0.5] * 3, "std": [1, 1, "a"]}),
    ],
)
def test_damaged_values_are_found_when_loading(model: Path, name: str, value: object) -> None:
    rewrite_config(model, **{name: value})
    with pytest.raises(ModelDirectoryError, match=rf"config\.json is damaged: .*{name}"):
        checkpoint.load(model)


def test_checksums_that_are_none_are_refused(model: Path) -> None:
    rewrite_config(model, sha256=["a"])
    with pytest.raises(ModelDirectoryError, match=r"config\.json is damaged: sha256"):
        checkpoint.load(model)
