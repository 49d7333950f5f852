"""Gradient noise on a hashed lattice, and tileable detail pictures with mip levels: what breaks up plain surfaces.

Nothing here knows a place: callers hand in a seed that is a hash.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth.compiled import compiled, inlined

Array = npt.NDArray[Any]

_COS = tuple(1.41421356 * math.cos(2 * math.pi * k / 16 + 0.2) for k in range(16))
_SIN = tuple(1.41421356 * math.sin(2 * math.pi * k / 16 + 0.2) for k in range(16))

DETAIL_PX = 512
"""Side of a detail picture."""


@inlined
def lattice(x: int, y: int, seed: int) -> int:
    """32 well-mixed bits of a lattice point."""
    h = (x * 0x27D4EB2D + y * 0x165667B1 + seed * 0x9E3779B1) & 0xFFFFFFFF
    h ^= h >> 15
    h = (h * 0x2C1B3C6D) & 0xFFFFFFFF
    return h ^ (h >> 13)


@inlined
def chance(x: int, y: int, seed: int) -> float:
    """A number in [0, 1) for a lattice point."""
    return lattice(x, y, seed) * (1.0 / 4294967296.0)


@inlined
def _slope(h: int, x: float, y: float) -> float:
    return x * _COS[h & 15] + y * _SIN[h & 15]


@compiled
def noise(x: float, y: float, seed: int) -> float:
    """Gradient noise, about -1..1, one feature a unit."""
    fx = math.floor(x)
    fy = math.floor(y)
    x -= fx
    y -= fy
    i = int(fx)
    j = int(fy)
    u = x * x * x * (x * (x * 6 - 15) + 10)
    v = y * y * y * (y * (y * 6 - 15) + 10)
    a = _slope(lattice(i, j, seed), x, y)
    b = _slope(lattice(i + 1, j, seed), x - 1, y)
    c = _slope(lattice(i, j + 1, seed), x, y - 1)
    d = _slope(lattice(i + 1, j + 1, seed), x - 1, y - 1)
    a += u * (b - a)
    c += u * (d - c)
    return a + v * (c - a)


@compiled
def fbm(x: float, y: float, octaves: int, seed: int) -> float:
    """`octaves` of noise, each of twice the frequency and half the height, turned so that no lattice shows."""
    total = 0.0
    height = 0.5
    for octave in range(octaves):
        total += height * noise(x, y, seed + octave)
        x, y = 1.6 * x + 1.2 * y + 17.3, -1.2 * x + 1.6 * y - 5.1
        height *= 0.5
    return total


@inlined
def smooth(low: float, high: float, value: float) -> float:
    """0 below `low`, 1 above `high`, a smooth step between."""
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


def _spectrum(rng: np.random.Generator, power: float, low: float, high: float) -> Array:
    """Tileable noise, mean 0 and deviation 1, of frequencies `low`..`high` cycles a picture."""
    axis = np.fft.fftfreq(DETAIL_PX) * DETAIL_PX
    radius = np.hypot(axis[:, None], axis[None])
    gain = np.where((radius >= low) & (radius <= high), (radius + 1e-9) ** -power, 0)
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((DETAIL_PX, DETAIL_PX))) * gain).real
    return np.asarray((field - field.mean()) / field.std())


def _blades(rng: np.random.Generator, count: int, length: tuple[float, float], lean: float) -> tuple[Array, Array]:
    """Grass seen from above: short strokes, later ones on top; their height 0..1 and a random shade -1..1."""
    height = np.zeros((DETAIL_PX, DETAIL_PX))
    shade = np.zeros((DETAIL_PX, DETAIL_PX))
    x, y = rng.uniform(0, DETAIL_PX, (2, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    long = rng.uniform(*length, count)
    tone = rng.normal(0, 0.5, count)
    for step in np.linspace(0, 1, 24):
        bend = angle + lean * step
        columns = (x + np.cos(bend) * long * step).astype(int) % DETAIL_PX
        rows = (y + np.sin(bend) * long * step).astype(int) % DETAIL_PX
        rise = step * (0.5 + 0.5 * long / length[1])
        higher = rise >= height[rows, columns]
        height[rows[higher], columns[higher]] = rise[higher]
        shade[rows[higher], columns[higher]] = tone[higher]
    return height, np.clip(shade, -1, 1)


def _grains(rng: np.random.Generator, count: int, radius: tuple[float, float]) -> tuple[Array, Array]:
    """Pebbles: height 0..1 of overlapping round stones, and the shade -1..1 of each."""
    height = np.zeros((DETAIL_PX, DETAIL_PX))
    shade = np.zeros((DETAIL_PX, DETAIL_PX))
    reach = int(math.ceil(radius[1]))
    for _ in range(count):
        x, y = rng.uniform(0, DETAIL_PX, 2)
        size = radius[0] + (radius[1] - radius[0]) * rng.random() ** 3
        stretch = rng.uniform(0.65, 1.0)
        angle = rng.uniform(0, np.pi)
        rows = np.arange(int(y) - reach, int(y) + reach + 1)
        columns = np.arange(int(x) - reach, int(x) + reach + 1)
        dx, dy = columns[None] - x, rows[:, None] - y
        a = (dx * np.cos(angle) + dy * np.sin(angle)) / size
        b = (dy * np.cos(angle) - dx * np.sin(angle)) / (size * stretch)
        dome = np.clip(1 - a * a - b * b, 0, None) ** 0.5 * (0.4 + 0.6 * size / radius[1])
        window = np.ix_(rows % DETAIL_PX, columns % DETAIL_PX)
        higher = dome > height[window]
        height[window] = np.where(higher, dome, height[window])
        shade[window] = np.where(higher, rng.normal(0, 0.45), shade[window])
    return height, np.clip(shade, -1, 1)


def _channels(height: Array, shade: Array, tint: Array, steepness: float) -> Array:
    """A detail picture: value, tint, and the slopes of `height` to the right and upwards, each -1..1 in int8 steps."""
    dx = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * steepness
    dy = (np.roll(height, 1, 0) - np.roll(height, -1, 0)) * steepness
    return np.clip(np.stack([shade, tint, dx, dy], 2), -1, 1)


def _normal(field: Array) -> Array:
    return np.clip((field - field.mean()) / (field.std() * 2.5), -1, 1)


GRASS, EARTH, ASPHALT, PEBBLES, ROCK, SAND, WAVES, SMOOTH = range(8)


@cache
def detail_pictures() -> tuple[Array, Array]:
    """The detail pictures, int8 texels (N, 4), and where each mip level of each starts, int32 (pictures, 10)."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(20261122)))
    clumps = _spectrum(rng, 1.2, 2, 40)
    blades, tone = _blades(rng, 42_000, (6, 22), 0.9)
    grass = _channels(blades * 2.0, _normal(0.9 * (blades - 0.5) + 0.35 * tone + 0.18 * clumps), tone, 0.5)
    rough = _spectrum(rng, 1.1, 3, 200)
    earth = _channels(rough * 0.5, _normal(rough + 0.5 * _spectrum(rng, 0.4, 60, 250)), _normal(clumps), 0.5)
    stones, colour = _grains(rng, 15_000, (1.6, 4.2))
    fine = _spectrum(rng, 0.0, 30, 256)
    asphalt = _channels(
        stones, _normal(0.6 * colour + 0.5 * (stones - 0.4) + 0.14 * fine + 0.1 * clumps), _normal(clumps), 0.55
    )
    pebble, colour = _grains(rng, 4_500, (3.0, 12.0))
    gravel = _channels(pebble * 1.5, _normal(0.6 * colour + 0.9 * (pebble - 0.4) + 0.1 * fine), colour, 0.6)
    ridges = -np.abs(_spectrum(rng, 1.4, 2, 120)) + 0.25 * _spectrum(rng, 0.9, 20, 200)
    rock = _channels(ridges * 0.8, _normal(ridges), _normal(_spectrum(rng, 1.5, 1, 30)), 0.7)
    grains = 0.6 * _spectrum(rng, 0.0, 60, 256) + 0.6 * _spectrum(rng, 1.2, 3, 60)
    sand = _channels(grains * 0.3, _normal(grains), _normal(clumps), 0.5)
    swell = _spectrum(rng, 1.7, 3, 90)
    waves = _channels(swell * 0.9, _normal(swell), _normal(_spectrum(rng, 1.0, 2, 20)), 0.9)
    soft = _spectrum(rng, 1.6, 1, 60)
    plain = _channels(soft * 0.4, _normal(soft), _normal(_spectrum(rng, 1.6, 1, 60)), 0.5)
    texels: list[Array] = []
    starts = []
    total = 0
    for picture in (grass, earth, asphalt, gravel, rock, sand, waves, plain):
        row = []
        while True:
            row.append(total)
            texels.append(np.round(picture * 127).astype(np.int8).reshape(-1, 4))
            total += picture.shape[0] * picture.shape[1]
            if picture.shape[0] == 1:
                break
            picture = (picture[0::2, 0::2] + picture[1::2, 0::2] + picture[0::2, 1::2] + picture[1::2, 1::2]) / 4
        starts.append(row)
    return np.concatenate(texels), np.array(starts, np.int32)


