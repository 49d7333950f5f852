"""Saving and loading an album model; the directory itself is `album_directory`'s."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from planet_core import album, album_directory
from planet_core.album import AlbumModel, Settings
from planet_core.model_directory import CONFIG, WEIGHTS, ModelDirectoryError, TrainingIndex
from planet_core.stopping import UserError


@dataclass(frozen=True)
class LoadedAlbumModel:
    """An album model in memory: the model in evaluation mode, its config and its digest."""

    model: AlbumModel
    config: dict[str, Any]
    digest: str

    @property
    def temperature(self) -> float:
        """What its probabilities are taken at; see `calibration`."""
        return float(self.config.get("temperature", 1.0))


def save(
    directory: str | os.PathLike[str],
    model: AlbumModel,
    values: Mapping[str, Any],
    metrics: Mapping[str, Any],
    training_index: TrainingIndex | None = None,
) -> str:
    """Writes a model as `album_directory.save` does; `values` are those that its settings do not give.

    Raises:
        OSError: the disk is full or not writable; what was there before is untouched.
    """
    weights = {name: value.detach().cpu().numpy() for name, value in model.weights().items()}
    count = sum(parameter.numel() for parameter in model.parameters())
    config = {**model.settings.as_dict(), "parameters": count, **values}
    return album_directory.save(directory, weights, config, metrics, training_index)


def load(directory: str | os.PathLike[str], device: str = "cpu") -> LoadedAlbumModel:
    """Reads an album model, every file checked against its checksum.

    Raises:
        ModelDirectoryError: missing, incomplete, damaged, of a variant that is no network (an HMM), or files
            that do not belong together.
    """
    folder = Path(directory)
    config = album_directory.read_config(folder)
    weights = album_directory.read_weights(folder)
    if config["variant"] not in album.VARIANTS:
        raise ModelDirectoryError(
            f"{folder} is an album model {config['variant']!r}, which is no network; the networks are"
            f" {', '.join(album.VARIANTS)}"
        )
    names = {field.name for field in fields(Settings)}
    values = {name: value for name, value in config.items() if name in names}
    try:
        model = album.of_settings(Settings(**values | {"coarser": tuple(config.get("coarser", ()))}))
        model.take_weights({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    except (UserError, RuntimeError, TypeError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise ModelDirectoryError(
            f"{folder / WEIGHTS} and {folder / CONFIG} do not fit each other: {reason}"
        ) from error
    return LoadedAlbumModel(model.to(device).eval(), config, album_directory.version_digest(folder))
