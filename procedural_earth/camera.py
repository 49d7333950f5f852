"""Faces that the rasteriser draws: one for a view, six for a panorama."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

GUARD = 1.012
"""How much wider than 90 degrees a panorama's face is, so that a pixel's samples all fall on one face."""


@dataclass(frozen=True)
class Face:
    """A square picture plane.

    Attributes:
        turn: float64 (3, 3), rows right, down, forward.
        focal: Samples a unit of x/z.
        samples: Samples a side.
        heading_deg, half_width_deg: What a vertical wedge around the face covers; None where it is all.
    """

    turn: Array
    focal: float
    samples: int
    sector: tuple[float, float] | None


def turned(heading_deg: float, pitch_deg: float) -> Array:
    """Right, down and forward of an eye that looks so."""
    h, p = math.radians(heading_deg), math.radians(pitch_deg)
    forward = np.array([math.cos(p) * math.sin(h), math.cos(p) * math.cos(h), math.sin(p)])
    right = np.array([math.cos(h), -math.sin(h), 0.0])
    return np.stack([right, np.cross(forward, right), forward])


def view_face(heading_deg: float, pitch_deg: float, fov_deg: float, px: int) -> Face:
    """The face of a square view of px by px pixels, two by two samples each."""
    half = math.tan(math.radians(fov_deg) / 2)
    reach = math.degrees(math.atan(half / max(math.cos(math.radians(abs(pitch_deg) + fov_deg / 2)), 0.02)))
    sector = None if abs(pitch_deg) + fov_deg / 2 > 80 else (heading_deg, min(reach + 3.0, 180.0))
    return Face(turned(heading_deg, pitch_deg), px / half, 2 * px, sector)


def panorama_faces(heading_deg: float, width: int) -> list[Face]:
    """Four sides (the first straight ahead, then clockwise), top and bottom."""
    focal = width / math.pi
    samples = 2 * math.ceil(focal * GUARD)
    poses = [(heading_deg + 90.0 * side, 0.0) for side in range(4)] + [(heading_deg, 90.0), (heading_deg, -90.0)]
    return [Face(turned(*pose), focal, samples, None) for pose in poses]
