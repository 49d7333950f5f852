from __future__ import annotations

from functools import cache

import pytest
import torch

from planet_core import inception


@cache
def outline(preset: str) -> inception.Inception:
    """The network without its weights, which of the paper's are 390 MB."""
    with torch.device("meta"):
        return inception.build(preset, 26_263)


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
    modules = list(outline(preset).modules())
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


def test_tiny_starts_from_the_same_weights_as_ever() -> None:
    """Seeds written down in recipes and reports keep their meaning."""
    torch.manual_seed(0)
    network = inception.build("tiny", 7)
    assert network.stem[0][0].weight.abs().sum().item() == pytest.approx(133.281, abs=1e-3)
    assert network.classifier.weight.sum().item() == pytest.approx(-0.3298205, abs=1e-5)


def count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_planet_has_the_parameters_of_the_paper_to_one_percent() -> None:
    network = outline("planet")
    assert count(network) == pytest.approx(97_321_048, rel=0.01)
    assert count(network) - count(network.classifier) == pytest.approx(43.5e6, rel=0.01)
    assert network.embedding == 2048
    assert network.image_px == 299


@pytest.mark.parametrize(("preset", "width"), [("planet", 2048), ("planet-l4", 1024)])
def test_the_papers_networks_map_299_px_to_their_embedding(preset: str, width: int) -> None:
    images = torch.zeros(2, 3, 299, 299, device="meta")
    assert outline(preset).embed(images).shape == (2, width)
    assert outline(preset)(images).shape == (2, 26_263)


def test_small_stays_below_ten_megabytes_in_half_precision() -> None:
    network = inception.build("small", 2000)
    assert count(network) <= 5_000_000
    assert sum(2 * value.numel() for value in network.state_dict().values()) < 10_000_000


def test_a_list_of_partitions_gives_a_list_of_logits_and_gradients_from_each() -> None:
    network = inception.build("tiny", [3, 5, 9])
    logits = network(torch.randn(2, 3, 128, 128))
    assert [head.shape for head in logits] == [(2, 3), (2, 5), (2, 9)]
    for index, head in enumerate(logits):
        network.zero_grad()
        torch.nn.functional.cross_entropy(head, torch.tensor([0, 2])).backward(retain_graph=True)
        assert [other.weight.grad is not None for other in network.classifier] == [
            position == index for position in range(3)
        ]
        assert network.stem[0][0].weight.grad.abs().sum() > 0


def test_a_list_of_one_partition_is_still_a_list() -> None:
    [logits] = inception.build("tiny", [4]).eval()(torch.zeros(1, 3, 128, 128))
    assert logits.shape == (1, 4)


def test_unknown_presets_and_no_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="the networks are planet, planet-l4, small, tiny"):
        inception.build("huge", 5)
    for cells in (0, [], [3, 0]):
        with pytest.raises(ValueError, match="at least one cell"):
            inception.build("tiny", cells)
