"""Shapes of countries to the rings of `planet_core.country_polygons`, as small arrays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planet_core.country_polygons import CELLS_PER_DEGREE, MIXED, UNITS, CountryPolygons

Array = npt.NDArray[Any]
COAST_KM = 0.25
"""How far a simplified coast may be off; borders on land are not simplified."""
ICE_KM = 1.5
"""The same of Antarctica."""
SMALLEST_KM2 = 0.02
LONGEST_STEP = 32_000
DEGREE_KM = 111.195


def countries(zones: dict[str, Any], land: list[Any]) -> dict[str, Any]:
    """Code to the land in its zone; coasts are simplified first, so that borders on land fit together."""
    coast = [_simplified(polygon) for polygon in land]
    tree = shapely.STRtree(coast)
    found = {}
    for code, zone in zones.items():
        near = tree.query(zone, predicate="intersects")
        shape = shapely.union_all(shapely.intersection(np.array(coast)[near], zone))
        found[code] = shapely.set_precision(shape, 1 / UNITS)
    return found


def _simplified(polygon: Any) -> Any:
    """Within the tolerance in kilometres: degrees of longitude are shorter than those of latitude."""
    _, south, _, north = polygon.bounds
    shrink = max(float(np.cos(np.radians((south + north) / 2))), 0.1)
    tolerance_km = ICE_KM if north < -60 else COAST_KM
    plane = shapely.transform(polygon, lambda points: points * [shrink * DEGREE_KM, DEGREE_KM])
    smaller = shapely.make_valid(shapely.simplify(plane, tolerance_km))
    kept = smaller if smaller.area else plane
    return shapely.transform(kept, lambda points: points / [shrink * DEGREE_KM, DEGREE_KM])


def packed(shapes: dict[str, Any], codes: list[str]) -> dict[str, Array]:
    """The arrays of the packed file, as `planet_core.geography` reads them.

    Args:
        codes: names of the numbers; the first is "", no country.
    """
    rings, numbers, holes = [], [], []
    for code, shape in shapes.items():
        for ring, is_hole in _rings(shape):
            rings.append(ring)
            numbers.append(codes.index(code))
            holes.append(is_hole)
    starts = np.array([ring[0] for ring in rings], np.int32)
    steps = np.concatenate([np.diff(ring, axis=0) for ring in rings])
    return {
        "ring_start": starts,
        "ring_length": np.array([len(ring) for ring in rings], np.uint32),
        "ring_country": np.array(numbers, np.uint8),
        "ring_is_hole": np.array(holes),
        "step_lat": steps[:, 0].astype(np.int16),
        "step_lng": steps[:, 1].astype(np.int16),
    }


def _rings(shape: Any) -> Iterator[tuple[Array, bool]]:
    for polygon in sorted(shapely.get_parts(shape), key=lambda part: -part.area):
        if polygon.geom_type != "Polygon" or _km2(polygon) < SMALLEST_KM2:
            continue
        turned = shapely.orient_polygons(polygon)
        yield _points(turned.exterior), False
        yield from ((_points(hole), True) for hole in turned.interiors)


def _km2(polygon: Any) -> float:
    shrink = np.cos(np.radians(polygon.centroid.y))
    return float(polygon.area * shrink * DEGREE_KM**2)


def _points(ring: Any) -> Array:
    """int64 (points, 2) of lat, lng, without the last, which is the first; all steps fit into 16 bits."""
    points = np.rint(shapely.get_coordinates(ring)[:, ::-1] * UNITS).astype(np.int64)
    parts = []
    for first, last in pairwise(points):
        pieces = -(-int(np.abs(last - first).max()) // LONGEST_STEP)
        share = np.arange(max(pieces, 1))[:, None] / max(pieces, 1)
        parts.append(np.rint(first + share * (last - first)).astype(np.int64))
    return np.concatenate(parts)


def table(polygons: CountryPolygons) -> Array:
    """The table of cells for polygons that have none yet.

    No edge comes between the clear cells of a run in a row, so that one of them speaks for all.
    """
    unclear = polygons.unclear_cells()
    begins = ~unclear & np.column_stack([np.ones(len(unclear), bool), unclear[:, :-1]])
    row, column = np.nonzero(begins)
    lat, lng = 90 - (row + 0.5) / CELLS_PER_DEGREE, (column + 0.5) / CELLS_PER_DEGREE - 180
    cells = np.zeros(unclear.size, np.uint8)
    cells[np.flatnonzero(begins)] = polygons.looked_up(lat, lng)
    run = np.maximum.accumulate(np.where(begins.ravel(), np.arange(cells.size), 0))
    return np.where(unclear, MIXED, cells[run].reshape(unclear.shape)).astype(np.uint8)
