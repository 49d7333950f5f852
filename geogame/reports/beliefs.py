"""What models gave to countries, out of the distributions that are stored with their answers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geogame.games.models import Guess
from geogame.predictions.models import Prediction
from geogame.registry.models import ModelVersion
from geogame.registry.queries import cell_countries
from planet_core import geography
from planet_core.cell_countries import CellCountries
from planet_core.distributions import ProbabilityError
from planet_core.model_directory import ModelDirectoryError
from planet_core.partition import PartitionError

log = logging.getLogger(__name__)

DIGITS = 6
AT_ONCE = 100
"""Distributions in memory at a time: some 100 kB each."""
KEPT = 20_000

Key = tuple[int, str]


@dataclass(frozen=True)
class Belief:
    """What one prediction gives to countries, and to the one in which the model's answer lies: 0 at sea."""

    countries: dict[str, float]
    confidence: float


class Beliefs:
    """Beliefs of models by their predictions, each computed once and kept for a while."""

    def __init__(self) -> None:
        self._kept: dict[Key, Belief] = {}

    def of(self, guesses: Sequence[Guess]) -> dict[int, Belief]:
        """By guess; not those of people, nor of models whose prediction or partition is gone."""
        answers = [guess for guess in guesses if _version(guess) and guess.lat is not None]
        self._read([guess for guess in answers if _key(guess) not in self._kept])
        found = {guess.pk: self._kept.get(_key(guess)) for guess in answers}
        if len(self._kept) > KEPT:
            self._kept.clear()
        return {pk: belief for pk, belief in found.items() if belief}

    def _read(self, answers: Sequence[Guess]) -> None:
        by_key = {_key(guess): guess for guess in answers}
        if not by_key:
            return
        rows = (
            Prediction.objects.filter(
                model_version__in={version for version, _ in by_key}, digest__in={key[1] for key in by_key}
            )
            .values_list("model_version_id", "digest", "distribution")
            .iterator(chunk_size=AT_ONCE)
        )
        for version_id, digest, distribution in rows:
            guess = by_key.get((version_id, digest))
            version = _version(guess) if guess else None
            cells = _cells(version) if version else None
            if guess and cells and (version_id, digest) not in self._kept:
                belief = _belief(cells, bytes(distribution), guess)
                if belief:
                    self._kept[version_id, digest] = belief


def _version(guess: Guess) -> ModelVersion | None:
    return guess.player.model_version


def _key(guess: Guess) -> Key:
    return guess.player.model_version_id or 0, guess.seal.prediction_digest


def _cells(version: ModelVersion) -> CellCountries | None:
    try:
        return cell_countries(version)
    except (ModelDirectoryError, PartitionError, OSError) as error:
        log.error("Nobody knows the cells of %s: %s", version, error)
        return None


def _belief(cells: CellCountries, distribution: bytes, guess: Guess) -> Belief | None:
    try:
        countries = cells.probabilities(np.frombuffer(distribution, dtype="<f4"))
    except (ProbabilityError, ValueError) as error:
        log.error("The distribution behind guess %s is damaged: %s", guess.pk, error)
        return None
    assert guess.lat is not None
    assert guess.lng is not None
    country = geography.country_at(guess.lat, guess.lng)
    rounded = {code: round(probability, DIGITS) for code, probability in countries.items()}
    return Belief(rounded, min(1.0, rounded.get(country, 0.0)))
