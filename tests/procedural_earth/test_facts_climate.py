from __future__ import annotations

import numpy as np
import pytest

from procedural_earth.facts import leaves, snow, temperature

WINTER, SUMMER = 15, 196


@pytest.mark.parametrize(
    ("lat", "lng", "january_c", "july_c"),
    [
        (48.0, 7.85, 2.0, 20.0),  # Freiburg
        (41.85, -87.65, -4.0, 24.0),  # Chicago
        (1.35, 103.82, 26.5, 28.0),  # Singapore
        (-33.87, 151.2, 23.0, 13.0),  # Sydney
        (55.75, 37.62, -7.0, 19.0),  # Moscow
        (-1.29, 36.82, 19.0, 17.0),  # Nairobi
        (35.68, 139.69, 5.0, 25.0),  # Tokyo
    ],
)
def test_temperatures_are_right_to_some_five_degrees(
    lat: float, lng: float, january_c: float, july_c: float
) -> None:
    assert temperature(lat, lng, WINTER) == pytest.approx(january_c, abs=6)
    assert temperature(lat, lng, SUMMER) == pytest.approx(july_c, abs=6)


def test_snow_lies_where_and_when_it_should() -> None:
    moscow, helsinki, yakutsk = (55.75, 37.62), (60.3, 25.0), (62.03, 129.73)
    for place in (moscow, helsinki, yakutsk):
        assert snow(*place, WINTER) > 0.7
        assert snow(*place, SUMMER) == 0
    for warm in [(1.35, 103.82), (30.05, 31.25), (36.7, -4.4), (-33.87, 151.2)]:
        assert snow(*warm, np.arange(1, 366, 15)).max() == 0
    assert (snow(-80.0, 60.0, np.arange(1, 366, 30)) == 1).all()


def test_southern_winter_is_in_july() -> None:
    assert snow(-54.8, -68.3, SUMMER) > snow(-54.8, -68.3, WINTER)


def test_snow_is_a_share_everywhere() -> None:
    lat, lng = np.meshgrid(np.linspace(-89, 89, 60), np.linspace(-179, 179, 90))
    for day in (1, 91, 182, 274):
        cover = snow(lat, lng, day)
        assert cover.shape == lat.shape
        assert cover.min() >= 0
        assert cover.max() <= 1


def test_leaves_turn_with_the_year() -> None:
    year = [leaves(52.5, 13.4, day) for day in range(5, 366, 10)]
    order = [state for index, state in enumerate(year) if index == 0 or state != year[index - 1]]
    assert order == ["bare", "spring", "green", "autumn", "bare"]
    assert {leaves(1.35, 103.82, day) for day in range(5, 366, 30)} == {"green"}
    assert leaves(64.0, -20.5, SUMMER) == "green"
    assert leaves(55.75, 37.62, WINTER) == "bare"
