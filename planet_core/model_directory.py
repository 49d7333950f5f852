"""A model version on disk, read without torch: config, metrics, what it was trained on, and its digest.

    model.safetensors     weights and batch statistics
    partition.npz         the classes
    metrics.json          what was measured when it was trained
    training_index.npz    which photos, groups and places it has seen
    config.json           format, network, recipe, and the sha256 of every other file

A version never changes. Since config.json holds the checksums of the rest, its own sha256 names the whole.
The web process imports this module, so nothing here may import torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from planet_core import s2

FORMAT = "planet-model"
FORMAT_VERSION = 1
WEIGHTS = "model.safetensors"
PARTITION = "partition.npz"
CONFIG = "config.json"
METRICS = "metrics.json"
TRAINING_INDEX = "training_index.npz"
CHECKSUMMED = (WEIGHTS, PARTITION, METRICS, TRAINING_INDEX)

_REQUIRED_KEYS = (
    "network",
    "cells",
    "image_px",
    "normalisation",
    "class_point",
    "partition_digest",
    "recipe",
    "fine_level",
    "sha256",
)


class ModelDirectoryError(Exception):
    """A model directory that is missing, incomplete, damaged or something else."""


@dataclass(frozen=True)
class TrainingIndex:
    """Which photos a model has seen: those it trained on and those that chose its best epoch.

    Attributes:
        training_digests, validation_digests: sha256 of the files, hexadecimal.
        training_groups, validation_groups: names of groups (sequences, panoramas, albums); never "".
        fine_level: S2 level of `training_cells`.
        training_cells: uint64 (n,), sorted: the fine cells that hold a training photo.
    """

    training_digests: tuple[str, ...]
    training_groups: tuple[str, ...]
    validation_digests: tuple[str, ...]
    validation_groups: tuple[str, ...]
    fine_level: int
    training_cells: npt.NDArray[np.uint64]

    @cached_property
    def _training(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(self.training_digests), frozenset(self.training_groups)

    def trained_on(self, digest: str, group: str = "") -> bool:
        """Whether the model trained on this photo or on another one of its group; "" is no group."""
        digests, groups = self._training
        return digest in digests or (bool(group) and group in groups)

    def trained_at(self, lat: npt.ArrayLike, lng: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether each place (degrees) lies in a fine cell with a training photo."""
        return np.isin(s2.cell_ids(lat, lng, self.fine_level), self.training_cells)

    def write(self, file: BinaryIO | str | os.PathLike[str]) -> None:
        """Writes the index as .npz."""
        np.savez_compressed(
            file,
            training_digests=_strings(self.training_digests),
            training_groups=_strings(self.training_groups),
            validation_digests=_strings(self.validation_digests),
            validation_groups=_strings(self.validation_groups),
            fine_level=np.array(self.fine_level),
            training_cells=self.training_cells,
        )

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> TrainingIndex:
        """Reads the index of a model directory.

        Raises:
            ModelDirectoryError: it is missing, or its checksum or contents are wrong.
        """
        check_file(directory, TRAINING_INDEX)
        return cls.read(Path(directory) / TRAINING_INDEX)

    @classmethod
    def read(cls, path: Path) -> TrainingIndex:
        """Reads an index whose checksum was compared. Raises ModelDirectoryError if it is damaged."""
        try:
            with np.load(path, allow_pickle=False) as data:
                return cls(
                    training_digests=tuple(data["training_digests"].tolist()),
                    training_groups=tuple(data["training_groups"].tolist()),
                    validation_digests=tuple(data["validation_digests"].tolist()),
                    validation_groups=tuple(data["validation_groups"].tolist()),
                    fine_level=int(data["fine_level"]),
                    training_cells=data["training_cells"].astype(np.uint64),
                )
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ModelDirectoryError(f"{path} is damaged: {error}") from error


def _strings(values: Iterable[str]) -> npt.NDArray[np.str_]:
    return np.array(sorted(values), dtype=np.str_)


def read_config(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """config.json of a model directory.

    Raises:
        ModelDirectoryError: no such directory, not a model, a newer format, or values missing.
    """
    folder = Path(directory)
    if not folder.is_dir():
        raise ModelDirectoryError(f"there is no model directory {folder}")
    config = _read_json(folder / CONFIG)
    if config.get("format") != FORMAT:
        raise ModelDirectoryError(f"{folder / CONFIG} does not describe a model of this program")
    if config.get("format_version") != FORMAT_VERSION:
        raise ModelDirectoryError(
            f"{folder} has model format {config.get('format_version')!r}, this program reads {FORMAT_VERSION}"
        )
    missing = [key for key in _REQUIRED_KEYS if key not in config]
    if missing:
        raise ModelDirectoryError(f"{folder / CONFIG} lacks {', '.join(missing)}")
    if not isinstance(config["sha256"], dict):
        raise ModelDirectoryError(f"{folder / CONFIG} is damaged: sha256 holds no checksums by file")
    return config


def read_metrics(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """metrics.json of a model directory. Raises ModelDirectoryError if it is missing or damaged."""
    check_file(directory, METRICS)
    return _read_json(Path(directory) / METRICS)


def version_digest(directory: str | os.PathLike[str]) -> str:
    """The name of a model version: sha256 of its config.json, which holds the checksums of all other files.

    Raises:
        ModelDirectoryError: as `read_config`.
    """
    read_config(directory)
    return sha256_of(Path(directory) / CONFIG)


def verify(directory: str | os.PathLike[str]) -> None:
    """Checks every file of a model directory against its checksum.

    Raises:
        ModelDirectoryError: names the first file that is missing or damaged.
    """
    for name in CHECKSUMMED:
        check_file(directory, name)


def check_file(directory: str | os.PathLike[str], name: str) -> Path:
    """The path of one file of a model directory, after comparing it with its checksum.

    Raises:
        ModelDirectoryError: the file is missing or not the one that was saved.
    """
    expected = read_config(directory)["sha256"].get(name)
    path = Path(directory) / name
    try:
        actual = sha256_of(path)
    except OSError as error:
        raise ModelDirectoryError(f"the model lacks a file: cannot read {path}: {error.strerror}") from error
    if actual != expected:
        raise ModelDirectoryError(f"{path} is damaged or foreign: its sha256 is not the one in {CONFIG}")
    return path


def sha256_of(path: str | os.PathLike[str]) -> str:
    """sha256 of a file, hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelDirectoryError(f"the model lacks a file: cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ModelDirectoryError(f"{path} is damaged: {error}") from error
    if not isinstance(value, dict):
        raise ModelDirectoryError(f"{path} is damaged: it does not hold an object")
    return value
