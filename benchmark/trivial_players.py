"""Players that do not look, on the same rounds: what people and model must beat (`planet_core.trivial`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.clusters import Clusters
from benchmark.pairs import Pairs
from benchmark.statistics import side_of, win_rate
from planet_core import trivial
from planet_core.geo import haversine_km
from planet_core.partition import Partition
from planet_core.scoring import points
from planet_core.sources.places import read_places
from planet_core.stopping import UserError

MOST_IN_A_CELL = 0.05
"""Share of the photos: fuller cells are split, so that the fullest one is a place and no continent."""


def training_photos(source: str) -> trivial.TrainingPhotos:
    """The places of a SOURCE as in `planet_core.evaluate`; pictures are not read.

    Raises:
        SourceError: it cannot be read.
        UserError: it has no usable place.
    """
    blocks = list(read_places(source))
    lat = np.concatenate([block.lat for block in blocks]) if blocks else np.zeros(0)
    lng = np.concatenate([block.lng for block in blocks]) if blocks else np.zeros(0)
    if not lat.size:
        raise UserError(f"{source} has no usable place: the trivial players need training photos")
    return trivial.TrainingPhotos(lat, lng)


def trivial_players(pairs: Pairs, photos: trivial.TrainingPhotos) -> list[dict[str, Any]]:
    """Each trivial player in the place of the model, against the people of the pairs."""
    partition = Partition.build(photos.lat, photos.lng, max(1, int(MOST_IN_A_CELL * photos.lat.size)), 1)
    rounds, rows = pairs.rounds, pairs.person
    number, which = np.unique(pairs.panoramas, return_inverse=True)
    unseen = np.zeros((len(number), trivial.THUMBNAIL_PX, trivial.THUMBNAIL_PX, 3), dtype=np.uint8)
    scales = rounds.scale_km[rows].tolist()
    clusters = Clusters.of(pairs.players, pairs.panoramas)
    found = []
    for name, player in trivial.fit_all(photos, partition, float(np.median(scales))).items():
        lat, lng = player.answer(unseen)
        km = np.asarray(haversine_km(lat[which], lng[which], rounds.true_lat[rows], rounds.true_lng[rows]))
        score = np.array([points(far, scale) for far, scale in zip(km.tolist(), scales, strict=True)], float)
        wins, losses = int((km < pairs.person_km).sum()), int((km > pairs.person_km).sum())
        found.append(
            {
                "player": name,
                "wins": wins,
                "ties": len(pairs) - wins - losses,
                "losses": losses,
                "win_rate": win_rate(wins, losses),
                "side": side_of(km, score, clusters),
            }
        )
    return found
