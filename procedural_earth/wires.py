"""Thin lines over a finished picture, by the exact share of each pixel that they cover."""

from __future__ import annotations

import math
from typing import Any

import numpy.typing as npt

from procedural_earth.compiled import compiled
from procedural_earth.shading import Light

Array = npt.NDArray[Any]

PIECES = 12


@compiled
def _pixel_of(
    x: float, y: float, z: float, panorama: bool, turn: Array, focal: float, heading: float, height: int, width: int
) -> tuple[float, float, bool]:
    """Column and row (pixels) where the direction falls, and whether it is before the eye."""
    if panorama:
        flat = math.sqrt(x * x + y * y)
        angle = math.atan2(x, y) - heading
        angle -= 2.0 * math.pi * math.floor((angle + math.pi) / (2.0 * math.pi))
        return (angle / (2.0 * math.pi) + 0.5) * width, (0.5 - math.atan2(z, flat) / math.pi) * height, True
    c = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
    if c < 0.05:
        return 0.0, 0.0, False
    a = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
    b = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
    return 0.5 * width + 0.5 * focal * a / c, 0.5 * height + 0.5 * focal * b / c, True


@compiled
def draw_wires(
    starts: Array, ends: Array, radii: Array, colours: Array, clue: Array, eye: Array, light: Light,
    panorama: bool, turn: Array, focal: float, heading: float, image: Array, distances: Array, clues: Array,
) -> None:  # fmt: skip
    """Draws straight pieces of wire into `image` where nothing nearer is; arguments as those of `shade_face`."""
    height, width = image.shape[0], image.shape[1]
    for number in range(starts.shape[0]):
        for piece in range(PIECES):
            s0 = piece / PIECES
            s1 = (piece + 1) / PIECES
            ax = starts[number, 0] + s0 * (ends[number, 0] - starts[number, 0]) - eye[0]
            ay = starts[number, 1] + s0 * (ends[number, 1] - starts[number, 1]) - eye[1]
            az = starts[number, 2] + s0 * (ends[number, 2] - starts[number, 2]) - eye[2]
            bx = starts[number, 0] + s1 * (ends[number, 0] - starts[number, 0]) - eye[0]
            by = starts[number, 1] + s1 * (ends[number, 1] - starts[number, 1]) - eye[1]
            bz = starts[number, 2] + s1 * (ends[number, 2] - starts[number, 2]) - eye[2]
            u0, v0, front0 = _pixel_of(ax, ay, az, panorama, turn, focal, heading, height, width)
            u1, v1, front1 = _pixel_of(bx, by, bz, panorama, turn, focal, heading, height, width)
            if not (front0 and front1):
                continue
            if panorama:
                if u1 - u0 > 0.5 * width:
                    u1 -= width
                elif u0 - u1 > 0.5 * width:
                    u1 += width
            distance = math.sqrt((0.5 * (ax + bx)) ** 2 + (0.5 * (ay + by)) ** 2 + (0.5 * (az + bz)) ** 2)
            if panorama:
                stretch = max(math.sqrt(0.25 * ((ax + bx) ** 2 + (ay + by) ** 2)) / distance, 0.05)
                per_radian = height / math.pi
            else:
                stretch = 1.0
                per_radian = 0.5 * focal
            half = radii[number] / distance * per_radian
            du = (u1 - u0) * stretch
            dv = v1 - v0
            length = math.sqrt(du * du + dv * dv)
            if length < 1e-6:
                continue
            reach = half + 1.0
            first_row = max(int(min(v0, v1) - reach), 0)
            last_row = min(int(max(v0, v1) + reach) + 1, height - 1)
            first = int(math.floor(min(u0, u1) - reach / stretch))
            last = int(math.ceil(max(u0, u1) + reach / stretch))
            if not panorama:
                first = max(first, 0)
                last = min(last, width - 1)
            glow = 0.55
            red = colours[number, 0] * (light.ambient[0] + glow * light.sunlight[0]) / math.pi
            green = colours[number, 1] * (light.ambient[1] + glow * light.sunlight[1]) / math.pi
            blue = colours[number, 2] * (light.ambient[2] + glow * light.sunlight[2]) / math.pi
            for row in range(first_row, last_row + 1):
                for column in range(first, last + 1):
                    px = (column + 0.5 - u0) * stretch
                    py = row + 0.5 - v0
                    along = (px * du + py * dv) / length
                    if along < 0.0 or along >= length:
                        continue
                    away = abs(px * dv - py * du) / length
                    share = min(away + half, 0.5) - max(away - half, -0.5)
                    if share <= 0.0:
                        continue
                    at = column
                    if panorama:
                        at = column % width
                    behind = distances[row, at]
                    if 0.0 < behind < distance - 0.5:
                        continue
                    share = min(share, 1.0)
                    image[row, at, 0] += (red - image[row, at, 0]) * share
                    image[row, at, 1] += (green - image[row, at, 1]) * share
                    image[row, at, 2] += (blue - image[row, at, 2]) * share
                    if share > 0.5:
                        clues[row, at] = clue[number]
