"""Starts a network from the weights of a model version: every tensor that fits by name and shape.

A head is taken only where its cells are the very same: class 7 of one partition has nothing to do with
class 7 of another. Tensors that do not fit keep the values that they were made with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from planet_core import model_directory
from planet_core.heads import Network
from planet_core.model_directory import ModelDirectoryError
from planet_core.partition import Partition
from planet_core.stopping import UserError


@dataclass(frozen=True)
class StartWeights:
    """A model version to start from: its folder, its digest, its config."""

    folder: Path
    digest: str
    config: dict[str, Any]


@dataclass(frozen=True)
class TakenOver:
    """How many tensors of a network were taken over, how many are new, and whether all heads were taken."""

    taken: int
    new: int
    head: bool


def open_start(folder: str | os.PathLike[str]) -> StartWeights:
    """The model version to start from; its weights are read by `take_over`.

    Raises:
        UserError: there is no model version, or what it says of itself is damaged.
    """
    try:
        config = model_directory.read_config(folder)
        return StartWeights(Path(folder), model_directory.version_digest(folder), config)
    except ModelDirectoryError as error:
        raise UserError(f"cannot start from the model {folder}: {error}") from error


def take_over(network: Network, name: str, partitions: Sequence[Partition], start: StartWeights) -> TakenOver:
    """Copies the weights and batch statistics of a model version into a network.

    Args:
        network: built from `name`, with a head for each of `partitions`, coarse first.

    Raises:
        UserError: it is a version of another network, damaged, or nothing of it fits.
    """
    _check_network(network, name, start)
    try:
        found = load_file(model_directory.check_file(start.folder, model_directory.WEIGHTS))
    except (ModelDirectoryError, SafetensorError, OSError) as error:
        raise UserError(f"cannot start from the model {start.folder}: {error}") from error
    mine = network.state_dict()
    foreign = _other_heads(partitions, start.config)
    heads = [key for key in mine if key.startswith("classifier.")]
    fitting = {
        key: found[key]
        for key, value in mine.items()
        if key in found and found[key].shape == value.shape and not key.startswith(foreign)
    }
    if not fitting:
        raise UserError(f"cannot start from the model {start.folder}: none of its weights fit {name!r}")
    with torch.no_grad():
        for key, value in fitting.items():
            mine[key].copy_(value)
    return TakenOver(len(fitting), len(mine) - len(fitting), all(key in fitting for key in heads))


def _check_network(network: Network, name: str, start: StartWeights) -> None:
    theirs = start.config["network"]
    facts = {key: value for key, value in _plain(network.facts()).items() if key != "frozen"}
    same_facts = bool(facts) and all(start.config.get(key) == value for key, value in facts.items())
    if theirs != name and not same_facts:
        raise UserError(
            f"cannot start a network {name!r} from the model {start.folder}, which is a {theirs!r}: choose a"
            " model of the same network, or the network of the model (--network)"
        )


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """As it comes back out of a JSON file."""
    plain: dict[str, Any] = json.loads(json.dumps(value))
    return plain


def _other_heads(partitions: Sequence[Partition], config: dict[str, Any]) -> tuple[str, ...]:
    """Starts of the names of heads whose cells are not those of the model's head of that name."""
    coarser: list[list[str]] = config.get("coarser_cells", [])
    if len(coarser) != len(partitions) - 1:
        return ("classifier.",)
    same = [level.tokens() == tokens for level, tokens in zip(partitions, coarser, strict=False)]
    same.append(partitions[-1].digest == config["partition_digest"])
    if len(partitions) == 1:
        return () if same[0] else ("classifier.",)
    return tuple(f"classifier.{number}." for number, equal in enumerate(same) if not equal)
