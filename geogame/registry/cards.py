"""Model cards: written of what the registry knows, unless one came with the version."""

from __future__ import annotations

import logging
from typing import Any

from geogame.registry.models import ModelVersion
from planet_core.model_card import card
from planet_core.model_directory import ModelDirectoryError, read_config

log = logging.getLogger(__name__)


def write_card(version: ModelVersion, report: dict[str, Any] | None = None) -> None:
    """Write the card anew, with the numbers of a report of `planet_core.evaluate` where there is one.

    A card that came with the version stays, and so does that of an album version, which training writes and
    its digest vouches for. Without its files there is nothing to write.
    """
    if version.card_is_own or version.kind == ModelVersion.Kind.ALBUM:
        return
    try:
        config = read_config(version.path)
    except ModelDirectoryError as error:
        log.error("No card for %s: %s", version, error)
        return
    data = {**version.data, "drawn": version.trained_on_drawings}
    text = card(config, version.metrics, version.digest, report, data=data)
    ModelVersion.objects.filter(pk=version.pk, card_is_own=False).update(card=text)
    version.card = text
