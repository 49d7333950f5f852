from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from geopy.distance import great_circle
from hypothesis import given
from hypothesis import strategies as st

from planet_core import geo

LAT = st.floats(-90, 90)
LNG = st.floats(-180, 180)


@given(LAT, LNG, LAT, LNG)
def test_distance_equals_geopy(lat1: float, lng1: float, lat2: float, lng2: float) -> None:
    expected = great_circle((lat1, lng1), (lat2, lng2), radius=geo.EARTH_RADIUS_KM).km
    assert geo.haversine_km(lat1, lng1, lat2, lng2) == pytest.approx(expected, rel=1e-9, abs=1e-8)


def test_distance_of_scalars_is_a_float_and_of_arrays_broadcasts() -> None:
    assert type(geo.haversine_km(0, 0, 0, 1)) is float
    assert type(geo.haversine_km(np.float64(0), 0.0, 0.0, 1.0)) is float
    column = np.zeros((3, 1))
    assert geo.haversine_km(column, 0.0, 0.0, np.arange(4.0)).shape == (3, 4)


def test_tiny_distances_keep_their_precision() -> None:
    micrometre = 1e-9
    step = np.degrees(micrometre / geo.EARTH_RADIUS_KM)
    assert geo.haversine_km(0.0, 10.0, step, 10.0) == pytest.approx(micrometre, rel=1e-9)


@pytest.mark.parametrize("offset_km", [0.0, 1e-6, 1e-3, 1.0])
def test_nearly_antipodal_distances_keep_their_precision(offset_km: float) -> None:
    half = np.pi * geo.EARTH_RADIUS_KM
    offset = np.degrees(offset_km / geo.EARTH_RADIUS_KM)
    assert half - geo.haversine_km(0.0, 20.0, offset, -160.0) == pytest.approx(offset_km, abs=1e-8)


def test_distance_of_nan_is_nan() -> None:
    assert np.isnan(geo.haversine_km(float("nan"), 0, 0, 0))


@given(st.floats(-1e6, 1e6))
def test_normalised_longitude_is_the_same_direction_in_range(lng: float) -> None:
    wrapped = geo.normalise_lng(lng)
    assert -180 <= wrapped < 180
    assert np.cos(np.radians(wrapped - lng)) == pytest.approx(1.0)


def test_longitudes_in_range_are_untouched() -> None:
    values = np.array([-180.0, -0.1, 1e-20, 179.99999999999997])
    assert np.array_equal(geo.normalise_lng(values), values)
    assert geo.normalise_lng(180.0) == -180.0


def test_mean_crosses_the_antimeridian() -> None:
    lat, lng = geo.spherical_mean([10, 10], [179, -179])
    assert abs(lng) == pytest.approx(180)
    assert lat == pytest.approx(10, abs=0.01)


def test_mean_of_points_around_a_pole_is_the_pole() -> None:
    assert geo.spherical_mean([80, 80, 80], [0, 120, -120])[0] == pytest.approx(90)


def test_mean_follows_its_weights() -> None:
    assert geo.spherical_mean([0, 0], [0, 90], weights=[1, 0]) == pytest.approx((0, 0))
    assert geo.spherical_mean([0, 0], [0, 90], weights=[2, 2]) == pytest.approx((0, 45))


@pytest.mark.parametrize(
    ("lat", "lng", "weights"), [([], [], None), ([0, 0], [0, 180], None), ([0, 1], [0, 0], [0, 0])]
)
def test_mean_without_a_direction_is_refused(
    lat: list[float], lng: list[float], weights: list[float] | None
) -> None:
    with pytest.raises(ValueError, match="spherical_mean"):
        geo.spherical_mean(lat, lng, weights)


@pytest.mark.parametrize(
    ("lng", "west", "east"),
    [
        ([1, 5, 3], 1, 5),
        ([170, -170, 175], 170, -170),
        ([-120, 0, 119], -120, 119),
        ([7], 7, 7),
        ([0, 180, 359], -180, 0),
    ],
)
def test_box_takes_the_narrowest_span(lng: list[float], west: float, east: float) -> None:
    box = geo.bounding_box([-3] * len(lng), lng)
    assert (box.south, box.west, box.north, box.east) == (-3, west, -3, east)


@given(st.lists(LNG, min_size=1, max_size=8))
def test_box_holds_every_point_and_spans_no_more_than_needed(lngs: list[float]) -> None:
    box = geo.bounding_box(np.zeros(len(lngs)), lngs)
    width = (box.east - box.west) % 360
    assert width <= 360 - 360 / len(lngs) + 1e-9
    for lng in lngs:
        inside = (lng - box.west) % 360
        assert inside <= width + 1e-9 or inside >= 360 - 1e-9


def test_box_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        geo.bounding_box([], [])
    with pytest.raises(ValueError, match="finite"):
        geo.bounding_box([0.0], [float("nan")])


def test_diagonal_of_the_world_map_and_of_a_box_over_the_antimeridian() -> None:
    assert round(geo.diagonal_km((-54.853, -159.779, 78.656, 178.451))) == 14917
    fiji = geo.BoundingBox(0, 179, 0, -179)
    assert geo.diagonal_km(fiji) == pytest.approx(geo.haversine_km(0, 0, 0, 2))


def test_blocks_of_distances_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    lat, lng = rng.uniform(-90, 90, (2, 40)), rng.uniform(-180, 180, (2, 40))
    whole = geo.haversine_km(lat[0][:, None], lng[0][:, None], lat[1], lng[1])
    monkeypatch.setattr(geo, "_BLOCK", 64)
    blocks = geo.haversine_km(lat[0][:, None], lng[0][:, None], lat[1], lng[1])
    assert blocks.shape == (40, 40)
    np.testing.assert_allclose(blocks, whole, rtol=1e-14)


@pytest.mark.slow
def test_the_numpy_modules_do_not_load_torch() -> None:
    modules = (
        "geo scoring s2 partition images metrics answer splits model_directory recipe point_tree"
        " run_log recipes.tiny recipes.modern sources.csv_photos sources.open_source"
        " calibration views stopping training_data cell_counts partition_cli array_files sources.places"
        " shards shard_order prepare_output train_options"
        " distributions cell_countries cell_polygons cell_raster probability_map outputs"
        " geography country_polygons model_card model_file"
        " albums album_directory album_recipe album_options"
    )
    imports = "; ".join(f"import planet_core.{module}" for module in modules.split())
    code = f"import sys; {imports}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_distances_equal_geopy_from_metres_to_the_antipode() -> None:
    from geopy.distance import great_circle

    rng = np.random.default_rng(4)
    lat, lng = rng.uniform(-89, 89, 300), rng.uniform(-180, 180, 300)
    for size_degrees in (1e-4, 1.0, 90.0):
        lat2 = np.clip(lat + rng.uniform(-size_degrees, size_degrees, 300), -90, 90)
        lng2 = lng + rng.uniform(-size_degrees, size_degrees, 300) * 2
        for sign, turn in ((1, 0), (-1, 180)):  # near the point, and near its antipode
            ends = zip(lat, lng, sign * lat2, lng2 + turn, strict=True)
            expected = [great_circle((a, b), (c, d), radius=geo.EARTH_RADIUS_KM).km for a, b, c, d in ends]
            ours = geo.haversine_km(lat, lng, sign * lat2, lng2 + turn)
            np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-11)
