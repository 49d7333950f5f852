from __future__ import annotations

import datetime as dt
import math

import pytest

from procedural_earth import sun

SOLSTICE, EQUINOX, MIDWINTER = dt.date(2025, 6, 21), dt.date(2025, 3, 20), dt.date(2025, 12, 21)


def test_the_example_of_the_solar_position_algorithm() -> None:
    """Reda and Andreas (NREL/TP-560-34302): Golden, Colorado; apparent zenith 50.1116, azimuth 194.3402."""
    moment = dt.datetime(2003, 10, 17, 12, 30, 30, tzinfo=dt.timezone(dt.timedelta(hours=-7)))
    found = sun.position_utc(39.742476, -105.1786, moment)
    assert found.apparent_elevation_deg == pytest.approx(90 - 50.1116, abs=0.02)
    assert found.azimuth_deg == pytest.approx(194.3402, abs=0.02)


@pytest.mark.parametrize(
    ("date", "declination", "equation_min"),
    [(SOLSTICE, 23.44, -1.9), (MIDWINTER, -23.44, 2.0), (dt.date(2025, 11, 3), -15.1, 16.4)],
)
def test_declination_and_equation_of_time(date: dt.date, declination: float, equation_min: float) -> None:
    century = sun.century_of_day(date.year, date.timetuple().tm_yday)
    found = sun.declination_and_equation(century)
    assert found[0] == pytest.approx(declination, abs=0.15)
    assert found[1] == pytest.approx(equation_min, abs=0.3)


def test_at_noon_the_sun_is_on_the_meridian() -> None:
    assert sun.position(48.0, EQUINOX, 12.0).azimuth_deg == pytest.approx(180, abs=1e-6)
    assert sun.position(-33.0, EQUINOX, 12.0).azimuth_deg == pytest.approx(0, abs=1e-6)
    assert sun.position(48.0, EQUINOX, 12.0).elevation_deg == pytest.approx(42, abs=0.3)
    assert sun.position(48.0, EQUINOX, 9.0).azimuth_deg < 180 < sun.position(48.0, EQUINOX, 15.0).azimuth_deg


def test_solar_and_universal_time_agree() -> None:
    moment = sun.utc(135.77, EQUINOX, 15.25)
    first, second = sun.position(35.0, EQUINOX, 15.25, 135.77), sun.position_utc(35.0, 135.77, moment)
    assert first.elevation_deg == pytest.approx(second.elevation_deg, abs=0.02)
    assert first.azimuth_deg == pytest.approx(second.azimuth_deg, abs=0.02)


def test_a_naive_moment_is_universal_time() -> None:
    aware = dt.datetime(2025, 5, 5, 5, 5, tzinfo=dt.UTC)
    assert sun.position_utc(10, 20, aware) == sun.position_utc(10, 20, aware.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("lat", "date", "hours"),
    [(0.0, EQUINOX, 12.11), (51.48, SOLSTICE, 16.63), (51.48, MIDWINTER, 7.83), (-33.87, MIDWINTER, 14.41)],
)
def test_day_lengths(lat: float, date: dt.date, hours: float) -> None:
    """Hours of almanacs, for the equator, Greenwich and Sydney."""
    assert sun.day_length_hours(lat, date) == pytest.approx(hours, abs=0.04)


def test_polar_day_and_night() -> None:
    assert sun.daylight(69.65, MIDWINTER) is None
    assert sun.daylight(69.65, SOLSTICE) == (0.0, 24.0)
    assert sun.daylight(90.0, SOLSTICE) == (0.0, 24.0)
    assert sun.daylight(-90.0, SOLSTICE) is None
    assert sun.position(90.0, SOLSTICE, 3.0).elevation_deg == pytest.approx(23.44, abs=0.02)


def test_sunrise_is_at_the_horizon() -> None:
    hours = sun.daylight(48.0, EQUINOX)
    assert hours is not None
    assert sun.position(48.0, EQUINOX, hours[0]).elevation_deg == pytest.approx(sun.SUNRISE_DEG, abs=0.1)


def test_the_direction_is_a_unit_vector_towards_the_sun() -> None:
    found = sun.position(48.0, EQUINOX, 15.0)
    x, y, z = found.direction
    assert math.hypot(x, y, z) == pytest.approx(1)
    assert x < 0
    assert y < 0
    assert z == pytest.approx(math.sin(math.radians(found.elevation_deg)))


def test_refraction_lifts_the_setting_sun_by_half_a_degree() -> None:
    assert sun.SunPosition(0.0, 270.0).apparent_elevation_deg == pytest.approx(0.48, abs=0.02)
    assert sun.SunPosition(89.0, 180.0).apparent_elevation_deg == 89.0
    assert sun.SunPosition(-5.0, 270.0).apparent_elevation_deg > -5.0
