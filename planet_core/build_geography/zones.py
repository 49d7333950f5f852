"""Which country the land belongs to: polygons of country-coder, drawn generously over the sea around it.

Its land borders are OpenStreetMap's, simplified; of the towns of GeoNames more lie in their country by them
than by those of Natural Earth. Where the two differ by more than 3,000 km2 the reason was looked for:
`POLICY` and `MENDED` say what becomes of it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from planet_core.build_geography.sources import npm_package

POLICY = {
    "Crimea": "UA",  # General Assembly resolution 68/262, and GeoNames
    "Northern Cyprus": "CY",  # ISO knows one Cyprus
    "Akrotiri": "CY",  # a base, without a code of its own in ISO
    "Dhekelia": "CY",
    "Bir Tawil": "SD",  # claimed by nobody; Natural Earth draws it so
}

# within a box (west, south, east, north), what Natural Earth gives to the second country of a pair is its own
MENDED = [
    (("CF", "CD"), "180", (18.0, 3.2, 21.0, 5.2)),  # country-coder leaves out the bend of the Ubangi
    (("SS", "SD"), "729", (23.0, 8.0, 29.6, 11.0)),  # Kafia Kingi and Abyei: the line in force
]


def zones(codes: Collection[str], cache: Path) -> dict[str, Any]:
    """Country code to a (multi)polygon of degrees (lng, lat), its land and the sea around it.

    Args:
        codes: the ISO 3166-1 codes that may appear.
    """
    file = npm_package("@rapideditor/country-coder", cache) / "src" / "data" / "borders.json"
    parts: dict[str, list[Any]] = {}
    for feature in json.loads(file.read_text())["features"]:
        if feature["geometry"]:
            code = _code(feature["properties"], codes)
            polygons = feature["geometry"]["coordinates"]
            parts.setdefault(code, []).extend(shapely.Polygon(outer, holes) for outer, *holes in polygons)
    found = {code: _union(polygons) for code, polygons in sorted(parts.items())}
    for (loser, winner), number, box in MENDED:
        there = shapely.intersection(_country_of_natural_earth(number, cache), shapely.box(*box))
        moved = shapely.intersection(found[loser], there)
        found[winner] = shapely.union(found[winner], moved)
        found[loser] = shapely.difference(found[loser], moved)
    return found


def _union(polygons: list[Any]) -> Any:
    return shapely.union_all(shapely.make_valid(np.array(polygons)))


def _country_of_natural_earth(number: str, cache: Path) -> Any:
    """A country by its ISO number, without holes and not over the antimeridian."""
    atlas = json.loads((npm_package("world-atlas", cache) / "countries-10m.json").read_text())
    scale, shift = (np.array(atlas["transform"][name]) for name in ("scale", "translate"))
    [shape] = [row for row in atlas["objects"]["countries"]["geometries"] if row.get("id") == number]
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    rings = [[_arc(atlas, index) * scale + shift for index in polygon[0]] for polygon in polygons]
    return _union([shapely.Polygon(np.concatenate(ring)) for ring in rings])


def _arc(atlas: dict[str, Any], index: int) -> Any:
    """The whole numbers of an arc, walked backwards where the index is negative."""
    points = np.cumsum(np.array(atlas["arcs"][index if index >= 0 else ~index]), axis=0)
    return points if index >= 0 else points[::-1]


def _code(facts: dict[str, Any], codes: Collection[str]) -> str:
    """A territory with a code of its own (Svalbard, Bonaire) has it as a group, and its state as country."""
    wanted = [
        POLICY.get(facts["nameEn"]),
        facts.get("iso1A2"),
        *facts.get("groups", ()),
        facts.get("country"),
    ]
    return str(next(code for code in wanted if code in codes))
