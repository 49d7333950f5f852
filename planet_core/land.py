"""Outlines of the land from the npm package world-atlas (TopoJSON of Natural Earth), where it is installed.

A TopoJSON file holds lines ("arcs") that neighbouring shapes share, as whole numbers on a grid, each point as
the step from the one before; a ring names its arcs in order, with ~index for an arc walked backwards.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ATLAS = Path(__file__).resolve().parent.parent / "node_modules" / "world-atlas"


def land_rings(scale: str, folder: Path = ATLAS) -> list[FloatArray]:
    """Rings of (lng, lat), degrees, each (points, 2); holes turn the other way. [] without the package.

    A ring is not closed by its first point again, and jumps by a turn where it crosses the antimeridian.

    Args:
        scale: `110m`, `50m` or `10m`, from coarse to fine.

    Raises:
        ValueError: the file is there but is no such TopoJSON.
    """
    file = folder / f"land-{scale}.json"
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return []
    try:
        atlas = json.loads(content)
        arcs = [_arc(atlas["transform"], arc) for arc in atlas["arcs"]]
        return [
            _ring(arcs, ring) for shape in atlas["objects"]["land"]["geometries"] for ring in _rings_of(shape)
        ]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{file} is not TopoJSON of world-atlas: {error!r}") from error


def _arc(transform: dict[str, list[float]], steps: list[list[int]]) -> FloatArray:
    points = np.cumsum(np.array(steps, dtype=np.float64), axis=0)
    return np.asarray(points * transform["scale"] + transform["translate"])


def _rings_of(shape: dict[str, Any]) -> list[list[int]]:
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    return [ring for polygon in polygons for ring in polygon]


def _ring(arcs: list[FloatArray], indices: list[int]) -> FloatArray:
    parts = [arcs[index] if index >= 0 else arcs[~index][::-1] for index in indices]
    # an arc ends where the next one begins, the last where the first does
    return np.concatenate([part[:-1] for part in parts])
