"""The seasons: temperature, snow and leaves of any day, estimated from climate class, latitude and height.

No source gives them in so little room. They are kept inside of what defines the class (the warmest month of
Cfb is below 22 degrees), and are right to some five degrees: enough for a believable picture of the season.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from procedural_earth.facts_grids import Array, elevation_m, koeppen_number, packed
from procedural_earth.facts_zones import climate_classes

Leaves = Literal["green", "spring", "autumn", "bare"]
LEAF_SHEDDING = ("birch", "birch_shrub", "broadleaf", "poplar", "larch", "maple")
# mean over the year at sea level, degrees Celsius, for every 10 degrees of latitude
SEA_LEVEL_MEAN_C = np.array([27.0, 27.0, 25.5, 21.0, 14.5, 9.5, 2.5, -6.0, -15.0, -22.0])
LAPSE_C_PER_M = 0.0055
GULF_STREAM_C = 8.0
CONTINENTAL_COLDEST_C = -2.0
# trees keep their leaves where the coldest month is warmer
NO_LEAF_FALL_C = 9.0
# of the day's mean temperature: leaves come out, are full, turn, and have fallen
BUDS_C, FULL_LEAF_C, TURNING_C, FALLEN_C = 6.0, 10.0, 12.0, 6.0


@cache
def _by_number(name: str) -> Array:
    """A column of the class table, to be indexed with `koeppen_number`; number 0 and the ocean have zeros."""
    classes = climate_classes()
    names = [str(number_name) for number_name in packed("climate")["names"]]
    return np.array([getattr(classes[key], name) if key else 0.0 for key in names], np.float64)


def koeppen(lat: npt.ArrayLike, lng: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Class names; at sea that of the nearest land."""
    return np.asarray(packed("climate")["names"][koeppen_number(lat, lng)])


def temperature(
    lat: npt.ArrayLike, lng: npt.ArrayLike, day_of_year: npt.ArrayLike
) -> npt.NDArray[np.float32]:
    """An estimate of the mean temperature of the day, degrees Celsius, good to some five degrees.

    From latitude and height, with the yearly swing of the climate class, kept inside of the warmest and
    coldest month by which the class is defined. The warmest day is five weeks after the solstice, seven by
    the sea.
    """
    warm, cold = _warmest_coldest(np.asarray(lat, np.float64), np.asarray(lng, np.float64))
    peak = np.where(np.asarray(lat) >= 0, 204.0, 204.0 - 182.6)
    phase = np.cos(2 * np.pi * (np.asarray(day_of_year, np.float64) - peak) / 365.25)
    return np.asarray((warm + cold) / 2 + (warm - cold) / 2 * phase, dtype=np.float32)


def _warmest_coldest(lat: Array, lng: Array) -> tuple[Array, Array]:
    number = koeppen_number(lat, lng)
    mean = np.interp(np.abs(lat), np.arange(0, 100, 10), SEA_LEVEL_MEAN_C) - LAPSE_C_PER_M * elevation_m(
        lat, lng
    )
    mean = mean + GULF_STREAM_C * np.clip((lat - 48) / 20, 0, 1) * np.exp(-(((lng - 5) / 32) ** 2))
    # near the equator there are no seasons, whatever the class
    swing = _by_number("swing_c")[number] * np.clip(np.abs(lat) / 28, 0.1, 1)
    warm = np.clip(mean + swing, _by_number("warm_low_c")[number], _by_number("warm_high_c")[number])
    cold = np.clip(mean - swing, _by_number("cold_low_c")[number], _by_number("cold_high_c")[number])
    return warm, np.minimum(cold, np.where(_continental()[number], CONTINENTAL_COLDEST_C, warm - 0.5))


@cache
def _continental() -> Array:
    return np.array([str(name).startswith("D") for name in packed("climate")["names"]])


def snow(lat: npt.ArrayLike, lng: npt.ArrayLike, day_of_year: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Snow cover 0..1: from the temperature now and 25 days ago, as snow outlasts the frost, and moisture."""
    day = np.asarray(day_of_year, np.float64)
    cold = 0.6 * temperature(lat, lng, day) + 0.4 * temperature(lat, lng, day - 25)
    moisture = _by_number("winter_snow")[koeppen_number(lat, lng)]
    cover = np.clip((1.0 - cold) / 5.0, 0, 1) * moisture
    return np.asarray(np.where(koeppen(lat, lng) == "EF", 1.0, cover), dtype=np.float32)


def leaves(lat: float, lng: float, day_of_year: float) -> Leaves:
    """What the trees of `LEAF_SHEDDING` wear on the day; evergreens and palms do not change."""
    warm, cold = (float(value) for value in _warmest_coldest(np.asarray(lat), np.asarray(lng)))
    if cold > NO_LEAF_FALL_C:
        return "green"
    # where summers are cool, what grows there makes do with less
    less = max(TURNING_C + 1 - warm, 0)
    now, later = (float(temperature(lat, lng, day)) for day in (day_of_year, day_of_year + 10))
    if later > now:
        return "bare" if now < BUDS_C - less else "spring" if now < FULL_LEAF_C - less else "green"
    return "bare" if now < FALLEN_C - less else "autumn" if now < TURNING_C - less else "green"
