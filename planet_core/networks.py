"""A network by name: a preset of `inception`, or `hf:` and another people's model (`backbones`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from planet_core import backbones, inception
from planet_core.heads import Network
from planet_core.stopping import UserError


def image_px(name: str) -> int:
    """Side of the pictures that a network takes.

    Raises:
        UserError: no such network, or a backbone whose settings cannot be read.
    """
    if name.startswith(backbones.PREFIX):
        return backbones.open_settings(name.removeprefix(backbones.PREFIX)).image_px
    if name not in inception.PRESETS:
        presets = ", ".join(inception.PRESETS)
        raise UserError(
            f"there is no network {name!r}; the networks are {presets}, or hf: and the name or folder of a"
            " transformers model"
        )
    return inception.PRESETS[name].image_px


def build(
    name: str, cells: int | Sequence[int], *, frozen: bool = False, dropout: float | None = None
) -> Network:
    """A network to train, for a number of classes or a list of numbers.

    Args:
        frozen: whether a backbone keeps its weights; our own networks have none to keep.
        dropout: share of the embedding that is dropped in training; None for the network's own.

    Raises:
        UserError: no such network, or one that cannot be loaded.
    """
    network: Network
    if name.startswith(backbones.PREFIX):
        network = backbones.build(name.removeprefix(backbones.PREFIX), cells, frozen=frozen)
    elif frozen:
        raise UserError(f"the network {name!r} starts from random weights: frozen, it would learn nothing")
    else:
        image_px(name)  # names what there is if this is none
        network = inception.build(name, cells)
    if dropout is not None:
        network.dropout = nn.Dropout(dropout)
    return network


def build_empty(name: str, cells: int | Sequence[int]) -> Network:
    """A network without values, on torch's meta device: its shapes, and nothing in memory.

    Raises:
        UserError: no such network.
    """
    with torch.device("meta"):
        if name.startswith(backbones.PREFIX):
            return backbones.build_empty(name.removeprefix(backbones.PREFIX), cells)
        image_px(name)  # names what there is if this is none
        return inception.build(name, cells)


def restore(config: Mapping[str, Any], cells: int | Sequence[int]) -> Network:
    """The network that a model version's config describes, with weights still to be loaded.

    Raises:
        ValueError: no such network.
        UserError: it needs a package that is not installed.
    """
    if "backbone" in config:
        return backbones.restore(config, cells)
    return inception.build(config["network"], cells)
