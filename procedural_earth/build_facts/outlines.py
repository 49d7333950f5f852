"""Which country a point belongs to: Natural Earth and country-coder polygons to one raster of country codes.

Land borders are those of Natural Earth (world-atlas, scale 1:10 million: de facto lines), where country-coder
tells apart the territories that it draws as part of a state (French Guiana, Bonaire, Svalbard ...). Cells
that neither covers take the nearest country within half a degree, so that coasts and small islands have one.
Outlines that cross 180 degrees (Russia, Fiji) are painted on both sides of the map.
`NAMED` and `TERRITORIES` say what becomes of places without a code of their own, each with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from procedural_earth.build_facts.grids import blocks_of, fill_nearest
from procedural_earth.build_facts.sources import npm_package

Ring = npt.NDArray[np.float64]
Shape = tuple[str, list[list[Ring]]]  # code, polygons as [outer, *holes]
PER_DEGREE = 60
BLOCK = 30
FILL_STEPS = 30
NEAR_POLE = 89.9

NAMED = {
    "Kosovo": "XK",  # no ISO number; de facto line
    "N. Cyprus": "CY",  # ISO knows one Cyprus; both sides drive on the left
    "Somaliland": "SO",  # ISO knows one Somalia; both drive on the right
    "Siachen Glacier": "IN",
    "Baikonur": "KZ",
    "Guantanamo Bay": "CU",
    "USNB Guantanamo Bay": "CU",
    "Cyprus U.N. Buffer Zone": "CY",
    "Cyprus No Mans Area": "CY",
    "Dhekelia": "CY",
    "Akrotiri": "CY",
    "Ashmore and Cartier Is.": "AU",
    "Indian Ocean Ter.": "CX",
    "Coral Sea Is.": "AU",
    "Clipperton I.": "FR",
}
TERRITORIES = {
    "Bonaire": "BQ",
    "Saba": "BQ",
    "Sint Eustatius": "BQ",
    "Svalbard": "SJ",
    "Jan Mayen": "SJ",
    "Guernsey": "GG",
    "Alderney": "GG",
    "Sark": "GG",
    "Saint Helena": "SH",
    "Ascension Island": "SH",
    "Tristan da Cunha": "SH",
    "Diego Garcia": "IO",
    "West Bank": "PS",
    "Gaza Strip": "PS",
    "Crimea": "UA",  # General Assembly resolution 68/262, and GeoNames, whose towns the signs show
}


def country_raster(numbers: dict[str, str], cache: Path) -> dict[str, npt.NDArray[Any]]:
    """The raster in blocks: `codes` (names of the values), `table` and `mixed` as `blocks_of` makes them.

    Args:
        numbers: ISO 3166 numbers ("250") to the two-letter codes that may appear.
    """
    codes = ["", *sorted(set(numbers.values()))]
    index = {code: number for number, code in enumerate(codes)}
    fallback = list(_country_coder(cache))
    own = set(numbers.values())
    layers = (
        [(code, polygons) for code, polygons, _ in fallback if code in own],
        list(_atlas(numbers, cache)),
        [(code, polygons) for code, polygons, apart in fallback if apart and code in own],
    )
    base = _paint(layers[0], index)
    for shapes in layers[1:]:
        layer = _paint(shapes, index)
        np.copyto(base, layer, where=layer > 0)
    fill_nearest(base, base > 0, FILL_STEPS)
    table, mixed = blocks_of(base, BLOCK)
    return {"codes": np.array(codes), "table": table, "mixed": mixed}


def _paint(shapes: list[Shape], index: dict[str, int]) -> npt.NDArray[np.uint8]:
    """Large polygons first, so that a hole of one is painted before the country that lies in it."""
    canvas = Image.new("L", (360 * PER_DEGREE, 180 * PER_DEGREE))
    pen = ImageDraw.Draw(canvas)
    parts = [
        (index[code], [_in_one_piece(ring) for ring in polygon])
        for code, polygons in shapes
        for polygon in polygons
    ]
    for value, (outer, *holes) in sorted(parts, key=lambda part: -float(np.prod(np.ptp(part[1][0], axis=0)))):
        for ring, fill in [(outer, value), *((hole, 0) for hole in holes)]:
            for copy in _on_the_map(ring):
                pen.polygon(_pixels(copy), fill=fill)
    return np.array(canvas)


def _in_one_piece(ring: Ring) -> Ring:
    """The ring without jumps from 180 degrees east to 180 degrees west: it goes on beyond 180 degrees.

    One around a pole stays as it is: its edge along the antimeridian and the pole is part of it.
    """
    if not len(ring) or np.abs(ring[:, 1]).max() > NEAR_POLE:
        return ring
    lng = np.unwrap(ring[:, 0], period=360)
    return np.column_stack([lng, ring[:, 1]]) if abs(lng[-1] - lng[0]) < 180 else ring


def _on_the_map(ring: Ring) -> Iterator[Ring]:
    """What is painted of a ring: itself, and its other half where it goes on beyond 180 degrees."""
    if len(ring) < 3:
        return
    for turn in (-360.0, 0.0, 360.0):
        copy = ring + np.array([turn, 0.0])
        if copy[:, 0].max() > -180 and copy[:, 0].min() < 180:
            yield copy


def _pixels(ring: Ring) -> list[tuple[float, float]]:
    x = (ring[:, 0] + 180) * PER_DEGREE - 0.5
    y = (90 - ring[:, 1]) * PER_DEGREE - 0.5
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _country_coder(cache: Path) -> Iterator[tuple[str, list[list[Ring]], bool]]:
    """Code, polygons, and whether it is a territory that Natural Earth may draw as part of a state."""
    file = npm_package("@rapideditor/country-coder", cache) / "src" / "data" / "borders.json"
    for feature in json.loads(file.read_text())["features"]:
        if not feature["geometry"]:
            continue
        facts = feature["properties"]
        own, parent = facts.get("iso1A2"), facts.get("country")
        code = TERRITORIES.get(facts["nameEn"], own if own not in (None, "FX", "IC", "CP") else parent)
        polygons = [[np.array(ring) for ring in polygon] for polygon in feature["geometry"]["coordinates"]]
        if code:
            apart = facts["nameEn"] in TERRITORIES or (parent is not None and code != parent)
            yield code, polygons, apart


def _atlas(numbers: dict[str, str], cache: Path) -> Iterator[Shape]:
    atlas = json.loads((npm_package("world-atlas", cache) / "countries-10m.json").read_text())
    scale, shift = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = [np.cumsum(np.array(arc, np.float64), axis=0) * scale + shift for arc in atlas["arcs"]]
    for shape in atlas["objects"]["countries"]["geometries"]:
        code = numbers.get(shape.get("id", ""), NAMED.get(shape["properties"]["name"], ""))
        if code and shape["type"]:
            polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
            yield code, [[_ring(arcs, ring) for ring in polygon] for polygon in polygons]


def _ring(arcs: list[Ring], indices: list[int]) -> Ring:
    parts = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in indices]
    return np.concatenate([part[:-1] for part in parts])
