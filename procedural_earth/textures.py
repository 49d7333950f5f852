"""Textures packed with their mip levels into one flat array, as the compiled code reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import Texture

_LEVELS = 12


@dataclass(frozen=True)
class Atlas:
    """Textures of a scene.

    Attributes:
        texels: uint8 (N, 4), all levels of all textures, row by row; colour is still sRGB.
        normals: uint8 (M, 3), 128 + 127 times the normal, of the textures that have some.
        table: int32 (textures, 5 + 12): 1 + where its normals start, or 0 without, width, height, levels,
        repeats, then where each level starts.
    """

    texels: npt.NDArray[np.uint8]
    normals: npt.NDArray[np.uint8]
    table: npt.NDArray[np.int32]


def _halve(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if image.shape[0] > 1:
        image = image[: image.shape[0] // 2 * 2]
        image = (image[0::2] + image[1::2]) * 0.5
    if image.shape[1] > 1:
        image = image[:, : image.shape[1] // 2 * 2]
        image = (image[:, 0::2] + image[:, 1::2]) * 0.5
    return image


def _levels(texture: Texture) -> list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]]:
    """Mip levels below the texture itself, largest first, with their normals; what is transparent does not
    bleed into them."""
    rgba = texture.rgba.astype(np.float32)
    weight = rgba[..., 3:] / 255.0 + 1e-3
    colour = rgba[..., :3] * weight
    if texture.normal is not None:
        colour = np.concatenate([colour, texture.normal.astype(np.float32) * weight], axis=2)
    levels: list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]] = []
    while max(weight.shape[:2]) > 1 and len(levels) < _LEVELS - 1:
        colour, weight = _halve(colour), _halve(weight)
        plain = colour / weight
        whole = np.empty((*plain.shape[:2], 4), np.uint8)
        whole[..., :3] = plain[..., :3] + 0.5
        whole[..., 3:] = np.clip((weight - 1e-3) * 255.0, 0, 255) + 0.5
        normal = None if texture.normal is None else (plain[..., 3:] + 0.5).astype(np.uint8)
        levels.append((whole, normal))
    return levels


_below: WeakKeyDictionary[Texture, tuple[Any, Any, Any]] = WeakKeyDictionary()


def _pack_one(texture: Texture) -> tuple[Any, Any, Any]:
    """Texels and normals of the levels below the texture itself, and its row of the table."""
    if texture not in _below:
        levels = _levels(texture)
        row = np.zeros(5 + _LEVELS, np.int32)
        row[:5] = (
            texture.normal is not None, texture.rgba.shape[1], texture.rgba.shape[0],
            1 + len(levels),
            texture.repeat,
        )  # fmt: skip
        sizes = [level.shape[0] * level.shape[1] for level, _ in levels]
        row[6 : 6 + len(levels)] = texture.rgba.shape[0] * texture.rgba.shape[1] + np.cumsum([0, *sizes])[:-1]
        texels = [level.reshape(-1, 4) for level, _ in levels]
        normals = [normal.reshape(-1, 3) for _, normal in levels if normal is not None]
        _below[texture] = (_joined(texels, 4), _joined(normals, 3), row)
    return _below[texture]


def _joined(parts: Sequence[npt.NDArray[np.uint8]], columns: int) -> npt.NDArray[np.uint8]:
    return np.concatenate([np.empty((0, columns), np.uint8), *parts])


def pack(textures: Sequence[Texture]) -> Atlas:
    """The textures in one atlas; mip levels are computed once a texture and process."""
    if not textures:
        return Atlas(
            np.zeros((1, 4), np.uint8), np.zeros((1, 3), np.uint8), np.zeros((1, 5 + _LEVELS), np.int32)
        )
    texels, normals, rows = [], [], []
    for texture in textures:
        below, normals_below, row = _pack_one(texture)
        texels.append((texture.rgba.reshape(-1, 4), below))
        normals.append(() if texture.normal is None else (texture.normal.reshape(-1, 3), normals_below))
        rows.append(row)
    table = np.stack(rows)
    table[:, 5:] += _starts(texels)[:, None]
    table[:, 0] *= 1 + _starts(normals)
    return Atlas(
        _joined([part for parts in texels for part in parts], 4),
        _joined([part for parts in normals for part in parts], 3),
        table,
    )


def _starts(parts: Sequence[Sequence[npt.NDArray[np.uint8]]]) -> npt.NDArray[np.int32]:
    lengths = [sum(map(len, some)) for some in parts]
    return np.cumsum([0, *lengths[:-1]]).astype(np.int32)
