"""Which country the land belongs to: polygons of country-coder, drawn generously over the sea around it.

Its land borders are OpenStreetMap's, simplified; of the towns of GeoNames more lie in their country by them
than by those of Natural Earth. `POLICY` says what becomes of disputed areas, each with its reason.
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
    return {
        code: shapely.union_all(shapely.make_valid(np.array(polygons)))
        for code, polygons in sorted(parts.items())
    }


def _code(facts: dict[str, Any], codes: Collection[str]) -> str:
    """A territory with a code of its own (Svalbard, Bonaire) has it as a group, and its state as country."""
    wanted = [
        POLICY.get(facts["nameEn"]),
        facts.get("iso1A2"),
        *facts.get("groups", ()),
        facts.get("country"),
    ]
    return str(next(code for code in wanted if code in codes))
