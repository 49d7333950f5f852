"""A hidden Markov model over the cells, beside the album networks (numpy only).

Kalogerakis et al., *Image Sequence Geolocation with Human Travel Priors* (ICCV 2009), the paper's [25]: the
photographer is in a cell, travels between photos as people do in that time, and each photo was taken where it
says. What is learnt of training albums is the travel prior, P(distance | hours since the photo before), and
how often each cell is answered at all. Everything else is the image model's: a photo speaks for a cell by
P(cell | photo) / P(cell), to a power (`Emission`) that is chosen on validation albums, since photos of one
album are no independent witnesses.

The answer is the most probable path (Viterbi): `path`. `posterior` is the distribution of each photo given
all photos of the album (forward-backward).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import geo

VARIANT = "hmm"
GAP_HOURS = (0.0, 0.25, 1.0, 4.0, 12.0, 36.0, 120.0)
"""Upper ends of the classes of time gaps, the last one open; the first is "no time known, or the same"."""
DISTANCE_KM = (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)
"""Upper ends of the classes of distances between the centres of two cells; before them, "the same cell"."""
GAPS, DISTANCES = len(GAP_HOURS) + 1, len(DISTANCE_KM) + 2
POOLED_MOVES, FLOOR_MOVES = 20.0, 0.5
"""Moves with which all gaps together speak in each class of gaps, and that each distance has at least."""
PRIOR_PHOTOS = 0.5
"""Photos that the cells' own counts add to each cell's share of answers."""
MOST_CELLS = 2048
"""With more cells, an album's path is sought among those that its photos find most probable."""
TEMPERS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0)
PRIOR_POWERS = (0.0, 0.5, 1.0)
_ROWS = 256  # cells compared with all others at a time

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Emission:
    """How a photo speaks for a cell: (P(cell | photo) / P(cell)^prior_power)^temper."""

    temper: float = 1.0
    prior_power: float = 1.0


