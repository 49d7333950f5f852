from __future__ import annotations

import math
import time

import numpy as np
import pytest

from planet_core.geography import countries_at
from procedural_earth.facts import PlaceError, cues, elevation_m, identity, is_sea, place
from procedural_earth.facts_grids import PACKED, coast, country_number, is_lake, offset, packed
from procedural_earth.facts_towns import near, settlement
from procedural_earth.facts_zones import FARMED, climate_classes, growth

MEBIBYTE = 2**20


def country_code(lat: float, lng: float) -> str:
    country = place(lat, lng).country
    return country.iso2 if country else ""


@pytest.mark.parametrize(
    ("lat", "lng", "code", "koeppen"),
    [
        (48.0, 7.85, "DE", "Cfb"),
        (35.01, 135.77, "JP", "Cfa"),
        (-23.7, 133.88, "AU", "BWh"),
        (61.0, 90.0, "RU", "Dfc"),
        (-3.1, -60.0, "BR", "Af"),
        (30.05, 31.25, "EG", "BWh"),
    ],
)
def test_a_place_has_its_country_and_climate(lat: float, lng: float, code: str, koeppen: str) -> None:
    facts = place(lat, lng)
    assert facts.on_land
    assert country_code(lat, lng) == code
    assert facts.koeppen == koeppen


@pytest.mark.parametrize(
    ("lat", "lng", "code"),
    [
        (47.57, 7.585, "CH"),  # Basel, two kilometres from France and from Germany
        (47.62, 7.5, "FR"),
        (-29.5, 28.2, "LS"),  # a country within another
        (4.9, -52.3, "GF"),
        (-21.1, 55.5, "RE"),
        (78.2, 15.6, "SJ"),
        (22.38, 114.1, "HK"),
        (54.7, 20.5, "RU"),  # Kaliningrad
    ],
)
def test_borders_and_territories_are_told_apart(lat: float, lng: float, code: str) -> None:
    assert country_code(lat, lng) == code


@pytest.mark.parametrize(
    ("lat", "lng", "code"),
    [
        (-16.5, -50.0, "BR"),  # as far north as islands of Fiji on both sides of 180 degrees
        (-16.5, -64.0, "BO"),
        (-16.9, 26.0, "ZM"),
        (-16.3, 135.0, "AU"),
        (-16.8, -179.95, "FJ"),
        (-16.6, 179.3, "FJ"),
        (68.9, 27.0, "FI"),  # as far north as the edges of Chukotka and Wrangel Island there
        (70.0, 23.3, "NO"),
        (71.0, 25.8, "NO"),
        (70.5, -157.4, "US"),
        (71.2, -72.0, "CA"),
        (66.2, -169.9, "RU"),
        (68.9, 179.0, "RU"),
        (71.2, -179.5, "RU"),
        (71.2, 179.5, "RU"),
    ],
)
def test_countries_that_cross_180_degrees_reach_no_further_than_their_borders(
    lat: float, lng: float, code: str
) -> None:
    assert country_code(lat, lng) == code


def test_the_raster_agrees_with_the_polygons_of_planet_core_wherever_there_is_land() -> None:
    rng = np.random.default_rng(0)
    for south, north in ((-17.1, -16.1), (68.0, 71.6)):  # outlines cross 180 degrees in these latitudes
        lat, lng = rng.uniform(south, north, 3000), rng.uniform(-180, 180, 3000)
        land = ~is_sea(lat, lng)
        raster = packed("countries")["codes"][country_number(lat[land], lng[land])]
        assert (raster == countries_at(lat[land], lng[land])).mean() > 0.96


@pytest.mark.parametrize(
    ("lat", "lng", "code"),
    [(45.0, 34.2, "UA"), (42.66, 21.16, "XK"), (35.25, 33.4, "CY"), (9.56, 44.06, "SO"), (31.5, 34.45, "PS")],
)
def test_disputed_places_follow_the_documented_policy(lat: float, lng: float, code: str) -> None:
    assert country_code(lat, lng) == code


@pytest.mark.parametrize(
    ("lat", "lng", "code"),
    [
        (43.738, 7.424, "MC"),
        (43.94, 12.45, "SM"),
        (36.14, -5.35, "GI"),
        (-8.52, 179.2, "TV"),
        (-0.52, 166.93, "NR"),
    ],
)
def test_tiny_countries_are_found(lat: float, lng: float, code: str) -> None:
    assert country_code(lat, lng) == code


def test_the_open_sea_has_no_country_no_climate_and_no_height() -> None:
    facts = place(0.0, -140.0)
    assert (facts.country, facts.koeppen, facts.on_land) == (None, "", False)
    assert facts.elevation_m == 0
    assert facts.settlement == 0
    assert facts.coast_distance_km == math.inf
    assert facts.coast_bearing_deg is None
    assert facts.towns == ()


