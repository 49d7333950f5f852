"""Where rounds were taken and where answers lie: country, continent, climate, settlement (`planet_core`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmark.rounds import ANSWERED, IntArray, Labels, Rounds
from planet_core import geography

CONTINENT_NAMES = geography.CONTINENT_NAMES
CLIMATE_NAMES = {
    "A": "tropical (A)",
    "B": "dry (B)",
    "C": "temperate (C)",
    "D": "continental (D)",
    "E": "polar (E)",
    "": "open sea",
}
"""The main groups of Koeppen and Geiger."""


@dataclass(frozen=True, eq=False)
class Geography:
    """Of rows (n,): the country of the truth and of the answer ("" at sea, and without an answer)."""

    true_country: Labels
    answered_country: Labels
    climate: Labels
    settlement: Labels

    @classmethod
    def of(cls, rounds: Rounds) -> Geography:
        """Looks every panorama up once, and every answer."""
        first = np.zeros(len(rounds.panorama_id.names), dtype=np.int64)
        codes = rounds.panorama_id.codes
        first[codes[::-1]] = np.arange(len(rounds))[::-1]
        lat, lng = rounds.true_lat[first], rounds.true_lng[first]
        if not len(rounds):
            lat, lng = np.zeros(0), np.zeros(0)
        answered = np.flatnonzero(rounds.outcome == ANSWERED)
        guesses = np.full(len(rounds), "", dtype="<U2")
        guesses[answered] = geography.countries_at(rounds.lat[answered], rounds.lng[answered])
        truth = numbered(geography.countries_at(lat, lng))
        climates = np.array([name[:1] for name in geography.climates_at(lat, lng).tolist()], dtype="<U1")
        settlements = geography.settlements_at(lat, lng)
        return cls(
            Labels(truth.codes[codes], truth.names),
            numbered(guesses),
            numbered(climates)[codes],
            numbered(settlements)[codes],
        )


def numbered(texts: npt.NDArray[np.str_]) -> Labels:
    """Texts (n,) as `Labels`, names in alphabetical order."""
    names, codes = np.unique(texts, return_inverse=True)
    return Labels(codes.astype(np.int64), tuple(names.tolist()))


def same_country(geo: Geography, rows: IntArray) -> npt.NDArray[np.bool_]:
    """Whether answers lie in the country of the truth, (n,); never for a truth at sea."""
    return _same(geo.true_country, geo.answered_country, rows, lambda code: code)


def same_continent(geo: Geography, rows: IntArray) -> npt.NDArray[np.bool_]:
    """Whether answers lie in a country of the continent of the truth, (n,); never for a truth at sea."""
    return _same(geo.true_country, geo.answered_country, rows, continent)


def continent(code: str) -> str:
    """The continent of a country, "" at sea."""
    return geography.continent_of(code) if code else ""


def _same(truth: Labels, answer: Labels, rows: IntArray, part_of: object) -> npt.NDArray[np.bool_]:
    assert callable(part_of)
    wholes = Labels.of(part_of(name) for name in (*truth.names, *answer.names))
    true = wholes.codes[: len(truth.names)][truth.codes[rows]]
    answered = wholes.codes[len(truth.names) :][answer.codes[rows]]
    known = ~truth.equal("")[rows]
    return np.asarray((true == answered) & known)


def country_name(code: str) -> str:
    """The English name of a country, "open sea" for none."""
    return geography.country_name(code) if code else "open sea"
