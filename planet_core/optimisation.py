"""How weights change: optimisers, the learning rate of a step, and weight averaging."""

from __future__ import annotations

import copy
import math
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from planet_core.heads import Network
from planet_core.stopping import UserError


class Pace(Protocol):
    """The values of a recipe that say how weights change; see `recipe.Recipe` for what they mean."""

    @property
    def optimiser(self) -> str: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def warmup_share(self) -> float: ...
    @property
    def initial_accumulator(self) -> float: ...


def make_optimiser(network: nn.Module, recipe: Pace) -> torch.optim.Optimizer:
    """AdaGrad as in the paper, or AdamW, whose decay leaves biases and batch normalisation alone.

    Weights that are frozen are left out.
    """
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if recipe.optimiser == "adagrad":
        return torch.optim.Adagrad(
            trained, lr=recipe.learning_rate, initial_accumulator_value=recipe.initial_accumulator
        )
    matrices = [parameter for parameter in trained if parameter.ndim > 1]
    vectors = [parameter for parameter in trained if parameter.ndim <= 1]
    decayed: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(decayed, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)


def rate_at(step: int, steps: int, recipe: Pace) -> float:
    """Learning rate of a step: linear warm-up, then a cosine down to 0; constant without warm-up."""
    if not recipe.warmup_share:
        return recipe.learning_rate
    warmup = max(1, round(recipe.warmup_share * steps))
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def check_finite(loss: Tensor) -> None:
    """Raises UserError where training has diverged."""
    if not loss.isfinite().all():
        worst = loss[~loss.isfinite()][0].item() if loss.ndim else loss.item()
        raise UserError(f"the loss has become {worst}: the learning rate of the recipe is too high")


class Average:
    """An exponential moving average of a network's weights; batch statistics are taken as they are.

    The decay of step t is min(decay, (1 + t) / (10 + t)), so that the random start is soon forgotten.

    Attributes:
        network: a copy of the network with the averaged weights.
    """

    def __init__(self, network: Network, decay: float) -> None:
        if not 0 < decay < 1:
            raise UserError(f"the decay of weight averaging must be between 0 and 1, not {decay}")
        self.decay = decay
        self.network = copy.deepcopy(network)

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Moves the average towards the weights after step `step`, which counts from 0."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        for mine, other in zip(self.network.parameters(), network.parameters(), strict=True):
            mine.lerp_(other, share)
        for kept, latest in zip(self.network.buffers(), network.buffers(), strict=True):
            kept.copy_(latest)
