"""Draws a grown plant as a sprite: leaves and wood from back to front, with the shade of the sky baked in.

Only ambient occlusion is baked (how much of the sky a leaf sees through the crown), never the sun: the
renderer
lights the sprite for the hour.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from procedural_earth.compiled import allocating
from procedural_earth.mesh import Texture
from procedural_earth.objects.growth import Plant

Array = npt.NDArray[np.float64]

_GRID = 28
_OVERSAMPLING = 2


def sky_access(points: Array, thickness: float) -> Array:
    """(N,) share of the sky that each leaf sees, 0..1, from the leaves' own density on a grid.

    Args:
        points: (N, 3) leaves.
        thickness: optical depth of an average crown; larger is darker inside.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    cell = np.minimum(((points - low) / np.maximum(high - low, 1e-6) * _GRID).astype(int), _GRID - 1)
    flat = (cell[:, 0] * _GRID + cell[:, 1]) * _GRID + cell[:, 2]
    density = np.bincount(flat, minlength=_GRID**3).reshape(_GRID, _GRID, _GRID).astype(np.float64)
    density *= thickness / max(len(points) / _GRID**2, 1e-9)
    above = np.cumsum(density[:, :, ::-1], axis=2)[:, :, ::-1] - 0.5 * density
    total = 0.5 * np.exp(-above)
    for axis in (0, 1):
        ahead = np.cumsum(density, axis=axis) - 0.5 * density
        behind = np.flip(np.cumsum(np.flip(density, axis), axis=axis), axis) - 0.5 * density
        total += 0.125 * (np.exp(-ahead) + np.exp(-behind))
    return np.asarray(total.reshape(-1)[flat])


@allocating
def _paint(canvas: Array, kind: Array, shape: Array, rgb: Array, normal: Array) -> None:  # pragma: no cover
    height, width = canvas.shape[0], canvas.shape[1]
    for i in range(len(kind)):
        x0, y0, x1, y1, r0, r1 = shape[i]
        pad = max(r0, r1) + 1.0
        left, right = max(0, int(min(x0, x1) - pad)), min(width - 1, int(max(x0, x1) + pad) + 1)
        top, bottom = max(0, int(min(y0, y1) - pad)), min(height - 1, int(max(y0, y1) + pad) + 1)
        dx, dy = x1 - x0, y1 - y0
        length2 = max(dx * dx + dy * dy, 1e-6)
        length = math.sqrt(length2)
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                px, py = x + 0.5 - x0, y + 0.5 - y0
                t = (px * dx + py * dy) / length2
                across = (px * dy - py * dx) / length
                if kind[i] == 0:
                    if t < 0.0 or t > 1.0:
                        continue
                    limit = r0 * 4.0 * t * (1.0 - t) ** 0.8
                    shade = 1.0 + 0.10 * across / max(limit, 0.5)
                else:
                    if t < -r0 / length or t > 1.0 + r1 / length:
                        continue
                    c = min(max(t, 0.0), 1.0)
                    limit = r0 + (r1 - r0) * c
                    q = min(1.0, abs(across) / max(limit, 0.4))
                    shade = 1.0 - 0.45 * q * q
                if abs(across) <= max(limit, 0.42):
                    canvas[y, x, 0] = rgb[i, 0] * shade
                    canvas[y, x, 1] = rgb[i, 1] * shade
                    canvas[y, x, 2] = rgb[i, 2] * shade
                    canvas[y, x, 3] = 1.0
                    bulge = across / max(limit, 0.5) if kind[i] == 1 else 0.0
                    canvas[y, x, 4] = normal[i, 0] + bulge * dy / length
                    canvas[y, x, 5] = normal[i, 1] + bulge * dx / length
                    canvas[y, x, 6] = normal[i, 2]


def draw(
    plant: Plant,
    palette: Array,
    *,
    height: int,
    width: int,
    turn: float,
    half_width: float,
    thickness: float = 1.6,
    snow: float = 0.0,
    top: float = 1.04,
    leaves: bool = True,
    rng: np.random.Generator,
) -> Texture:
    """sRGB sprite of a plant, (height, width), with its normals; its foot stands at the middle of the lower
    edge.

    Args:
        palette: (rows, 2, 3) dark and light sRGB colour in 0..1 of each palette row.
        turn: angle from which it is seen, radians.
        half_width: plant units from the middle to the edge. top: plant units at the upper edge.
        thickness: see `sky_access`. snow: 0..1 share of upward leaves that are white. leaves: False for bare.
        rng: for the snow.
    """
    big = _OVERSAMPLING
    canvas = np.zeros((height * big, width * big, 7))
    scale = np.array([width * big / (2 * half_width), height * big / top])
    kinds, shapes, colours, depths, normals = [], [], [], [], []
    c, s = math.cos(turn), math.sin(turn)
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    def project(points: Array) -> tuple[Array, Array]:
        seen = points @ rotation.T
        x = (seen[:, 0] + half_width) * scale[0]
        y = canvas.shape[0] - seen[:, 2] * scale[1]
        return np.stack([x, y], axis=1), seen[:, 1]

    access = sky_access(plant.at, thickness) if len(plant.at) else np.zeros(0)
    if leaves and len(plant.at):
        start, depth = project(plant.at - plant.along * plant.size[:, :1])
        end, _ = project(plant.at + plant.along * plant.size[:, :1])
        turned = np.abs(plant.facing @ rotation.T[:, 1])
        half = plant.size[:, 1] * (0.4 + 0.6 * turned) * scale.mean()
        kinds.append(np.zeros(len(start), np.int64))
        shapes.append(np.concatenate([start, end, half[:, None], half[:, None]], axis=1))
        colours.append(_leaf_colours(plant, palette, access, snow, rng))
        depths.append(depth)
        normals.append(_leaf_normals(plant, rotation))
    wood = plant.wood
    if len(wood):
        start, near = project(wood[:, :3])
        end, far = project(wood[:, 3:6])
        kinds.append(np.ones(len(start), np.int64))
        shapes.append(np.concatenate([start, end, wood[:, 6:] * scale.mean()], axis=1))
        slim = wood[:, 6] * scale.mean() < 3.0
        tone = np.where(slim, rng.uniform(0.2, 0.8, len(wood)), 0.55)[:, None]
        pair = palette[plant.bark]
        lit = (
            0.62 + 0.38 * np.clip(1.4 - wood[:, 5], 0, 1) if leaves and len(plant.at) else np.ones(len(wood))
        )
        colours.append((pair[:, 0] * (1 - tone) + pair[:, 1] * tone) * lit[:, None])
        depths.append((near + far) / 2)
        normals.append(np.tile([[0.0, 0.0, 1.0]], (len(start), 1)))
    order = np.argsort(-np.concatenate(depths))
    _paint(canvas, *(np.concatenate(part)[order] for part in (kinds, shapes, colours, normals)))
    return finish(canvas, big)


