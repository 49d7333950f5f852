"""Every person beside every model of the same round, and why a pair does not count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.rounds import BoolArray, FloatArray, Index, IntArray, Rounds

APART = (
    "",
    "the model trained on it",
    "nobody knows whether the model trained on it",
    "the person had seen it before",
    "nobody knows whether the person had seen it before",
    "the person had seen another of its group before",
)
"""Why a pair does not count; "" for a first exposure that the model did not train on."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Paired answers to the same panorama in the same round.

    Attributes:
        rounds: the rows that the pairs are of.
        person, model: (n,), numbers of rows.
    """

    rounds: Rounds
    person: IntArray
    model: IntArray

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, index: Index) -> Pairs:
        return Pairs(self.rounds, self.person[index], self.model[index])

    @property
    def person_km(self) -> FloatArray:
        """Distances of the people, (n,), km; infinite without an answer."""
        return self.rounds.distance_km[self.person]

    @property
    def model_km(self) -> FloatArray:
        """Distances of the model, (n,), km; infinite without an answer."""
        return self.rounds.distance_km[self.model]

    @property
    def person_points(self) -> FloatArray:
        """Points of the people, (n,)."""
        return self.rounds.points[self.person]

    @property
    def model_points(self) -> FloatArray:
        """Points of the model, (n,)."""
        return self.rounds.points[self.model]

    @property
    def players(self) -> IntArray:
        """Which person, (n,): numbers of `rounds.player_id.names`."""
        return self.rounds.player_id.codes[self.person]

    @property
    def models(self) -> IntArray:
        """Which model, (n,): numbers of `rounds.player_id.names`."""
        return self.rounds.player_id.codes[self.model]

    @property
    def panoramas(self) -> IntArray:
        """Which panorama, (n,): numbers of `rounds.panorama_id.names`."""
        return self.rounds.panorama_id.codes[self.person]

    @property
    def scenes(self) -> IntArray:
        """What is right or wrong together, (n,), any numbers: the panorama, or the album it was shown in."""
        album = self.rounds.album
        in_album = ~album.equal("")[self.person]
        behind = len(self.rounds.panorama_id.names) + album.codes[self.person]
        return np.asarray(np.where(in_album, behind, self.panoramas))

    @property
    def outcomes(self) -> IntArray:
        """1 where the model won, 0 for a tie, -1 where the person won: the smaller distance wins."""
        return np.sign(np.nan_to_num(_difference(self.person_km, self.model_km))).astype(np.int64)


def _difference(one: FloatArray, other: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):  # infinity less infinity is no number: a tie
        return one - other


def pairs_of(rounds: Rounds) -> Pairs:
    """All pairs, ordered by round; rounds without either side give nothing."""
    number = rounds.round_id.codes
    people, models = np.flatnonzero(~rounds.is_model), np.flatnonzero(rounds.is_model)
    people = people[np.argsort(number[people], kind="stable")]
    models = models[np.argsort(number[models], kind="stable")]
    first = np.searchsorted(number[models], number[people], side="left")
    each = np.searchsorted(number[models], number[people], side="right") - first
    start = np.cumsum(each) - each
    within = np.arange(each.sum()) - np.repeat(start, each)
    return Pairs(rounds, np.repeat(people, each), models[np.repeat(first, each) + within])


def apart(pairs: Pairs) -> IntArray:
    """Why each pair does not count, (n,): numbers of `APART`, the first that holds."""
    rounds = pairs.rounds
    trained = rounds.seen_in_training[pairs.model]
    exposure = rounds.exposure[pairs.person]
    group = rounds.group_exposure[pairs.person]
    reasons: list[BoolArray] = [trained > 0, trained < 0, exposure > 1, exposure < 1, group > 1]
    return np.asarray(np.select(reasons, np.arange(1, len(APART)), default=0))
