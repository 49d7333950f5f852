from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from geogame.lib.queue import INFERENCE, PREDICT_AHEAD, enqueue
from geogame.registry.models import ModelVersion
from planet_core.files import atomic_directory
from planet_core.model_directory import (
    CONFIG,
    ModelDirectoryError,
    read_config,
    read_metrics,
    version_digest,
)

SHIPPED = "procedural-earth"
CARDS = ("README.md", "MODEL_CARD.md", "model_card.md")


class RegistryError(Exception):
    """Why a model version cannot be registered or put into play, as a sentence for people."""


def register(
    *, directory: Path, name: str, card: str = "", trained_on_drawings: bool = False
) -> ModelVersion:
    """Enter a model version directory, which lies inside MODEL_ROOT, into the registry."""
    root = Path(settings.MODEL_ROOT).resolve()
    directory = directory.resolve()
    if root not in directory.parents:
        raise RegistryError(f"{directory} is not inside MODEL_ROOT ({root}): move it there first.")
    try:
        digest, config, metrics = version_digest(directory), read_config(directory), read_metrics(directory)
    except ModelDirectoryError as error:
        raise RegistryError(str(error)) from error
    version, _ = ModelVersion.objects.get_or_create(
        digest=digest,
        defaults={
            "name": name,
            "recipe": config["recipe"]["name"],
            "directory": str(directory.relative_to(root)),
            "cells": config["cells"],
            "metrics": metrics,
            "card": card,
            "trained_on_drawings": trained_on_drawings,
        },
    )
    return version


def install_shipped(directory: Path, *, name: str) -> ModelVersion | None:
    """Register the model that comes with the program and let it play, where no version ever played.

    None where there is nothing to do: no such directory, or people have chosen already (none at all, even).
    """
    if not (directory / CONFIG).is_file() or ModelVersion.objects.exclude(activated_at=None).exists():
        return None
    try:
        digest = version_digest(directory)
    except ModelDirectoryError as error:
        raise RegistryError(str(error)) from error
    # Only MODEL_ROOT holds what plays: an update of the program must not change a registered version.
    copy = Path(settings.MODEL_ROOT) / f"{SHIPPED}-{digest[:12]}"
    if not copy.is_dir():
        with atomic_directory(copy) as new:
            shutil.copytree(directory, new, dirs_exist_ok=True)
    version = register(directory=copy, name=name, card=_card_in(copy), trained_on_drawings=True)
    activate(version)
    return version


def _card_in(directory: Path) -> str:
    cards = [directory / name for name in CARDS if (directory / name).is_file()]
    return cards[0].read_text(encoding="utf-8") if cards else ""


@transaction.atomic
def activate(version: ModelVersion) -> None:
    """Put the version into play, in place of the one that plays now."""
    try:
        found = version_digest(version.path)
    except ModelDirectoryError as error:
        raise RegistryError(str(error)) from error
    if found != version.digest:
        raise RegistryError(f"The files in {version.path} are not those that were registered as {version}.")
    ModelVersion.objects.filter(is_active=True).exclude(pk=version.pk).update(is_active=False)
    version.is_active = True
    version.activated_at = timezone.now()
    version.save(update_fields=["is_active", "activated_at"])
    enqueue(PREDICT_AHEAD, queue=INFERENCE)


def deactivate(version: ModelVersion) -> None:
    version.is_active = False
    version.save(update_fields=["is_active"])
