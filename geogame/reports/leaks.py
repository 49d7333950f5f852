"""What may have told a model the answer beforehand, as far as its training index and our pictures say it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from geogame.registry.queries import training_index
from geogame.reports.queries import authors
from planet_core.model_directory import ModelDirectoryError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leak:
    """Whether the model trained on a copy of the panorama, on its walk, on its author; None: not known."""

    near_duplicate: bool | None = None
    same_sequence: bool | None = None
    same_author: bool | None = None


@dataclass(frozen=True)
class _Trained:
    """Authors of the training photos, as far as the pictures are ours; `all_known` where all of them are."""

    digests: frozenset[str]
    groups: frozenset[str]
    authors: frozenset[str]
    all_known: bool


class Leaks:
    """Looks each model version up once."""

    def __init__(self) -> None:
        self._trained: dict[str, _Trained | None] = {}

    def of(self, version: ModelVersion, panorama: Panorama) -> Leak:
        if version.digest not in self._trained:
            self._trained[version.digest] = self._read(version)
        trained = self._trained[version.digest]
        if trained is None:
            return Leak()
        return Leak(
            near_duplicate=panorama.digest in trained.digests or None,
            same_sequence=_in(panorama.group, trained.groups, all_known=bool(trained.groups)),
            same_author=(
                None if panorama.drawn else _in(panorama.author, trained.authors, all_known=trained.all_known)
            ),
        )

    def _read(self, version: ModelVersion) -> _Trained | None:
        try:
            index = training_index(version)
        except (ModelDirectoryError, OSError) as error:
            log.error("Nobody knows what %s trained on: %s", version, error)
            return None
        digests = frozenset(index.training_digests)
        named = [self._authors.get(digest, "") for digest in digests]
        return _Trained(
            digests=digests,
            groups=frozenset(index.training_groups),
            authors=frozenset(filter(None, named)),
            all_known=bool(named) and all(named),
        )

    @cached_property
    def _authors(self) -> dict[str, str]:
        return authors()


def _in(name: str, names: frozenset[str], *, all_known: bool) -> bool | None:
    """Whether the name is one of them; None where it is empty, or not among names that are not all."""
    if name and name in names:
        return True
    return False if name and all_known else None
