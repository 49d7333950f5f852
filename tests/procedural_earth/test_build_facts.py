from __future__ import annotations

import numpy as np
import pytest

from procedural_earth.build_facts.outlines import PER_DEGREE, Ring, _paint


def painted(*shapes: tuple[str, list[list[Ring]]]) -> dict[tuple[float, float], int]:
    """Values of a few points of the map of these shapes, by latitude and longitude."""
    canvas = _paint(list(shapes), {"AA": 1, "BB": 2})
    return {
        (lat, lng): int(canvas[int((90 - lat) * PER_DEGREE), int((lng + 180) * PER_DEGREE)])
        for lat in (0.5, 5.5)
        for lng in (-178.5, -176.5, 0.5, 176.5, 178.5)
    }


def box(south: float, west: float, north: float, east: float) -> Ring:
    """Corners of a box, anticlockwise, not closed; longitudes are written within -180..180."""
    ring = np.array([(west, south), (east, south), (east, north), (west, north)], dtype=np.float64)
    ring[:, 0] = (ring[:, 0] + 180) % 360 - 180
    return ring


@pytest.mark.parametrize("first", range(4))
def test_an_outline_across_180_degrees_is_painted_on_both_sides_and_nowhere_else(first: int) -> None:
    across = np.roll(box(0, 178, 1, 182), first, axis=0)  # wherever the outline begins
    found = painted(("AA", [[across]]))
    inside = {(0.5, -178.5), (0.5, 178.5)}
    assert found == {point: int(point in inside) for point in found}


def test_a_hole_across_180_degrees_is_left_out_and_small_countries_stay_on_top() -> None:
    ring, hole = box(0, 175, 1, 185), box(0, 178, 1, 182)
    found = painted(("BB", [[box(0, 176, 1, 177)]]), ("AA", [[ring, hole]]))
    assert [found[0.5, lng] for lng in (176.5, 178.5, -178.5, -176.5, 0.5)] == [2, 0, 0, 1, 0]


@pytest.mark.parametrize("steps", [2, 13])
def test_an_outline_around_a_pole_keeps_its_edge_along_the_pole(steps: int) -> None:
    coast = [(lng, 5.0) for lng in np.linspace(-180, 180, steps).tolist()]
    found = painted(("AA", [[np.array([*coast, (180.0, 90.0), (-180.0, 90.0)])]]))
    assert found == {(lat, lng): int(lat > 5) for lat, lng in found}


def test_an_outline_around_a_pole_that_does_not_reach_it_stays_as_it_is() -> None:
    coast = [(lng, 5.0) for lng in np.linspace(-180, 179.8, 13).tolist()]
    found = painted(("AA", [[np.array([*coast, (179.8, 80.0), (-180.0, 80.0)])]]))
    assert found == {(lat, lng): int(lat > 5) for lat, lng in found}
