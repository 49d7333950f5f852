"""The geometric median of pins on the sphere."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geogame.games.crowds import place_of, sum_km
from planet_core.geo import haversine_km, unit_vectors, vectors_to_degrees

lats = st.floats(-90, 90).map(lambda value: round(value, 4))
lngs = st.floats(-180, 179.9).map(lambda value: round(value, 4))
pins = st.lists(st.tuples(lats, lngs), min_size=2, max_size=20)
GRID = [(lat, lng) for lat in np.arange(-90, 91, 6.0) for lng in np.arange(-180, 180, 6.0)]
METRE = 0.001
SUM_KM = 0.1
"""So much more than the least sum is as good: the search stops."""
few = settings(max_examples=20, deadline=None)


def median(places: list[tuple[float, float]]) -> tuple[float, float]:
    found = place_of(places)
    assert found is not None
    return found


def test_one_pin_is_no_crowd() -> None:
    assert place_of([]) is None
    assert place_of([(48.0, 11.0)]) is None


@few
@given(lats, lngs, st.integers(2, 20))
def test_pins_in_one_place_point_there(lat: float, lng: float, number: int) -> None:
    assert haversine_km(*median([(lat, lng)] * number), lat, lng) < METRE


def test_two_pins_point_to_their_middle() -> None:
    assert median([(0.0, 10.0), (0.0, 30.0)]) == pytest.approx((0.0, 20.0), abs=1e-6)


def test_it_crosses_the_antimeridian() -> None:
    lat, lng = median([(0.0, 179.0), (0.0, -179.0)])
    assert lat == pytest.approx(0.0, abs=1e-6)
    assert abs(lng) == pytest.approx(180.0, abs=1e-6)


def test_it_lies_at_a_pole_among_pins_around_it() -> None:
    around = [(80.0, float(lng)) for lng in range(0, 360, 45)]
    assert median(around)[0] == pytest.approx(90.0, abs=1e-4)


def test_fewer_than_half_cannot_drag_it_away() -> None:
    found = median([(48.0, 11.0)] * 4 + [(-33.0, 151.0)] * 3)
    assert haversine_km(*found, 48.0, 11.0) < METRE


@few
@given(lats, lngs)
def test_antipodes_are_answered(lat: float, lng: float) -> None:
    """Every place is as good as any other: half the way round from both together."""
    places = [(lat, lng), (-lat, lng - 180 if lng >= 0 else lng + 180)]
    assert sum_km(*median(places), places) == pytest.approx(math.pi * 6371.0088, rel=1e-9)


@few
@given(pins)
def test_no_place_of_a_grid_and_no_pin_is_better(places: list[tuple[float, float]]) -> None:
    own = sum_km(*median(places), places)
    grid_lat, grid_lng = np.array(GRID + places).T
    at = np.array(places)
    sums = haversine_km(grid_lat[:, None], grid_lng[:, None], at[:, 0], at[:, 1]).sum(axis=1)
    assert own <= sums.min() + SUM_KM


@few
@given(pins, st.integers(0, 9))
def test_a_step_to_any_side_is_no_better(places: list[tuple[float, float]], seed: int) -> None:
    rng = random.Random(seed)
    lat, lng = median(places)
    own = sum_km(lat, lng, places)
    for size in (1.0, 0.1, 0.01):
        near_lat = max(-90.0, min(90.0, lat + rng.uniform(-size, size)))
        assert own <= sum_km(near_lat, lng + rng.uniform(-size, size), places) + SUM_KM


@few
@given(pins, st.integers(0, 9))
def test_the_order_of_pins_does_not_matter(places: list[tuple[float, float]], seed: int) -> None:
    mixed = list(places)
    random.Random(seed).shuffle(mixed)
    assert place_of(mixed) == place_of(places)


@few
@given(pins, st.integers(0, 2**32 - 1))
def test_it_turns_with_the_globe(places: list[tuple[float, float]], seed: int) -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    at = np.array(places)
    turned_lat, turned_lng = vectors_to_degrees(unit_vectors(at[:, 0], at[:, 1]) @ turn.T)
    turned = list(zip(turned_lat.tolist(), turned_lng.tolist(), strict=True))
    own, other = sum_km(*median(places), places), sum_km(*median(turned), turned)
    assert own == pytest.approx(other, abs=SUM_KM)


@few
@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(-30, 30)), min_size=2, max_size=20))
def test_of_pins_on_one_side_of_the_globe_it_lies_among_them(places: list[tuple[float, float]]) -> None:
    """No plane through the middle of the earth has the median on one side and all pins on the other."""
    vectors = unit_vectors(*np.array(places).T)
    found = unit_vectors(*median(places))
    assume(len({(round(lat, 3), round(lng, 3)) for lat, lng in places}) > 2)
    normals = np.cross(vectors[:, None], vectors[None]).reshape(-1, 3)
    for normal in normals[np.linalg.norm(normals, axis=1) > 1e-6]:
        side = vectors @ normal
        if (side >= -1e-12).all():
            assert found @ normal >= -1e-5
