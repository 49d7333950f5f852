from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from planet_core import inception, inference

ONEDNN = pytest.mark.skipif(not inference._has_onednn(), reason="torch is built without oneDNN")
BFLOAT16 = pytest.mark.skipif(
    not (inference._has_onednn() and torch.ops.mkldnn._is_mkldnn_bf16_supported()),
    reason="this processor has no bfloat16, not even one that oneDNN emulates",
)


@pytest.fixture(scope="module")
def network() -> inception.Inception:
    """A network whose batch statistics are not those of the start."""
    torch.manual_seed(0)
    made = inception.build("tiny", 7).eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    return made


def layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    torch.manual_seed(1)
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)


@pytest.mark.parametrize("pictures", [1, 3])
@pytest.mark.parametrize("channels", [1, 64])
def test_a_prepared_network_answers_the_same(
    network: inception.Inception, pictures: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "WINOGRAD_CHANNELS", channels)
    prepared = inference.prepare_for_inference(copy.deepcopy(network), "cpu", torch.float32)
    images = torch.randn(pictures, 3, 128, 128)
    with torch.inference_mode():
        torch.testing.assert_close(prepared(images), network(images), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(prepared.embed(images), network.embed(images), rtol=1e-4, atol=1e-4)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in prepared.modules())
    assert not prepared.training


@ONEDNN
def test_the_larger_grids_go_winograds_way(
    network: inception.Inception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert by_winograd(network, torch.float32) == 0  # too thin to gain
    monkeypatch.setattr(inference, "WINOGRAD_CHANNELS", 1)
    # the stem's 3x3 at 32 px, three in the block at 16 px and one in that which halves it
    assert by_winograd(network, torch.float32) == 5


@BFLOAT16
def test_nothing_goes_winograds_way_in_bfloat16(
    network: inception.Inception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "WINOGRAD_CHANNELS", 1)
    assert by_winograd(network, torch.bfloat16) == 0


def by_winograd(network: inception.Inception, numbers: torch.dtype) -> int:
    prepared = inference.prepare_for_inference(copy.deepcopy(network), "cpu", numbers)
    return sum(isinstance(module, inference.WinogradConvolution) for module in prepared.modules())


def test_without_onednn_and_elsewhere_it_folds_alone(
    network: inception.Inception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "_has_onednn", lambda: False)
    prepared = inference.prepare_for_inference(copy.deepcopy(network), "cpu", torch.float32)
    images = torch.randn(2, 3, 128, 128)
    with torch.inference_mode():
        torch.testing.assert_close(prepared(images), network(images), rtol=1e-4, atol=1e-4)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in prepared.modules())
    assert inference.precision("cpu", fast=True) == torch.float32


@ONEDNN
@pytest.mark.parametrize(("height", "width"), [(16, 16), (14, 19), (17, 21)])
@pytest.mark.parametrize("pictures", [1, 3])
def test_winograd_is_a_convolution(height: int, width: int, pictures: int) -> None:
    convolution = layer(5, 6, 3)
    images = torch.randn(pictures, 5, height, width).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        found = inference.WinogradConvolution(convolution, (height, width))(images)
        expected = convolution.double()(images.double()).relu()
    assert found.shape == expected.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5)


@ONEDNN
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (7, 2)])
def test_a_packed_convolution_is_a_convolution(kernel: int, stride: int) -> None:
    convolution = layer(5, 6, kernel, stride)
    images = torch.randn(2, 5, 9, 9).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        found = inference.Convolution(convolution, (9, 9), torch.float32)(images)
        torch.testing.assert_close(found, convolution(images).relu())


@BFLOAT16
def test_the_fast_path_is_nearly_the_same(
    network: inception.Inception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "_cpu_has_bfloat16", lambda: True)  # elsewhere it is emulated
    numbers = inference.precision("cpu", fast=True)
    assert numbers == torch.bfloat16
    prepared = inference.prepare_for_inference(copy.deepcopy(network), "cpu", numbers)
    images = torch.randn(4, 3, 128, 128)
    with torch.inference_mode():
        fast, exact = prepared(images.bfloat16()), network(images)
    assert fast.dtype == torch.bfloat16
    error = (fast.float() - exact).abs().max() / exact.std()
    assert 0 < error < 0.1


def test_float32_is_the_default_and_what_is_left_without_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inference.precision("cpu", fast=False) == torch.float32
    assert inference.precision("mps", fast=True) == torch.float32
    monkeypatch.setattr(inference, "_cpu_has_bfloat16", lambda: False)
    assert inference.precision("cpu", fast=True) == torch.float32
