"""Points from distance: the only place with 5000 and the scale of a map (standard library only).

The score falls exponentially with the distance: one tenth of the map's diagonal costs a factor e. The formula
has a version, because games store points: whoever changes it must raise `SCORING_VERSION`.
"""

from __future__ import annotations

import math

SCORING_VERSION = 1
MAX_POINTS = 5000
DECAY = 10.0
"""Points fall to 1/e at scale / DECAY."""
WORLD_SCALE_KM = 14917.0
"""Diagonal of the world map."""
MIN_SCALE_KM = 50.0
"""Maps smaller than this are scored with this scale, so that a town is not a matter of metres."""
PERFECT_KM = 0.025
"""At most this far away is a perfect guess."""


def points(distance_km: float, scale_km: float = WORLD_SCALE_KM) -> int:
    """round(5000 * exp(-10 * distance / scale)), an int in 0..5000; 5000 up to 25 m.

    Args:
        distance_km: great-circle distance from guess to truth, in kilometres.
        scale_km: the diagonal of the map, in kilometres; callers keep it at `MIN_SCALE_KM` or more.

    Raises:
        ValueError: distance negative, infinite or not a number; scale not a positive finite number.
    """
    if not (math.isfinite(distance_km) and distance_km >= 0):
        raise ValueError(f"distance_km must be a finite number of at least 0, not {distance_km}")
    if not (math.isfinite(scale_km) and scale_km > 0):
        raise ValueError(f"scale_km must be a positive finite number, not {scale_km}")
    if distance_km <= PERFECT_KM:
        return MAX_POINTS
    return round(MAX_POINTS * math.exp(-DECAY * distance_km / scale_km))
