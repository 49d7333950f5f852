"""What the sea looks like: mirrored sky, the green of the deep and the shallow, glitter, foam."""

from __future__ import annotations

import math
from typing import Any

import numpy.typing as npt

from procedural_earth import noise as pictures
from procedural_earth.compiled import compiled, inlined
from procedural_earth.ground import Look
from procedural_earth.light import Light, sky_at
from procedural_earth.noise import detail, noise, smooth
from procedural_earth.sky import clear_sky
from procedural_earth.terrain import Land, shore

Array = npt.NDArray[Any]
Colour = tuple[float, float, float]

_WAVES = pictures.WAVES


@compiled
def water_at(
    light: Light, look: Look, land: Land, x: float, y: float, dx: float, dy: float, dz: float, distance:
    float,
    long: float, wide: float,
) -> Colour:  # fmt: skip
    """Radiance of the sea: what the waves mirror, and the green of the deep and the shallow."""
    blur = min(math.sqrt(long * wide), 4.0 * wide)
    a, _t, ax, ay = detail(look.texels, look.starts, _WAVES, x, y, 23.0, blur)
    b, _t2, bx, by = detail(look.texels, look.starts, _WAVES, 0.6 * x - 0.8 * y, 0.8 * x + 0.6 * y, 7.1, blur)
    c, gust, cx, cy = detail(
        look.texels, look.starts, _WAVES, 0.8 * x + 0.6 * y, 0.8 * y - 0.6 * x, 131.0, blur
    )
    wind = light.wind * (0.8 + 0.5 * gust)
    nx = wind * (ax + 0.7 * bx + 0.8 * cx)
    ny = wind * (ay + 0.7 * by + 0.8 * cy)
    # waves smaller than the pixel still lean towards the eye and spread the reflection
    spread = wind * 0.55 * smooth(0.02, 2.5, blur)
    nx -= dx * spread * 0.6
    ny -= dy * spread * 0.6
    length = 1.0 / math.sqrt(nx * nx + ny * ny + 1.0)
    nx *= length
    ny *= length
    nz = length
    facing = max(-(dx * nx + dy * ny + dz * nz), 0.02)
    fresnel = 0.02 + 0.98 * (1.0 - facing) ** 5
    fresnel = min(fresnel, 0.85)
    rx = dx + 2 * facing * nx
    ry = dy + 2 * facing * ny
    rz = max(dz + 2 * facing * nz, 0.02)
    size = 1.0 / math.sqrt(rx * rx + ry * ry + rz * rz)
    rx *= size
    ry *= size
    rz *= size
    cr, cg, cb = sky_at(light, rx, ry, rz, 0.12, False)
    mr, mg, mb = clear_sky(light.table, rx, ry, rz, light.sun[0], light.sun[1])
    mr, mg, mb = 0.5 * (mr + cr), 0.5 * (mg + cg), 0.5 * (mb + cb)
    away = shore(land, x, y)
    depth = max(-away, 0.0)
    shallow = math.exp(-depth / 28.0)
    down = 0.25 + 0.75 * max(light.sun[2], 0.0)
    er = (light.ambient[0] + light.sunlight[0] * down * max(light.sun[2], 0.0)) / math.pi
    eg = (light.ambient[1] + light.sunlight[1] * down * max(light.sun[2], 0.0)) / math.pi
    eb = (light.ambient[2] + light.sunlight[2] * down * max(light.sun[2], 0.0)) / math.pi
    wr = (light.water[0] + 0.13 * shallow * look.palette[4, 0]) * er
    wg = (light.water[1] + 0.42 * shallow * look.palette[4, 1]) * eg
    wb = (light.water[2] + 0.40 * shallow * look.palette[4, 2]) * eb
    r = wr * (1 - fresnel) + mr * fresnel
    g = wg * (1 - fresnel) + mg * fresnel
    b2 = wb * (1 - fresnel) + mb * fresnel
    # glitter
    hx = light.sun[0] - dx
    hy = light.sun[1] - dy
    hz = light.sun[2] - dz
    size = 1.0 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
    cosine = max(hx * nx + hy * ny + hz * nz, 0.0) * size
    rough = 0.0015 + 0.012 * smooth(0.02, 3.0, blur) + 0.004 * wind
    tangent = (1.0 - cosine * cosine) / max(cosine * cosine, 1e-4)
    glint = math.exp(-tangent / rough) / (math.pi * rough * 4.0) * fresnel
    r += light.sunlight[0] * min(glint, 6.0)
    g += light.sunlight[1] * min(glint, 6.0)
    b2 += light.sunlight[2] * min(glint, 6.0)
    # foam: a line at the shore, another where the swell breaks
    if depth < 60.0 and away < 30.0:
        lace = 0.5 + 0.5 * a
        edge = 1.0 - smooth(0.4, 3.2 + 2.0 * b, depth)
        surf = band_of(depth + 5.0 * noise(x / 33.0, y / 33.0, 77), 17.0, 3.2) * light.wind * 2.2
        foam = min(max(edge * (0.35 + lace) + surf * smooth(0.25, 0.8, lace), 0.0), 1.0) * 0.85
        r += (0.85 * er - r) * foam
        g += (0.88 * eg - g) * foam
        b2 += (0.90 * eb - b2) * foam
    return r, g, b2


@inlined
def band_of(value: float, middle: float, half: float) -> float:
    """A soft bump, 1 at `middle`, 0 beyond `half`."""
    return max(1.0 - abs(value - middle) / half, 0.0)
