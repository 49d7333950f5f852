"""Which parts of the Earth are kept for examination, whatever the seed and number of places.

The Earth is cut into S2 cells of level 6 (about 140 km wide), and a hash of its name decides whether a cell
is held out: one in 25 is. Training places lie outside of these cells, held-out places inside and more than
20 km from the edge, so no two of them are ever within 20 km of each other.

Of the other cells, another hash keeps one in `ALBUMS_ONE_IN` for the validation of album models: what they
train on lies outside of these. Image models train there as anywhere.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import s2
from procedural_earth.facts_grids import EARTH_RADIUS_KM

LEVEL = 6
ONE_IN = 25
ALBUMS_ONE_IN = 12
MARGIN_KM = 20.0
BEARINGS = 24

BoolArray = npt.NDArray[np.bool_]


def is_for_training(lat: npt.ArrayLike, lng: npt.ArrayLike) -> BoolArray:
    """Whether places (degrees, (n,)) lie outside of the held-out cells."""
    return ~_in_kept_cells(s2.cell_ids(lat, lng, LEVEL))


def is_for_album_training(lat: npt.ArrayLike, lng: npt.ArrayLike) -> BoolArray:
    """Whether places (degrees, (n,)) are training places that album models train on, too."""
    return is_for_training(lat, lng) & ~_for_validation(lat, lng)


def is_for_album_validation(lat: npt.ArrayLike, lng: npt.ArrayLike) -> BoolArray:
    """Whether places (degrees, (n,)) are training places on which album models are validated."""
    return is_for_training(lat, lng) & _for_validation(lat, lng)


def is_held_out(lat: npt.ArrayLike, lng: npt.ArrayLike) -> BoolArray:
    """Whether places (degrees, (n,)) lie in held-out cells and more than `MARGIN_KM` from any other cell."""
    inside = _in_kept_cells(s2.cell_ids(lat, lng, LEVEL))
    found = np.flatnonzero(inside)
    around_lat, around_lng = _circles(np.asarray(lat, float)[found], np.asarray(lng, float)[found])
    kept = _in_kept_cells(s2.cell_ids(around_lat, around_lng, LEVEL)).reshape(len(found), BEARINGS)
    inside[found] = kept.all(axis=1)
    return inside


def _for_validation(lat: npt.ArrayLike, lng: npt.ArrayLike) -> BoolArray:
    return _in_kept_cells(s2.cell_ids(lat, lng, LEVEL), "albums/1", ALBUMS_ONE_IN)


def _in_kept_cells(
    cells: npt.NDArray[np.uint64], purpose: str = "held out/1", one_in: int = ONE_IN
) -> BoolArray:
    unique, which = np.unique(cells, return_inverse=True)
    return np.array([_is_kept(token, purpose, one_in) for token in s2.tokens(unique)], bool)[which]


def _is_kept(token: str, purpose: str, one_in: int) -> bool:
    digest = hashlib.blake2b(f"{purpose}/{token}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % one_in == 0


def _circles(lat: npt.NDArray[Any], lng: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """`BEARINGS` points around each place, a little farther than `MARGIN_KM`, (n * BEARINGS,) each."""
    # between two bearings the circle must not come nearer than the margin to an edge
    angle = MARGIN_KM / np.cos(np.pi / BEARINGS) / EARTH_RADIUS_KM
    bearing = np.arange(BEARINGS) * 2 * np.pi / BEARINGS
    phi, theta = np.radians(lat)[:, None], np.radians(lng)[:, None]
    sine = np.sin(phi) * np.cos(angle) + np.cos(phi) * np.sin(angle) * np.cos(bearing)
    turned = np.arctan2(np.sin(bearing) * np.sin(angle) * np.cos(phi), np.cos(angle) - np.sin(phi) * sine)
    around_lng = np.degrees(theta + turned)
    return np.degrees(np.arcsin(np.clip(sine, -1, 1))).ravel(), ((around_lng + 180) % 360 - 180).ravel()
