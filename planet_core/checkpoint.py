"""Saving and loading a model version: weights as safetensors, the rest as `model_directory` reads it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from planet_core import hierarchy, model_directory, networks, s2
from planet_core.files import atomic_directory
from planet_core.heads import Network
from planet_core.hierarchy import HierarchyError
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.partition import Partition, PartitionError
from planet_core.stopping import UserError


@dataclass(frozen=True)
class Model:
    """A model version in memory: the network in evaluation mode, its classes, its config and its digest.

    `parents` is for `hierarchy.log_probabilities`: for each coarser partition, int64 (cells,); () for most.
    """

    network: Network
    partition: Partition
    config: dict[str, Any]
    digest: str
    parents: tuple[Tensor, ...] = ()


def save(
    directory: str | os.PathLike[str],
    network: Network,
    name: str,
    partition: Partition,
    recipe: dict[str, Any],
    metrics: dict[str, Any],
    training_index: TrainingIndex,
    coarser: Sequence[Partition] = (),
    temperature: float | None = None,
) -> str:
    """Writes a model version directory, as a whole or not at all, and returns its digest.

    `recipe` holds all values of the run, JSON only; `network` was built from `name`, with heads for the
    partitions `coarser`, coarse first, if any, and the last one for `partition`. `temperature` is that of
    calibrated probabilities (see `calibration`), None for a model that was not calibrated.
    A directory of that name is replaced once the new one is complete.

    Raises:
        OSError: the disk is full or not writable; what was there before is untouched.
    """
    with atomic_directory(directory) as new:
        weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
        save_file(weights, new / model_directory.WEIGHTS)
        (new / model_directory.WEIGHTS).chmod(0o644)  # safetensors leaves it to the owner alone
        partition.save(new / model_directory.PARTITION)
        _write_json(new / model_directory.METRICS, metrics)
        training_index.write(new / model_directory.TRAINING_INDEX)
        config = {
            "format": model_directory.FORMAT,
            "format_version": model_directory.FORMAT_VERSION,
            "network": name,
            "cells": len(partition),
            "embedding": network.embedding,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "image_px": network.image_px,
            "normalisation": network.normalisation,
            "class_point": recipe["class_point"],
            "partition_digest": partition.digest,
            "fine_level": training_index.fine_level,
            "recipe": recipe,
            **network.facts(),
            **({} if temperature is None else {"temperature": temperature}),
            **({"coarser_cells": [other.tokens() for other in coarser]} if coarser else {}),
            "sha256": {name: model_directory.sha256_of(new / name) for name in model_directory.CHECKSUMMED},
        }
        _write_json(new / model_directory.CONFIG, config)
    return model_directory.version_digest(directory)


def load(directory: str | os.PathLike[str], device: str = "cpu") -> Model:
    """Reads a model version, every file checked against its checksum.

    Raises:
        ModelDirectoryError: missing, incomplete, damaged, or files that do not belong together.
    """
    folder = Path(directory)
    config = model_directory.read_config(folder)
    model_directory.verify(folder)
    try:
        partition = Partition.load(folder / model_directory.PARTITION)
    except PartitionError as error:
        raise ModelDirectoryError(str(error)) from error
    if partition.digest != config["partition_digest"] or len(partition) != config["cells"]:
        raise ModelDirectoryError(
            f"the partition in {folder / model_directory.PARTITION} is not the one that the model was trained"
            f" with: {len(partition)} cells, {config['cells']} in {model_directory.CONFIG}"
        )
    _check_values(folder, config)
    try:
        coarser = [_of_tokens(tokens) for tokens in config.get("coarser_cells", [])]
        cells = [*map(len, coarser), len(partition)] if coarser else len(partition)
        parents = tuple(torch.from_numpy(hierarchy.parents(other, partition)).to(device) for other in coarser)
        network = networks.restore(config, cells)
        weights = load_file(folder / model_directory.WEIGHTS, device=device)
        _check_classes(folder, weights, cells)
        network.load_state_dict(weights)
    except UserError as error:
        raise ModelDirectoryError(f"cannot load {folder}: {error}") from error
    except (ValueError, RuntimeError, KeyError, HierarchyError, SafetensorError) as error:
        reason = " ".join(str(error).split())
        raise ModelDirectoryError(
            f"the weights in {folder / model_directory.WEIGHTS} do not fit its config: {reason}"
        ) from error
    network.to(device).eval()
    return Model(network, partition, config, model_directory.version_digest(folder), parents)


def _check_values(folder: Path, config: dict[str, Any]) -> None:
    """What nothing else would find out before the first answer."""
    temperature, normalisation = config.get("temperature", 1.0), config["normalisation"]
    path = folder / model_directory.CONFIG
    if not (_is_number(temperature) and 0 < temperature < math.inf):
        raise ModelDirectoryError(f"{path} is damaged: the temperature {temperature!r} is no positive number")
    values = [normalisation.get(name) for name in ("mean", "std")] if isinstance(normalisation, dict) else []
    if not values or not all(isinstance(v, list) and len(v) == 3 and all(map(_is_number, v)) for v in values):
        raise ModelDirectoryError(
            f"{path} is damaged: normalisation needs mean and std of three channels, not {normalisation!r}"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_classes(folder: Path, weights: dict[str, Tensor], cells: int | list[int]) -> None:
    """That the weights have a class for each cell of each partition."""
    names = ["classifier."] if isinstance(cells, int) else [f"classifier.{n}." for n in range(len(cells))]
    wanted = [cells] if isinstance(cells, int) else cells
    found = [len(weights[name + "bias"]) for name in names if name + "bias" in weights]
    if len(found) == len(wanted) and found != wanted:
        raise ModelDirectoryError(
            f"the weights in {folder / model_directory.WEIGHTS} are for {_listed(found)} cells, but"
            f" {folder / model_directory.PARTITION} and its config have {_listed(wanted)}"
        )


def _listed(counts: list[int]) -> str:
    return " + ".join(map(str, counts))


def _of_tokens(tokens: list[str]) -> Partition:
    """A partition of which only the cells are known."""
    cells = s2.from_tokens(tokens)
    return Partition(cells, np.zeros(cells.size, dtype=np.int64), *s2.centers(cells))


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")
