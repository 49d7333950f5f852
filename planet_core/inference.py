"""A trained network made ready to answer: the same function of the pixels, in less time.

Batch normalisation is folded into the convolution before it, exactly. What is left of a `ConvNorm` is one
convolution with bias and ReLU, done in one pass by oneDNN, its weights in the order that oneDNN likes. On a
CPU and in float32, larger 3x3 convolutions with stride 1 go by Winograd's way, a quarter of the
multiplications (`WinogradConvolution`). Other networks and devices: channels last, folded where it can be.

oneDNN's operators are those that torch.compile puts in; called directly they need no compiler and no half
minute at the start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from planet_core.heads import Network
from planet_core.inception import ConvNorm

AnyNetwork = TypeVar("AnyNetwork", bound=Network)
Square = tuple[int, int]
Matrix = list[list[float]]

WINOGRAD_GRID, WINOGRAD_CHANNELS = 14, 64
"""From this grid on, with so many channels in and out, Winograd's way is the faster, also for one picture."""


def precision(device: str, *, fast: bool) -> torch.dtype:
    """What numbers to calculate in: float32, or bfloat16 where that is wanted and the device has it."""
    kind = torch.device(device).type
    if not fast:
        return torch.float32
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    has = kind == "cpu" and _has_onednn() and _cpu_has_bfloat16()
    return torch.bfloat16 if has else torch.float32


