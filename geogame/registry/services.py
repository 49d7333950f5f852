from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geogame.lib.queue import INFERENCE, PREDICT_AHEAD, enqueue
from geogame.registry.cards import write_card
from geogame.registry.models import ModelVersion
from planet_core.files import atomic_directory
from planet_core.model_directory import CONFIG, ModelDirectoryError
from planet_core.version_kinds import digest_needed, kind_of

Kind = ModelVersion.Kind
Origin = ModelVersion.Origin
SHIPPED = "procedural-earth"
CARDS = ("README.md", "MODEL_CARD.md", "model_card.md")
FACTS = (
    *("network", "parameters", "image_px", "temperature", "packed_from", "calibrated_from", "needs"),
    *("kind", "variant", "cut", "hidden", "image_model"),
)


class RegistryError(Exception):
    """Why something cannot be done with a model version, as a sentence for people."""


def register(
    *,
    directory: Path,
    name: str,
    card: str = "",
    trained_on_drawings: bool = False,
    data: dict[str, Any] | None = None,
    parent: ModelVersion | None = None,
    origin: str = Origin.TRAINED,
) -> ModelVersion:
    """Enter a model version directory, which lies inside MODEL_ROOT, into the registry. One that is there
    already stays as it is. An album version is refused where the image version that it hangs on is not here.

    Args:
        card: one that came with it; without one it is written (`registry.cards`). An album version always
            has its own.
        data: what it trained on: `name`, `photos` and the number of photos by licence, `licences`.
        parent: the version whose weights it began with.
    """
    root = Path(settings.MODEL_ROOT).resolve()
    directory = directory.resolve()
    if root not in directory.parents:
        raise RegistryError(
            _("%(folder)s is not inside MODEL_ROOT (%(root)s): move it there first.")
            % {"folder": directory, "root": root}
        )
    kind = kind_of(directory)
    try:
        config, metrics = kind.read_config(directory), kind.read_metrics(directory)
        digest = kind.version_digest(directory)
    except ModelDirectoryError as error:
        raise RegistryError(str(error)) from error
    needed = _needed(config)
    if kind.name == Kind.ALBUM:
        needed = needed or _refuse_alone(name, config)
        card = card or card_in(directory)
    version, is_new = ModelVersion.objects.get_or_create(
        digest=digest,
        defaults={
            "kind": kind.name,
            "name": name[:100],
            "recipe": _recipe(config)[:50],
            "directory": str(directory.relative_to(root)),
            "cells": config["cells"],
            "partition_digest": config.get("partition_digest", ""),
            "bytes": sum(path.stat().st_size for path in directory.iterdir()),
            "facts": {key: config[key] for key in FACTS if key in config},
            "metrics": metrics,
            "data": data or {},
            "origin": origin,
            "parent": parent,
            "needs": needed,
            "card": card,
            "card_is_own": bool(card),
            "trained_on_drawings": trained_on_drawings or _says_drawn(config),
        },
    )
    if is_new and not card:
        write_card(version)
    return version


def _recipe(config: dict[str, Any]) -> str:
    """Of an album model the variant, too: of one recipe there are seven."""
    recipe = config["recipe"]
    name = str(recipe["name"] if isinstance(recipe, dict) else recipe)
    return f"{config['variant']} ({name})" if config.get("kind") == Kind.ALBUM else name


def _says_drawn(config: dict[str, Any]) -> bool:
    trained_on = config.get("trained_on")
    return isinstance(trained_on, dict) and trained_on.get("drawn") is True


def _needed(config: dict[str, Any]) -> ModelVersion | None:
    """The image model without which a version cannot answer, if it is here."""
    digest = digest_needed(config)
    return ModelVersion.objects.filter(digest=digest).first() if digest else None


def _refuse_alone(name: object, config: dict[str, Any]) -> NoReturn:
    raise RegistryError(
        _("%(version)s answers with the image model %(digest)s, which is not here: import it first.")
        % {"version": name, "digest": digest_needed(config)[:12]}
    )


def install_shipped(directory: Path, *, name: str) -> ModelVersion | None:
    """Register a model that comes with the program and let it play, where none of its kind ever played.

    None where there is nothing to do: no such directory, people have chosen already (none at all, even), or
    an album model whose image model is not here.
    """
    kind = kind_of(directory)
    played = ModelVersion.objects.filter(kind=kind.name).exclude(activated_at=None)
    if not (directory / CONFIG).is_file() or played.exists():
        return None
    try:
        digest, config = kind.version_digest(directory), kind.read_config(directory)
    except ModelDirectoryError as error:
        raise RegistryError(str(error)) from error
    if digest_needed(config) and not _needed(config):
        return None
    # Only MODEL_ROOT holds what plays: an update of the program must not change a registered version.
    copy = Path(settings.MODEL_ROOT) / f"{SHIPPED}-{digest[:12]}"
    if not copy.is_dir():
        with atomic_directory(copy) as new:
            shutil.copytree(directory, new, dirs_exist_ok=True)
    version = register(
        directory=copy, name=name, card=card_in(copy), trained_on_drawings=True, origin=Origin.SHIPPED
    )
    activate(version)  # the tests of the program have seen it answer, and there is nothing that it replaces
    return version


def card_in(directory: Path) -> str:
    cards = [directory / name for name in CARDS if (directory / name).is_file()]
    return cards[0].read_text(encoding="utf-8") if cards else ""


def examine(version: ModelVersion) -> None:
    """What can be said of a version without loading it. RegistryError where it cannot play."""
    kind = kind_of(version.path)
    try:
        config, found = kind.read_config(version.path), kind.version_digest(version.path)
    except ModelDirectoryError as error:
        raise RegistryError(str(error)) from error
    if found != version.digest:
        raise RegistryError(
            _("The files in %(folder)s are not those that were registered as %(version)s.")
            % {"folder": version.path, "version": version}
        )
    if not digest_needed(config):
        return
    needed = _needed(config) or _refuse_alone(version, config)
    if version.needs_id != needed.pk:
        version.needs = needed
        version.save(update_fields=["needs"])
    examine(needed)


@transaction.atomic
def activate(version: ModelVersion) -> None:
    """Put the version into play, in place of the one of its kind that plays now: for whoever has seen it
    answer. Everybody else asks for it (`registry.activation`).
    """
    examine(version)
    playing = ModelVersion.objects.filter(is_active=True, kind=version.kind)
    playing.exclude(pk=version.pk).update(is_active=False)
    version.is_active = True
    version.activated_at = timezone.now()
    version.save(update_fields=["is_active", "activated_at"])
    if version.kind == Kind.IMAGE:
        enqueue(PREDICT_AHEAD, queue=INFERENCE)


def deactivate(version: ModelVersion) -> None:
    version.is_active = False
    version.save(update_fields=["is_active"])
