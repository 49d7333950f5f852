"""The light of a scene and how much of it arrives: sun, shadows, sky with clouds, air."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy.typing as npt

from procedural_earth.compiled import compiled
from procedural_earth.noise import smooth
from procedural_earth.sky import clear_sky, cloud

Array = npt.NDArray[Any]
Colour = tuple[float, float, float]


class Light(NamedTuple):
    """Sun, sky, clouds and air of a scene.

    Attributes:
        sun: float64 (3,), unit vector towards the sun.
        sunlight, open_sunlight: float64 (3,), irradiance across the sun's direction, below the clouds and
        above.
        ambient: float64 (3,), irradiance of the sky on level ground.
        bounce: float64 (3,), irradiance that comes back up from the ground.
        table: float32 (40, 24, 3), radiance of the sky behind the clouds.
        extinction: float64 (3,), of the air, a metre.
        overcast: 0..1, how grey the sky is.
        cover, sharp, scale, drift: Of the clouds (`sky.cloud`); cover below -1.5 means none.
        cloud_seed: Hash.
        water: float64 (3,), albedo of deep water.
        wind: Slope of the waves.
    """

    sun: Array
    sunlight: Array
    open_sunlight: Array
    ambient: Array
    bounce: Array
    table: Array
    extinction: Array
    overcast: float
    cover: float
    sharp: float
    scale: float
    drift: float
    cloud_seed: int
    water: Array
    wind: float


class Shade(NamedTuple):
    """Depth maps seen from the sun, and how much stands over the ground.

    Attributes:
        basis: float64 (3, 3), rows right, down, forward of the sun's view.
        near, far: float32 (size, size), 1 / distance from the far point on the sun's side.
        near_focal, far_focal: Of these maps.
        distance: Metres from the origin to that point.
        contact: float32 (size, size), 0 open .. 1 covered, rows go south, columns east.
        contact_m: Half the width of that map.
        on: False where nothing casts a shadow.
    """

    basis: Array
    near: Array
    far: Array
    near_focal: float
    far_focal: float
    distance: float
    contact: Array
    contact_m: float
    on: bool


@compiled
def _depth_test(depth: Array, column: float, row: float, w: float) -> float:
    """Share of light past the depth map at a place between its texels, over a soft square of 3 by 3."""
    size = depth.shape[0]
    x = column - 1.5
    y = row - 1.5
    i = int(math.floor(x))
    j = int(math.floor(y))
    if i < 1 or j < 1 or i > size - 5 or j > size - 5:
        return 1.0
    a = x - i
    b = y - j
    total = 0.0
    for q in range(4):
        wy = (1.0 - b) if q == 0 else (b if q == 3 else 1.0)
        for p in range(4):
            if depth[j + q, i + p] <= w:
                total += wy * ((1.0 - a) if p == 0 else (a if p == 3 else 1.0))
    return total / 9.0


@compiled
def sun_seen(shade: Shade, x: float, y: float, z: float, nx: float, ny: float, nz: float) -> float:
    """Share of the sun that reaches a point with normal n."""
    if not shade.on:
        return 1.0
    basis = shade.basis
    lit = 0.0
    left = 1.0
    for step in range(2):
        focal = shade.near_focal if step == 0 else shade.far_focal
        depth = shade.near if step == 0 else shade.far
        texel = shade.distance / focal
        push = 1.6 * texel
        px = x + nx * push
        py = y + ny * push
        pz = z + nz * push
        a = basis[0, 0] * px + basis[0, 1] * py + basis[0, 2] * pz
        b = basis[1, 0] * px + basis[1, 1] * py + basis[1, 2] * pz
        c = basis[2, 0] * px + basis[2, 1] * py + basis[2, 2] * pz + shade.distance
        w = 1.0 / c
        size = depth.shape[0]
        column = 0.5 * size + focal * a * w
        row = 0.5 * size + focal * b * w
        inside = min(min(column, size - column), min(row, size - row)) - 5.0
        if inside > 0.0:
            # the fine map goes over into the coarse one, and that into the open
            share = min(inside / (0.12 * size), 1.0) * left
            lit += share * _depth_test(depth, column, row, 1.0 / (c - 0.5 * texel - 0.02))
            left -= share
            if left <= 0.0:
                break
    return lit + left


@compiled
def cover_at(shade: Shade, x: float, y: float) -> float:
    size = shade.contact.shape[0]
    scale = 0.5 * size / shade.contact_m
    column = x * scale + 0.5 * size - 0.5
    row = -y * scale + 0.5 * size - 0.5
    if column < 1 or row < 1 or column > size - 3 or row > size - 3:
        return 0.0
    i = int(column)
    j = int(row)
    a = column - i
    b = row - j
    top = shade.contact[j, i] * (1 - a) + shade.contact[j, i + 1] * a
    bottom = shade.contact[j + 1, i] * (1 - a) + shade.contact[j + 1, i + 1] * a
    return top * (1 - b) + bottom * b


@compiled
def sky_at(light: Light, x: float, y: float, z: float, pixel: float, disc: bool) -> Colour:
    """Radiance of the sky with clouds and sun in direction (x, y, z)."""
    r, g, b = clear_sky(light.table, x, y, z, light.sun[0], light.sun[1])
    # a little more than true: paper has no sky
    deep = 1.12 + 0.38 * smooth(0.0, 0.35, z)
    r *= deep * 0.86
    g *= deep * 0.97
    b *= deep * 1.08
    mu = x * light.sun[0] + y * light.sun[1] + z * light.sun[2]
    opacity = 0.0
    if light.cover > -1.5 and z > 0.0:
        opacity, lit = cloud(
            x, y, z, light.sun, light.cover, light.sharp, light.scale, light.drift, light.cloud_seed, pixel
        )
        if opacity > 0.0:
            silver = 0.115 + 0.07 * max(mu, 0.0) ** 6 + 0.25 * max(mu, 0.0) ** 40
            base = 0.34
            dense = 1.0 - 0.30 * opacity
            cr = light.open_sunlight[0] * lit * silver * 1.9 + light.ambient[0] * base * dense
            cg = light.open_sunlight[1] * lit * silver * 1.9 + light.ambient[1] * base * dense
            cb = light.open_sunlight[2] * lit * silver * 1.9 + light.ambient[2] * base * dense
            away = 1.6 / max(z, 0.02) * 1000.0
            air = math.exp(-away * 0.35 * light.extinction[1])
            cr = cr * air + r * (1 - air)
            cg = cg * air + g * (1 - air)
            cb = cb * air + b * (1 - air)
            r += (cr - r) * opacity
            g += (cg - g) * opacity
            b += (cb - b) * opacity
    dim = 1.0 - 0.42 * light.overcast
    r *= dim
    g *= dim
    b *= dim
    if disc and mu > 0.96:
        through = ((1.0 - opacity) * (1.0 - light.overcast)) ** 3
        angle = math.acos(min(mu, 1.0))
        glow = 0.5 * math.exp(-angle / 0.022) + 0.03 * math.exp(-angle / 0.09)
        core = 1.0 - smooth(0.0065, 0.0065 + max(pixel, 0.0015), angle)
        gain = (glow * 0.55 + 60.0 * core * through) * through
        r += light.open_sunlight[0] * gain
        g += light.open_sunlight[1] * gain
        b += light.open_sunlight[2] * gain
    return r, g, b


@compiled
def through_air(
    light: Light, x: float, y: float, z: float, distance: float, r: float, g: float, b: float
) -> Colour:
    """The colour after `distance` metres of air."""
    if distance < 20.0:
        return r, g, b
    hr, hg, hb = clear_sky(light.table, x, y, max(z, 0.0) * 0.5 + 0.02, light.sun[0], light.sun[1])
    thin = 1.0 / (1.0 + max(z, 0.0) * distance / 3000.0)
    tr = math.exp(-light.extinction[0] * distance * thin)
    tg = math.exp(-light.extinction[1] * distance * thin)
    tb = math.exp(-light.extinction[2] * distance * thin)
    return r * tr + hr * (1 - tr) * 0.94, g * tg + hg * (1 - tg) * 0.94, b * tb + hb * (1 - tb) * 0.94