@compiled
def detail(
    texels: Array, starts: Array, picture: int, x: float, y: float, tile: float, footprint: float
) -> tuple[float, float, float, float]:
    """The four channels, -1..1, of a detail picture that covers `tile` metres, blurred to `footprint` metres."""
    level = math.log2(max(footprint * 512.0 / tile, 1e-6))
    if level >= 9.0:
        level = 9.0
    level = max(level, 0.0)
    low = int(level)
    part = min(max((level - low - 0.25) * 2.0, 0.0), 1.0)
    x = x / tile
    y = y / tile
    x -= math.floor(x)
    y -= math.floor(y)
    r0 = r1 = r2 = r3 = 0.0
    for step in range(2):
        weight = (1.0 - part) if step == 0 else part
        if weight <= 0.001:
            continue
        side = 512 >> min(low + step, 9)
        start = starts[picture, min(low + step, 9)]
        u = x * side - 0.5
        v = y * side - 0.5
        fu = math.floor(u)
        fv = math.floor(v)
        u -= fu
        v -= fv
        x0 = int(fu) & (side - 1)
        y0 = int(fv) & (side - 1)
        x1 = (x0 + 1) & (side - 1)
        y1 = (y0 + 1) & (side - 1)
        a = start + y0 * side + x0
        b = start + y0 * side + x1
        c = start + y1 * side + x0
        d = start + y1 * side + x1
        wa = (1 - u) * (1 - v) * weight
        wb = u * (1 - v) * weight
        wc = (1 - u) * v * weight
        wd = u * v * weight
        r0 += texels[a, 0] * wa + texels[b, 0] * wb + texels[c, 0] * wc + texels[d, 0] * wd
        r1 += texels[a, 1] * wa + texels[b, 1] * wb + texels[c, 1] * wc + texels[d, 1] * wd
        r2 += texels[a, 2] * wa + texels[b, 2] * wb + texels[c, 2] * wc + texels[d, 2] * wd
        r3 += texels[a, 3] * wa + texels[b, 3] * wb + texels[c, 3] * wc + texels[d, 3] * wd
    scale = 1.0 / 127.0
    return r0 * scale, r1 * scale, r2 * scale, r3 * scale
