"""Light on what the rasteriser saw: a colour for every pixel of a view or a panorama."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy.typing as npt

from procedural_earth import noise as pictures
from procedural_earth.compiled import compiled, inlined
from procedural_earth.ground import Look, ground_at
from procedural_earth.mesh import Clue, Material
from procedural_earth.noise import chance, detail, noise, smooth
from procedural_earth.sky import clear_sky, cloud
from procedural_earth.terrain import Land, shore

Array = npt.NDArray[Any]
Colour = tuple[float, float, float]

_GROUND, _WATER, _GLASS, _METAL = int(Material.GROUND), int(Material.WATER), int(Material.GLASS), int(Material.METAL)
_FOLIAGE, _BRICK, _TIMBER, _PLASTER = (
    int(Material.FOLIAGE), int(Material.BRICK), int(Material.TIMBER), int(Material.PLASTER),
)  # fmt: skip
_ROOF_TILE, _ROOF_METAL, _THATCH, _BARK = (
    int(Material.ROOF_TILE), int(Material.ROOF_METAL), int(Material.THATCH), int(Material.BARK),
)  # fmt: skip
_STONE, _GRASS, _SNOW = int(Material.STONE), int(Material.GRASS), int(Material.SNOW)
_SKY, _WATER_CLUE = int(Clue.SKY), int(Clue.WATER)
_EARTH, _WAVES, _SMOOTH, _BLADES = pictures.EARTH, pictures.WAVES, pictures.SMOOTH, pictures.GRASS


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


class Light(NamedTuple):
    """Sun, sky, clouds and air of a scene.

    Attributes:
        sun: float64 (3,), unit vector towards the sun.
        sunlight, open_sunlight: float64 (3,), irradiance across the sun's direction, below the clouds and above.
        ambient: float64 (3,), irradiance of the sky on level ground.
        bounce: float64 (3,), irradiance that comes back up from the ground.
        table: float32 (40, 24, 3), radiance of the sky behind the clouds.
        extinction: float64 (3,), of the air, a metre.
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
        if 4 < column < size - 5 and 4 < row < size - 5:
            return _depth_test(depth, column, row, 1.0 / (c - 0.5 * texel - 0.02))
    return 1.0


@compiled
def _covered(shade: Shade, x: float, y: float) -> float:
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
    if disc and mu > 0.96:
        through = (1.0 - opacity) ** 2
        angle = math.acos(min(mu, 1.0))
        glow = 0.5 * math.exp(-angle / 0.022) + 0.03 * math.exp(-angle / 0.09)
        core = 1.0 - smooth(0.0065, 0.0065 + max(pixel, 0.0015), angle)
        gain = (glow * 0.55 + 60.0 * core) * through
        r += light.open_sunlight[0] * gain
        g += light.open_sunlight[1] * gain
        b += light.open_sunlight[2] * gain
    return r, g, b


@compiled
def _air(light: Light, x: float, y: float, z: float, distance: float, r: float, g: float, b: float) -> Colour:
    """The colour after `distance` metres of air."""
    if distance < 20.0:
        return r, g, b
    hr, hg, hb = clear_sky(light.table, x, y, max(z, 0.0) * 0.5 + 0.02, light.sun[0], light.sun[1])
    thin = 1.0 / (1.0 + max(z, 0.0) * distance / 3000.0)
    tr = math.exp(-light.extinction[0] * distance * thin)
    tg = math.exp(-light.extinction[1] * distance * thin)
    tb = math.exp(-light.extinction[2] * distance * thin)
    return r * tr + hr * (1 - tr) * 0.94, g * tg + hg * (1 - tg) * 0.94, b * tb + hb * (1 - tb) * 0.94


