from __future__ import annotations

import pytest

from geogame.panoramas.places import describe


@pytest.mark.parametrize(
    ("lat", "lng", "expected"),
    [
        (48.58, 7.75, "Near Strasbourg, France"),
        (48.85, 2.35, "Near Paris, France"),
        (-77.85, 166.67, "km from "),
        (0.0, -150.0, "km from "),
    ],
)
def test_a_place_is_named_after_the_nearest_town(lat: float, lng: float, expected: str) -> None:
    assert expected in describe(lat, lng)
