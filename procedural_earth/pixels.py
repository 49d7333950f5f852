"""A colour for every pixel of a view or a panorama, from what the rasteriser saw."""

from __future__ import annotations

import math
from typing import Any

import numpy.typing as npt

from procedural_earth.compiled import compiled, inlined
from procedural_earth.ground import Look
from procedural_earth.light import Light, Shade, sky_at
from procedural_earth.mesh import Clue, Material
from procedural_earth.noise import smooth
from procedural_earth.shading import shade_hit
from procedural_earth.surfaces import Stage
from procedural_earth.terrain import Land

Array = npt.NDArray[Any]

_GROUND = int(Material.GROUND)
_WATER = int(Material.WATER)
_FOLIAGE = int(Material.FOLIAGE)
_GRASS = int(Material.GRASS)
_SKY = int(Clue.SKY)


@inlined
def alike(stage: Stage, a: int, b: int) -> bool:
    """Whether two triangles may be shaded as one surface within a pixel."""
    if a == b:
        return True
    if a < 0 or b < 0:
        return False
    if (
        stage.material[a] != stage.material[b]
        or stage.clue[a] != stage.clue[b]
        or stage.texture[a] != stage.texture[b]
    ):
        return False
    if stage.material[a] == _GROUND or stage.material[a] == _WATER:
        return True
    i = stage.triangles[a, 0]
    j = stage.triangles[b, 0]
    n = stage.normals
    if stage.material[a] == _GRASS:
        return True
    if n[i, 0] * n[j, 0] + n[i, 1] * n[j, 1] + n[i, 2] * n[j, 2] < (
        0.75 if stage.material[a] == _FOLIAGE else 0.9
    ):
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
        panorama: Whether the picture is an equirectangular panorama; else it is the face itself, 2 by 2
        samples a pixel.
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
                    if not done >> other & 1 and alike(stage, ids[s], ids[other]):
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
                    r, g, b, t, clue = shade_hit(
                        stage, light, look, land, shade, ids[s], eye, mx, my, mz, pixel
                    )
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
            pale = 0.06 + 0.46 * smooth(0.7, 6.0, grey)
            r += (grey - r) * pale
            g += (grey - g) * pale
            b += (grey - b) * pale
            out[row, column, 0] = table[min(int(math.sqrt(max(r, 0.0)) * 0.25 * top + 0.5), top)]
            out[row, column, 1] = table[min(int(math.sqrt(max(g, 0.0)) * 0.25 * top + 0.5), top)]
            out[row, column, 2] = table[min(int(math.sqrt(max(b, 0.0)) * 0.25 * top + 0.5), top)]
