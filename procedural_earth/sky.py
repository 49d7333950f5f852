"""Daylight: the sky's radiance by single scattering in a curved atmosphere, the sun, and the air between.

Radiance is relative: the sun above the atmosphere has irradiance `SUN` in every band (red, green, blue).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth.compiled import allocating, compiled
from procedural_earth.noise import fbm, noise, smooth

Array = npt.NDArray[Any]

SUN = np.array([10.6, 10.2, 9.8])
EARTH_M = 6_371_000.0
ELEVATIONS, AZIMUTHS = 40, 24
"""Size of the sky's table: rows by elevation (denser near the horizon), columns by angle from the sun, 0..180."""

_RAYLEIGH = np.array([5.8e-6, 13.5e-6, 33.1e-6])
_OZONE = np.array([0.65e-6, 1.88e-6, 0.085e-6])
_RAYLEIGH_HEIGHT, _MIE_HEIGHT = 8000.0, 1500.0


@dataclass(frozen=True)
class Daylight:
    """Light of one moment.

    Attributes:
        sun: float64 (3,), unit vector towards the sun.
        sunlight: float64 (3,), irradiance on a plane that faces the sun, clouds included.
        table: float32 (40, 24, 3), radiance of the clear sky.
        ambient: float64 (3,), irradiance of the sky on level ground.
        extinction: float64 (3,), of the air at the ground, a metre.
        overcast: 0..1, how much of the sky is one grey sheet.
    """

    sun: Array
    sunlight: Array
    table: Array
    ambient: Array
    extinction: Array
    overcast: float


@compiled
def _air_mass(sine: float) -> float:
    """Path through an exponential atmosphere against the vertical one (Kasten and Young 1989)."""
    degrees = math.degrees(math.asin(min(max(sine, -1.0), 1.0)))
    if degrees < -4.0:
        return 400.0 * 2.0 ** (-4.0 - degrees)
    return 1.0 / (max(sine, -0.07) + 0.50572 * (degrees + 6.07995) ** -1.6364) if degrees > -1.5 else (
        38.0 * 2.0 ** ((-degrees) * 1.1)
    )


@allocating
def scatter(sun_height: float, rayleigh: Array, mie: float, ozone: Array, solar: Array, table: Array) -> None:
    """Fills the table (elevations, azimuths, 3) for the sine of the sun's height `sun_height`."""
    rows, columns = table.shape[0], table.shape[1]
    g = 0.62
    flat = math.sqrt(max(1.0 - sun_height * sun_height, 0.0))
    steps = 18
    lit = np.empty((steps, 3))
    for row in range(rows):
        share = row / (rows - 1)
        elevation = math.pi / 2 * share * share + 0.0005
        sine = math.sin(elevation)
        cosine = math.cos(elevation)
        depth_r = 0.0
        depth_m = 0.0
        top = 60000.0
        far = -EARTH_M * sine + math.sqrt((EARTH_M * sine) ** 2 + 2 * EARTH_M * top + top * top)
        weights_r = np.empty((steps, 3))
        weights_m = np.empty((steps, 3))
        weights_s = np.empty((steps, 3))
        before = 0.0
        for step in range(steps):
            after = far * ((step + 1) / steps) ** 2.6
            middle = 0.5 * (before + after)
            length = after - before
            before = after
            height = math.sqrt(EARTH_M**2 + middle * middle + 2 * EARTH_M * middle * sine) - EARTH_M
            density_r = math.exp(-height / _RAYLEIGH_HEIGHT)
            density_m = math.exp(-height / _MIE_HEIGHT)
            depth_r += 0.5 * density_r * length
            depth_m += 0.5 * density_m * length
            dip = math.acos(EARTH_M / (EARTH_M + height))
            local = math.asin(sun_height) + (dip if sun_height < 0.1 else 0.0) * (1.0 - smooth(0.0, 0.1, sun_height))
            mass = _air_mass(math.sin(local))
            for band in range(3):
                out = rayleigh[band] * depth_r + 1.1 * mie * depth_m + ozone[band] * depth_r * 2.0
                into = (
                    rayleigh[band] * density_r * _RAYLEIGH_HEIGHT
                    + 1.1 * mie * density_m * _MIE_HEIGHT
                    + ozone[band] * 18000.0 * (1.0 if height < 25000.0 else 0.3)
                ) * mass
                light = solar[band] * math.exp(-min(out + into, 80.0)) * length
                # light that was scattered before: dimmer, without direction, less extinguished
                second = solar[band] * math.exp(-min(out + 0.35 * into, 80.0)) * length
                weights_r[step, band] = light * rayleigh[band] * density_r
                weights_m[step, band] = light * mie * density_m
                weights_s[step, band] = second * (rayleigh[band] * density_r + 0.8 * mie * density_m)
            depth_r += 0.5 * density_r * length
            depth_m += 0.5 * density_m * length
        for band in range(3):
            lit[0, band] = weights_r[:, band].sum()
            lit[1, band] = weights_m[:, band].sum()
            lit[2, band] = weights_s[:, band].sum()
        for column in range(columns):
            azimuth = math.pi * column / (columns - 1)
            mu = sine * sun_height + cosine * flat * math.cos(azimuth)
            phase_r = 3.0 / (16.0 * math.pi) * (1.0 + mu * mu)
            phase_m = 3.0 / (8.0 * math.pi) * (1 - g * g) * (1 + mu * mu) / (
                (2 + g * g) * (1 + g * g - 2 * g * mu) ** 1.5
            )
            for band in range(3):
                table[row, column, band] = (
                    phase_r * lit[0, band] + phase_m * lit[1, band] + 0.046 * lit[2, band]
                )


