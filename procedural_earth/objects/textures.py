"""The textures of all objects of one process: drawn at first use, then kept.

A mesh names a texture by its index here; `compact` turns the indices of one scene into a short list of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import Mesh

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Texture:
    """sRGB colours with alpha, (height, width, 4) bytes, rows from the top.

    `tiles` says whether it repeats beyond its edges (facades) or ends there (signs, plants).
    """

    name: str
    rgba: Pixels
    tiles: bool = False


class TextureBook:
    """Textures by key; the same key is drawn once."""

    def __init__(self) -> None:
        self._index: dict[Hashable, int] = {}
        self._textures: list[Texture] = []
        self._lock = threading.RLock()

    def index(self, key: Hashable, draw: Callable[[], Pixels], *, tiles: bool = False) -> int:
        """Index of the texture of that key, drawn now if it is the first time."""
        found = self._index.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._index:
                self._textures.append(Texture(str(key), np.ascontiguousarray(draw()), tiles))
                self._index[key] = len(self._textures) - 1
            return self._index[key]

    def __getitem__(self, index: int) -> Texture:
        return self._textures[index]

    def __len__(self) -> int:
        return len(self._textures)


BOOK = TextureBook()
"""The textures that every scene shares: plants, facades, vehicles."""

SCENE_FIRST = 16384
"""Indices from here on belong to one scene only (lettering); they never enter the book."""


def compact(mesh: Mesh, own: list[Texture]) -> tuple[Mesh, tuple[Texture, ...]]:
    """The mesh with its textures renumbered 0, 1, 2 … and those textures; -1 stays -1.

    Args:
        mesh: indices below SCENE_FIRST are the book's, others count from SCENE_FIRST into `own`.
        own: the textures of this scene alone.
    """
    used = np.flatnonzero(np.bincount(mesh.texture.astype(np.int64) + 1, minlength=1))
    used = used[used > 0] - 1
    table = np.full(SCENE_FIRST + len(own) + 1, -1, np.int16)
    table[used] = np.arange(len(used), dtype=np.int16)
    mesh.texture = table[mesh.texture]
    chosen = [BOOK[int(i)] if i < SCENE_FIRST else own[int(i) - SCENE_FIRST] for i in used]
    return mesh, tuple(chosen)