@compiled
def _texel(stage: Stage, texture: int, u: float, v: float, texels_a_pixel: float) -> tuple[float, float, float, float, float, float]:
    """Colour (linear) and normal of a texture between four texels of the fitting level, weighted by coverage."""
    table = stage.table
    level = min(max(int(math.log2(max(texels_a_pixel, 1e-6)) + 0.5), 0), table[texture, 3] - 1)
    width = max(table[texture, 1] >> level, 1)
    height = max(table[texture, 2] >> level, 1)
    start = table[texture, 5 + level]
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
            nx += weight * stage.texel_normals[at, 0]
            ny += weight * stage.texel_normals[at, 1]
            nz += weight * stage.texel_normals[at, 2]
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
def _pattern(look: Look, material: int, u: float, v: float, blur: float) -> tuple[float, float, float, float]:
    """Brightness, slopes along u and v, and gloss of a built material at (u, v) metres."""
    tone = 1.0
    su = sv = 0.0
    gloss = 0.0
    if material == _BRICK or material == _STONE:
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
    elif material == _THATCH or material == _BARK:
        n, t, dx, dy = detail(look.texels, look.starts, _BLADES, u * 3.0, v * 0.5, 1.2, blur)
        tone = 1.0 + 0.4 * n
        su = 0.6 * dx
    value, stain, dx, dy = detail(look.texels, look.starts, _EARTH, u, v, 2.7, blur)
    broad, streak, bx, by = detail(look.texels, look.starts, _SMOOTH, u, v * 0.35, 6.0, blur)
    weathering = 0.05 if material == _GLASS or material == _METAL else 0.10
    tone *= 1.0 + weathering * (0.5 * value + 0.7 * broad)
    return tone, su + 0.08 * dx, sv + 0.08 * dy, gloss


@compiled
def _water(
    light: Light, look: Look, land: Land, x: float, y: float, dx: float, dy: float, dz: float, distance: float,
    long: float, wide: float,
) -> Colour:  # fmt: skip
    """Radiance of the sea: what the waves mirror, and the green of the deep and the shallow."""
    blur = min(math.sqrt(long * wide), 4.0 * wide)
    a, _t, ax, ay = detail(look.texels, look.starts, _WAVES, x, y, 23.0, blur)
    b, _t2, bx, by = detail(look.texels, look.starts, _WAVES, 0.6 * x - 0.8 * y, 0.8 * x + 0.6 * y, 7.1, blur)
    c, gust, cx, cy = detail(look.texels, look.starts, _WAVES, 0.8 * x + 0.6 * y, 0.8 * y - 0.6 * x, 131.0, blur)
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
        r, g, b = _water(light, look, land, x, y, dx, dy, dz, t, long, wide)
        r, g, b = _air(light, dx, dy, dz, t, r, g, b)
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
            tr, tg, tb, tnx, tny, tnz = _texel(stage, texture, u, v, per_pixel)
            ar *= tr
            ag *= tg
            ab *= tb
            if stage.table[texture, 0]:
                su = -tnx / max(tnz, 0.25)
                sv = tny / max(tnz, 0.25)
        else:
            tone, su, sv, gloss = _pattern(look, material, u, v, math.sqrt(long * wide))
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
        if material == _FOLIAGE or material == _GRASS:
            through = 0.45
        elif nx * dx + ny * dy + nz * dz > 0.0:
            nx, ny, nz = -nx, -ny, -nz
    towards = nx * light.sun[0] + ny * light.sun[1] + nz * light.sun[2]
    covered = _covered(shade, x, y) * (1.0 if material == _GROUND else 0.0)
    seen = 0.0
    if towards > 0.0 or through > 0.0:
        if material == _GROUND:
            seen = sun_seen(shade, x, y, z, 0.0, 0.0, 1.0)
        else:
            seen = sun_seen(shade, x, y, z, nx, ny, nz)
        if light.cover > -1.2 and t > 400.0:
            # shadows of clouds on far land
            wx = (x + light.sun[0] * 2000.0) / 2600.0
            wy = (y + light.sun[1] * 2000.0) / 2600.0
            mass = noise(wx + light.drift, wy, light.cloud_seed + 5) + 0.4 * noise(2 * wx, 2 * wy, light.cloud_seed + 6)
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
    occlusion = 1.0 - 0.62 * covered
    # the sky's bright half is around the sun
    side = 1.0 + 0.28 * (nx * light.sun[0] + ny * light.sun[1])
    inverse_pi = 1.0 / math.pi
    ir = light.sunlight[0] * direct + (light.ambient[0] * up * side + light.bounce[0] * (1 - up)) * occlusion
    ig = light.sunlight[1] * direct + (light.ambient[1] * up * side + light.bounce[1] * (1 - up)) * occlusion
    ib = light.sunlight[2] * direct + (light.ambient[2] * up * side + light.bounce[2] * (1 - up)) * occlusion
    r = ar * ir * inverse_pi
    g = ag * ig * inverse_pi
    b = ab * ib * inverse_pi
    if material == _GLASS or material == _METAL:
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
    r, g, b = _air(light, dx, dy, dz, t, r, g, b)
    return r, g, b, t, clue