@pytest.mark.parametrize(("lat", "on_land"), [(90.0, False), (-90.0, True)])
def test_the_poles_are_places(lat: float, on_land: bool) -> None:
    facts = place(lat, 17.0)
    assert facts.on_land is on_land
    assert facts.country is None
    assert facts.identity == place(lat, -120.0).identity


def test_both_names_of_the_antimeridian_are_one_place() -> None:
    assert place(-16.8, 180.0) == place(-16.8, -180.0)
    assert {country_code(-16.8, 180.0), country_code(-16.8, 179.95)} == {"FJ"}


@pytest.mark.parametrize(
    ("lat", "lng"), [(91.0, 0.0), (-90.5, 0.0), (0.0, 180.5), (math.nan, 0.0), (0.0, math.inf)]
)
def test_no_place_on_earth_is_refused(lat: float, lng: float) -> None:
    with pytest.raises(PlaceError, match="is not between"):
        place(lat, lng)


def test_the_identity_is_stable_and_follows_the_rounded_coordinates() -> None:
    assert identity(48.0, 7.85) == "71b8814b87650db8"
    assert identity(48.00001, 7.85) == identity(48.0, 7.85)
    assert identity(48.0001, 7.85) != identity(48.0, 7.85)
    assert identity(-0.0, 0.0) == identity(0.0, 0.0)


def test_identities_of_neighbours_share_nothing() -> None:
    names = [identity(48.0 + index * 1e-4, 7.85) for index in range(256)]
    bits = np.array([[int(name, 16) >> bit & 1 for bit in range(64)] for name in names])
    assert abs(bits.mean() - 0.5) < 0.02
    assert np.abs(np.diff(bits, axis=0)).mean() == pytest.approx(0.5, abs=0.02)


def test_towns_come_nearest_first_with_distance_and_bearing() -> None:
    towns = place(48.0, 7.85).towns
    assert [town.name for town in towns][:1] == ["Freiburg"]
    assert len(towns) == 8
    distances = [town.distance_km for town in towns]
    assert distances == sorted(distances)
    north = place(47.96, 7.85).towns
    freiburg = next(town for town in north if town.name == "Freiburg")
    assert freiburg.distance_km == pytest.approx(4.0, abs=0.3)
    assert min(freiburg.bearing_deg, 360 - freiburg.bearing_deg) < 10


@pytest.mark.parametrize(
    ("lat", "lng"), [(0.0, 0.0), (71.0, 25.8), (-54.8, -68.3), (65.5, 179.9), (-17.8, -179.9)]
)
def test_the_nearest_town_is_that_of_all(lat: float, lng: float) -> None:
    towns = packed("towns")
    phi, turn = np.radians(towns["lat"] / 1e4), np.radians(towns["lng"] / 1e4 - lng)
    cosine = np.sin(phi) * np.sin(np.radians(lat)) + np.cos(phi) * np.cos(np.radians(lat)) * np.cos(turn)
    nearest = 6371.0088 * np.arccos(np.clip(cosine.max(), -1, 1))
    found = place(lat, lng).towns
    if nearest > 800:
        assert found == ()
    else:
        assert found[0].distance_km == pytest.approx(nearest, abs=0.05)


@pytest.mark.parametrize(
    ("lat", "lng", "name", "script"),
    [
        (55.75, 37.62, "Москва", "Cyrillic"),
        (37.98, 23.73, "Αθήνα", "Greek"),
        (41.69, 44.8, "თბილისი", "Georgian"),
        (40.18, 44.51, "Երևան", "Armenian"),
        (35.17, 136.9, "名古屋市", "Japanese"),
        (13.07, 80.27, "சென்னை", "Tamil"),
        (24.46, 118.08, "厦门", "Chinese"),
        (18.79, 98.98, "เชียงใหม่", "Thai"),
        (30.06, 31.25, "القاهرة", "Arabic"),
    ],
)
def test_towns_have_names_in_their_own_script(lat: float, lng: float, name: str, script: str) -> None:
    assert (name, script) in [(town.local_name, town.script) for town in place(lat, lng).towns]


def test_a_sign_shows_a_name_in_the_countrys_script_where_one_is_near() -> None:
    facts = place(23.8, 90.5)
    assert facts.sign_town is not None
    assert facts.sign_town.script == "Bengali"
    assert place(0.0, -140.0).sign_town is None


def test_settlement_rises_towards_a_city() -> None:
    steps = [place(48.8566, 2.3522 - lng).settlement for lng in (0.0, 0.15, 0.6, 1.2)]
    assert steps[0] > 0.95
    assert steps == sorted(steps, reverse=True)
    assert place(23.5, 10.5).settlement < 0.02
    assert settlement(np.empty(0, np.int64), np.empty(0)) == 0


