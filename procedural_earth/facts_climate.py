"""What grows where, and when: vegetation, ground cover, crops, snow and leaves from climate, place and season.

The tables are general knowledge of the world's vegetation zones, kept to what a person could name: they make a
believable clue, not a botanical survey. Climate classes are those of Koeppen and Geiger.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from procedural_earth.facts_cues import weights
from procedural_earth.facts_grids import Array, elevation_m, koeppen_number, packed
from procedural_earth.facts_zones import CROPS, GROUND, ZONES, vegetation_text, zone

Mix = tuple[tuple[str, float], ...]
Leaves = Literal["green", "spring", "autumn", "bare"]
LEAF_SHEDDING = ("birch", "broadleaf", "poplar", "larch")
# mean warmth over the year at sea level by latitude, degrees Celsius, for every 10 degrees
SEA_LEVEL_MEAN_C = np.array([27.0, 27.0, 25.5, 21.0, 14.5, 9.5, 2.5, -6.0, -15.0, -22.0])
LAPSE_C_PER_M = 0.0055
GULF_STREAM_C = 8.0
# how far the warmest month stands above the yearly mean, and the yearly mean beside that of the latitude
SWING_C = {"Af": 1.5, "Am": 2, "Aw": 3, "As": 3, "BWh": 9, "BWk": 13, "BSh": 7, "BSk": 12, "Csa": 8.5, "Csb": 6,
           "Csc": 6, "Cwa": 7.5, "Cwb": 4, "Cwc": 4, "Cfa": 9.5, "Cfb": 6.5, "Cfc": 5, "Dsa": 14, "Dsb": 13, "Dsc": 14,
           "Dsd": 22, "Dwa": 16, "Dwb": 17, "Dwc": 18, "Dwd": 25, "Dfa": 14.5, "Dfb": 13, "Dfc": 15, "Dfd": 24,
           "ET": 12, "EF": 12}  # fmt: skip
# the warmest month that the class allows, to keep the estimate inside of its own definition
WARMEST_C = {"Csa": (22, 32), "Csb": (16, 22), "Csc": (10, 15), "Cwa": (23, 32), "Cwb": (14, 22), "Cwc": (10, 15),
             "Cfa": (23.5, 30), "Cfb": (16, 22), "Cfc": (10, 14), "Dsa": (22, 30), "Dsb": (15, 22), "Dsc": (10, 17),
             "Dsd": (10, 17), "Dwa": (22, 28), "Dwb": (16, 22), "Dwc": (11, 18), "Dwd": (11, 17), "Dfa": (22, 27),
             "Dfb": (17, 22), "Dfc": (11.5, 17.5), "Dfd": (11, 17), "ET": (1, 10), "EF": (-30, 0)}  # fmt: skip
COLDEST_C = {"Csa": (1, 15), "Csb": (1, 13), "Csc": (-3, 8), "Cwa": (1, 16), "Cwb": (2, 15), "Cwc": (-3, 8),
             "Cfa": (0.5, 16), "Cfb": (0.5, 14), "Cfc": (-2, 6), "Af": (18, 28), "Am": (18, 28), "Aw": (18, 27),
             "As": (18, 27), "BWh": (6, 22), "BSh": (7, 22)}  # fmt: skip
# precipitation in the cold season, relative: a cold desert keeps little snow
WINTER_SNOW = {"BWk": 0.25, "BWh": 0.1, "BSk": 0.5, "BSh": 0.2, "Dwa": 0.5, "Dwb": 0.6, "Dwc": 0.8, "Dwd": 0.85,
               "Cwa": 0.4, "Cwb": 0.3, "Cwc": 0.4}  # fmt: skip


def koeppen(lat: npt.ArrayLike, lng: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Class names; at sea that of the nearest land."""
    return np.asarray(packed("climate")["names"][koeppen_number(lat, lng)])


