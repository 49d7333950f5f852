"""What may have told a model the answer beforehand, as far as its training index and our pictures say it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

from geogame.panoramas.models import Panorama
from geogame.registry.models import ModelVersion
from geogame.registry.queries import training_index
from geogame.reports.hashes import codes_of
from geogame.reports.queries import Picture, pictures
from planet_core.model_directory import ModelDirectoryError
from planet_core.near_duplicates_bits import PHASH_THRESHOLD, Codes, search

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leak:
    """Whether the model trained on nearly the same picture, on the panorama's walk, on its author; None: not
    known.
    """

    near_duplicate: bool | None = None
    same_sequence: bool | None = None
    same_author: bool | None = None


@dataclass(frozen=True, eq=False)
class _Trained:
    """Authors and hashes of the training photos, as far as the pictures are ours; `all_…` where all are."""

    digests: frozenset[str]
    groups: frozenset[str]
    authors: frozenset[str]
    hashes: Codes
    all_authors: bool
    all_hashes: bool


class Leaks:
    """Looks each model version up once, and each panorama for it."""

    def __init__(self) -> None:
        self._trained: dict[str, _Trained | None] = {}
        self._found: dict[tuple[str, int], Leak] = {}

    def of(self, version: ModelVersion, panorama: Panorama) -> Leak:
        key = version.digest, panorama.pk
        if key not in self._found:
            if version.digest not in self._trained:
                self._trained[version.digest] = self._read(version)
            self._found[key] = self._leak(self._trained[version.digest], panorama)
        return self._found[key]

    def _leak(self, trained: _Trained | None, panorama: Panorama) -> Leak:
        if trained is None:
            return Leak()
        return Leak(
            near_duplicate=self._near(trained, panorama),
            same_sequence=_in(panorama.group, trained.groups, all_known=bool(trained.groups)),
            same_author=(
                None
                if panorama.drawn
                else _in(panorama.author, trained.authors, all_known=trained.all_authors)
            ),
        )

    def _near(self, trained: _Trained, panorama: Panorama) -> bool | None:
        """A photograph without a hash is near to nobody knows what, and drawn ones are not compared."""
        if panorama.digest in trained.digests:
            return True
        own = self._pictures.get(panorama.digest)
        if own is None or not own.hash:
            return None
        found = search(codes_of([own.hash]), trained.hashes, PHASH_THRESHOLD)
        if found.within[0]:
            return True
        return False if trained.all_hashes else None

    def _read(self, version: ModelVersion) -> _Trained | None:
        try:
            index = training_index(version)
        except (ModelDirectoryError, OSError) as error:
            log.error("Nobody knows what %s trained on: %s", version, error)
            return None
        digests = frozenset(index.training_digests)
        known = [self._pictures.get(digest, UNKNOWN) for digest in sorted(digests)]
        return _Trained(
            digests=digests,
            groups=frozenset(index.training_groups),
            authors=frozenset(one.author for one in known if one.author),
            hashes=codes_of([one.hash for one in known if one.hash]),
            all_authors=bool(known) and all(one.author for one in known),
            all_hashes=bool(known) and all(one.hash or one.drawn for one in known),
        )

    @cached_property
    def _pictures(self) -> dict[str, Picture]:
        return pictures()


UNKNOWN = Picture("", drawn=False, hash="")


def _in(name: str, names: frozenset[str], *, all_known: bool) -> bool | None:
    """Whether the name is one of them; None where it is empty, or not among names that are not all."""
    if name and name in names:
        return True
    return False if name and all_known else None