@compiled
def clear_sky(table: Array, x: float, y: float, z: float, sun_x: float, sun_y: float) -> tuple[float, float, float]:
    """Radiance of the clear sky in direction (x, y, z); below the horizon that of the horizon."""
    rows, columns = table.shape[0], table.shape[1]
    row = math.sqrt(math.asin(min(max(z, 0.0), 1.0)) / (math.pi / 2)) * (rows - 1)
    flat = math.sqrt((x * x + y * y) * (sun_x * sun_x + sun_y * sun_y))
    cosine = (x * sun_x + y * sun_y) / flat if flat > 1e-9 else 0.0
    column = math.acos(min(max(cosine, -1.0), 1.0)) / math.pi * (columns - 1)
    i = min(int(row), rows - 2)
    j = min(int(column), columns - 2)
    a = row - i
    b = column - j
    w00 = (1 - a) * (1 - b)
    w01 = (1 - a) * b
    w10 = a * (1 - b)
    w11 = a * b
    return (
        table[i, j, 0] * w00 + table[i, j + 1, 0] * w01 + table[i + 1, j, 0] * w10 + table[i + 1, j + 1, 0] * w11,
        table[i, j, 1] * w00 + table[i, j + 1, 1] * w01 + table[i + 1, j, 1] * w10 + table[i + 1, j + 1, 1] * w11,
        table[i, j, 2] * w00 + table[i, j + 1, 2] * w01 + table[i + 1, j, 2] * w10 + table[i + 1, j + 1, 2] * w11,
    )


@compiled
def _mean_irradiance(table: Array, sun_x: float, sun_y: float) -> tuple[float, float, float]:
    r = g = b = 0.0
    for i in range(12):
        sine = (i + 0.5) / 12
        flat = math.sqrt(1 - sine * sine)
        for j in range(16):
            angle = 2 * math.pi * j / 16
            p, q, s = clear_sky(table, flat * math.cos(angle), flat * math.sin(angle), sine, sun_x, sun_y)
            r += p * sine
            g += q * sine
            b += s * sine
    scale = 2 * math.pi / (12 * 16)
    return r * scale, g * scale, b * scale


