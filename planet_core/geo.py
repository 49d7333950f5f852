"""Distances and means on the sphere: the one definition that game, training and benchmark share.

numpy only. Latitudes and longitudes are degrees, always in the order lat, lng; distances are kilometres on a
sphere of the earth's mean radius (published code of the field uses 6371, 6378.137 or an ellipsoid: results of
different radii cannot be compared, so this constant stands here and nowhere else).
"""

from __future__ import annotations

from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth, (2a + b) / 3 of the WGS 84 ellipsoid (IUGG)."""

_BLOCK = 1 << 15  # pairs of points worked on at a time

FloatArray = npt.NDArray[np.float64]


class BoundingBox(NamedTuple):
    """A box in degrees. It crosses the antimeridian where `west > east`."""

    south: float
    west: float
    north: float
    east: float


@overload
def haversine_km(lat1: float, lng1: float, lat2: float, lng2: float) -> float: ...
@overload
def haversine_km(
    lat1: npt.ArrayLike, lng1: npt.ArrayLike, lat2: npt.ArrayLike, lng2: npt.ArrayLike
) -> FloatArray: ...
def haversine_km(
    lat1: npt.ArrayLike, lng1: npt.ArrayLike, lat2: npt.ArrayLike, lng2: npt.ArrayLike
) -> float | FloatArray:
    """Great-circle distance in kilometres between points in degrees.

    Four scalars give a float, anything else the broadcast array. The half-angle form keeps its precision
    from millimetres up to the antipode: with a = sin^2(c/2) and b = cos^2(c/2) both written as sums of
    positive terms, neither end suffers from cancellation, and c = 2 atan2(sqrt a, sqrt b).
    NaN in any coordinate gives NaN.
    """
    arrays = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (lat1, lng1, lat2, lng2)))
    distance = np.empty(arrays[0].shape)
    if distance.size <= _BLOCK:
        distance[...] = _haversine_km(*arrays)
    else:  # blocks stay in cache: a third faster on millions of pairs, and memory does not grow
        flags = [["readonly"]] * 4 + [["writeonly"]]
        blocks = np.nditer(
            [*arrays, distance],
            flags=["external_loop", "buffered"],
            op_flags=flags,  # type: ignore[arg-type]
            buffersize=_BLOCK,
        )
        with blocks:
            for *parts, out in blocks:
                out[...] = _haversine_km(*parts)
    return float(distance) if distance.ndim == 0 else distance


def _haversine_km(lat1: FloatArray, lng1: FloatArray, lat2: FloatArray, lng2: FloatArray) -> FloatArray:
    # sin^2 and cos^2 of half the angle, both times the same positive number, in tangents of half angles:
    # three calls of a slow function where sines and cosines would need six
    t1, t2 = np.tan(np.radians(lat1) / 2), np.tan(np.radians(lat2) / 2)
    m = np.tan(np.radians(lng2 - lng1) / 2) ** 2  # large, not infinite, at 180 degrees
    cosines = np.abs((1 - t1 * t1) * (1 - t2 * t2))  # >= 0 but for rounding at the poles
    a = (t2 - t1) ** 2 * (1 + m) + cosines * m
    b = (t2 + t1) ** 2 * (1 + m) + cosines
    return np.asarray(2 * EARTH_RADIUS_KM * np.arctan2(np.sqrt(a), np.sqrt(b)))


def normalise_lng(lng: npt.ArrayLike) -> float | FloatArray:
    """The same longitude in [-180, 180), degrees; a scalar gives a float."""
    wrapped = np.mod(np.asarray(lng, dtype=np.float64) + 180.0, 360.0) - 180.0
    # values already in range are returned untouched, without the rounding of + 180 - 180
    in_range = (np.asarray(lng) >= -180.0) & (np.asarray(lng) < 180.0)
    result = np.where(in_range, lng, wrapped)
    return float(result) if np.ndim(result) == 0 else result


def unit_vectors(lat: npt.ArrayLike, lng: npt.ArrayLike) -> FloatArray:
    """Points on the unit sphere, shape (..., 3), of coordinates in degrees."""
    phi, theta = np.radians(lat), np.radians(lng)
    cos_phi = np.cos(phi)
    parts = np.broadcast_arrays(np.cos(theta) * cos_phi, np.sin(theta) * cos_phi, np.sin(phi))
    return np.stack(parts, axis=-1)


def vectors_to_degrees(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(lat, lng) in degrees of vectors of any length, shape (..., 3)."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def spherical_mean(
    lat: npt.ArrayLike, lng: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> tuple[float, float]:
    """(lat, lng) of the mean direction of points in degrees, each counted with its weight.

    The mean of degrees would be wrong across the antimeridian and near the poles.

    Raises:
        ValueError: no points, or points that cancel out, so that no direction is left.
    """
    vectors = unit_vectors(np.atleast_1d(np.asarray(lat, dtype=np.float64)), lng)
    if vectors.size == 0:
        raise ValueError("spherical_mean needs at least one point")
    mass = np.ones(vectors.shape[:-1]) if weights is None else np.asarray(weights, dtype=np.float64)
    total = (vectors * mass[..., None]).reshape(-1, 3).sum(axis=0)
    if not np.linalg.norm(total) > 1e-12 * np.abs(mass).sum():
        raise ValueError("spherical_mean: the points (with their weights) cancel out, there is no mean")
    mean_lat, mean_lng = vectors_to_degrees(total)
    return float(mean_lat), float(mean_lng)


def bounding_box(lat: npt.ArrayLike, lng: npt.ArrayLike) -> BoundingBox:
    """The box around points in degrees that spans the fewest degrees of longitude.

    It may cross the antimeridian; then `west > east`.

    Raises:
        ValueError: no points, or one that is not a number.
    """
    lats = np.atleast_1d(np.asarray(lat, dtype=np.float64))
    lngs = np.unique(np.atleast_1d(normalise_lng(lng)))
    if lats.size == 0:
        raise ValueError("bounding_box needs at least one point")
    if not (np.isfinite(lats).all() and np.isfinite(lngs).all()):
        raise ValueError("bounding_box: a coordinate is not a finite number")
    # the box is the circle without its widest empty gap
    gaps = np.diff(lngs, append=lngs[0] + 360.0)
    widest = int(np.argmax(gaps))
    west, east = lngs[(widest + 1) % lngs.size], lngs[widest]
    return BoundingBox(float(lats.min()), float(west), float(lats.max()), float(east))


def diagonal_km(box: BoundingBox | tuple[float, float, float, float]) -> float:
    """Great-circle distance from the south-west to the north-east corner, in kilometres.

    This is the scale of a map in the score. For a box wider than 180 degrees it is the shorter way round, as
    in the games that use this scale: the usual world map, (-54.853, -159.779) to (78.656, 178.451), gives
    14917 km.
    """
    south, west, north, east = box
    return haversine_km(south, west, north, east)
