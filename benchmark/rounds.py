"""Rounds as rows: one answer of one player in one round, as the game stores it and a CSV can hold it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from planet_core.geo import haversine_km
from planet_core.scoring import WORLD_SCALE_KM, points

PlayerKind = Literal["person", "model"]
Source = Literal["photo", "drawn"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer. Places in degrees; `lat, lng` are None unless the outcome is "answered".

    `exposure` is 1 when the player saw the panorama for the first time, `group_exposure` is 1 when they
    knew no other panorama of its group (one walk, one place) either. `seen_in_training` is known of
    models only. `source` says whether the picture was photographed or drawn.
    """

    round_id: str
    panorama_id: str
    player_id: str
    player_kind: PlayerKind
    condition: str
    map: str
    lat: float | None
    lng: float | None
    true_lat: float
    true_lng: float
    outcome: str
    answered_at: str
    exposure: int | None = None
    group_exposure: int | None = None
    seen_in_training: bool | None = None
    scale_km: float = WORLD_SCALE_KM
    source: Source = "photo"

    @property
    def distance_km(self) -> float:
        """Great-circle error in km; no answer is infinitely far."""
        if self.lat is None or self.lng is None:
            return float("inf")
        return float(haversine_km(self.lat, self.lng, self.true_lat, self.true_lng))

    @property
    def points(self) -> int:
        """Points of the game, 0 without an answer."""
        return 0 if self.lat is None else points(self.distance_km, self.scale_km)


@dataclass(frozen=True)
class Pairing:
    """One person and one model on the same panorama in the same round."""

    person: Row
    model: Row

    @property
    def apart(self) -> str:
        """Why the pairing does not count; "" for a first exposure that the model did not train on."""
        if self.model.seen_in_training is not False:
            return "the model trained on it"
        if self.person.exposure != 1:
            return "the person had seen it before"
        if self.person.group_exposure not in (None, 1):
            return "the person had seen another of its group before"
        return ""

    @property
    def counts(self) -> bool:
        return not self.apart


def pairings(rows: Iterable[Row]) -> Iterator[Pairing]:
    """Every person beside every model of the same round; rounds without either give nothing."""
    ordered = sorted(rows, key=lambda row: row.round_id)
    for _, group in groupby(ordered, key=lambda row: row.round_id):
        in_round = list(group)
        models = [row for row in in_round if row.player_kind == "model"]
        for person in in_round:
            if person.player_kind == "person":
                yield from (Pairing(person, model) for model in models)
