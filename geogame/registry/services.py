from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from geogame.registry.models import ModelVersion
from planet_core.model_directory import ModelDirectoryError, read_config, read_metrics, version_digest


class RegistryError(Exception):
    """Why a model version cannot be registered or put into play, as a sentence for people."""


def register(*, directory: Path, name: str) -> ModelVersion:
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
        },
    )
    return version


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


def deactivate(version: ModelVersion) -> None:
    version.is_active = False
    version.save(update_fields=["is_active"])
