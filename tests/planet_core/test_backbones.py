"""Somebody else's networks, tried with a tiny one with random weights; no network access."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from planet_core import backbones, checkpoint, networks, plan_memory, recipe, train_cnn
from planet_core.predict import Predictor
from planet_core.stopping import UserError
from tests.planet_core.made import coloured_towns, noise_picture
from tests.planet_core.made_model import INDEX, METRICS, made_partition

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def transformers() -> Any:
    return pytest.importorskip("transformers", reason="needs the extra: pip install '.[backbones]'")


@pytest.fixture(scope="module")
def folder(transformers: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vit")
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32,
        patch_size=16,
    )  # fmt: skip
    transformers.ViTModel(config).save_pretrained(path)
    wishes = {
        "image_mean": [0.1, 0.2, 0.3],
        "image_std": [0.4, 0.5, 0.6],
        "size": {"height": 32, "width": 32},
    }
    (path / "preprocessor_config.json").write_text(json.dumps(wishes))
    return path


def test_it_gives_logits_lists_and_embeddings(folder: Path) -> None:
    network = networks.build(f"hf:{folder}", 7).eval()
    images = torch.randn(2, 3, 32, 32)
    assert network(images).shape == (2, 7)
    assert network.embed(images).shape == (2, 16)
    assert [logits.shape for logits in networks.build(f"hf:{folder}", [2, 5])(images)] == [(2, 2), (2, 5)]
    assert (network.image_px, network.normalisation["mean"]) == (32, [0.1, 0.2, 0.3])
    assert networks.image_px(f"hf:{folder}") == 32


def test_its_memory_is_foreseen_without_its_weights(folder: Path) -> None:
    def memory(frozen: bool) -> plan_memory.Memory:
        values = replace(recipe.load("backbone"), network=f"hf:{folder}", frozen=frozen)
        return plan_memory.estimate(values, [7], 0, 256, 1, half=False)

    network = networks.build(f"hf:{folder}", 7)
    learning = 4 * sum(parameter.numel() for parameter in network.parameters())
    head = 4 * sum(parameter.numel() for parameter in network.classifier.parameters())
    assert memory(frozen=False).gradients == learning
    assert memory(frozen=True).gradients == head
    assert memory(frozen=True).activations < memory(frozen=False).activations


@pytest.mark.parametrize("frozen", [True, False])
def test_gradients_reach_the_model_unless_it_is_frozen(folder: Path, frozen: bool) -> None:
    network = networks.build(f"hf:{folder}", 3, frozen=frozen).train()
    assert isinstance(network, backbones.Backbone)
    assert network.model.training is not frozen
    network(torch.randn(2, 3, 32, 32)).sum().backward()
    reached = [parameter.grad is not None for parameter in network.model.parameters()]
    assert any(reached) is not frozen
    assert network.classifier.weight.grad.abs().sum() > 0


def test_a_convolutional_model_without_tokens(transformers: Any, tmp_path: Path) -> None:
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic"
    )
    transformers.ResNetModel(config).save_pretrained(tmp_path)
    network = backbones.build(str(tmp_path), 4)
    assert network.embed(torch.randn(2, 3, 64, 64)).shape == (2, 12)
    assert network.image_px == 224


def test_a_saved_version_needs_the_folder_no_more(folder: Path, tmp_path: Path) -> None:
    partition = made_partition()
    network = networks.build(f"hf:{folder}", len(partition), frozen=True).eval()
    values = recipe.load("backbone").as_dict()
    checkpoint.save(tmp_path / "m", network, "hf:elsewhere", partition, values, METRICS, INDEX)
    predictor = Predictor.load(tmp_path / "m", "cpu")
    pixels = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(predictor.model.network(pixels), network(pixels))
    assert predictor.distributions([noise_picture(1)]).sum() == pytest.approx(1, abs=1e-6)
    assert predictor.config["image_px"] == 32


@pytest.mark.slow
def test_it_trains_end_to_end(folder: Path, tmp_path: Path) -> None:
    towns = coloured_towns(tmp_path, photos_each=8)
    command = ["--recipe", "backbone", "--network", f"hf:{folder}", "--data", str(towns), "--epochs", "1"]
    assert train_cnn.main([*command, "--run", str(tmp_path / "run")]) == 0
    [row] = Predictor.load(tmp_path / "run" / "model").distributions([noise_picture(1)])
    assert np.isfinite(row).all()


def test_missing_models_and_models_of_text_are_refused(transformers: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot load the backbone .*none"):
        networks.build(f"hf:{tmp_path / 'none'}", 3)
    config = transformers.BertConfig(
        vocab_size=10, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    transformers.BertModel(config).save_pretrained(tmp_path / "text")
    with pytest.raises(UserError, match="is no vision model: it takes 'input_ids'"):
        networks.build(f"hf:{tmp_path / 'text'}", 3)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"pip install 'planet-arena\[backbones\]'"):
        networks.build("hf:anything", 3)


def test_our_own_networks_go_by_preset_and_are_never_frozen() -> None:
    assert networks.build("tiny", 3, dropout=0.5).dropout.p == 0.5
    with pytest.raises(UserError, match="learn nothing"):
        networks.build("tiny", 3, frozen=True)
    with pytest.raises(UserError, match="planet, planet-l4, small, tiny, or hf:"):
        networks.build("huge", 3)