@dataclass(frozen=True, eq=False)
class Track:
    """The photos of one album as the model sees them.

    Attributes:
        log_probabilities: (photos, cells), of the image model.
        gaps_hours: (photos,), as `albums.time_gaps_hours` gives them.
        readable: (photos,), bool; the others say nothing.
    """

    log_probabilities: npt.NDArray[np.floating[Any]]
    gaps_hours: npt.NDArray[np.floating[Any]]
    readable: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AlbumHmm:
    """A travel prior over the cells of an image model.

    Attributes:
        lat, lng: (cells,), degrees, their centres.
        weight: (cells,), how probable each is as a place at all; sums to 1.
        said: (cells,), how much of its probability the image model gives each on average; sums to 1.
        travel: (GAPS, DISTANCES), P(class of distance | class of gap); rows sum to 1.
        emission: what is chosen on validation albums.
    """

    lat: FloatArray
    lng: FloatArray
    weight: FloatArray
    said: FloatArray
    travel: FloatArray
    emission: Emission = Emission()

    # ---- learning

    @classmethod
    def fit(
        cls,
        centers: tuple[FloatArray, FloatArray],
        counts: npt.NDArray[Any],
        said: FloatArray,
        albums: Iterable[tuple[IntArray, FloatArray]],
    ) -> AlbumHmm:
        """The travel prior of training albums.

        Args:
            centers: (cells,) twice, degrees.
            counts: (cells,), photos that the partition counted in each cell.
            said: (cells,), the image model's probabilities summed over training photos.
            albums: of each album the cells of its photos, -1 where not known, and their `time_gaps_hours`.

        Raises:
            ValueError: no two photos of an album that follow each other have a cell: nothing to learn from.
        """
        lat, lng = centers
        moves = np.zeros((GAPS, DISTANCES))
        visits = np.zeros(lat.size)
        for cells, gaps_hours in albums:
            known = np.flatnonzero(cells >= 0)
            np.add.at(visits, cells[known], 1.0)
            since = np.cumsum(gaps_hours)[known]  # a photo between that has no cell belongs to the way
            before, after = cells[known[:-1]], cells[known[1:]]
            distance = distance_class(geo.haversine_km(lat[before], lng[before], lat[after], lng[after]))
            distance = np.where(before == after, 0, distance)
            np.add.at(moves, (gap_class(np.diff(since)), distance), 1.0)
        if not moves.any():
            raise ValueError("no album has two photos in cells of the model: there is no travel to learn")
        share = counts / max(1, counts.sum())
        return cls(
            lat,
            lng,
            _normalised(visits + PRIOR_PHOTOS * lat.size * share + 1e-9),
            _normalised(said + PRIOR_PHOTOS * lat.size * share + 1e-9),
            _smoothed(moves),
        )

    def tuned(self, emission: Emission) -> AlbumHmm:
        """The same travel with another emission."""
        other = replace(self, emission=emission)
        other.__dict__["_kept"] = self._kept
        return other

    # ---- answering

    def path(self, track: Track) -> IntArray:
        """The most probable cell of each photo, (photos,): the most probable path (Viterbi)."""
        states, evidence = self._evidence(track)
        gaps = gap_class(track.gaps_hours)
        logs = {gap: np.log(self._moves(states, gap)) for gap in set(gaps[1:].tolist())}
        score = np.log(_normalised(self.weight[states])) + evidence[0]
        came = np.zeros(evidence.shape, dtype=np.int32)
        for photo in range(1, len(evidence)):
            ways = score[:, None] + logs[int(gaps[photo])]  # (from, to)
            came[photo] = ways.argmax(axis=0)
            score = ways[came[photo], np.arange(len(states))] + evidence[photo]
        best = np.empty(len(evidence), dtype=np.int64)
        best[-1] = score.argmax()
        for photo in range(len(evidence) - 1, 0, -1):
            best[photo - 1] = came[photo, best[photo]]
        return states[best]

    def posterior(self, track: Track) -> FloatArray:
        """P(cell | all photos of the album) of each photo, (photos, cells) (forward-backward)."""
        states, evidence = self._evidence(track)
        gaps = gap_class(track.gaps_hours).tolist()
        moves = {gap: self._moves(states, gap) for gap in set(gaps[1:])}
        speaks = np.exp(evidence)
        forward = np.empty_like(speaks)
        forward[0] = _normalised(self.weight[states] * speaks[0])
        for photo in range(1, len(speaks)):
            forward[photo] = _normalised((forward[photo - 1] @ moves[gaps[photo]]) * speaks[photo])
        backward = np.ones(len(states))
        found = np.zeros((len(speaks), self.lat.size))
        found[-1, states] = forward[-1]
        for photo in range(len(speaks) - 1, 0, -1):
            backward = _normalised(moves[gaps[photo]] @ (speaks[photo] * backward))
            found[photo - 1, states] = _normalised(forward[photo - 1] * backward)
        return found

    def _evidence(self, track: Track) -> tuple[IntArray, FloatArray]:
        """(cells that come into question, how each photo speaks for them: at most 0)."""
        logs = np.asarray(track.log_probabilities, dtype=np.float64)
        states = np.arange(self.lat.size)
        if states.size > MOST_CELLS:
            most = np.where(track.readable[:, None], logs, -math.inf).max(axis=0)
            states = np.sort(np.argpartition(-most, MOST_CELLS)[:MOST_CELLS])
        spoken = logs[:, states] - self.emission.prior_power * np.log(self.said[states])
        spoken = self.emission.temper * np.where(track.readable[:, None], spoken, 0.0)
        return states, np.maximum(spoken - spoken.max(axis=1, keepdims=True), -600.0)

    def _moves(self, states: IntArray, gap: int) -> FloatArray:
        """P(to | from) in a class of gaps, (states, states), positive.

        The probability of a class of distances is shared among all cells that lie so far away, by their
        weight; where there is none, the others have it. Rows sum to 1 over all cells.
        """
        whole = states.size == self.lat.size
        if whole and gap in self._kept.moves:
            return self._kept.moves[gap]
        totals = self._totals(states)
        shares = np.where(totals > 0, self.travel[gap], 0.0)
        shares /= np.where(totals > 0, totals, 1.0) * shares.sum(axis=1, keepdims=True)
        classes = self._kept.classes if whole else self._classes(states, states)
        moves = np.take_along_axis(shares, classes, axis=1) * self.weight[states]
        if whole:
            self._kept.moves[gap] = moves
        return np.asarray(moves)

    def _totals(self, states: IntArray) -> FloatArray:
        """The weight of all cells in each class of distances from a cell, (states, DISTANCES)."""
        totals = self._kept.totals
        new = states[np.isnan(totals[states, 0])]
        for start in range(0, new.size, _ROWS):
            rows = new[start : start + _ROWS]
            classes = self._classes(rows, np.arange(self.lat.size))
            for number in range(DISTANCES):
                totals[rows, number] = (classes == number) @ self.weight
        return totals[states]

    def _classes(self, before: IntArray, after: IntArray) -> IntArray:
        """The class of distance of each pair of cells, (before, after)."""
        cosines = self._kept.vectors[before] @ self._kept.vectors[after].T
        classes = 1 + np.searchsorted(-np.cos(np.array(DISTANCE_KM) / geo.EARTH_RADIUS_KM), -cosines)
        return np.where(before[:, None] == after, 0, classes)

    @cached_property
    def _kept(self) -> _Kept:
        cells = np.arange(self.lat.size)
        kept = _Kept(geo.unit_vectors(self.lat, self.lng), np.full((cells.size, DISTANCES), np.nan))
        self.__dict__["_kept"] = kept
        if cells.size <= MOST_CELLS:
            kept.classes = self._classes(cells, cells)
        return kept


@dataclass(eq=False)
class _Kept:
    """What a travel prior over cells needs again and again: see the methods of `AlbumHmm` that fill it."""

    vectors: FloatArray
    totals: FloatArray
    classes: IntArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    moves: dict[int, FloatArray] = field(default_factory=dict)


def gap_class(gaps_hours: npt.ArrayLike) -> IntArray:
    """The class of each time gap, 0 for none."""
    return np.searchsorted(np.array(GAP_HOURS), np.asarray(gaps_hours, dtype=np.float64)).astype(np.int64)


def distance_class(km: npt.ArrayLike) -> IntArray:
    """The class of each distance between two cells, from 1; 0 is the same cell."""
    return 1 + np.searchsorted(np.array(DISTANCE_KM), np.asarray(km, dtype=np.float64)).astype(np.int64)


def _normalised(values: FloatArray) -> FloatArray:
    return np.asarray(values / values.sum())


def _smoothed(moves: FloatArray) -> FloatArray:
    """Shares of distances by gap; what is rare in a class of gaps is told by all of them together."""
    pooled = _normalised(moves.sum(axis=0) + FLOOR_MOVES)
    total = moves + POOLED_MOVES * pooled
    return np.asarray(total / total.sum(axis=1, keepdims=True))


def grid() -> Sequence[Emission]:
    """The emissions that validation albums choose from."""
    return [Emission(temper, power) for power in PRIOR_POWERS for temper in TEMPERS]
