"""What is drawn first: the nearest, whatever there is on a face."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from procedural_earth.raster import _nearest_first

ORDER = njit(boundscheck=True)(_nearest_first.py_func)
"""An index out of range is an error here, and not somebody else's memory."""


def order_of(distances_m: list[float]) -> list[int]:
    points = np.array([(0.0, 0.0, distance) for distance in distances_m]).reshape(-1, 3)
    triangles = np.repeat(np.arange(len(points), dtype=np.int32)[:, None], 3, axis=1)
    flags = np.ones(len(points), np.uint8)
    found = ORDER(points, np.zeros(len(points), np.uint8), triangles, flags, 1)
    return [int(number) for number in found]


@pytest.mark.parametrize("distance_m", [0.1, 1.7, 33.3, 812.9, 4_321.0, 69_999.9])
def test_one_triangle_or_several_at_one_distance_are_in_range(distance_m: float) -> None:
    assert order_of([distance_m]) == [0]
    assert order_of([distance_m] * 3) == [0, 1, 2]


def test_the_nearest_come_first() -> None:
    assert order_of([900.0, 2.0, 70_000.0, 40.0]) == [1, 3, 0, 2]
    assert order_of([]) == []
