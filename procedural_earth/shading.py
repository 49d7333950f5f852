"""Light on what a ray meets: the colour of a point of a triangle."""

from __future__ import annotations

import math
from typing import Any

import numpy.typing as npt

from procedural_earth.compiled import compiled
from procedural_earth.ground import Look, ground_at
from procedural_earth.light import Light, Shade, cover_at, sun_seen, through_air
from procedural_earth.mesh import Material
from procedural_earth.noise import noise, smooth
from procedural_earth.sky import clear_sky
from procedural_earth.surfaces import Stage, pattern_at, texel_at
from procedural_earth.terrain import Land
from procedural_earth.water import water_at

Array = npt.NDArray[Any]
Colour = tuple[float, float, float]

_GROUND = int(Material.GROUND)
_WATER = int(Material.WATER)
_GLASS = int(Material.GLASS)
_METAL = int(Material.METAL)
_FOLIAGE = int(Material.FOLIAGE)
_PLASTER = int(Material.PLASTER)
_ROOF_TILE = int(Material.ROOF_TILE)
_ROOF_METAL = int(Material.ROOF_METAL)
_STONE = int(Material.STONE)
_GRASS = int(Material.GRASS)


@compiled
def _glossy(light: Light, dx: float, dy: float, dz: float, nx: float, ny: float, nz: float) -> Colour:
    """What a smooth surface mirrors."""
    facing = dx * nx + dy * ny + dz * nz
    rx = dx - 2 * facing * nx
    ry = dy - 2 * facing * ny
    rz = dz - 2 * facing * nz
    r, g, b = clear_sky(light.table, rx, ry, max(rz, 0.03), light.sun[0], light.sun[1])
    if rz < 0.05:
        low = smooth(0.05, -0.10, rz) if rz > -0.10 else 1.0
        r += (light.bounce[0] / math.pi * 0.8 - r) * low
        g += (light.bounce[1] / math.pi * 0.8 - g) * low
        b += (light.bounce[2] / math.pi * 0.8 - b) * low
    return r, g, b


