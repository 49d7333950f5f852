"""An album model on disk, read without torch: config, metrics, and the image version that it hangs on.

    model.safetensors     weights
    metrics.json          what was measured when it was trained
    MODEL_CARD.md         for people
    training_index.npz    which photos and places it has seen; not of every model
    config.json           kind "album", variant, recipe, digest of the image model, sha256 of every other file

The classes and their centres are the image model's. As for image models, the sha256 of config.json names the
version. The web process imports this module, so nothing here may import torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from planet_core.files import atomic_directory
from planet_core.model_card import CARD, DRAWN, ETHICS, MISUSE
from planet_core.model_directory import (
    CONFIG,
    METRICS,
    TRAINING_INDEX,
    WEIGHTS,
    ModelDirectoryError,
    TrainingIndex,
    sha256_of,
)

KIND = "album"
FORMAT = "planet-album-model"
FORMAT_VERSION = 1
CHECKSUMMED = (WEIGHTS, METRICS, CARD)
OPTIONAL = (TRAINING_INDEX,)
_REQUIRED_KEYS = (
    "variant",
    "cut",
    "image_model",
    "cells",
    "embedding_width",
    "recipe",
    "trained_on",
    "sha256",
)
Values = Mapping[str, Any]


def is_album_model(directory: str | os.PathLike[str]) -> bool:
    """Whether a folder holds an album model, as far as its config says."""
    try:
        config = json.loads((Path(directory) / CONFIG).read_text(encoding="utf-8"))
        return isinstance(config, dict) and config.get("kind") == KIND
    except (OSError, ValueError):
        return False


def save(
    directory: str | os.PathLike[str],
    weights: Mapping[str, npt.NDArray[Any]],
    values: Values,
    metrics: Values,
    training_index: TrainingIndex | None = None,
) -> str:
    """Writes an album model, as a whole or not at all, and returns its digest.

    Args:
        weights: arrays by name; may be none.
        values: of the config, JSON only: variant, cut, image_model (digest), cells, embedding_width, recipe,
            trained_on (`albums`, `photos`, `drawn`, …), and whatever the variant needs.
        metrics: what was measured, JSON only.
        training_index: what it has seen; without one nobody can say.

    Raises:
        ValueError: a value of the config is missing.
        OSError: the disk is full or not writable; what was there before is untouched.
    """
    missing = [key for key in _REQUIRED_KEYS if key not in values and key != "sha256"]
    if missing:
        raise ValueError(f"the config of an album model lacks {', '.join(missing)}")
    with atomic_directory(directory) as new:
        save_file({name: np.ascontiguousarray(value) for name, value in weights.items()}, new / WEIGHTS)
        (new / WEIGHTS).chmod(0o644)  # safetensors leaves it to the owner alone
        _write_json(new / METRICS, metrics)
        (new / CARD).write_text(card(values, metrics), encoding="utf-8")
        if training_index is not None:
            training_index.write(new / TRAINING_INDEX)
        written = [name for name in (*CHECKSUMMED, *OPTIONAL) if (new / name).is_file()]
        config = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "kind": KIND,
            **values,
            "sha256": {name: sha256_of(new / name) for name in written},
        }
        _write_json(new / CONFIG, config)
    return version_digest(directory)


def read_config(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """config.json of an album model.

    Raises:
        ModelDirectoryError: no such directory, no album model, a newer format, or values missing.
    """
    folder = Path(directory)
    if not folder.is_dir():
        raise ModelDirectoryError(f"there is no album model {folder}")
    config = _read_json(folder / CONFIG)
    if config.get("format") != FORMAT or config.get("kind") != KIND:
        raise ModelDirectoryError(
            f"{folder / CONFIG} does not describe an album model of this program; train one with"
            " python -m planet_core.train_album"
        )
    if config.get("format_version") != FORMAT_VERSION:
        raise ModelDirectoryError(
            f"{folder} has album model format {config.get('format_version')!r}, this program reads"
            f" {FORMAT_VERSION}"
        )
    missing = [key for key in _REQUIRED_KEYS if key not in config]
    if missing:
        raise ModelDirectoryError(f"{folder / CONFIG} lacks {', '.join(missing)}")
    if not isinstance(config["sha256"], dict):
        raise ModelDirectoryError(f"{folder / CONFIG} is damaged: sha256 holds no checksums by file")
    return config


def read_metrics(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """metrics.json of an album model. Raises ModelDirectoryError if it is missing or damaged."""
    _check_file(Path(directory), METRICS)
    return _read_json(Path(directory) / METRICS)


def read_training_index(directory: str | os.PathLike[str]) -> TrainingIndex:
    """What an album model has seen. Raises ModelDirectoryError if it is damaged, or not written down."""
    _check_file(Path(directory), TRAINING_INDEX)
    return TrainingIndex.read(Path(directory) / TRAINING_INDEX)


def read_weights(directory: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an album model, after comparing every file with its checksum.

    Raises:
        ModelDirectoryError: names the first file that is missing or damaged.
    """
    folder = Path(directory)
    verify(folder)
    try:
        return load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelDirectoryError(f"{folder / WEIGHTS} is damaged: {error}") from error