def prepare_for_inference(network: AnyNetwork, device: str, numbers: torch.dtype) -> AnyNetwork:
    """The network changed in place for answers alone; it cannot be trained or saved any more.

    Args:
        network: in any state; ends in evaluation mode on the device.
        device: as torch names it.
        numbers: as `precision` says; the network then takes pictures in it.
    """
    network.eval().requires_grad_(False)
    if torch.device(device).type == "cpu" and _has_onednn():
        sides = _grid_sides(network)
        _replace(network, lambda layer: _on_cpu(layer, sides[layer], numbers))
    else:
        _replace(network, _folded)
    return network.to(device=device, dtype=numbers, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _has_onednn() -> bool:
    operators = ("_convolution_pointwise", "_reorder_convolution_weight")
    return torch.backends.mkldnn.is_available() and all(  # type: ignore[no-untyped-call]
        hasattr(torch.ops.mkldnn, name) for name in operators
    )


def _cpu_has_bfloat16() -> bool:
    """Whether in hardware; oneDNN emulates it elsewhere, slower than float32."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _grid_sides(network: Network) -> dict[nn.Module, Square]:
    """(height, width) of what each `ConvNorm` is given."""
    sides: dict[nn.Module, Square] = {}

    def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        sides[layer] = (inputs[0].shape[2], inputs[0].shape[3])

    layers = [module for module in network.modules() if isinstance(module, ConvNorm)]
    if not layers:
        return sides
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    with torch.inference_mode():
        network.embed(torch.empty(0, 3, network.image_px, network.image_px))  # no picture at all
    for hook in hooks:
        hook.remove()
    return sides


def _replace(module: nn.Module, make: Callable[[ConvNorm], nn.Module]) -> None:
    for name, child in module.named_children():
        if isinstance(child, ConvNorm):
            setattr(module, name, make(child))
        else:
            _replace(child, make)


def _fold(layer: ConvNorm) -> nn.Conv2d:
    """The convolution with its batch normalisation in weights and bias."""
    convolution, norm, _ = layer
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    return fuse_conv_bn_eval(convolution, norm)


def _folded(layer: ConvNorm) -> nn.Module:
    return nn.Sequential(_fold(layer), nn.ReLU(inplace=True))


def _on_cpu(layer: ConvNorm, side: Square, numbers: torch.dtype) -> nn.Module:
    convolution = _fold(layer)
    plain = convolution.kernel_size == (3, 3) and convolution.stride == (1, 1)
    wide = min(convolution.in_channels, convolution.out_channels) >= WINOGRAD_CHANNELS
    if numbers == torch.float32 and plain and wide and min(side) >= WINOGRAD_GRID:
        return WinogradConvolution(convolution, side)
    return Convolution(convolution, side, numbers)


class Convolution(nn.Module):
    """A convolution with bias and ReLU in one pass of oneDNN, (B, C, H, W) channels last."""

    def __init__(self, convolution: nn.Conv2d, side: Square, numbers: torch.dtype) -> None:
        super().__init__()
        assert convolution.bias is not None
        self.stride, self.padding = list(convolution.stride), [size // 2 for size in convolution.kernel_size]
        # no parameters or buffers: weights in oneDNN's order cannot be copied, moved or saved
        self.weights = _packed(convolution.weight.to(numbers), self.padding, self.stride, 1, side)
        self.bias = convolution.bias.detach().to(numbers)

    def forward(self, x: Tensor) -> Tensor:
        return _convolve(x, self.weights, self.bias, self.padding, self.stride, 1, "relu")


def _packed(weights: Tensor, padding: list[int], stride: list[int], groups: int, side: Square) -> Tensor:
    size = [1, weights.shape[1] * groups, *side]
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weights.detach(), padding, stride, [1, 1], groups, size
    )
    return packed


def _convolve(
    x: Tensor,
    weights: Tensor,
    bias: Tensor | None,
    padding: list[int],
    stride: list[int],
    groups: int,
    after: str,
) -> Tensor:
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weights, bias, padding, stride, [1, 1], groups, after, [], ""
    )
    return y


# ------------------------------------------------------------------------------------------------
# Winograd

# F(4x4, 3x3) of Lavin & Gray 2016: of a tile d (6 x 6) and a filter g (3 x 3), both seen through these
# matrices, the products number by number, seen through the third, are the 4 x 4 results:
# y = A ((G g G^T) * (B d B^T)) A^T
_B: Matrix = [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
]
_G: Matrix = [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
]
_A: Matrix = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
_TILE, _STEP = 6, 4


def _both_ways(matrix: Matrix) -> Tensor:
    """What multiplies a flattened square from both sides: vec(M X M^T) = (M kron M) vec(X)."""
    one = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(one, one)


class WinogradConvolution(nn.Module):
    """A 3x3 convolution with stride 1, bias and ReLU, (B, C, H, W), by Winograd's way, float32.

    Tiles of 6 x 6 pixels, 4 apart, give 4 x 4 results each with 36 products for each pair of channels instead
    of 144. Sums over channels are a convolution of oneDNN's in 36 groups over all tiles. The weights take
    four times the memory; rounding errors are about five times those of the direct way.
    """

    def __init__(self, convolution: nn.Conv2d, side: Square) -> None:
        super().__init__()
        assert convolution.bias is not None
        filters = convolution.weight.detach().double()  # (O, C, 3, 3)
        self.outputs, channels = filters.shape[:2]
        seen = _both_ways(_G) @ filters.flatten(2).permute(2, 1, 0).reshape(9, -1)  # (36, C * O)
        weights = seen.float().view(-1, channels, self.outputs).transpose(1, 2)
        tiles = -(-side[0] // _STEP) * -(-side[1] // _STEP)
        self.weights = _packed(weights.reshape(-1, channels, 1, 1), [0, 0], [1, 1], _TILE * _TILE, (tiles, 1))
        self.bias = convolution.bias.detach()
        self.before, self.after = _both_ways(_B).float(), _both_ways(_A).float()

    def forward(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        rows, columns = -(-height // _STEP), -(-width // _STEP)
        edges = (0, 0, 1, _STEP * columns + 1 - width, 1, _STEP * rows + 1 - height)
        padded = functional.pad(x.permute(0, 2, 3, 1), edges)  # (B, H', W', C)
        tiles = padded.unfold(1, _TILE, _STEP).unfold(2, _TILE, _STEP)  # (B, rows, columns, C, 6, 6)
        tiles = tiles.permute(0, 1, 2, 4, 5, 3).reshape(-1, _TILE * _TILE, channels)
        seen = torch.matmul(self.before, tiles).view(count, rows * columns, 1, -1).permute(0, 3, 1, 2)
        sums = _convolve(seen, self.weights, None, [0, 0], [1, 1], _TILE * _TILE, "none")
        sums = sums.permute(0, 2, 3, 1).reshape(len(tiles), _TILE * _TILE, self.outputs)
        y = (torch.matmul(self.after, sums) + self.bias).relu_()  # (B * rows * columns, 16, O)
        y = y.view(count, rows, columns, _STEP, _STEP, self.outputs).transpose(2, 3)
        grid = y.reshape(count, _STEP * rows, _STEP * columns, self.outputs)
        return grid[:, :height, :width].permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
