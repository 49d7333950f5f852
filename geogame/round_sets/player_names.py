"""What outside players may be called: nothing that reports call somebody else."""

from __future__ import annotations

import re

from geogame.registry.models import ModelVersion
from geogame.round_sets.errors import RoundSetError

LIMIT = 60
EVERYBODY = re.compile(r"all|everybody|people|model|(person|player|subject)( ?\d+)?", re.IGNORECASE)
"""What reports call people, all together or one by one."""
VERSION = re.compile(r".*\([^()]*\)")
"""Versions of our models: their name with a token or the beginning of their digest behind."""


def checked_name(name: str, what: str, limit: int) -> str:
    """The name without spaces too many; RoundSetError where it is none."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= limit or not name.isprintable():
        raise RoundSetError(f"{name!r} is no name for {what}: use 1 to {limit} letters, digits and signs.")
    return name


def checked_player_name(name: str) -> str:
    """The same for an outside player, whom nobody may take for a person or a model of ours in a report."""
    name = checked_name(name, "an outside player", LIMIT)
    if EVERYBODY.fullmatch(name):
        raise RoundSetError(f"{name!r} is what reports call people or models: choose another name.")
    if VERSION.fullmatch(name):
        raise RoundSetError(
            f"{name!r} reads like a version of a model of a server, which has brackets at its end: choose"
            " a name that ends otherwise."
        )
    return name


def checked_new_name(name: str) -> str:
    """The same for one who is new here, where models have names too."""
    name = checked_player_name(name)
    if ModelVersion.objects.filter(name__iexact=name).exists():
        raise RoundSetError(f"{name!r} is the name of a model of this server: choose another name.")
    return name
