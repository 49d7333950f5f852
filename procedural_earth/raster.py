"""Which triangle is seen at every sample of a square perspective face: a z-buffer with alpha-tested
textures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth.compiled import allocating, compiled, inlined

NEAR_M = 0.08
"""Nothing nearer to the eye is drawn."""

Array = npt.NDArray[Any]


@inlined
def _coverage_threshold(column: int, row: int) -> float:
    return (0.125, 0.625, 0.875, 0.375)[(column & 1) + 2 * (row & 1)]


@inlined
def _alpha(
    texels: Array, start: int, width: int, height: int, repeat: bool, soft: bool, u: float, v: float
) -> float:
    """Coverage 0..1 at (u, v) of a mip level of width by height texels that begins at `start`; `soft` between
    four."""
    if repeat:
        u -= math.floor(u)
        v -= math.floor(v)
    if not soft:
        # smaller than its texels: the nearest will do
        x0 = min(max(int(u * width), 0), width - 1)
        y0 = min(max(int(v * height), 0), height - 1)
        return texels[start + y0 * width + x0, 3] * (1.0 / 255.0)
    x = min(max(u * width - 0.5, 0.0), width - 1.0)
    y = min(max(v * height - 0.5, 0.0), height - 1.0)
    x0 = int(x)
    y0 = int(y)
    x1 = min(x0 + 1, width - 1)
    y1 = min(y0 + 1, height - 1)
    fx = x - x0
    fy = y - y0
    top = texels[start + y0 * width + x0, 3] * (1 - fx) + texels[start + y0 * width + x1, 3] * fx
    bottom = texels[start + y1 * width + x0, 3] * (1 - fx) + texels[start + y1 * width + x1, 3] * fx
    return (top * (1 - fy) + bottom * fy) / 255.0


@compiled
def _fill(
    corners: Array,
    number: int,
    texture: int,
    texels: Array,
    levels: Array,
    window: Array,
    depth: Array,
    seen: Array,
) -> None:
    """Fills one projected triangle; rows of `corners`: x, y in samples, 1/z, u/z, v/z."""
    x0, y0, x1, y1, x2, y2 = (
        corners[0, 0], corners[0, 1], corners[1, 0], corners[1, 1], corners[2, 0], corners[2, 1],
    )  # fmt: skip
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    if abs(area) < 1e-9:
        return
    top = max(int(math.ceil(min(y0, y1, y2) - 0.5)), window[1])
    bottom = min(int(math.floor(max(y0, y1, y2) - 0.5)), window[3] - 1)
    if top > bottom or max(x0, x1, x2) < window[0] or min(x0, x1, x2) > window[2]:
        return
    scale = 1.0 / area
    # planes of 1/z, u/z, v/z over the face
    w0 = corners[0, 2]
    wx = ((corners[1, 2] - w0) * (y2 - y0) - (corners[2, 2] - w0) * (y1 - y0)) * scale
    wy = ((corners[2, 2] - w0) * (x1 - x0) - (corners[1, 2] - w0) * (x2 - x0)) * scale
    a0 = ux = uy = b0 = vx = vy = 0.0
    start = width = height = 0
    repeat = soft = False
    if texture >= 0:
        a0 = corners[0, 3]
        ux = ((corners[1, 3] - a0) * (y2 - y0) - (corners[2, 3] - a0) * (y1 - y0)) * scale
        uy = ((corners[2, 3] - a0) * (x1 - x0) - (corners[1, 3] - a0) * (x2 - x0)) * scale
        b0 = corners[0, 4]
        vx = ((corners[1, 4] - b0) * (y2 - y0) - (corners[2, 4] - b0) * (y1 - y0)) * scale
        vy = ((corners[2, 4] - b0) * (x1 - x0) - (corners[1, 4] - b0) * (x2 - x0)) * scale
        z0, z1, z2 = 1 / corners[0, 2], 1 / corners[1, 2], 1 / corners[2, 2]
        du1, dv1 = corners[1, 3] * z1 - a0 * z0, corners[1, 4] * z1 - b0 * z0
        du2, dv2 = corners[2, 3] * z2 - a0 * z0, corners[2, 4] * z2 - b0 * z0
        texels_a_sample = abs(du1 * dv2 - du2 * dv1) * levels[texture, 1] * levels[texture, 2] / abs(area)
        level = int(max(0.5 * math.log2(texels_a_sample + 1e-12) + 0.5, 0.0))
        level = min(level, levels[texture, 3] - 1)
        width = max(levels[texture, 1] >> level, 1)
        height = max(levels[texture, 2] >> level, 1)
        start = levels[texture, 5 + level]
        repeat = levels[texture, 4] != 0
        soft = level == 0
    for row in range(top, bottom + 1):
        y = row + 0.5
        low = -1e30
        high = 1e30
        for edge in range(3):
            if edge == 0:
                ax, ay, bx, by = x0, y0, x1, y1
            elif edge == 1:
                ax, ay, bx, by = x1, y1, x2, y2
            else:
                ax, ay, bx, by = x2, y2, x0, y0
            if (ay <= y < by) or (by <= y < ay):
                x = ax + (bx - ax) * ((y - ay) / (by - ay))
                if low == -1e30:
                    low = x
                    high = x
                else:
                    low = min(low, x)
                    high = max(high, x)
        if low == -1e30:
            continue
        first = max(int(math.ceil(low - 0.5)), window[0])
        last = min(int(math.ceil(high - 0.5)) - 1, window[2] - 1)
        if first > last:
            continue
        dx = first + 0.5 - x0
        dy = y - y0
        w = w0 + wx * dx + wy * dy
        if texture < 0:
            for column in range(first, last + 1):
                if w > depth[row, column]:
                    depth[row, column] = w
                    seen[row, column] = number
                w += wx
        else:
            a = a0 + ux * dx + uy * dy
            b = b0 + vx * dx + vy * dy
            for column in range(first, last + 1):
                if w > depth[row, column]:
                    far = 1.0 / w
                    alpha = _alpha(texels, start, width, height, repeat, soft, a * far, b * far)
                    if alpha > _coverage_threshold(column, row):
                        depth[row, column] = w
                        seen[row, column] = number
                w += wx
                a += ux
                b += vx


_BEHIND, _LEFT, _RIGHT, _ABOVE, _BELOW = 1, 2, 4, 8, 16


@compiled
def _turned(positions: Array, eye: Array, turn: Array, side: float, points: Array, outside: Array) -> None:
    """The vertices as the eye sees them (right, down, forward), and the planes of the face they lie past."""
    r00, r01, r02 = turn[0, 0], turn[0, 1], turn[0, 2]
    r10, r11, r12 = turn[1, 0], turn[1, 1], turn[1, 2]
    r20, r21, r22 = turn[2, 0], turn[2, 1], turn[2, 2]
    for vertex in range(positions.shape[0]):
        dx = positions[vertex, 0] - eye[0]
        dy = positions[vertex, 1] - eye[1]
        dz = positions[vertex, 2] - eye[2]
        x = r00 * dx + r01 * dy + r02 * dz
        y = r10 * dx + r11 * dy + r12 * dz
        z = r20 * dx + r21 * dy + r22 * dz
        points[vertex, 0] = x
        points[vertex, 1] = y
        points[vertex, 2] = z
        reach = side * z
        outside[vertex] = (
            _BEHIND * (z < NEAR_M)
            + _LEFT * (x < -reach)
            + _RIGHT * (x > reach)
            + _ABOVE * (y < -reach)
            + _BELOW * (y > reach)
        )


@allocating
def _nearest_first(points: Array, outside: Array, triangles: Array, flags: Array, wanted: int) -> Array:
    """The triangles with the flag that may lie on the face, roughly by their distance: what is hidden is then
    found to be so early."""
    buckets = 1024
    found = np.empty(triangles.shape[0], np.int32)
    key = np.empty(triangles.shape[0], np.float32)
    low = 1e30
    high = -1e30
    count = 0
    for number in range(triangles.shape[0]):
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        if flags[number] & wanted and outside[a] & outside[b] & outside[c] == 0:
            x, y, z = points[a, 0], points[a, 1], points[a, 2]
            away = math.log(x * x + y * y + z * z + 1e-3)
            found[count] = number
            key[count] = away
            low = min(low, key[count])  # as it is kept: rounded, a key could lie outside of its own range
            high = max(high, key[count])
            count += 1
    scale = (buckets - 1) / max(high - low, 1e-9)
    start = np.zeros(buckets + 1, np.int64)
    for place in range(count):
        start[int((key[place] - low) * scale) + 1] += 1
    for bucket in range(buckets):
        start[bucket + 1] += start[bucket]
    order = np.empty(count, np.int32)
    for place in range(count):
        bucket = int((key[place] - low) * scale)
        order[start[bucket]] = found[place]
        start[bucket] += 1
    return order


@allocating
def see(
    positions: Array, uv: Array, triangles: Array, texture: Array, flags: Array, wanted: int,
    texels: Array, levels: Array, eye: Array, turn: Array, focal: float,
    window: Array, depth: Array, seen: Array,
) -> None:  # fmt: skip
    """Draws the triangles that have the flag `wanted` into `depth` (1/z, greater is nearer) and `seen`
    (their numbers).

    Args:
        eye: float64 (3,), where the eye is.
        turn: float64 (3, 3), rows right, down, forward.
        focal: Samples a unit of x/z; the face's centre is straight ahead.
        window: int64 (4,), first column and row, and those after the last, that are drawn.
        depth: float32 (size, size), 0 where nothing is.
        seen: int32 (size, size), -1 where nothing is.
    """
    size = depth.shape[0]
    half = 0.5 * size
    side = half / focal
    point = np.empty((3, 5))
    polygon = np.empty((4, 5))
    corners = np.empty((3, 5))
    points = np.empty((positions.shape[0], 3))
    outside = np.empty(positions.shape[0], np.uint8)
    _turned(positions, eye, turn, side, points, outside)
    for number in _nearest_first(points, outside, triangles, flags, wanted):
        behind = 0
        for corner in range(3):
            vertex = triangles[number, corner]
            for column in range(3):
                point[corner, column] = points[vertex, column]
            behind += outside[vertex] & _BEHIND
        skin = texture[number]
        if skin >= 0:
            for corner in range(3):
                point[corner, 3] = uv[triangles[number, corner], 0]
                point[corner, 4] = uv[triangles[number, corner], 1]
        count = 0
        if behind == 0:
            for corner in range(3):
                for column in range(5):
                    polygon[corner, column] = point[corner, column]
            count = 3
        else:
            for corner in range(3):
                following = (corner + 1) % 3
                z = point[corner, 2]
                z_next = point[following, 2]
                if z >= NEAR_M:
                    for column in range(5):
                        polygon[count, column] = point[corner, column]
                    count += 1
                if (z >= NEAR_M) != (z_next >= NEAR_M):
                    share = (NEAR_M - z) / (z_next - z)
                    for column in range(5):
                        polygon[count, column] = point[corner, column] + share * (
                            point[following, column] - point[corner, column]
                        )
                    count += 1
        for third in range(2, count):
            for corner in range(3):
                source = 0 if corner == 0 else third - 2 + corner
                w = 1.0 / polygon[source, 2]
                corners[corner, 0] = half + focal * polygon[source, 0] * w
                corners[corner, 1] = half + focal * polygon[source, 1] * w
                corners[corner, 2] = w
                corners[corner, 3] = polygon[source, 3] * w
                corners[corner, 4] = polygon[source, 4] * w
            _fill(corners, number, skin, texels, levels, window, depth, seen)
