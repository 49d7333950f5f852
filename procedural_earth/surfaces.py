"""The triangles of a scene, and what covers them: textures and the patterns of built materials."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy.typing as npt

from procedural_earth import noise as pictures
from procedural_earth.compiled import compiled
from procedural_earth.ground import Look
from procedural_earth.mesh import Material
from procedural_earth.noise import chance, detail, smooth

Array = npt.NDArray[Any]
Colour = tuple[float, float, float]

_GLASS = int(Material.GLASS)
_METAL = int(Material.METAL)
_BRICK = int(Material.BRICK)
_TIMBER = int(Material.TIMBER)
_ROOF_TILE = int(Material.ROOF_TILE)
_ROOF_METAL = int(Material.ROOF_METAL)
_THATCH = int(Material.THATCH)
_BARK = int(Material.BARK)
_STONE = int(Material.STONE)
_EARTH = pictures.EARTH
_SMOOTH = pictures.SMOOTH
_BLADES = pictures.GRASS


class Stage(NamedTuple):
    """The triangles of a scene and their textures."""

    positions: Array
    normals: Array
    uv: Array
    colours: Array
    triangles: Array
    material: Array
    texture: Array
    clue: Array
    texels: Array
    texel_normals: Array
    table: Array


@compiled
def texel_at(
    stage: Stage, texture: int, u: float, v: float, texels_a_pixel: float
) -> tuple[float, float, float, float, float, float]:
    """Colour (linear) and normal, where the texture has some, between four texels of the fitting level,
    weighted by coverage."""
    table = stage.table
    level = min(max(int(math.log2(max(texels_a_pixel, 1e-6)) + 0.5), 0), table[texture, 3] - 1)
    width = max(table[texture, 1] >> level, 1)
    height = max(table[texture, 2] >> level, 1)
    start = table[texture, 5 + level]
    to_normal = table[texture, 0] - 1 - table[texture, 5]
    if table[texture, 4]:
        u -= math.floor(u)
        v -= math.floor(v)
    x = min(max(u * width - 0.5, 0.0), width - 1.0)
    y = min(max(v * height - 0.5, 0.0), height - 1.0)
    x0 = int(x)
    y0 = int(y)
    fx = x - x0
    fy = y - y0
    r = g = b = nx = ny = nz = 0.0
    total = 0.0
    for q in range(2):
        row = min(y0 + q, height - 1)
        for p in range(2):
            at = start + row * width + min(x0 + p, width - 1)
            weight = (fx if p else 1 - fx) * (fy if q else 1 - fy) * (stage.texels[at, 3] + 0.5)
            r += weight * stage.texels[at, 0]
            g += weight * stage.texels[at, 1]
            b += weight * stage.texels[at, 2]
            if table[texture, 0]:
                nx += weight * stage.texel_normals[to_normal + at, 0]
                ny += weight * stage.texel_normals[to_normal + at, 1]
                nz += weight * stage.texel_normals[to_normal + at, 2]
            total += weight
    total = 1.0 / max(total, 1e-6)
    r = r * total / 255.0
    g = g * total / 255.0
    b = b * total / 255.0
    return (
        r * (r * (r * 0.305306 + 0.682171) + 0.012523),
        g * (g * (g * 0.305306 + 0.682171) + 0.012523),
        b * (b * (b * 0.305306 + 0.682171) + 0.012523),
        nx * total / 127.0 - 1.008,
        ny * total / 127.0 - 1.008,
        nz * total / 127.0 - 1.008,
    )


@compiled
def pattern_at(
    look: Look, material: int, u: float, v: float, blur: float
) -> tuple[float, float, float, float]:
    """Brightness, slopes along u and v, and gloss of a built material at (u, v) metres."""
    tone = 1.0
    su = sv = 0.0
    gloss = 0.0
    if material in (_BRICK, _STONE):
        high = 0.075 if material == _BRICK else 0.30
        long = 0.24 if material == _BRICK else 0.55
        fade = 1.0 - smooth(0.3 * high, 1.2 * high, blur)
        row = math.floor(v / high)
        column = u / long + 0.5 * (int(row) & 1)
        inside_u = (column - math.floor(column)) * long
        inside_v = v - row * high
        joint = min(min(inside_u, long - inside_u), min(inside_v, high - inside_v))
        mortar = 1.0 - smooth(0.002, 0.008, joint)
        own = chance(int(math.floor(column)), int(row), 5) - 0.5
        tone = 1.0 + fade * (0.34 * own * (1 - mortar) + 0.25 * mortar)
    elif material == _TIMBER:
        fade = 1.0 - smooth(0.05, 0.16, blur)
        row = math.floor(v / 0.16)
        inside = v / 0.16 - row
        own = chance(int(row), 3, 6) - 0.5
        shadow = 1.0 - smooth(0.0, 0.12, inside)
        tone = 1.0 + fade * (0.14 * own - 0.40 * shadow)
        sv = fade * 0.12
    elif material == _ROOF_TILE:
        fade = 1.0 - smooth(0.08, 0.3, blur)
        row = math.floor(v / 0.33)
        column = u / 0.24
        wave = math.cos(2.0 * math.pi * column)
        own = chance(int(math.floor(column)), int(row), 7) - 0.5
        lip = 1.0 - smooth(0.0, 0.18, v / 0.33 - row)
        tone = 1.0 + fade * (0.30 * own - 0.35 * lip)
        su = fade * 0.5 * math.sin(2.0 * math.pi * column)
        tone += fade * 0.08 * wave
    elif material == _ROOF_METAL:
        fade = 1.0 - smooth(0.03, 0.12, blur)
        su = fade * 0.6 * math.sin(2.0 * math.pi * u / 0.18)
        own = chance(int(math.floor(u / 0.9)), int(math.floor(v / 2.4)), 8) - 0.5
        tone = 1.0 + 0.10 * own
        gloss = 0.12
    elif material in (_THATCH, _BARK):
        n, t, dx, dy = detail(look.texels, look.starts, _BLADES, u * 3.0, v * 0.5, 1.2, blur)
        tone = 1.0 + 0.4 * n
        su = 0.6 * dx
    value, stain, dx, dy = detail(look.texels, look.starts, _EARTH, u, v, 2.7, blur)
    broad, streak, bx, by = detail(look.texels, look.starts, _SMOOTH, u, v * 0.35, 6.0, blur)
    weathering = 0.05 if material in (_GLASS, _METAL) else 0.10
    tone *= 1.0 + weathering * (0.5 * value + 0.7 * broad)
    return tone, su + 0.08 * dx, sv + 0.08 * dy, gloss