def temperature(
    lat: npt.ArrayLike, lng: npt.ArrayLike, day_of_year: npt.ArrayLike
) -> npt.NDArray[np.float32]:
    """An estimate of the mean temperature of the day, degrees Celsius, good to some five degrees.

    From latitude and height, with the yearly swing of the climate class, kept inside of the warmest and coldest
    month by which the class is defined. The warmest day is five weeks after the solstice, seven by the sea.
    """
    warm, cold = _warmest_coldest(np.asarray(lat, np.float64), np.asarray(lng, np.float64))
    peak = np.where(np.asarray(lat) >= 0, 204.0, 204.0 - 182.6)
    phase = np.cos(2 * np.pi * (np.asarray(day_of_year, np.float64) - peak) / 365.25)
    return np.asarray((warm + cold) / 2 + (warm - cold) / 2 * phase, dtype=np.float32)


def _warmest_coldest(lat: Array, lng: Array) -> tuple[Array, Array]:
    number = koeppen_number(lat, lng)
    names = [str(name) for name in packed("climate")["names"]]
    mean = np.interp(np.abs(lat), np.arange(0, 100, 10), SEA_LEVEL_MEAN_C) - LAPSE_C_PER_M * elevation_m(
        lat, lng
    )
    mean = mean + GULF_STREAM_C * np.clip((lat - 42) / 20, 0, 1) * np.exp(-(((lng - 5) / 32) ** 2))
    # near the equator there are no seasons, whatever the class
    swing = np.array([SWING_C.get(name, 8) for name in names])[number] * np.clip(np.abs(lat) / 28, 0.1, 1)
    nothing = (-60, 60)
    bounds = [(*WARMEST_C.get(name, nothing), *COLDEST_C.get(name, nothing)) for name in names]
    warm_low, warm_high, cold_low, cold_high = np.array(bounds)[number].T
    warm = np.clip(mean + swing, warm_low.T, warm_high.T)
    cold = np.clip(mean - swing, cold_low.T, cold_high.T)
    continental = np.array([name[:1] == "D" for name in names])[number]
    return warm, np.minimum(cold, np.where(continental, -2.0, warm - 0.5))


def snow(lat: npt.ArrayLike, lng: npt.ArrayLike, day_of_year: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Snow cover 0..1: from the temperature now and a month ago (snow outlasts the frost) and the winter's moisture."""
    day = np.asarray(day_of_year, np.float64)
    now, before = temperature(lat, lng, day), temperature(lat, lng, day - 25)
    names = [str(name) for name in packed("climate")["names"]]
    moisture = np.array([WINTER_SNOW.get(name, 1.0) for name in names])[koeppen_number(lat, lng)]
    cold = 0.6 * now + 0.4 * before
    cover = np.clip((1.0 - cold) / 5.0, 0, 1) * moisture
    ice = np.array([name == "EF" for name in names])[koeppen_number(lat, lng)]
    return np.asarray(np.where(ice, 1.0, cover), dtype=np.float32)


def leaves(lat: float, lng: float, day_of_year: float) -> Leaves:
    """What the trees of `LEAF_SHEDDING` wear on the day; evergreens and palms do not change."""
    now = float(temperature(lat, lng, day_of_year))
    later = float(temperature(lat, lng, day_of_year + 10))
    if float(_warmest_coldest(np.asarray(lat), np.asarray(lng))[1]) > 9.0:
        return "green"
    if now < 5.0:
        return "bare"
    if now < 11.0:
        return "spring" if later > now else "autumn"
    return "green"


def vegetation(name: str, lat: float, country: str, region: str, elevation: float) -> Mix:
    """Vegetation types and their weights, which sum to 1; () on ice."""
    return weights(vegetation_text(zone(name, lat, elevation), country, region))


def ground_cover(name: str, lat: float, country: str, region: str, elevation: float) -> Mix:
    """Ground covers and their weights, snow left out (`snow` tells it)."""
    place = zone(name, lat, elevation)
    text = GROUND.get((place, country), GROUND.get((place, region), GROUND[place, ""]))
    return weights(text)


def crops(name: str, lat: float, country: str, region: str, elevation: float) -> Mix:
    """Crops of the fields there and their weights; () where nothing is grown."""
    place = zone(name, lat, elevation)
    if place not in ZONES or ZONES[place] == 0:
        return ()
    for key in ((place, country), (place, region), (place, "")):
        if key in CROPS:
            return weights(CROPS[key])
    return ()


def field_share(name: str, lat: float, elevation: float) -> float:
    """The share of open country that is farmed, 0..1."""
    return ZONES[zone(name, lat, elevation)]