def daylight(sun: Array, linke: float, overcast: float, sun_share: float) -> Daylight:
    """Light for a sun direction, Linke turbidity (2 clean .. 8 hazy), and what clouds leave of it.

    Args:
        sun: Unit vector towards the sun; below the horizon gives twilight.
        overcast: 0..1, weight of a grey sheet of cloud in the sky.
        sun_share: 0..1, how much direct sun reaches the ground.
    """
    aerosol = 0.036 * max(linke - 1.4, 0.15)
    mie = aerosol / _MIE_HEIGHT
    table = np.zeros((ELEVATIONS, AZIMUTHS, 3), np.float32)
    scatter(float(sun[2]), _RAYLEIGH, mie, _OZONE, SUN, table)
    table += np.array([0.0016, 0.0024, 0.0045], np.float32)  # starlight and afterglow: night is never black
    mass = _air_mass(float(sun[2]))
    depth = (_RAYLEIGH * _RAYLEIGH_HEIGHT + aerosol * np.array([0.8, 1.0, 1.25]) + _OZONE * 18000.0) * mass
    direct = SUN * np.exp(-np.minimum(depth, 60)) * float(smooth(-0.012, 0.012, float(sun[2])))
    ambient = np.array(_mean_irradiance(table, float(sun[0]), float(sun[1])))
    sheet = 0.34 * (direct * max(float(sun[2]), 0.0) + ambient) / math.pi * 1.25
    sheet = 0.75 * sheet.mean() * np.array([0.97, 1.0, 1.05]) + 0.25 * sheet
    if overcast > 0:
        rise = np.linspace(0, 1, ELEVATIONS)[:, None, None] ** 2
        grey = sheet * (0.85 + 0.3 * np.sin(rise * math.pi / 2))
        table = (table * (1 - overcast) + grey * overcast).astype(np.float32)
        ambient = np.array(_mean_irradiance(table, float(sun[0]), float(sun[1])))
    # haze lies lower than the air: what the eye sees along the ground has more of it than the sky
    beta = _RAYLEIGH * 1.0 + 1.7 * mie * np.array([0.85, 1.0, 1.2]) + overcast * 2.0e-5
    return Daylight(np.asarray(sun, float), direct * sun_share, table, ambient, beta, overcast)


@compiled
def _thickness(x: float, y: float, cover: float, sharp: float, octaves: int, seed: int) -> float:
    mass = 0.55 * noise(x * 0.33, y * 0.33, seed + 31) + 1.05 * fbm(x, y, octaves, seed)
    return (mass + cover) * sharp


@compiled
def cloud(
    x: float, y: float, z: float, sun: Array, cover: float, sharp: float, scale: float, drift: float, seed: int,
    pixel: float,
) -> tuple[float, float]:  # fmt: skip
    """Clouds in direction (x, y, z): their opacity 0..1, and how much sun comes through them to here 0..1.

    Args:
        cover: -1 none .. 1 all.
        sharp: Contrast of the edges.
        scale: Features a kilometre.
        drift: Kilometres that the wind has moved them.
        pixel: Radians of a pixel: finer features are left out.
    """
    if z < 0.004:
        return 0.0, 1.0
    # where the ray meets a curved layer 1.6 km up
    radius = 6371.0
    distance = -radius * z + math.sqrt((radius * z) ** 2 + 2 * radius * 1.6 + 1.6 * 1.6)
    px = (x * distance + drift) * scale
    py = y * distance * scale
    feature = max(pixel * distance * scale / max(z, 0.06), 1e-6)
    octaves = min(max(int(-math.log2(feature)) + 1, 2), 7)
    here = _thickness(px, py, cover, sharp, octaves, seed)
    if here <= 0.0:
        return 0.0, 1.0
    # relief by the difference to the side of the sun, near by for the billows and further for the mass
    flat = math.sqrt(sun[0] * sun[0] + sun[1] * sun[1]) + 0.25
    sx = sun[0] / flat
    sy = sun[1] / flat
    ahead = _thickness(px + 0.09 * sx, py + 0.09 * sy, cover, sharp, min(octaves, 5), seed)
    wide = _thickness(px + 0.40 * sx, py + 0.40 * sy, cover, sharp, min(octaves, 3), seed)
    lit = 0.60 + 0.75 * (here - ahead) + 0.22 * (here - max(wide, 0.0)) - 0.20 * min(here, 1.6)
    fade = smooth(0.004, 0.07, z)
    return (1.0 - math.exp(-2.6 * here * (0.4 + here))) * fade, min(max(lit, 0.10), 1.0)
