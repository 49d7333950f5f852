"""Where the sun stands: the equations of NOAA's solar calculator (after Meeus, Astronomical Algorithms).

`hour` is apparent solar time at the place: at 12 the sun is on the meridian, whatever clocks there show. So
it tells nothing of the longitude, and the sun's height and direction tell the latitude, as they do a person
with a compass. Good to 0.02 degrees between 1950 and 2050.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# the sun's upper edge on the horizon: half its width and the air's bending
SUNRISE_DEG = -0.833


@dataclass(frozen=True)
class SunPosition:
    """Degrees above the horizon, without the air's bending, and clockwise from north."""

    elevation_deg: float
    azimuth_deg: float

    @property
    def apparent_elevation_deg(self) -> float:
        """With refraction at sea level (NOAA's approximation)."""
        return self.elevation_deg + _refraction_deg(self.elevation_deg)

    @property
    def direction(self) -> tuple[float, float, float]:
        """The unit vector to the sun: x east, y north, z up."""
        height, turn = math.radians(self.elevation_deg), math.radians(self.azimuth_deg)
        return math.cos(height) * math.sin(turn), math.cos(height) * math.cos(turn), math.sin(height)


def position(lat: float, date: dt.date, hour: float, lng: float = 0.0) -> SunPosition:
    """The sun over a latitude at `hour` (0..24) of solar time; `lng` only says when the date is there."""
    midnight = dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)
    declination, _ = declination_and_equation(_century(midnight + dt.timedelta(hours=hour - lng / 15)))
    return _horizontal(lat, declination, 15.0 * (hour - 12.0))


def position_utc(lat: float, lng: float, moment: dt.datetime) -> SunPosition:
    """The sun at a moment of universal time (an aware datetime, or a naive one that is taken as UTC)."""
    moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    declination, equation_min = declination_and_equation(_century(moment))
    minutes = moment.hour * 60 + moment.minute + moment.second / 60 + equation_min + 4 * lng
    return _horizontal(lat, declination, minutes / 4 - 180)


def utc(lng: float, date: dt.date, hour: float) -> dt.datetime:
    """The moment at which the apparent solar time of a longitude is `hour` on `date`."""
    midnight = dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)
    mean = midnight + dt.timedelta(hours=hour - lng / 15)
    _, equation_min = declination_and_equation(_century(mean))
    return mean - dt.timedelta(minutes=equation_min)


def daylight(lat: float, date: dt.date) -> tuple[float, float] | None:
    """Sunrise and sunset, hours of solar time; (0, 24) in the polar day, None in the polar night."""
    noon = dt.datetime(date.year, date.month, date.day, 12, tzinfo=dt.UTC)
    declination, _ = declination_and_equation(_century(noon))
    half_day = float(half_day_hours(lat, declination, SUNRISE_DEG))
    return None if half_day <= 0 else (12.0 - half_day, 12.0 + half_day)


def day_length_hours(lat: float, date: dt.date) -> float:
    """From sunrise to sunset, 0..24."""
    hours = daylight(lat, date)
    return 0.0 if hours is None else hours[1] - hours[0]


def half_day_hours(
    lat: npt.ArrayLike, declination_deg: npt.ArrayLike, elevation_deg: float = SUNRISE_DEG
) -> npt.NDArray[np.float64]:
    """Hours from noon until the sun sinks below an elevation; 0 if it never gets so high, 12 if always."""
    phi, delta = np.radians(lat), np.radians(declination_deg)
    cosine = (np.sin(np.radians(elevation_deg)) - np.sin(phi) * np.sin(delta)) / np.maximum(
        np.cos(phi) * np.cos(delta), 1e-12
    )
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))) / 15)


def declination_and_equation(century: npt.ArrayLike) -> tuple[float, float]:
    """Declination (degrees) and equation of time (minutes) at Julian centuries since noon, 1 January 2000."""
    t = np.asarray(century, np.float64)
    mean_longitude = np.radians((280.46646 + t * (36000.76983 + t * 0.0003032)) % 360)
    anomaly = np.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        np.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + np.sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + np.sin(3 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1934.136 * t)
    longitude = mean_longitude + np.radians(centre - 0.00569 - 0.00478 * np.sin(node))
    tilt = 23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60
    tilt = np.radians(tilt + 0.00256 * np.cos(node))
    declination = np.degrees(np.arcsin(np.sin(tilt) * np.sin(longitude)))
    y = np.tan(tilt / 2) ** 2
    equation = (
        y * np.sin(2 * mean_longitude)
        - 2 * eccentricity * np.sin(anomaly)
        + 4 * eccentricity * y * np.sin(anomaly) * np.cos(2 * mean_longitude)
        - 0.5 * y**2 * np.sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * np.sin(2 * anomaly)
    )
    return declination[()], 4 * np.degrees(equation)[()]


def century_of_day(year: int, day_of_year: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Julian centuries at noon of days of a year, 1 January being day 1."""
    start = _century(dt.datetime(year, 1, 1, 12, tzinfo=dt.UTC))
    return np.asarray(start + (np.asarray(day_of_year, np.float64) - 1) / 36525)


def _century(moment: dt.datetime) -> float:
    return (moment - dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)).total_seconds() / 86400 / 36525


def _horizontal(lat: float, declination_deg: float, hour_angle_deg: float) -> SunPosition:
    phi, delta, angle = math.radians(lat), math.radians(declination_deg), math.radians(hour_angle_deg)
    up = math.sin(phi) * math.sin(delta) + math.cos(phi) * math.cos(delta) * math.cos(angle)
    east = -math.cos(delta) * math.sin(angle)
    north = math.cos(phi) * math.sin(delta) - math.sin(phi) * math.cos(delta) * math.cos(angle)
    elevation = math.degrees(math.asin(max(-1.0, min(1.0, up))))
    return SunPosition(elevation, math.degrees(math.atan2(east, north)) % 360)


def _refraction_deg(elevation_deg: float) -> float:
    if elevation_deg > 85:
        return 0.0
    slope = math.tan(math.radians(elevation_deg))
    if elevation_deg > 5:
        seconds = 58.1 / slope - 0.07 / slope**3 + 0.000086 / slope**5
    elif elevation_deg > -0.575:
        e = elevation_deg
        seconds = 1735 + e * (-518.2 + e * (103.4 + e * (-12.79 + e * 0.711)))
    else:
        seconds = -20.774 / slope
    return seconds / 3600
