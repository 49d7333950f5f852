from __future__ import annotations

import pytest
import torch

from planet_core import inception


@pytest.fixture(scope="module")
def network() -> inception.Inception:
    torch.manual_seed(0)
    return inception.build("tiny", 7).eval()


def test_shapes_of_logits_and_embedding(network: inception.Inception) -> None:
    images = torch.randn(2, 3, 128, 128)
    assert network(images).shape == (2, 7)
    assert network.embed(images).shape == (2, inception.PRESETS["tiny"].embedding)


def test_logits_are_linear_in_the_embedding(network: inception.Inception) -> None:
    images = torch.randn(2, 3, 128, 128)
    torch.testing.assert_close(network(images), network.classifier(network.embed(images)))


@pytest.mark.parametrize("preset", inception.PRESETS)
def test_every_convolution_is_normalised_and_has_no_bias(preset: str) -> None:
    modules = list(inception.build(preset, 2).modules())
    convolutions = [module for module in modules if isinstance(module, torch.nn.Conv2d)]
    assert all(module.bias is None for module in convolutions)
    assert len(convolutions) == sum(isinstance(module, torch.nn.BatchNorm2d) for module in modules)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_block_concatenates_its_branches_and_halves_the_grid_on_demand(stride: int) -> None:
    widths = inception.Block(0 if stride == 2 else 5, 4, 6, 4, 7, 0 if stride == 2 else 3, stride, True)
    block = inception.InceptionBlock(8, widths)
    out = block(torch.randn(2, 8, 10, 10))
    assert out.shape == (2, widths.out_channels(8), 10 // stride, 10 // stride)
    assert widths.out_channels(8) == 21  # 5 + 6 + 7 + 3, or 6 + 7 + the 8 that pass


def test_training_reaches_every_parameter(network: inception.Inception) -> None:
    fresh = inception.build("tiny", 4)
    loss = torch.nn.functional.cross_entropy(fresh(torch.randn(4, 3, 128, 128)), torch.arange(4))
    loss.backward()
    assert all(parameter.grad is not None for parameter in fresh.parameters())
    assert all(parameter.grad.abs().sum() > 0 for parameter in fresh.parameters() if parameter.ndim > 1)


def test_random_weights_follow_the_seed_and_start_undecided() -> None:
    logits = []
    for _ in range(2):
        torch.manual_seed(4)
        logits.append(inception.build("tiny", 10).eval()(torch.ones(1, 3, 128, 128)))
    assert torch.equal(*logits)
    assert torch.softmax(logits[0], 1).max() < 0.5


def test_unknown_presets_and_no_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="the networks are tiny"):
        inception.build("huge", 5)
    with pytest.raises(ValueError, match="at least one cell"):
        inception.build("tiny", 0)
