"""Country polygons: packed, looked up for whole arrays of points, and simplified to draw. numpy only.

A point is in a country when a line from it to the west crosses the country's rings an odd number of times. So
that a point meets few edges, they lie in bands of latitude, and a table of cells answers where no edge is
near. A point in no country takes that of the nearest edge within `near_km`.

Points are whole numbers of `UNITS` a degree; coordinates are degrees elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core.geo import EARTH_RADIUS_KM

UNITS = 10_000
"""Of a degree: points are kept to 11 metres."""
CELLS_PER_DEGREE = 4
MIXED = 255
"""A cell of the table in which edges, or nearby coasts, have to be looked at."""
DEGREE_KM = EARTH_RADIUS_KM * np.pi / 180
_BANDS_PER_DEGREE = 10
_BLOCK = 1 << 21  # pairs of points and edges worked on at a time: bounds memory

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.uint8]
Ring = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Edges:
    """Edges in one band, those of a country together; each lies once, southern end first."""

    lat1: FloatArray
    lng1: FloatArray
    lat2: FloatArray
    lng2: FloatArray
    slope: FloatArray  # degrees of longitude for one of latitude; 0 where an edge is level
    country: Numbers


@dataclass(frozen=True, eq=False)
class CountryPolygons:
    """Polygons of countries as rings, each an outer one or a hole in the outer one before it.

    Attributes:
        points: int64 (points, 2), lat and lng of all rings in units; a ring is not closed by its first point.
        ring_end: int64 (rings,), where each ring ends in `points`.
        ring_country: uint8 (rings,), numbers from 1 on; 0 is no country.
        ring_is_hole: bool (rings,).
        near_km: a point in no country belongs to the nearest that is no further away.
        table: uint8 (720, 1440), from the north-west: the country of a whole cell, 0, or `MIXED`.
    """

    points: IntArray
    ring_end: IntArray
    ring_country: Numbers
    ring_is_hole: npt.NDArray[np.bool_]
    near_km: float
    table: Numbers

    def countries(self, lat: FloatArray, lng: FloatArray) -> Numbers:
        """The number of the country of each point, 0 where there is none.

        Args:
            lat, lng: (points,), degrees within -90..90 and -180..180.
        """
        row, column = cells_of(lat, lng)
        found = self.table[row, column]
        unclear = np.flatnonzero(found == MIXED)
        found[unclear] = self.looked_up(lat[unclear], lng[unclear])
        return found

    def looked_up(self, lat: FloatArray, lng: FloatArray) -> Numbers:
        """As `countries`, without the table."""
        found = np.zeros(len(lat), np.uint8)
        for edges, numbers in self._blocks(lat):
            found[numbers] = _inside(edges, lat[numbers], lng[numbers])
        at_sea = np.flatnonzero(found == 0)
        for edges, numbers in self._blocks(lat[at_sea]):
            these = at_sea[numbers]
            found[these] = _nearest(edges, lat[these], lng[these], self.near_km)
        return found

    def rings(self, country: int) -> list[list[Ring]]:
        """The polygons of a country, [outer, *holes], each ring (points, 2) of (lng, lat), not closed.

        Outer rings turn counter-clockwise, holes clockwise.
        """
        polygons: list[list[Ring]] = []
        for number in np.flatnonzero(self.ring_country == country).tolist():
            start = int(self.ring_end[number - 1]) if number else 0
            ring = self.points[start : self.ring_end[number], ::-1] / UNITS
            if self.ring_is_hole[number]:
                polygons[-1].append(ring)
            else:
                polygons.append([ring])
        return polygons

    def unclear_cells(self) -> npt.NDArray[np.bool_]:
        """bool (720, 1440): the cells of the table that an edge comes near to."""
        edges = self._edges
        reach = self.near_km / DEGREE_KM
        north, south = np.minimum(edges.lat2 + reach, 90), np.maximum(edges.lat1 - reach, -90)
        reach_east = reach / np.cos(np.radians(np.minimum(np.maximum(north, -south), 89.9)))
        west = np.minimum(edges.lng1, edges.lng2) - reach_east
        east = np.maximum(edges.lng1, edges.lng2) + reach_east
        unclear = np.zeros((180 * CELLS_PER_DEGREE, 360 * CELLS_PER_DEGREE), bool)
        top, _ = cells_of(north, np.zeros(len(north)))
        bottom, _ = cells_of(south, np.zeros(len(south)))
        first = np.floor((west + 180) * CELLS_PER_DEGREE).astype(np.int64)
        last = np.floor((east + 180) * CELLS_PER_DEGREE).astype(np.int64)
        for box in np.unique(np.column_stack([top, bottom, first, last]), axis=0).tolist():
            unclear[box[0] : box[1] + 1, np.arange(box[2], box[3] + 1) % unclear.shape[1]] = True
        return unclear

    def _blocks(self, lat: FloatArray) -> Iterator[tuple[_Edges, IntArray]]:
        """The points by bands, and in blocks, with the edges that their band may meet."""
        band = _bands(lat)
        order = np.argsort(band, kind="stable")
        ends = np.flatnonzero(np.diff(band[order], append=-1)) + 1
        start = 0
        for end in ends.tolist():
            edges = self._band(int(band[order[start]]))
            size = max(1, _BLOCK // max(1, len(edges.lat1)))
            for first in range(start, end, size):
                yield edges, order[first : min(first + size, end)]
            start = end

    def _band(self, band: int) -> _Edges:
        numbers, starts = self._bands
        chosen = numbers[starts[band] : starts[band + 1]]
        every = self._edges
        return _Edges(*(getattr(every, name)[chosen] for name in _Edges.__dataclass_fields__))

    @cached_property
    def _bands(self) -> tuple[IntArray, IntArray]:
        """Numbers of the edges of each band and `near_km` around it, by country, and where a band begins."""
        edges = self._edges
        reach = self.near_km / DEGREE_KM
        first = _bands(np.maximum(edges.lat1 - reach, -90))
        count = _bands(np.minimum(edges.lat2 + reach, 90)) - first + 1
        number = np.repeat(np.arange(len(first)), count)
        step = np.arange(len(number)) - np.repeat(np.cumsum(count) - count, count)
        band = first[number] + step
        order = np.argsort(band, kind="stable")
        return number[order], np.searchsorted(band[order], np.arange(180 * _BANDS_PER_DEGREE + 2))

    @cached_property
    def _edges(self) -> _Edges:
        start = np.concatenate([[0], self.ring_end[:-1]])
        following = np.arange(1, len(self.points) + 1)
        following[self.ring_end - 1] = start
        ends = np.stack([self.points, self.points[following]])
        country = np.repeat(self.ring_country, np.diff(self.ring_end, prepend=0))
        upward = ends[0, :, 0] <= ends[1, :, 0]
        south = np.where(upward[:, None], ends[0], ends[1]) / UNITS
        north = np.where(upward[:, None], ends[1], ends[0]) / UNITS
        height = north[:, 0] - south[:, 0]
        slope = np.divide(north[:, 1] - south[:, 1], height, out=np.zeros(len(height)), where=height > 0)
        by_country = np.argsort(country, kind="stable")
        columns = (*south.T, *north.T, slope, country)
        return _Edges(*(np.ascontiguousarray(column[by_country]) for column in columns))


def cells_of(lat: FloatArray, lng: FloatArray) -> tuple[IntArray, IntArray]:
    """Row and column of points in the table of cells."""
    row = ((90.0 - lat) * CELLS_PER_DEGREE).astype(np.int64)
    column = ((lng + 180.0) * CELLS_PER_DEGREE).astype(np.int64)
    return np.minimum(row, 180 * CELLS_PER_DEGREE - 1), column % (360 * CELLS_PER_DEGREE)


def _bands(lat: FloatArray) -> IntArray:
    return np.asarray(((lat + 90.0) * _BANDS_PER_DEGREE).astype(np.int64))


def _inside(edges: _Edges, lat: FloatArray, lng: FloatArray) -> Numbers:
    if not len(edges.lat1):
        return np.zeros(len(lat), np.uint8)
    y, x = lat[:, None], lng[:, None]
    # an end counts as north of the line through it, or a line through a corner would cross twice
    crosses = (edges.lat1 <= y) & (y < edges.lat2)
    crosses &= edges.lng1 + (y - edges.lat1) * edges.slope <= x
    begins = np.flatnonzero(np.diff(edges.country, prepend=0))
    odd = np.bitwise_xor.reduceat(crosses, begins, axis=1)
    first = odd.argmax(axis=1)
    return np.where(odd.any(axis=1), edges.country[begins][first], 0).astype(np.uint8)


def _nearest(edges: _Edges, lat: FloatArray, lng: FloatArray, near_km: float) -> Numbers:
    """The country of the nearest edge, on a plane that touches the sphere at the point."""
    if not len(edges.lat1):
        return np.zeros(len(lat), np.uint8)
    shrink = np.cos(np.radians(lat))[:, None]
    y1, y2 = edges.lat1 - lat[:, None], edges.lat2 - lat[:, None]
    x1 = ((edges.lng1 - lng[:, None] + 180.0) % 360.0 - 180.0) * shrink
    across = (edges.lng2 - edges.lng1) * shrink
    along = y2 - y1
    length = np.maximum(across * across + along * along, 1e-18)
    share = np.clip(-(x1 * across + y1 * along) / length, 0.0, 1.0)
    distance = np.hypot(x1 + share * across, y1 + share * along) * DEGREE_KM
    best = distance.argmin(axis=1)
    near = distance[np.arange(len(lat)), best] <= near_km
    return np.where(near, edges.country[best], 0).astype(np.uint8)


def simplified(ring: Ring, tolerance_km: float) -> Ring:
    """The ring with the points alone that it needs to stay within the tolerance (Douglas and Peucker).

    Args:
        ring: (points, 2) of (lng, lat), not closed.
    """
    shrink = float(np.cos(np.radians(ring[:, 1].mean())))
    plane = ring * [shrink * DEGREE_KM, DEGREE_KM]
    furthest = int(((plane - plane[0]) ** 2).sum(axis=1).argmax())
    kept = np.zeros(len(ring) + 1, bool)
    kept[[0, furthest, len(ring)]] = True
    closed = np.concatenate([plane, plane[:1]])
    parts = [(0, furthest), (furthest, len(ring))]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        distance = _distances(closed[first + 1 : last], closed[first], closed[last])
        worst = int(distance.argmax())
        if distance[worst] > tolerance_km:
            middle = first + 1 + worst
            kept[middle] = True
            parts += [(first, middle), (middle, last)]
    return ring[kept[:-1]]


def _distances(points: Ring, start: Any, end: Any) -> FloatArray:
    """From the points to the line between start and end."""
    line = end - start
    length = float(line @ line)
    share = np.clip((points - start) @ line / length, 0, 1) if length else np.zeros(len(points))
    return np.asarray(np.hypot(*(points - start - share[:, None] * line).T))