def test_relief_of_known_places() -> None:
    lat = np.array([27.99, 51.9, 31.5, 72.0, -80.0, 46.55, 39.74])
    lng = np.array([86.93, 4.5, 35.48, -40.0, 60.0, 7.98, -105.0])
    height = elevation_m(lat, lng)
    assert height.dtype == np.float32
    expected = [6500, 2, -400, 3000, 3700, 3200, 1600]
    assert np.abs(height - expected).max() < 600
    assert height[2] < -150


def test_relief_has_no_steps_across_the_antimeridian_and_is_bilinear() -> None:
    west, east = elevation_m([66.5, 66.5], [179.9999, -180.0])
    assert west == pytest.approx(east, abs=3)
    line = elevation_m(np.full(50, 46.0), np.linspace(7.0, 7.2, 50))
    assert np.abs(np.diff(line)).max() < 120


def test_sea_and_lakes() -> None:
    assert is_sea([0.0, 48.0, 43.3], [-30.0, 8.0, 5.2]).tolist() == [True, False, True]
    assert is_lake([47.7, 42.0, 48.0, 0.0], [-88.0, 50.5, 8.0, -30.0]).tolist() == [True, True, False, False]
    assert place(-1.0, 33.0).on_land is False


def test_the_coast_lies_where_the_sea_is() -> None:
    distance_km, bearing = coast(43.55, 5.5)
    assert bearing is not None
    assert 20 < distance_km < 40
    assert 150 < bearing < 270
    lat, lng = offset(43.55, 5.5, distance_km * math.sin(math.radians(bearing)), 0.0)
    assert np.isfinite([lat, lng]).all()
    from_sea = coast(43.1, 5.5)
    assert from_sea[1] is not None
    assert is_sea(43.1, 5.5)
    assert coast(47.0, 65.0) == (math.inf, None)


def test_every_country_of_the_rasters_and_towns_is_known() -> None:
    assert set(packed("towns")["codes"].tolist()) <= set(cues())
    unknown = set(packed("countries")["codes"].tolist()) - set(cues()) - {""}
    assert unknown == {"AQ", "BV", "GS", "HM", "TF", "UM"}


def test_town_and_raster_agree_on_the_country_nearly_everywhere() -> None:
    towns = packed("towns")
    raster = packed("countries")["codes"][country_number(towns["lat"] / 1e4, towns["lng"] / 1e4)]
    agree = raster == towns["codes"][towns["country"]]
    assert agree.mean() > 0.99


def test_the_packed_files_are_small() -> None:
    assert sum(file.stat().st_size for file in PACKED.iterdir()) < 12 * MEBIBYTE


def test_a_warm_place_takes_at_most_a_millisecond_or_little_more() -> None:
    generator = np.random.default_rng(1)
    pairs = np.stack([generator.uniform(-60, 70, 200), generator.uniform(-180, 180, 200)], axis=1).tolist()
    place(*pairs[0])
    started = time.process_time()
    for lat, lng in pairs:
        place(lat, lng)
    assert (time.process_time() - started) / len(pairs) < 0.003


def test_all_values_are_in_range_everywhere() -> None:
    generator = np.random.default_rng(2)
    for lat, lng in zip(generator.uniform(-90, 90, 150), generator.uniform(-180, 180, 150), strict=True):
        facts = place(lat, lng)
        assert 0 <= facts.settlement <= 1
        assert len(facts.turbidity) == 12
        assert min(facts.turbidity) > 1
        assert max(facts.turbidity) < 9
        for mix in (facts.vegetation, facts.ground, facts.crops):
            assert mix == () or sum(weight for _, weight in mix) == pytest.approx(1)


def test_every_zone_has_vegetation_and_ground() -> None:
    for climate in climate_classes().values():
        assert climate.zone in FARMED
        assert climate.zone == "ice" or growth("vegetation", climate.zone, "", "")
        assert climate.zone == "ice" or growth("ground", climate.zone, "", "")
    assert growth("crops", "tundra", "", "") == ()


def test_near_far_from_everything_is_empty() -> None:
    numbers, distance_km = near(-48.9, -123.4)
    assert len(numbers) == len(distance_km) == 0


@pytest.mark.parametrize(
    ("lat", "lng"),
    [(35.9, 14.4), (32.72, -17.15), (10.67, -61.5), (13.15, -59.55), (36.4, 25.43), (20.8, -156.3)],
)
def test_the_ground_of_small_islands_is_not_the_sea(lat: float, lng: float) -> None:
    _, green, blue = place(lat, lng).ground_rgb
    assert blue <= 1.1 * green