def verify(directory: str | os.PathLike[str]) -> None:
    """Checks every file against its checksum. Raises ModelDirectoryError, which names the first bad one."""
    named = read_config(directory)["sha256"]
    for name in (*CHECKSUMMED, *(name for name in OPTIONAL if name in named)):
        _check_file(Path(directory), name)


def version_digest(directory: str | os.PathLike[str]) -> str:
    """The name of an album model: sha256 of its config.json. Raises ModelDirectoryError as `read_config`."""
    read_config(directory)
    return sha256_of(Path(directory) / CONFIG)


def require_image_model(config: Values, digest: str) -> None:
    """Raises ModelDirectoryError where an album model hangs on another image model than the one at hand."""
    if config["image_model"] != digest:
        raise ModelDirectoryError(
            f"this album model belongs to the image model {config['image_model'][:12]}, not to {digest[:12]}:"
            " its embeddings and cells are others"
        )


def card(values: Values, metrics: Values) -> str:
    """MODEL_CARD.md: what it is for, what it learnt from, what was measured."""
    trained, recipe = values["trained_on"], values["recipe"]
    cut = f", albums cut to {values['cut']} photos" if values["cut"] else ""
    lines = [
        f"# Album model {values['variant']}{cut}",
        "",
        "It answers where each photo of an album was taken, from all photos of the album (Weyand et al. 2016,"
        " section 4). It needs the image model"
        f" `{values['image_model'][:12]}`, whose embeddings it reads and whose cells it answers with.",
        "",
        "## What it is not for",
        "",
        MISUSE,
        "",
        *([DRAWN, ""] if trained.get("drawn") else []),
        "## Facts",
        "",
        "| what | value |",
        "|---|---|",
        f"| variant | `{values['variant']}` |",
        f"| recipe | `{recipe.get('name', '?')}`, seed {recipe.get('seed', 0)} |",
        f"| classes | {values['cells']:,} S2 cells |",
        f"| trained on | {trained.get('albums', 0):,} albums, {trained.get('photos', 0):,} photos |",
        f"| sources | {'; '.join(trained.get('sources', [])) or 'not known'} |",
        f"| licences | {'; '.join(trained.get('licences', [])) or 'not known'} |",
        "",
        *_measured(metrics),
        "## Ethics",
        "",
        ETHICS,
        "",
    ]
    return "\n".join(lines)


def _measured(metrics: Values) -> list[str]:
    rows = {**(metrics.get("baseline") or {}), "this model": metrics.get("validation")}
    known = {name: row for name, row in rows.items() if row}
    if "this model" not in known:
        return ["## Measured", "", "No validation albums: nothing was measured.", ""]
    scales = [f"{scale} km" for scale in known["this model"]["accuracy_at_km"]]
    lines = [
        "## Validation albums (they chose the best epoch, which flatters it)",
        "",
        "| answer | " + " | ".join([*scales, "median km"]) + " |",
        "|---" * (len(scales) + 2) + "|",
    ]
    for name, row in known.items():
        shares = [f"{share:.1%}" for share in row["accuracy_at_km"].values()]
        lines.append("| " + " | ".join([name, *shares, f"{row['median_km']:,.0f}"]) + " |")
    return [*lines, ""]


def _check_file(folder: Path, name: str) -> None:
    expected = read_config(folder)["sha256"].get(name)
    try:
        actual = sha256_of(folder / name)
    except OSError as error:
        raise ModelDirectoryError(
            f"the album model lacks a file: cannot read {folder / name}: {error.strerror}"
        ) from error
    if actual != expected:
        raise ModelDirectoryError(
            f"{folder / name} is damaged or foreign: its sha256 is not the one in {CONFIG}"
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelDirectoryError(
            f"the album model lacks a file: cannot read {path}: {error.strerror}"
        ) from error
    except ValueError as error:
        raise ModelDirectoryError(f"{path} is damaged: {error}") from error
    if not isinstance(value, dict):
        raise ModelDirectoryError(f"{path} is damaged: it does not hold an object")
    return value


def _write_json(path: Path, value: Values) -> None:
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")