@compiled
def shade_hit(
    stage: Stage, light: Light, look: Look, land: Land, shade: Shade, number: int, eye: Array,
    dx: float, dy: float, dz: float, pixel: float,
) -> tuple[float, float, float, float, int]:  # fmt: skip
    """Radiance, distance and clue of triangle `number` in the unit direction (dx, dy, dz)."""
    i = stage.triangles[number, 0]
    j = stage.triangles[number, 1]
    k = stage.triangles[number, 2]
    p = stage.positions
    ax, ay, az = p[i, 0], p[i, 1], p[i, 2]
    e1x, e1y, e1z = p[j, 0] - ax, p[j, 1] - ay, p[j, 2] - az
    e2x, e2y, e2z = p[k, 0] - ax, p[k, 1] - ay, p[k, 2] - az
    ox, oy, oz = eye[0] - ax, eye[1] - ay, eye[2] - az
    gx = e1y * e2z - e1z * e2y
    gy = e1z * e2x - e1x * e2z
    gz = e1x * e2y - e1y * e2x
    det = -(dx * gx + dy * gy + dz * gz)
    area = math.sqrt(gx * gx + gy * gy + gz * gz)
    if abs(det) < 1e-6 * area:
        det = 1e-6 * area if det >= 0 else -1e-6 * area
    if area < 1e-12:
        return 0.0, 0.0, 0.0, 1.0, int(stage.clue[number])
    inverse = 1.0 / det
    t = (ox * gx + oy * gy + oz * gz) * inverse
    cx = oy * dz - oz * dy
    cy = oz * dx - ox * dz
    cz = ox * dy - oy * dx
    wj = (e2x * cx + e2y * cy + e2z * cz) * inverse
    wk = -(e1x * cx + e1y * cy + e1z * cz) * inverse
    wj = min(max(wj, -0.02), 1.02)
    wk = min(max(wk, -0.02), 1.02)
    wi = 1.0 - wj - wk
    n = stage.normals
    nx = wi * n[i, 0] + wj * n[j, 0] + wk * n[k, 0]
    ny = wi * n[i, 1] + wj * n[j, 1] + wk * n[k, 1]
    nz = wi * n[i, 2] + wj * n[j, 2] + wk * n[k, 2]
    size = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
    nx *= size
    ny *= size
    nz *= size
    t = min(max(t, 0.05), 2.0e5)
    x = eye[0] + t * dx
    y = eye[1] + t * dy
    z = eye[2] + t * dz
    material = stage.material[number]
    clue = int(stage.clue[number])
    facing = abs(dx * gx + dy * gy + dz * gz) / area
    wide = pixel * t
    long = wide / max(facing, 0.004)
    gloss = 0.0
    through = 0.0
    if material == _WATER:
        r, g, b = water_at(light, look, land, x, y, dx, dy, dz, t, long, wide)
        r, g, b = through_air(light, dx, dy, dz, t, r, g, b)
        return r, g, b, t, clue
    if material == _GROUND:
        steep = math.sqrt(max(1.0 - nz * nz, 0.0)) / max(nz, 0.05)
        flat = math.sqrt(dx * dx + dy * dy)
        fx = dx / flat if flat > 1e-6 else 1.0
        fy = dy / flat if flat > 1e-6 else 0.0
        ar, ag, ab, sx, sy, gloss, clue = ground_at(look, land, x, y, z, steep, long, wide, fx, fy)
        nx -= sx * nz
        ny -= sy * nz
        size = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz)
        nx *= size
        ny *= size
        nz *= size
    else:
        c = stage.colours
        ar = wi * c[i, 0] + wj * c[j, 0] + wk * c[k, 0]
        ag = wi * c[i, 1] + wj * c[j, 1] + wk * c[k, 1]
        ab = wi * c[i, 2] + wj * c[j, 2] + wk * c[k, 2]
        q = stage.uv
        u = wi * q[i, 0] + wj * q[j, 0] + wk * q[k, 0]
        v = wi * q[i, 1] + wj * q[j, 1] + wk * q[k, 1]
        texture = stage.texture[number]
        su = sv = 0.0
        du1, dv1 = q[j, 0] - q[i, 0], q[j, 1] - q[i, 1]
        du2, dv2 = q[k, 0] - q[i, 0], q[k, 1] - q[i, 1]
        uv_area = du1 * dv2 - du2 * dv1
        if texture >= 0:
            texel_area = abs(uv_area) * stage.table[texture, 1] * stage.table[texture, 2]
            per_pixel = math.sqrt(texel_area / area * wide * min(long, 4.0 * wide))
            tr, tg, tb, tnx, tny, tnz = texel_at(stage, texture, u, v, per_pixel)
            ar *= tr
            ag *= tg
            ab *= tb
            if stage.table[texture, 0]:
                su = -tnx / max(tnz, 0.25)
                sv = tny / max(tnz, 0.25)
        else:
            tone, su, sv, gloss = pattern_at(look, material, u, v, math.sqrt(long * wide))
            ar *= tone
            ag *= tone
            ab *= tone
        if (su != 0.0 or sv != 0.0) and abs(uv_area) > 1e-12:
            # tangents of u and v
            s = 1.0 / uv_area
            tx, ty, tz = (e1x * dv2 - e2x * dv1) * s, (e1y * dv2 - e2y * dv1) * s, (e1z * dv2 - e2z * dv1) * s
            bx, by, bz = (e2x * du1 - e1x * du2) * s, (e2y * du1 - e1y * du2) * s, (e2z * du1 - e1z * du2) * s
            lt = su / math.sqrt(tx * tx + ty * ty + tz * tz + 1e-12)
            lb = sv / math.sqrt(bx * bx + by * by + bz * bz + 1e-12)
            nx -= lt * tx + lb * bx
            ny -= lt * ty + lb * by
            nz -= lt * tz + lb * bz
            size = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
            nx *= size
            ny *= size
            nz *= size
        if material == _FOLIAGE:
            through = 0.62
            grey = (0.3 * ar + 0.6 * ag + 0.1 * ab) * 0.20
            ar = 1.27 * (0.80 * ar + grey)
            ag = 1.27 * (0.80 * ag + grey)
            ab = 1.27 * (0.80 * ab + grey)
        elif material == _GRASS:
            through = 0.45
        elif nx * dx + ny * dy + nz * dz > 0.0:
            nx, ny, nz = -nx, -ny, -nz
        if _PLASTER <= material <= _STONE or material in (_ROOF_TILE, _ROOF_METAL):
            # sun and dust take the edge off paint
            grey = (0.3 * ar + 0.6 * ag + 0.1 * ab) * 0.38
            ar = 0.64 * ar + grey
            ag = 0.62 * ag + grey
            ab = 0.60 * ab + grey
    towards = nx * light.sun[0] + ny * light.sun[1] + nz * light.sun[2]
    covered = cover_at(shade, x, y) * (1.0 if material in (_GROUND, _GRASS) else 0.0)
    seen = 0.0
    if towards > 0.0 or through > 0.0:
        if material == _GROUND:
            seen = sun_seen(shade, x, y, z, 0.0, 0.0, 1.0)
        elif material == _FOLIAGE:
            # a card stands for a deep crown: look for shade a step nearer to the sun, at places that stray
            # (the flat cards that throw it have straight edges, leaves have not), and let some light in
            near = 1.0 - smooth(60.0, 110.0, t)
            step = 1.3
            ox = step * light.sun[0]
            oy = step * light.sun[1]
            oz = step * light.sun[2]
            if near > 0.0:
                wx = 0.9 * x + 0.55 * z
                wy = 0.9 * y - 0.7 * z
                ox += near * (1.5 * noise(wx, wy, 811) + 0.7 * noise(4.3 * wx, 4.3 * wy, 812))
                oy += near * (1.5 * noise(wy, wx, 813) + 0.7 * noise(4.3 * wy, 4.3 * wx, 814))
                oz += near * 0.8 * noise(2.1 * wx, 2.1 * wy, 815)
            seen = 0.40 + 0.60 * sun_seen(shade, x + ox, y + oy, z + oz, 0.0, 0.0, 0.0)
        else:
            seen = sun_seen(shade, x, y, z, nx, ny, nz)
        if light.cover > -1.2 and t > 400.0:
            # shadows of clouds on far land
            wx = (x + light.sun[0] * 2000.0) / 2600.0
            wy = (y + light.sun[1] * 2000.0) / 2600.0
            mass = noise(wx + light.drift, wy, light.cloud_seed + 5) + 0.4 * noise(
                2 * wx, 2 * wy, light.cloud_seed + 6
            )
            seen *= 1.0 - 0.65 * smooth(400.0, 1500.0, t) * smooth(0.0, 0.45, mass + light.cover)
    direct = max(towards, 0.0)
    if through > 0.0:
        if material == _GRASS:
            against = max(dx * light.sun[0] + dy * light.sun[1] + dz * light.sun[2], 0.0)
            direct = max(towards, 0.0) * 0.92 + 0.45 * against * against
        else:
            direct = (0.62 * max(0.35 + 0.65 * towards, 0.0) + through * max(-towards, 0.0)) * 0.95
    direct *= seen
    up = 0.5 + 0.5 * nz
    if material == _FOLIAGE:
        up = 1.12 + 0.33 * nz
    occlusion = 1.0 - 0.45 * covered
    # the sky's bright half is around the sun
    side = 1.0 + 0.28 * (nx * light.sun[0] + ny * light.sun[1])
    inverse_pi = 1.0 / math.pi
    ir = light.sunlight[0] * direct + (light.ambient[0] * up * side + light.bounce[0] * (1 - up)) * occlusion
    ig = light.sunlight[1] * direct + (light.ambient[1] * up * side + light.bounce[1] * (1 - up)) * occlusion
    ib = light.sunlight[2] * direct + (light.ambient[2] * up * side + light.bounce[2] * (1 - up)) * occlusion
    r = ar * ir * inverse_pi
    g = ag * ig * inverse_pi
    b = ab * ib * inverse_pi
    if material in (_GLASS, _METAL):
        gloss = 1.0 if material == _GLASS else 0.35
    if gloss > 0.01:
        cosine = max(-(dx * nx + dy * ny + dz * nz), 0.02)
        fresnel = (0.045 + 0.955 * (1.0 - cosine) ** 5) * gloss
        mr, mg, mb = _glossy(light, dx, dy, dz, nx, ny, nz)
        r += (mr - r) * fresnel
        g += (mg - g) * fresnel
        b += (mb - b) * fresnel
        hx = light.sun[0] - dx
        hy = light.sun[1] - dy
        hz = light.sun[2] - dz
        size = 1.0 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
        shine = max((hx * nx + hy * ny + hz * nz) * size, 0.0)
        power = 400.0 if material == _GLASS else 60.0
        glint = fresnel * seen * shine**power * (power + 8.0) / 25.0
        r += light.sunlight[0] * glint
        g += light.sunlight[1] * glint
        b += light.sunlight[2] * glint
    r, g, b = through_air(light, dx, dy, dz, t, r, g, b)
    return r, g, b, t, clue
