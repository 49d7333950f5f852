"""A quick look at one object, to judge a mesh while it is being made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from procedural_earth.mesh import VISIBLE, Mesh, Texture
from procedural_earth.raster import see
from procedural_earth.textures import pack


def preview(
    mesh: Mesh, textures: Sequence[Texture], px: int = 512, yaw: float = 30.0, elevation: float = 12.0
) -> Image.Image:
    """The mesh from `yaw` degrees clockwise of south, `elevation` degrees above, in plain light."""
    atlas = pack(textures)
    low, high = mesh.positions.min(0).astype(float), mesh.positions.max(0).astype(float)
    centre, radius = (low + high) / 2, max(float(np.linalg.norm(high - low)) / 2, 1e-3)
    angle, lift = np.deg2rad(yaw), np.deg2rad(elevation)
    back = np.array([-np.sin(angle) * np.cos(lift), -np.cos(angle) * np.cos(lift), np.sin(lift)])
    eye = centre + back * radius * 3.2
    forward = -back
    right = np.array([np.cos(angle), -np.sin(angle), 0.0])
    turn = np.stack([right, np.cross(forward, right), forward])
    size = px * 2
    depth, seen = np.zeros((size, size), np.float32), np.full((size, size), -1, np.int32)
    see(
        mesh.positions, mesh.uv, mesh.triangles, mesh.texture, mesh.flags, VISIBLE,
        atlas.texels, atlas.table, eye, turn, size * 1.4, depth, seen,
    )  # fmt: skip
    rows, columns = np.nonzero(seen >= 0)
    image = np.full((size, size, 3), 0.55)
    if len(rows):
        image[rows, columns] = _shade(mesh, atlas.texels, atlas.table, seen, rows, columns, eye, turn)
    image = image.reshape(px, 2, px, 2, 3).mean((1, 3))
    return Image.fromarray((255 * np.clip(image, 0, 1) ** (1 / 2.2) + 0.5).astype(np.uint8))


def _shade(mesh, texels, table, seen, rows, columns, eye, turn):  # type: ignore[no-untyped-def]
    size = seen.shape[0]
    number = seen[rows, columns]
    flat = np.stack(
        [
            (columns + 0.5 - size / 2) / (1.4 * size),
            (rows + 0.5 - size / 2) / (1.4 * size),
            np.ones(len(rows)),
        ],
        1,
    )
    direction = flat @ turn
    a, b, c = (mesh.positions[mesh.triangles[number, corner]].astype(float) for corner in range(3))
    edge1, edge2 = b - a, c - a
    cross = np.cross(direction, edge2)
    scale = 1 / (np.sum(edge1 * cross, 1) + 1e-12)
    offset = eye - a
    first = np.sum(offset * cross, 1) * scale
    second = np.sum(direction * np.cross(offset, edge1), 1) * scale
    weights = np.stack([1 - first - second, first, second], 1)[:, :, None]
    corners = mesh.triangles[number]
    normal = np.sum(mesh.normals[corners] * weights, 1)
    colour = np.sum(mesh.colours[corners] * weights, 1)
    uv = np.sum(mesh.uv[corners] * weights, 1)
    texture = mesh.texture[number]
    for index in np.unique(texture[texture >= 0]):
        here = texture == index
        width, height, start = table[index, 1], table[index, 2], table[index, 5]
        wrapped = uv[here] % 1.0 if table[index, 4] else np.clip(uv[here], 0, 1)
        x = np.minimum((wrapped[:, 0] * width).astype(int), width - 1)
        y = np.minimum((wrapped[:, 1] * height).astype(int), height - 1)
        colour[here] *= (texels[start + y * width + x, :3] / 255.0) ** 2.2
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    normal *= np.where(np.sum(normal * direction, 1) > 0, -1.0, 1.0)[:, None]
    sun = np.array([-0.5, -0.6, 0.65])
    light = 1.6 * np.maximum(normal @ (sun / np.linalg.norm(sun)), 0) + 0.35 + 0.2 * normal[:, 2]
    return colour * light[:, None]
