"""Where the ground's woods and fields are, so that trees and crops stand on the ground that is painted

for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth import palette
from procedural_earth.compiled import allocating
from procedural_earth.ground import Look
from procedural_earth.noise import chance, noise, smooth
from procedural_earth.terrain import Land

Array = npt.NDArray[Any]

_NAMES = {(row[2], row[3]): name for name, row in palette.CROPS.items()}


@allocating
def _woods(land: Land, x: Array, y: Array, z: Array) -> Array:  # pragma: no cover
    out = np.zeros(len(x))
    for i in range(len(x)):
        mass = 0.75 * noise(x[i] / 900.0, y[i] / 900.0, land.seed + 11)
        mass += 0.55 * noise(x[i] / 240.0, y[i] / 240.0, land.seed + 12)
        mass += 0.12 * noise(x[i] / 55.0, y[i] / 55.0, land.seed + 13)
        share = smooth(-0.03, 0.04, mass + 1.7 * land.woods - 0.85)
        out[i] = share * (1.0 - smooth(land.tree_line - 120.0, land.tree_line + 60.0, z[i] + 150.0 * mass))
    return out


@allocating
def _parcels(seed: int, farms: float, count: int, u: Array, v: Array) -> Array:  # pragma: no cover
    out = np.empty((len(u), 2))
    for i in range(len(u)):
        uw = u[i] + 14.0 * noise(u[i] / 170.0, v[i] / 170.0, seed + 20)
        vw = v[i] + 14.0 * noise(u[i] / 170.0 + 40.0, v[i] / 170.0, seed + 21)
        row = np.floor(vw / 95.0)
        long = 110.0 + 120.0 * chance(int(row), 0, seed + 22)
        shift = 300.0 * chance(int(row), 1, seed + 22)
        column = np.floor((uw + shift) / long)
        inside_v = min(vw - row * 95.0, (row + 1) * 95.0 - vw)
        inside_u = min(uw + shift - column * long, (column + 1) * long - uw - shift)
        out[i, 1] = min(inside_u, inside_v)
        if chance(int(column), int(row), seed + 23) > farms:
            out[i, 0] = -1
        else:
            out[i, 0] = int(chance(int(column), int(row), seed + 24) * count)
            if chance(int(column), int(row), seed + 25) < 0.35:
                out[i, 0] += 1000
    return out


def woods_share(land: Land, x: Array, y: Array, z: Array) -> Array:
    """(N,) how much of the ground at points is wood, 0..1, as `terrain` raises it from afar, but close

    by too.
    """
    if land.woods < 0.02:
        return np.zeros(len(x))
    return np.asarray(_woods(land, np.asarray(x, float), np.asarray(y, float), np.asarray(z, float)))


def crop_at(look: Look, axis: tuple[float, float], x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Which crop stands at points.

    Returns:
        (N,) rows of `look.crops`, -1 where nobody farms; (N,) metres to the parcel's edge;
        (N,) whether rows run
        across the road instead of along it.
    """
    hx, hy = axis
    x, y = np.asarray(x, float), np.asarray(y, float)
    found = _parcels(look.seed, look.farms, look.crops.shape[0], x * hx + y * hy, x * hy - y * hx)
    across = found[:, 0] >= 1000
    return (found[:, 0] - 1000 * across).astype(np.int64), found[:, 1], across


def crop_names(look: Look) -> list[str]:
    """The crop of each row of `look.crops`, known by its rows' spacing and strength."""
    return [_NAMES.get((float(row[6]), float(row[7])), "pasture") for row in look.crops]