def _leaf_normals(plant: Plant, rotation: Array) -> Array:
    """(N, 3) normals in the sprite's frame: right, up, towards the eye.

    Rounded like the crown they belong to.
    """
    low, high = plant.at.min(axis=0), plant.at.max(axis=0)
    outward = (plant.at - (low + high) / 2) / np.maximum((high - low) / 2, 1e-6)
    blended = (plant.facing * 0.75 + outward * 0.8) @ rotation.T
    seen = np.stack([blended[:, 0], blended[:, 2], np.abs(blended[:, 1]) * 0.7 + 0.35], axis=1)
    return np.asarray(seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-6))


def _leaf_colours(
    plant: Plant, palette: Array, access: Array, snow: float, rng: np.random.Generator
) -> Array:
    pair = palette[plant.hue]
    mixed = pair[:, 0] + (pair[:, 1] - pair[:, 0]) * (0.22 + 0.78 * plant.tone[:, None])
    if snow > 0:
        white = (rng.random(len(mixed)) < snow * np.clip(access * 1.3, 0, 1)) & (plant.facing[:, 2] > 0.1)
        mixed = np.where(white[:, None], np.array([0.90, 0.93, 0.97]), mixed)
    return np.asarray(mixed * (0.6 + 0.62 * np.clip(access, 0, 1) ** 0.8)[:, None])


def finish(canvas: Array, big: int) -> Texture:
    """Shrinks a float canvas (red, green, blue, alpha, normal) `big` times.

    Colours run into what is transparent, so that the mipmaps' edges keep them.
    """
    height, width = canvas.shape[0] // big, canvas.shape[1] // big
    canvas = canvas[: height * big, : width * big]
    weight = _shrunk(canvas[..., 3], big)
    total = _shrunk(canvas[..., :3] * canvas[..., 3:4], big)
    rgb = bleed(total / np.maximum(weight, 1e-6)[..., None], weight)
    rgba = np.clip(np.dstack([rgb, weight]) * 255 + 0.5, 0, 255).astype(np.uint8)
    if canvas.shape[2] < 7:
        return Texture(np.ascontiguousarray(rgba))
    normal = _shrunk(canvas[..., 4:7], big)
    normal[weight < 1e-3] = (0, 0, 1)
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
    return Texture(np.ascontiguousarray(rgba), np.ascontiguousarray((128.5 + 127 * normal).astype(np.uint8)))


def _shrunk(image: Array, big: int) -> Array:
    """Means over squares of `big` by `big` pixels."""
    total = np.zeros((image.shape[0] // big, image.shape[1] // big, *image.shape[2:]))
    for row in range(big):
        for column in range(big):
            total += image[row::big, column::big]
    return total / (big * big)


def bleed(rgb: Array, weight: Array) -> Array:
    """Colours of opaque pixels, spread outward by ever coarser means."""
    known = weight > 1e-3
    if not known.any():
        return rgb
    filled = np.where(known[..., None], rgb, 0.0)
    mean = (rgb * weight[..., None]).sum(axis=(0, 1)) / weight.sum()
    result = np.where(known[..., None], rgb, mean)
    for step in (8, 2):
        h, w = rgb.shape[0] // step * step, rgb.shape[1] // step * step
        share = known[:h, :w].reshape(h // step, step, w // step, step).sum(axis=(1, 3))
        block = filled[:h, :w].reshape(h // step, step, w // step, step, 3).sum(axis=(1, 3))
        coarse = block / np.maximum(share, 1)[..., None]
        wide = np.repeat(np.repeat(coarse, step, 0), step, 1)
        usable = np.repeat(np.repeat(share > 0, step, 0), step, 1) & ~known[:h, :w]
        result[:h, :w] = np.where(usable[..., None], wide, result[:h, :w])
    return result
