from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_core import metrics
from planet_core.geo import haversine_km

PUBLISHED = {1: 16.9, 25: 43.0, 200: 51.9, 750: 66.7, 2500: 80.2}


@pytest.fixture(scope="module")
def golden(shared_data: Path) -> list[dict[str, float]]:
    with (shared_data / "geo" / "im2gps237_golden.csv").open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_golden_accuracy_of_published_distances(golden: list[dict[str, float]]) -> None:
    accuracy = metrics.accuracy_at([row["isn_distance_km"] for row in golden])
    assert {scale: round(100 * share, 1) for scale, share in accuracy.items()} == PUBLISHED


def test_golden_accuracy_of_distances_from_coordinates(golden: list[dict[str, float]]) -> None:
    names = ("lat", "lng", "isn_lat", "isn_lng")
    lat, lng, other_lat, other_lng = ([row[name] for row in golden] for name in names)
    distances = haversine_km(lat, lng, other_lat, other_lng)
    accuracy = metrics.accuracy_at(distances)
    assert {scale: round(100 * share, 1) for scale, share in accuracy.items()} == PUBLISHED
    for distance, row in zip(distances, golden, strict=True):
        assert distance == pytest.approx(row["isn_distance_km"], rel=1e-5, abs=0.006)


def test_a_photo_on_the_scale_counts() -> None:
    assert metrics.accuracy_at([25.0, 25.000001]) == {1: 0, 25: 0.5, 200: 1, 750: 1, 2500: 1}


def test_no_answer_is_infinitely_far() -> None:
    assert metrics.accuracy_at([1.0, math.inf], scales_km=(10,)) == {10: 0.5}
    assert metrics.median_km([1.0, math.inf, math.inf]) == math.inf
    assert metrics.median_km([math.inf, math.inf]) == math.inf
    assert metrics.mean_points([0.0, math.inf]) == 2500


@pytest.mark.parametrize(("distances", "median"), [([3, 1, 2], 2), ([4, 1, 2, 3], 2.5), ([7], 7), (7.0, 7)])
def test_median(distances: list[float], median: float) -> None:
    assert metrics.median_km(distances) == median


def test_mean_points_follow_the_scale() -> None:
    assert metrics.mean_points([0, 100]) == (5000 + 4676) / 2
    assert metrics.mean_points([100], scale_km=50) == 0


@pytest.mark.parametrize("function", [metrics.accuracy_at, metrics.median_km, metrics.mean_points])
def test_nothing_and_nonsense_are_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match="no distances"):
        function([])
    with pytest.raises(ValueError, match="index 1 is nan"):
        function([1.0, math.nan])
    with pytest.raises(ValueError, match=r"index 0 is -1\.0"):
        function([-1.0])


@given(st.lists(st.floats(0, 20038) | st.just(math.inf), min_size=1))
def test_shares_grow_with_the_scale(distances: list[float]) -> None:
    shares = list(metrics.accuracy_at(distances).values())
    assert shares == sorted(shares)
    assert shares[-1] == sum(d <= 2500 for d in distances) / len(distances)
