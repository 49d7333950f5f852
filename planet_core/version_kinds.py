"""Model versions of either kind on disk: for single photos, or for albums. No torch.

An image version is `model_directory`'s, an album version `album_directory`'s. Whoever handles versions
without loading them (the registry of the game, `model_file`) asks here which of the two a folder is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from planet_core import album_directory, model_directory
from planet_core.album_directory import is_album_model
from planet_core.model_directory import CONFIG, PARTITION, TRAINING_INDEX, TrainingIndex

Directory = str | os.PathLike[str]


@dataclass(frozen=True)
class VersionKind:
    """How versions of a kind lie on disk.

    Attributes:
        name: `image` or `album`.
        files: names of all files that a version must have, config.json first.
        optional: names of files that it may have besides, and vouches for then.
        arrays: those of both that are .npz.
        may_be_empty: whether a version may have no weights (an album model that is no network).
        card_is_fixed: whether MODEL_CARD.md is among the files that the version's digest vouches for.
        read_config, read_metrics, read_training_index, version_digest, verify: as `model_directory` has them.
    """

    name: str
    files: tuple[str, ...]
    optional: tuple[str, ...]
    arrays: tuple[str, ...]
    may_be_empty: bool
    card_is_fixed: bool
    read_config: Callable[[Directory], dict[str, Any]]
    read_metrics: Callable[[Directory], dict[str, Any]]
    read_training_index: Callable[[Directory], TrainingIndex]
    version_digest: Callable[[Directory], str]
    verify: Callable[[Directory], None]

    @property
    def checksummed(self) -> tuple[str, ...]:
        """The files whose sha256 stands in config.json."""
        return self.files[1:]


IMAGE = VersionKind(
    "image",
    (CONFIG, *model_directory.CHECKSUMMED),
    (),
    (PARTITION, TRAINING_INDEX),
    False,
    False,
    model_directory.read_config,
    model_directory.read_metrics,
    TrainingIndex.load,
    model_directory.version_digest,
    model_directory.verify,
)
ALBUM = VersionKind(
    album_directory.KIND,
    (CONFIG, *album_directory.CHECKSUMMED),
    album_directory.OPTIONAL,
    (TRAINING_INDEX,),
    True,
    True,
    album_directory.read_config,
    album_directory.read_metrics,
    album_directory.read_training_index,
    album_directory.version_digest,
    album_directory.verify,
)
KINDS: Mapping[str, VersionKind] = {kind.name: kind for kind in (IMAGE, ALBUM)}


def kind_of(directory: Directory) -> VersionKind:
    """Of which kind the version in a folder is, as far as its config says; `IMAGE` where it says nothing."""
    return ALBUM if is_album_model(directory) else IMAGE


def digest_needed(config: Mapping[str, Any]) -> str:
    """The digest of the image version without which one cannot answer; "" where it needs none."""
    key = "image_model" if config.get("kind") == ALBUM.name else "needs"
    return str(config.get(key, ""))
