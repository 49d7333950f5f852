"""The textures of all objects of one process: drawn at first use, then kept.

A mesh names a texture by its index here; `compact` turns the indices of one scene into a short list of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import Mesh, Texture

Pixels = npt.NDArray[np.uint8]


class TextureBook:
    """Textures by key; the same key is drawn once."""

    def __init__(self) -> None:
        self._index: dict[Hashable, int] = {}
        self._textures: list[Texture] = []
        self._lock = threading.RLock()

    def index(self, key: Hashable, draw: Callable[[], Pixels | Texture], *, repeat: bool = False) -> int:
        """Index of the texture of that key, drawn now if it is the first time."""
        found = self._index.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._index:
                drawn = draw()
                texture = drawn if isinstance(drawn, Texture) else Texture(drawn, None, repeat)
                self._textures.append(texture)
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
