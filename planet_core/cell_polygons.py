"""S2 cells as polygons on flat maps: GeoJSON that draws right at poles and the antimeridian (RFC 7946).

Edges of cells are great circles, which no map of longitude and latitude draws straight: they are densified
until a straight line is off by less than `SAG` of the edge. A cell over the antimeridian is cut there into
two polygons; one with a pole inside or at a corner is closed along latitude 90 or -90.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core import geo, s2
from planet_core.distributions import checked_probabilities, most_probable
from planet_core.partition import Partition

SAG = 1e-4
"""How far a drawn edge may be off the great circle, by its length."""
_AT_POLE = 90.0 - 1e-9  # degrees; of a leaf cell at the pole, the other corners are 1e-7 degrees away
_MOST_STEPS = 64

FloatArray = npt.NDArray[np.float64]
Ring = list[list[float]]


def cells_geojson(
    partition: Partition,
    probabilities: npt.ArrayLike,
    *,
    min_probability: float = 0.0,
    top: int | None = None,
) -> dict[str, Any]:
    """The most probable cells as a GeoJSON FeatureCollection, best first.

    Each feature has the properties `token`, `level`, `probability` and `rank` (1 is the most probable cell).
    Outer rings turn counter-clockwise and end where they began; coordinates are (lng, lat), degrees, rounded
    to 0.1 m, for cells beyond level 16 to 10 micrometres.

    Args:
        probabilities: (cells,), one distribution; see `distributions.checked_probabilities`.
        min_probability: cells with less are left out; 0 leaves out none.
        top: at most so many cells; None for all.

    Raises:
        ProbabilityError: probabilities that do not fit the partition or are no distribution.
        ValueError: `top` below 1, or a `min_probability` that is not within 0..1.
    """
    values = checked_probabilities(partition, probabilities)
    chosen = most_probable(values, top=top, min_probability=min_probability)
    cells = partition.cell_ids[chosen]
    rows = zip(s2.tokens(cells), s2.levels(cells).tolist(), values[chosen].tolist(), strict=True)
    corners = zip(*s2.vertices(cells), strict=True)  # of all cells at once: a scalar call costs as much
    features = [
        {
            "type": "Feature",
            "geometry": _geometry(lat, lng, level),
            "properties": {"token": token, "level": level, "probability": probability, "rank": rank},
        }
        for rank, ((lat, lng), (token, level, probability)) in enumerate(
            zip(corners, rows, strict=True), start=1
        )
    ]
    return {"type": "FeatureCollection", "features": features}


def geometry(cell_id: int) -> dict[str, Any]:
    """One S2 cell as a GeoJSON Polygon, or a MultiPolygon where the antimeridian cuts it.

    Raises:
        CellIdError: a number that is not a cell id.
    """
    return _geometry(*s2.vertices(np.uint64(cell_id)), int(s2.levels(np.uint64(cell_id))))


def _geometry(corner_lat: FloatArray, corner_lng: FloatArray, level: int) -> dict[str, Any]:
    decimals = 6 if level <= 16 else 10
    rings = [_closed(polygon, decimals) for polygon in polygons(corner_lat, corner_lng)]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def _closed(polygon: FloatArray, decimals: int) -> Ring:
    points = np.round(polygon, decimals) + 0.0  # no -0.0
    distinct = np.any(points != np.roll(points, 1, axis=0), axis=1)
    ring: Ring = points[distinct].tolist()
    return [*ring, ring[0]]


def polygons(corner_lat: FloatArray, corner_lng: FloatArray) -> list[FloatArray]:
    """The outlines of a cell on the plate carrée, (points, 2) of (lng, lat) in degrees, not closed.

    One, or two where the antimeridian cuts the cell; counter-clockwise; longitudes from -180 to 180.

    Args:
        corner_lat, corner_lng: (4,), degrees, from `s2.vertices`.
    """
    lat, lng = outline(corner_lat, corner_lng)
    lat, lng = _reaching_pole(lat, lng)
    lng = np.unwrap(lng, period=360.0)
    turn = _short_way(lng[0] - lng[-1]) + lng[-1] - lng[0]
    if abs(turn) > 180.0:
        return [_cap(lat, lng)]
    shift = 360.0 * np.floor((lng.min() + 180.0) / 360.0)
    ring = np.stack([lng - shift, lat], axis=-1)
    if ring[:, 0].max() <= 180.0:
        return [ring]
    pieces = [_clipped(ring, 180.0, 1.0), _clipped(ring, 180.0, -1.0) - [360.0, 0.0]]
    sizes = np.abs([_signed_area(piece) for piece in pieces])
    # an edge along the antimeridian leaves a piece without area on its other side
    return [piece for piece, size in zip(pieces, sizes, strict=True) if size > 1e-9 * sizes.max()]


def outline(corner_lat: FloatArray, corner_lng: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(lat, lng) in degrees along the edges of a cell, counter-clockwise from the first corner, densified."""
    corners = geo.unit_vectors(corner_lat, corner_lng)
    lats, lngs = [], []
    for begin in range(4):
        end = (begin + 1) % 4
        steps = _steps(corners[begin], corners[end], corner_lat[[begin, end]])
        lats.append(corner_lat[begin : begin + 1])
        lngs.append(corner_lng[begin : begin + 1])
        if steps > 1:
            share = np.arange(1, steps)[:, None] / steps
            lat, lng = geo.vectors_to_degrees(corners[begin] * (1 - share) + corners[end] * share)  # chord
            lats.append(lat)
            lngs.append(lng)
    return np.concatenate(lats), np.concatenate(lngs)


