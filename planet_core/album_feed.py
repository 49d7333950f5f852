"""Which albums come when in a training run: a function of seed, epoch and step alone (see `feed`)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from planet_core.album_batches import AlbumBatch
from planet_core.album_embeddings import Embedded, Float32Array
from planet_core.album_recipe import AlbumRecipe
from planet_core.labels import unit_vectors
from planet_core.partition import Partition
from planet_core.processes import Processes

POOL = 16  # batches among which albums are sorted by length, so that those of a batch are about as long
_ORDER, _LOST = 1, 2  # what a generator is for

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Photos:
    """Embedded albums with the classes of their photos.

    Attributes:
        embedded: the embeddings.
        gaps_hours: float32 (photos,).
        classes: int64 (photos,), the cell of each; -1 where place or cell is not known.
        lat, lng: float64 (photos,), degrees, NaN where not known.
        pieces: int64 (albums, 2), first row and the one behind the last of each album, or, where albums are
            cut, of each consecutive part.
    """

    embedded: Embedded
    gaps_hours: Float32Array
    classes: IntArray
    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]
    pieces: IntArray

    @classmethod
    def of(cls, embedded: Embedded, partition: Partition, cut: int | None = None) -> Photos:
        """Looks up the cells of all photos; albums of more than `cut` photos become several."""
        photos = [photo for album in embedded.albums for photo in album.photos]
        lat, lng = (
            np.array([np.nan if value is None else value for value in values])
            for values in ([photo.lat for photo in photos], [photo.lng for photo in photos])
        )
        classes = np.full(len(photos), -1, dtype=np.int64)
        known = np.flatnonzero(~np.isnan(lat))
        if known.size:
            classes[known] = partition.lookup(lat[known], lng[known])
        bounds = embedded.starts.tolist()
        pieces = [
            (first, min(first + (cut or stop), stop))
            for start, stop in itertools.pairwise(bounds)
            for first in range(start, stop, cut or stop - start)
        ]
        return cls(embedded, embedded.gaps_hours(), classes, lat, lng, np.array(pieces, dtype=np.int64))

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """bool (photos,): whether a photo is learnt from: its cell is known and its picture can be read."""
        return (self.classes >= 0) & self.embedded.readable

    def batch(self, pieces: IntArray, device: torch.device | str = "cpu") -> AlbumBatch:
        """Some albums, given by their rows, int64 (n, 2); the first gap of each is 0."""
        rows = [slice(start, stop) for start, stop in pieces.tolist()]
        gaps = [self.gaps_hours[some].copy() for some in rows]
        for some in gaps:
            some[0] = 0.0
        return AlbumBatch.of(
            [self.embedded.table[some] for some in rows],
            gaps,
            [self.embedded.readable[some] for some in rows],
            device,
        )


@dataclass(frozen=True, eq=False)
class Targets:
    """What is to be learnt, on the device: `classes` (photos,), -1 for what is not, and unit vectors."""

    classes: Tensor
    points: Tensor

    @classmethod
    def of(cls, photos: Photos, device: torch.device) -> Targets:
        classes = np.where(photos.scored, photos.classes, -1)
        points = unit_vectors(np.nan_to_num(photos.lat), np.nan_to_num(photos.lng), device)
        return cls(torch.from_numpy(classes).to(device), points)


@dataclass(frozen=True, eq=False)
class Step:
    """One process's share of a step.

    Attributes:
        pieces: int64 (n, 2), rows of the albums; none where other processes have them all.
        lost: bool (n, t): photos that are taken away.
        scored: photos that are learnt from, over all processes.
    """

    pieces: IntArray
    lost: npt.NDArray[np.bool_]
    scored: int


class AlbumFeed:
    """The steps of every epoch.

    Attributes:
        steps: of an epoch.
    """

    def __init__(self, photos: Photos, recipe: AlbumRecipe, seed: int, processes: Processes) -> None:
        self.photos, self.recipe, self.seed, self.processes = photos, recipe, seed, processes
        self._scored = photos.scored
        self._learnt = photos.pieces[[bool(self._scored[a:b].any()) for a, b in photos.pieces.tolist()]]
        self.steps = math.ceil(len(self._learnt) / recipe.batch_albums)

    @property
    def albums(self) -> int:
        """Albums with anything to learn."""
        return len(self._learnt)

    def scored(self, epoch: int) -> int:
        """Photos that an epoch learns from, over all processes."""
        pieces, _ = self._epoch(epoch)
        return sum(int(self._scored[start:stop].sum()) for start, stop in pieces.tolist())

    def batches(self, epoch: int, first: int = 0) -> Iterator[Step]:
        """The steps of an epoch from the given one on, this process's share of each."""
        pieces, order = self._epoch(epoch)
        for number in range(first, self.steps):
            whole = pieces[order[number]]
            part = self.processes.part(len(whole))
            mine = whole[part]
            longest = int((mine[:, 1] - mine[:, 0]).max(initial=0))
            yield Step(
                mine,
                self._lost(epoch, number, whole)[part, :longest],
                sum(int(self._scored[start:stop].sum()) for start, stop in whole.tolist()),
            )

    def _epoch(self, epoch: int) -> tuple[IntArray, Sequence[IntArray]]:
        """(rows of each album in this epoch, which albums each step has)."""
        rng = np.random.default_rng((self.seed, epoch, _ORDER))
        pieces = self._learnt.copy()
        if self.recipe.least_share < 1:
            lengths = pieces[:, 1] - pieces[:, 0]
            least = np.ceil(self.recipe.least_share * lengths).astype(np.int64)
            kept = rng.integers(least, lengths + 1)
            pieces[:, 0] += rng.integers(0, lengths - kept + 1)
            pieces[:, 1] = pieces[:, 0] + kept
        order = rng.permutation(len(pieces))
        size, lengths = self.recipe.batch_albums, pieces[:, 1] - pieces[:, 0]
        batches: list[IntArray] = []
        for start in range(0, len(order), POOL * size):
            pool = order[start : start + POOL * size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += [pool[first : first + size] for first in range(0, len(pool), size)]
        return pieces, [batches[number] for number in rng.permutation(len(batches))]

    def _lost(self, epoch: int, number: int, pieces: IntArray) -> npt.NDArray[np.bool_]:
        longest = int((pieces[:, 1] - pieces[:, 0]).max())
        rng = np.random.default_rng((self.seed, epoch, _LOST, number))
        return np.asarray(rng.random((len(pieces), longest)) < self.recipe.photo_dropout)
