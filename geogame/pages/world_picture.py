"""The outline of the land as one small SVG, for cards and the first page; npm's world-atlas gives the shapes.

Plate carrée: a pixel of the picture is a place, so that a form can send where it was pressed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from planet_core.files import atomic_file
from planet_core.land import land_rings

WIDTH, HEIGHT = 312, 120
NORTH: Final = 80.0
DEGREES_PER_PX: Final = 360.0 / WIDTH
FINENESS: Final = 2.0  # drawn on a grid of half a pixel: enough for a picture of this size
SMALLEST_PX: Final = 1.0
FORMAT: Final = 1


def build(target: Path, *, force: bool = False) -> bool:
    """Write `target` unless it is there already. True if it was written."""
    rings = [] if target.exists() and not force and _is_current(target) else land_rings("110m")
    if not rings:
        return False
    with atomic_file(target) as file:
        file.write(svg(rings).encode())
    return True


def _is_current(target: Path) -> bool:
    return f'data-format="{FORMAT}"' in target.read_text(encoding="utf-8")[:200]


def svg(rings: list[npt.NDArray[np.float64]]) -> str:
    path = "".join(_outline(part) for ring in rings for part in _in_one_piece(ring))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" data-format="{FORMAT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<path fill="#e9e3d3" d="{path}"/></svg>\n'
    )


def to_pixel(lat: float, lng: float) -> tuple[float, float]:
    return (lng + 180.0) / DEGREES_PER_PX, (NORTH - lat) / DEGREES_PER_PX


def to_place(x: float, y: float) -> tuple[float, float]:
    return NORTH - y * DEGREES_PER_PX, x * DEGREES_PER_PX - 180.0


def _in_one_piece(ring: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """A ring over the antimeridian is drawn at both edges of the picture."""
    unrolled = ring.copy()
    unrolled[:, 0] = np.unwrap(ring[:, 0], period=360.0)
    shifts = [0.0]
    if unrolled[:, 0].max() > 180.0:
        shifts.append(-360.0)
    if unrolled[:, 0].min() < -180.0:
        shifts.append(360.0)
    return [unrolled + np.array([shift, 0.0]) for shift in shifts]


def _outline(ring: npt.NDArray[np.float64]) -> str:
    x, y = to_pixel(ring[:, 1], ring[:, 0])  # type: ignore[arg-type]
    grid = np.round(np.column_stack([x, y]) * FINENESS).astype(int)
    if np.ptp(grid, axis=0).max() < SMALLEST_PX * FINENESS or grid[:, 1].min() > HEIGHT * FINENESS:
        return ""
    kept = grid[np.r_[True, np.any(np.diff(grid, axis=0) != 0, axis=1)]]
    steps = np.diff(kept, axis=0)
    start = f"M{_px(kept[0, 0])} {_px(kept[0, 1])}l"
    return start + " ".join(f"{_px(dx)} {_px(dy)}" for dx, dy in steps) + "z"


def _px(value: int) -> str:
    return f"{value / FINENESS:g}"
