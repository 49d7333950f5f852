"""Where land is: Natural Earth, with the islands that it leaves out from a mask and a list of towns.

The mask is NOAA's GLOBE (cells of 1/120 degree), which knows islands of a square kilometre but has a coast of
steps; so it adds only what lies further than `APART_KM` from Natural Earth's land. A town further than that
from both gets a disc: people live there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image, ImageDraw

from planet_core.build_geography.sources import npm_package, python_package
from planet_core.land import land_rings

Array = npt.NDArray[Any]
APART_KM = 2.0
TOWN_RADIUS_KM = 1.0
DEGREE_KM = 111.195
PER_DEGREE = 120
STRIP_DEGREES = 5
SOUTHERNMOST = -60.0  # the mask takes the ice of Antarctica's shelves for land; Natural Earth does not


def land(town_lat: Array, town_lng: Array, cache: Path) -> list[Any]:
    """Polygons of degrees (lng, lat) within -180..180; they may overlap where islands touch."""
    mainland = natural_earth(cache)
    islands = _islands(mainland)
    towns = _lonely_towns(town_lat, town_lng, [*mainland, *islands])
    print(f"land: {len(mainland)} polygons, {len(islands)} islands and {len(towns)} towns beside them")
    return [*mainland, *islands, *towns]


def natural_earth(cache: Path) -> list[Any]:
    rings = [
        shapely.linearrings(_closed(ring)) for ring in land_rings("10m", npm_package("world-atlas", cache))
    ]
    polygons = shapely.make_valid(shapely.polygons(rings))
    # outer rings turn clockwise, but for some islands of a few points; the only hole is the Caspian Sea
    outer, inner = shapely.STRtree(polygons).query(polygons, predicate="contains_properly")
    is_hole = shapely.is_ccw(rings)[inner]
    for whole, hole in zip(outer[is_hole].tolist(), inner[is_hole].tolist(), strict=True):
        polygons[whole] -= polygons[hole]
    shown = np.delete(polygons, inner[is_hole])
    return [part for polygon in shown for part in _within_the_map(polygon)]


def _closed(ring: Array) -> Array:
    """The ring without its jumps at the antimeridian; one around a pole goes along the pole."""
    lng, lat = np.unwrap(np.append(ring[:, 0], ring[0, 0]), period=360), np.append(ring[:, 1], ring[0, 1])
    if abs(lng[-1] - lng[0]) > 180:
        pole = np.copysign(90.0, lat.mean())
        lng, lat = np.append(lng, [lng[-1], lng[0]]), np.append(lat, [pole, pole])
    return np.column_stack([lng - 360 * np.floor((lng.min() + 180) / 360), lat])


def _within_the_map(polygon: Any) -> Iterator[Any]:
    """The parts of a polygon that reaches over the antimeridian, each in -180..180."""
    for turn in (-360, 0, 360):
        moved = shapely.transform(polygon, lambda points, turn=turn: points + np.array([turn, 0]))
        yield from _polygons(shapely.intersection(moved, shapely.box(-180, -90, 180, 90)))


def _polygons(shape: Any) -> list[Any]:
    parts = shapely.get_parts(shape)
    return [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]


def _islands(mainland: list[Any]) -> list[Any]:
    """Land of the mask that is joined to none of Natural Earth; the rest is a coast drawn otherwise."""
    file = python_package("global_land_mask") / "globe_combined_mask_compressed.npz"
    is_land = ~np.load(file)["mask"]
    apart, joined = [], []
    for north in range(90, int(SOUTHERNMOST), -STRIP_DEGREES):
        first = (90 - north) * PER_DEGREE
        strip = is_land[first : first + STRIP_DEGREES * PER_DEGREE]
        near = _near(mainland, north)
        apart += _boxes(strip & ~near, north)
        joined += _boxes(strip & near & _beside(strip & ~near), north)
    islands = np.array(_polygons(shapely.union_all(apart)))
    touched, _ = shapely.STRtree(joined).query(islands, predicate="intersects")
    return _polygons(shapely.simplify(np.delete(islands, np.unique(touched)), 0.8 / PER_DEGREE))


def _beside(cells: Array) -> Array:
    """The eight neighbours of cells."""
    wide = cells | np.roll(cells, 1, axis=1) | np.roll(cells, -1, axis=1)
    return np.asarray(wide | np.pad(wide, ((1, 0), (0, 0)))[:-1] | np.pad(wide, ((0, 1), (0, 0)))[1:])


def _near(polygons: list[Any], north: int) -> Array:
    """bool (rows, columns) of a strip: within `APART_KM` of the polygons; a lake is land here."""
    margin = round(APART_KM / DEGREE_KM * PER_DEGREE) + 1
    rows = STRIP_DEGREES * PER_DEGREE
    top = north + margin / PER_DEGREE
    canvas = Image.new("L", (360 * PER_DEGREE, rows + 2 * margin))
    pen = ImageDraw.Draw(canvas)
    for polygon in polygons:
        _, south, _, highest = polygon.bounds
        if south < top and highest > north - STRIP_DEGREES - margin / PER_DEGREE:
            points = (shapely.get_coordinates(polygon.exterior) - [-180, top]) * [PER_DEGREE, -PER_DEGREE]
            pen.polygon([tuple(point) for point in points.tolist()], fill=1, outline=1)
    painted = np.array(canvas, dtype=bool)
    nearest_pole = min(max(abs(north), abs(north - STRIP_DEGREES)), 89)
    across = int(np.ceil(margin / np.cos(np.radians(nearest_pole))))
    wide = _grown(np.pad(painted, ((0, 0), (across, across)), mode="wrap"), across, axis=1)
    return _grown(wide[:, across:-across], margin, axis=0)[margin:-margin]


def _grown(cells: Array, steps: int, axis: int) -> Array:
    """Cells, and those up to so many steps away along an axis; not right within `steps` of its ends."""
    reach = 0
    while reach < steps:
        step = min(reach + 1, steps - reach) if reach else 1
        cells = cells | np.roll(cells, step, axis) | np.roll(cells, -step, axis)
        reach += step
    return cells


def _boxes(cells: Array, north: int) -> list[Any]:
    """Runs of cells of a row as boxes of degrees."""
    edges = np.diff(cells.astype(np.int8), axis=1, prepend=0, append=0)
    rows, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[1]
    upper = north - rows / PER_DEGREE
    west, east = first / PER_DEGREE - 180, last / PER_DEGREE - 180
    return list(shapely.box(west, upper - 1 / PER_DEGREE, east, upper))


def _lonely_towns(lat: Array, lng: Array, polygons: list[Any]) -> list[Any]:
    """Discs around the towns that are further than `APART_KM` from the polygons."""
    reach = APART_KM / DEGREE_KM
    wide = np.cos(np.radians(lat))
    around = shapely.box(lng - reach / wide, lat - reach, lng + reach / wide, lat + reach)
    _, near = shapely.STRtree(around).query(polygons, predicate="intersects")
    alone = np.setdiff1d(np.arange(len(lat)), near)
    radius = TOWN_RADIUS_KM / DEGREE_KM
    discs = shapely.buffer(shapely.points(np.zeros((len(alone), 2))), radius, quad_segs=3)
    shape = zip(discs, lat[alone], lng[alone], wide[alone], strict=True)
    moved = [shapely.transform(disc, lambda p, y=y, x=x, w=w: p / [w, 1] + [x, y]) for disc, y, x, w in shape]
    return _polygons(shapely.union_all(moved))
