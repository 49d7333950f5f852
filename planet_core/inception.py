"""The network of the paper: Inception with batch normalisation (Ioffe & Szegedy 2015, figure 5).

Notable:
- every convolution is followed by batch normalisation and ReLU, and has no bias of its own
- 5x5 convolutions are two 3x3 in a row; grids shrink in blocks with stride 2
- global average pooling gives the embedding, one linear layer the logits over the cells
- several partitions at once get one linear layer each on the same embedding
- a preset is a table of widths; larger networks are more rows, not more code

The paper gives the sum alone: 97,321,048 parameters with 26,263 cells and 2,048 values below the softmax,
hence 43.5 million in the convolutions. `planet` is Ioffe and Szegedy's table with all blocks twice as wide
(but the stem as it is, where width costs most time), and the reductions of the last two blocks widened until
the sum fits.

Shapes: B batch, C channels, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from planet_core.heads import Network, make_classifier


@dataclass(frozen=True)
class Block:
    """Widths of one Inception block (channels).

    Attributes:
        direct: the 1x1 branch; 0 leaves it out (blocks with stride 2).
        reduce3, out3: 1x1 then 3x3.
        reduce5, out5: 1x1 then 3x3 then 3x3.
        pool: what the pooling branch is projected to; 0 passes its input on (blocks with stride 2).
        stride: 1, or 2 to halve the grid.
        max_pool: whether the pooling branch takes the maximum instead of the mean.
    """

    direct: int
    reduce3: int
    out3: int
    reduce5: int
    out5: int
    pool: int
    stride: int = 1
    max_pool: bool = False

    def out_channels(self, in_channels: int) -> int:
        """Channels of the concatenated branches."""
        return self.direct + self.out3 + self.out5 + (self.pool or in_channels)

    def times(self, factor: int) -> Block:
        """The same block with every width multiplied."""
        return replace(
            self,
            direct=factor * self.direct,
            reduce3=factor * self.reduce3,
            out3=factor * self.out3,
            reduce5=factor * self.reduce5,
            out5=factor * self.out5,
            pool=factor * self.pool,
        )


@dataclass(frozen=True)
class Config:
    """A network: `image_px` square input, a stem of three convolutions, then blocks.

    Attributes:
        stem: widths of 7x7/2, 1x1 and 3x3 convolutions, with a 3x3/2 maximum after the first and the last.
        dropout: share of the embedding that is dropped in training.
    """

    image_px: int
    stem: tuple[int, int, int]
    blocks: tuple[Block, ...]
    dropout: float = 0.0

    @property
    def embedding(self) -> int:
        """Width of the layer below the logits."""
        channels = self.stem[-1]
        for block in self.blocks:
            channels = block.out_channels(channels)
        return channels


# the table of Ioffe & Szegedy (2015), figure 5: direct, reduce3, out3, reduce5, out5, pool
_INCEPTION_BN = (
    Block(64, 64, 64, 64, 96, 32),  # 3a, 38 x 38 for 299 px
    Block(64, 64, 96, 64, 96, 64),  # 3b
    Block(0, 128, 160, 64, 96, 0, stride=2, max_pool=True),  # 3c
    Block(224, 64, 96, 96, 128, 128),  # 4a, 19 x 19
    Block(192, 96, 128, 96, 128, 128),  # 4b
    Block(160, 128, 160, 128, 160, 128),  # 4c
    Block(96, 128, 192, 160, 192, 128),  # 4d
    Block(0, 128, 192, 192, 256, 0, stride=2, max_pool=True),  # 4e
    Block(352, 192, 320, 160, 224, 128),  # 5a, 10 x 10
    Block(352, 192, 320, 192, 224, 128, max_pool=True),  # 5b
)

PRESETS = {
    "planet": Config(
        image_px=299,
        stem=(64, 64, 192),
        blocks=(
            *(block.times(2) for block in _INCEPTION_BN[:8]),
            Block(704, 512, 640, 448, 448, 256),
            Block(704, 512, 640, 448, 448, 256, max_pool=True),
        ),
    ),
    "planet-l4": Config(image_px=299, stem=(64, 64, 192), blocks=_INCEPTION_BN),
    "small": Config(
        image_px=128,
        stem=(32, 32, 96),
        blocks=(
            Block(32, 48, 64, 32, 48, 32),  # 16 x 16
            Block(48, 48, 64, 32, 48, 32),
            Block(0, 64, 96, 48, 64, 0, stride=2, max_pool=True),  # 8 x 8
            Block(96, 64, 96, 48, 64, 64),
            Block(96, 64, 112, 64, 80, 64),
            Block(80, 80, 128, 80, 96, 64),
            Block(0, 96, 128, 96, 128, 0, stride=2, max_pool=True),  # 4 x 4
            Block(192, 112, 176, 96, 128, 80),
            Block(192, 112, 176, 112, 144, 64, max_pool=True),
        ),
        dropout=0.2,
    ),
    "tiny": Config(
        image_px=128,
        stem=(32, 32, 64),
        blocks=(
            Block(32, 32, 32, 32, 32, 32),  # 16 x 16
            Block(0, 48, 64, 32, 64, 0, stride=2, max_pool=True),  # 8 x 8
            Block(64, 64, 96, 48, 64, 32),
            Block(0, 64, 96, 48, 64, 0, stride=2, max_pool=True),  # 4 x 4
            Block(128, 96, 128, 64, 96, 32, max_pool=True),
        ),
        dropout=0.2,
    ),
}

# input = (pixel / 255 - mean) / std, the same for the three channels
NORMALISATION = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class InceptionBlock(nn.Module):
    """Parallel branches over the same input, concatenated by channel."""

    def __init__(self, in_channels: int, widths: Block) -> None:
        super().__init__()
        stride = widths.stride
        branches: list[nn.Module] = []
        if widths.direct:
            branches.append(ConvNorm(in_channels, widths.direct, 1))
        branches.append(
            nn.Sequential(
                ConvNorm(in_channels, widths.reduce3, 1),
                ConvNorm(widths.reduce3, widths.out3, 3, stride),
            )
        )
        branches.append(
            nn.Sequential(
                ConvNorm(in_channels, widths.reduce5, 1),
                ConvNorm(widths.reduce5, widths.out5, 3),
                ConvNorm(widths.out5, widths.out5, 3, stride),
            )
        )
        pooling = nn.MaxPool2d if widths.max_pool else nn.AvgPool2d
        pool: list[nn.Module] = [pooling(3, stride, padding=1)]
        if widths.pool:
            pool.append(ConvNorm(in_channels, widths.pool, 1))
        branches.append(nn.Sequential(*pool))
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W) -> (B, C', H/stride, W/stride)
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Inception(Network):
    """Pictures (B, 3, image_px, image_px), normalised, to logits (B, cells), or to a list of them."""

    def __init__(self, config: Config, cells: int | Sequence[int]) -> None:
        super().__init__(config.image_px, NORMALISATION, config.embedding)
        first, second, third = config.stem
        self.stem = nn.Sequential(
            ConvNorm(3, first, 7, stride=2),  # image_px / 2
            nn.MaxPool2d(3, 2, padding=1),  # / 4
            ConvNorm(first, second, 1),
            ConvNorm(second, third, 3),
            nn.MaxPool2d(3, 2, padding=1),  # / 8
        )
        blocks: list[nn.Module] = []
        channels = third
        for widths in config.blocks:
            blocks.append(InceptionBlock(channels, widths))
            channels = widths.out_channels(channels)
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = make_classifier(channels, cells)
        initialise(self)

    def embed(self, images: Tensor) -> Tensor:
        """The layer below the logits, (B, embedding): 2,048 values for `planet`."""
        grid = self.blocks(self.stem(images))  # (B, C, H, W)
        pooled: Tensor = grid.mean(dim=(2, 3))
        return pooled


def initialise(network: nn.Module) -> None:
    """Random initialisation.

    convolution    normal, variance 2 / fan-out (He et al. 2015)
    classifier     normal, deviation 0.01; bias 0, so that training starts from about equal probabilities
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)


def build(preset: str, cells: int | Sequence[int]) -> Inception:
    """A network with random weights for a number of classes, or for several partitions at once.

    Args:
        preset: a name of `PRESETS`.
        cells: number of classes; a list of numbers gives one head each, and logits as a list in that order.

    Raises:
        ValueError: no such preset (lists them), or no class.
    """
    if preset not in PRESETS:
        raise ValueError(f"there is no network {preset!r}; the networks are {', '.join(PRESETS)}")
    return Inception(PRESETS[preset], cells)
