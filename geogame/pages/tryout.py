"""One round to try on the first page, without a game: the picture there is on no map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from geogame.pages.world_picture import HEIGHT, WIDTH, to_pixel, to_place
from planet_core.geo import haversine_km
from planet_core.scoring import WORLD_SCALE_KM, points
from procedural_earth.clues import HERO


@dataclass(frozen=True)
class TryOut:
    """Where somebody pressed, and how far off that is. Pixels are those of the small picture of the world."""

    x: float
    y: float
    truth_x: float
    truth_y: float
    distance_km: float
    points: int
    place: str


def tried(query: Mapping[str, str]) -> TryOut | None:
    """What the query of the page says, if it names a pixel of the picture."""
    try:
        x, y = float(query["spot.x"]), float(query["spot.y"])
    except (KeyError, ValueError):
        return None
    if not (math.isfinite(x) and math.isfinite(y) and 0 <= x <= WIDTH and 0 <= y <= HEIGHT):
        return None
    lat, lng = to_place(x, y)
    distance_km = float(haversine_km(lat, lng, HERO.lat, HERO.lng))
    truth_x, truth_y = to_pixel(HERO.lat, HERO.lng)
    return TryOut(
        x=x,
        y=y,
        truth_x=round(truth_x, 1),
        truth_y=round(truth_y, 1),
        distance_km=distance_km,
        points=points(distance_km, WORLD_SCALE_KM),
        place=HERO.place,
    )