@inlined
def _alike(stage: Stage, a: int, b: int) -> bool:
    """Whether two triangles may be shaded as one surface within a pixel."""
    if a == b:
        return True
    if a < 0 or b < 0:
        return False
    if stage.material[a] != stage.material[b] or stage.clue[a] != stage.clue[b] or stage.texture[a] != stage.texture[b]:
        return False
    if stage.material[a] == _GROUND or stage.material[a] == _WATER:
        return True
    i = stage.triangles[a, 0]
    j = stage.triangles[b, 0]
    n = stage.normals
    if stage.material[a] == _GRASS:
        return True
    if n[i, 0] * n[j, 0] + n[i, 1] * n[j, 1] + n[i, 2] * n[j, 2] < (0.75 if stage.material[a] == _FOLIAGE else 0.9):
        return False
    c = stage.colours
    return abs(c[i, 0] - c[j, 0]) + abs(c[i, 1] - c[j, 1]) + abs(c[i, 2] - c[j, 2]) < 0.05


@compiled
def shade_face(
    stage: Stage, light: Light, look: Look, land: Land, shade: Shade, eye: Array, turn: Array, focal: float,
    seen: Array, panorama: bool, face: int, heading: float, image: Array, distances: Array, clues: Array,
    numbers: Array, rays: Array,
) -> None:  # fmt: skip
    """Shades the pixels of a picture that fall on one face.

    Args:
        turn, focal, seen: The face (`raster.see`).
        panorama: Whether the picture is an equirectangular panorama; else it is the face itself, 2 by 2 samples a pixel.
        face: Which of the panorama's faces: 0..3 sides, 4 top, 5 bottom.
        heading: Radians, of the panorama's middle.
        image: float32 (height, width, 3), radiance.
        distances: float32 (height, width), metres of the nearest surface in the pixel, 0 for sky.
        clues: uint8 (height, width).
        numbers, rays: int64 (4,) and float64 (3, 4), room to work in.
    """
    height, width = image.shape[0], image.shape[1]
    size = seen.shape[0]
    half = 0.5 * size
    sample_x = (-0.125, 0.375, -0.375, 0.125)
    sample_y = (-0.375, -0.125, 0.125, 0.375)
    ids = numbers
    wx = rays[0]
    wy = rays[1]
    wz = rays[2]
    first_row, last_row, first_column, last_column = 0, height, 0, width
    if panorama:
        if face == 4:
            last_row = int(height * 0.31)
        elif face == 5:
            first_row = int(height * 0.69)
        else:
            first_row, last_row = int(height * 0.24), int(height * 0.76) + 1
            first_column, last_column = ((face * 2 + 3) * width // 8) % width, ((face * 2 + 5) * width // 8)
            if face == 2:
                first_column, last_column = 7 * width // 8, 9 * width // 8
            elif face == 3:
                first_column, last_column = width // 8, 3 * width // 8
    step = 2.0 * math.pi / width
    r00, r01, r02 = turn[0, 0], turn[0, 1], turn[0, 2]
    r10, r11, r12 = turn[1, 0], turn[1, 1], turn[1, 2]
    r20, r21, r22 = turn[2, 0], turn[2, 1], turn[2, 2]
    for row in range(first_row, last_row):
        pitch = math.pi * (0.5 - (row + 0.5) / height)
        cos_p = math.cos(pitch)
        sin_p = math.sin(pitch)
        for column_raw in range(first_column, last_column):
            column = column_raw if column_raw < width else column_raw - width
            if panorama:
                angle = heading + step * (column + 0.5) - math.pi
                sin_h = math.sin(angle)
                cos_h = math.cos(angle)
                dx = cos_p * sin_h
                dy = cos_p * cos_h
                dz = sin_p
                fx = r00 * dx + r01 * dy + r02 * dz
                fy = r10 * dx + r11 * dy + r12 * dz
                fz = r20 * dx + r21 * dy + r22 * dz
                if fz <= 0.0 or abs(fx) > fz or abs(fy) > fz:
                    continue
                pixel = math.pi / height
                for s in range(4):
                    ox = sample_x[s] * step * cos_p
                    oy = sample_y[s] * pixel
                    sx = dx + ox * cos_h + oy * sin_p * sin_h
                    sy = dy - ox * sin_h + oy * sin_p * cos_h
                    sz = dz - oy * cos_p
                    w = focal / (r20 * sx + r21 * sy + r22 * sz)
                    i = int(half + (r00 * sx + r01 * sy + r02 * sz) * w)
                    j = int(half + (r10 * sx + r11 * sy + r12 * sz) * w)
                    ids[s] = seen[min(max(j, 0), size - 1), min(max(i, 0), size - 1)]
                    wx[s] = sx
                    wy[s] = sy
                    wz[s] = sz
            else:
                fx = (2 * column + 1 - half) / focal
                fy = (2 * row + 1 - half) / focal
                dx = r00 * fx + r10 * fy + r20
                dy = r01 * fx + r11 * fy + r21
                dz = r02 * fx + r12 * fy + r22
                square = 1.0 + fx * fx + fy * fy
                pixel = 2.0 / focal / square**0.75
                for s in range(4):
                    i = 2 * column + (s & 1)
                    j = 2 * row + (s >> 1)
                    ids[s] = seen[j, i]
                    fx = (i + 0.5 - half) / focal
                    fy = (j + 0.5 - half) / focal
                    wx[s] = r00 * fx + r10 * fy + r20
                    wy[s] = r01 * fx + r11 * fy + r21
                    wz[s] = r02 * fx + r12 * fy + r22
            red = green = blue = 0.0
            nearest = 1e30
            best = 0
            clue_here = 0
            done = 0
            for s in range(4):
                if done >> s & 1:
                    continue
                count = 0
                mx = my = mz = 0.0
                for other in range(s, 4):
                    if not done >> other & 1 and _alike(stage, ids[s], ids[other]):
                        done |= 1 << other
                        count += 1
                        mx += wx[other]
                        my += wy[other]
                        mz += wz[other]
                length = 1.0 / math.sqrt(mx * mx + my * my + mz * mz)
                mx *= length
                my *= length
                mz *= length
                if ids[s] < 0:
                    r, g, b = sky_at(light, mx, my, mz, pixel, True)
                    clue = _SKY
                else:
                    r, g, b, t, clue = shade_hit(stage, light, look, land, shade, ids[s], eye, mx, my, mz, pixel)
                    nearest = min(nearest, t)
                share = 0.25 * count
                # very bright light is held back before it is averaged, or its edges stay jagged
                limit = 40.0
                red += min(r, limit) * share
                green += min(g, limit) * share
                blue += min(b, limit) * share
                if count > best:
                    best = count
                    clue_here = clue
            image[row, column, 0] = red
            image[row, column, 1] = green
            image[row, column, 2] = blue
            distances[row, column] = nearest if nearest < 1e29 else 0.0
            clues[row, column] = clue_here


@compiled
def develop(image: Array, exposure: Array, table: Array, out: Array) -> None:
    """Radiance to sRGB by a filmic curve, as `table` of 4096 steps of the square root of 0..16."""
    top = table.shape[0] - 1
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            r = image[row, column, 0] * exposure[0]
            g = image[row, column, 1] * exposure[1]
            b = image[row, column, 2] * exposure[2]
            # saturated light turns pale as it grows bright, as on film
            grey = 0.25 * r + 0.65 * g + 0.10 * b
            pale = -0.08 + 0.6 * smooth(0.7, 6.0, grey)
            r += (grey - r) * pale
            g += (grey - g) * pale
            b += (grey - b) * pale
            out[row, column, 0] = table[min(int(math.sqrt(max(r, 0.0)) * 0.25 * top + 0.5), top)]
            out[row, column, 1] = table[min(int(math.sqrt(max(g, 0.0)) * 0.25 * top + 0.5), top)]
            out[row, column, 2] = table[min(int(math.sqrt(max(b, 0.0)) * 0.25 * top + 0.5), top)]
