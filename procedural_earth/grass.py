"""Tufts of grass around the camera: cards that face it, where the ground's own pattern would look painted."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from procedural_earth import ground
from procedural_earth.ground import Look
from procedural_earth.mesh import VISIBLE, Clue, Material, Mesh, Texture
from procedural_earth.road import Road
from procedural_earth.seeds import generator
from procedural_earth.terrain import Land, height, shore_many

Array = npt.NDArray[Any]

REACH_M = 34.0
_PX = 128


def _blade(canvas: Array, root: float, tip: float, high: float, width: float, bend: float, shade: float) -> None:
    """One curved blade, narrowing towards its tip, painted over what is there."""
    rows = np.arange(_PX)
    rise = 1.0 - (rows + 0.5) / _PX
    share = np.clip(rise / high, 0, 1)
    middle = root + (tip - root) * share + bend * share * share
    half = width * (1.0 - share**1.6) * (rise <= high)
    columns = (np.arange(_PX) + 0.5) / _PX
    cover = np.clip((half[:, None] - np.abs(columns[None] - middle[:, None])) * _PX + 0.5, 0, 1)
    across = np.clip((columns[None] - middle[:, None]) / np.maximum(half[:, None], 1e-3), -1, 1)
    tone = shade * (0.50 + 0.62 * share[:, None] ** 0.8) * (1.0 - 0.10 * across)
    canvas[..., 0] = np.where(cover > 0.02, tone, canvas[..., 0])
    canvas[..., 1] = np.maximum(canvas[..., 1], cover)


@cache
def tuft_textures() -> tuple[Texture, ...]:
    """Tufts from dense and short to thin and tall; grey, to be coloured by the mesh."""
    found = []
    for number, (blades, tall, spread, width) in enumerate(
        ((60, 0.62, 0.36, 0.011), (48, 0.85, 0.30, 0.010), (34, 0.97, 0.26, 0.008), (40, 0.75, 0.40, 0.016))
    ):
        rng = generator("grass", number)
        canvas = np.zeros((_PX, _PX, 2))
        canvas[..., 0] = 0.75
        order = np.sort(rng.uniform(0.45, 1.0, blades))[::-1]
        for high in order:
            root = 0.5 + rng.normal(0, spread * 0.33)
            lean = (root - 0.5) * 0.6 + rng.normal(0, 0.09)
            _blade(canvas, root, root + lean, high * tall, width * rng.uniform(0.7, 1.3), rng.normal(0, 0.10), rng.uniform(0.72, 1.12))
        grey = np.clip(canvas[..., 0], 0, 1.25) / 1.25
        srgb = np.where(grey <= 0.0031308, grey * 12.92, 1.055 * grey ** (1 / 2.4) - 0.055)
        rgba = np.stack([srgb, srgb, srgb, canvas[..., 1]], 2)
        found.append(Texture(np.round(np.clip(rgba, 0, 1) * 255).astype(np.uint8)))
    return tuple(found)


def tufts(
    road: Road, land: Land, look: Look, eye: tuple[float, float, float], rng: np.random.Generator
) -> tuple[Mesh, list[Texture]]:
    """Cards of grass within 34 m of the camera, on ground that carries grass."""
    count = 7000
    radius = 3.0 * (REACH_M / 3.0) ** rng.random(count)
    angle = rng.uniform(0, 2 * np.pi, count)
    lot, size, mix, jitter = rng.random(count), rng.random(count), rng.normal(0, 1, count), rng.normal(0, 0.09, (count, 3))
    kind = rng.integers(0, 4, count)
    x, y = radius * np.sin(angle), radius * np.cos(angle)
    clump = 0.5 + 0.5 * np.sin(x * 0.9 + 2 * np.sin(y * 0.37)) * np.sin(y * 0.8 + 2 * np.sin(x * 0.41))
    sward = np.clip((1.0 - 1.12 * look.bare) * (0.45 + 0.75 * clump), 0, 1) * max(1.0 - 1.25 * look.snow, 0.0)
    clear = road.clearance(x, y)
    edge = np.clip((clear - 0.35) / 1.2, 0, 1) if land.half_width > 0 else np.ones(count)
    if look.farms > 0.02:
        edge = edge * np.clip(10.0 - clear, 0, 1)
    keep = (lot < sward * edge) & (shore_many(land, x, y) > 30.0)
    if not keep.any() or land.flat > 0.6 or land.half_width <= 0:
        return Mesh(), []
    x, y, size, mix, jitter, kind, clear = (a[keep] for a in (x, y, size, mix, jitter, kind, clear))
    count = len(x)
    z = height(land, x, y)
    dry = np.clip(0.42 + 0.30 * mix, 0, 1)[:, None]
    colour = look.palette[ground.GRASS] * (1 - dry) + look.palette[ground.GRASS_DRY] * dry
    colour = np.clip(colour * np.exp(jitter) * 1.25 * 1.12, 0, 0.95)
    tall = (0.13 + 0.30 * size**2) * (0.55 + 0.45 * np.clip(clear / 3.0, 0, 1)) * (1.0 + 0.25 * look.bare)
    wide = tall * 0.35 + 0.20 + 0.10 * size
    dx, dy = x - eye[0], y - eye[1]
    far = np.hypot(dx, dy)
    rx, ry = dy / far, -dx / far
    corner = np.array([(-1, 0), (1, 0), (1, 1), (-1, 1)], float)
    positions = np.zeros((count, 4, 3), np.float32)
    positions[..., 0] = x[:, None] + corner[None, :, 0] * (wide * rx)[:, None]
    positions[..., 1] = y[:, None] + corner[None, :, 0] * (wide * ry)[:, None]
    positions[..., 2] = (z - 0.02)[:, None] + corner[None, :, 1] * tall[:, None]
    normals = np.zeros((count, 4, 3), np.float32)
    normals[..., 2] = 1.0
    uv = np.broadcast_to(np.array([(0, 1), (1, 1), (1, 0), (0, 0)], np.float32), (count, 4, 2))
    first = np.arange(count, dtype=np.int32)[:, None] * 4
    triangles = np.concatenate([first + [0, 1, 2], first + [0, 2, 3]], 1).reshape(-1, 3).astype(np.int32)
    total = 2 * count
    mesh = Mesh(
        positions.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2).copy(),
        np.repeat(colour, 4, 0).astype(np.float32), triangles,
        np.full(total, Material.GRASS, np.uint8), np.repeat(kind, 2).astype(np.int16),
        np.full(total, Clue.TERRAIN, np.uint8), np.full(total, VISIBLE, np.uint8),
    )  # fmt: skip
    return mesh, list(tuft_textures())