def _steps(begin: FloatArray, end: FloatArray, lat: FloatArray) -> int:
    """Into how many straight lines an edge is cut: a line of L radians sags by about L² tan(lat) / 8."""
    length = 2 * np.arcsin(min(1.0, float(np.linalg.norm(end - begin)) / 2))
    away = np.abs(lat)[np.abs(lat) < _AT_POLE]
    steepness = float(np.tan(np.radians(away)).max()) if away.size else 0.0
    return int(np.clip(np.ceil(np.sqrt(length * (steepness + length) / (8 * SAG))), 1, _MOST_STEPS))


def _reaching_pole(lat: FloatArray, lng: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The outline with a corner at a pole, which has any longitude, drawn as a line along 90 or -90."""
    at_pole = np.flatnonzero(np.abs(lat) > _AT_POLE)
    if not at_pole.size:
        return lat, lng
    corner = int(at_pole[0])
    lat, lng = np.roll(lat, -corner)[1:], np.roll(lng, -corner)[1:]
    pole = 90.0 * np.sign(lat[:1])
    return np.concatenate([pole, lat, pole]), np.concatenate([lng[:1], lng, lng[-1:]])


def _cap(lat: FloatArray, lng: FloatArray) -> FloatArray:
    """The polygon around a pole whose other border is this outline."""
    here = np.asarray(geo.normalise_lng(lng))
    order = np.argsort(here)
    inside = order[here[order] > -180.0]
    edge_lat = np.interp(180.0, here[order], lat[order], period=360.0)
    border_lng = np.concatenate([[-180.0], here[inside], [180.0]])
    border_lat = np.concatenate([[edge_lat], lat[inside], [edge_lat]])
    pole = 90.0 * np.sign(lat.mean())
    ring = np.stack(
        [np.concatenate([border_lng, [180.0, -180.0]]), np.concatenate([border_lat, [pole, pole]])], axis=-1
    )
    return ring if pole > 0 else ring[::-1]


def _short_way(degrees: float) -> float:
    return float((degrees + 180.0) % 360.0 - 180.0)


def _clipped(ring: FloatArray, at_lng: float, side: float) -> FloatArray:
    """The part of a ring west (side 1) or east (side -1) of a meridian; (0, 2) where there is none.

    Cells are convex on the sphere and a meridian is a geodesic, so a part is one piece.
    """
    beyond = side * (ring[:, 0] - at_lng)
    points: list[FloatArray] = []
    for index in range(len(ring)):
        before, here = beyond[index - 1], beyond[index]
        if before * here < 0:
            share = before / (before - here)
            crossing = ring[index - 1] * (1 - share) + ring[index] * share
            points.append(np.array([at_lng, crossing[1]]))
        if here <= 0:
            points.append(ring[index])
    return np.array(points).reshape(-1, 2)


def _signed_area(ring: FloatArray) -> float:
    """Square degrees on the plate carrée, positive counter-clockwise."""
    if not len(ring):
        return 0.0
    x, y = (ring - ring[0]).T  # small numbers: no cancellation in a cell of centimetres
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
