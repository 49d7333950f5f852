from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_core import scoring


@pytest.mark.parametrize(
    ("distance_km", "expected"),
    [
        (0, 5000), (0.025, 5000), (1, 4997), (25, 4917), (100, 4676), (250, 4228), (500, 3576), (750, 3024),
        (1000, 2558), (2000, 1308), (5000, 175), (10000, 6), (20015, 0),
    ],
)  # fmt: skip
def test_golden_points_of_the_world_map(distance_km: float, expected: int) -> None:
    assert scoring.points(distance_km) == expected
    assert type(scoring.points(distance_km)) is int


@pytest.mark.parametrize(
    ("distance_km", "expected"),
    [(25, 4917), (100, 4676), (250, 4229), (500, 3577), (750, 3025), (1000, 2559), (2000, 1309), (5000, 175)],
)
def test_anchors_of_games_that_decay_over_1492_7_km(distance_km: float, expected: int) -> None:
    """Published anchors are for a decay of 1492.7 km, that is a scale of 14927 km, not 14917."""
    assert scoring.points(distance_km, 14927.0) == expected


@pytest.mark.parametrize(("distance_km", "expected"), [(0.025, 5000), (0.0251, 4975), (1, 4094), (25, 34)])
def test_golden_points_of_the_smallest_map(distance_km: float, expected: int) -> None:
    assert scoring.points(distance_km, scoring.MIN_SCALE_KM) == expected


@given(st.floats(0, 20038), st.floats(0, 20038), st.floats(50, 20000))
def test_farther_is_never_better(one: float, other: float, scale_km: float) -> None:
    near, far = sorted((one, other))
    assert scoring.MAX_POINTS >= scoring.points(near, scale_km) >= scoring.points(far, scale_km) >= 0


@pytest.mark.parametrize("distance_km", [-0.001, float("nan"), float("inf")])
def test_impossible_distances_are_refused(distance_km: float) -> None:
    with pytest.raises(ValueError, match="distance_km"):
        scoring.points(distance_km)


@pytest.mark.parametrize("scale_km", [0, -1.0, float("nan"), float("inf")])
def test_impossible_scales_are_refused(scale_km: float) -> None:
    with pytest.raises(ValueError, match="scale_km"):
        scoring.points(1.0, scale_km)
