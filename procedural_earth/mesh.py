"""Triangle meshes with materials, textures and clues: what a scene is made of.

Coordinates are metres, x east, y north, z up; headings are degrees clockwise from north. The camera never moves
within a scene, so a mesh may hold quads that face it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

VISIBLE, CASTS_SHADOW = 1, 2
"""Bits of `Mesh.flags`: what the camera sees, and what throws a shadow (a tree may have one quad for each)."""


class Clue(IntEnum):
    """What a pixel shows; the values of the masks that `render(..., masks=True)` returns."""

    SKY = 0
    TERRAIN = 1
    ROAD = 2
    WATER = 3
    VEGETATION = 4
    BUILDING = 5
    VEHICLE = 6
    SIGN = 7
    PLATE = 8
    POLE = 9
    BOLLARD = 10
    FLAG = 11
    OTHER = 12


class Material(IntEnum):
    """Which shader paints a triangle. Untextured triangles take uv in metres, textured ones in 0..1."""

    PLAIN = 0
    GRASS = 1
    SOIL = 2
    SAND = 3
    ROCK = 4
    SNOW = 5
    ASPHALT = 6
    GRAVEL = 7
    PAINT = 8
    WATER = 9
    PLASTER = 10
    BRICK = 11
    TIMBER = 12
    STONE = 13
    METAL = 14
    GLASS = 15
    ROOF_TILE = 16
    ROOF_METAL = 17
    THATCH = 18
    FOLIAGE = 19
    BARK = 20
    LETTERING = 21
    FABRIC = 22
    GROUND = 23  # the terrain itself: its shader finds road, fields and shore from x and y


@dataclass(frozen=True, eq=False)
class Texture:
    """A picture on triangles.

    Args:
        rgba: uint8 (height, width, 4), sRGB colour (multiplied by the mesh's colours) and coverage; row 0 is v = 0,
            the top. Give transparent pixels the colour of their neighbours, or edges grow a dark rim.
        normal: uint8 (height, width, 3) or None: 128 + 127 times the normal in the quad's frame: x along u,
            y up against v, z out of the picture.
        repeat: Whether uv outside 0..1 starts again, or stays at the edge.
    """

    rgba: npt.NDArray[np.uint8]
    normal: npt.NDArray[np.uint8] | None = None
    repeat: bool = False


def _empty(dtype: Any, *shape: int) -> Any:
    return field(default_factory=lambda: np.zeros((0, *shape), dtype))


@dataclass(eq=False)
class Mesh:
    """Triangles; V vertices and T triangles.

    Attributes:
        positions: float32 (V, 3), metres.
        normals: float32 (V, 3), unit; turned towards the eye when shaded, so both sides of a triangle show.
        uv: float32 (V, 2), metres where the triangle's texture is -1, else 0..1 across the texture.
        colours: float32 (V, 3), linear light, albedo 0..1 (a factor where there is a texture).
        triangles: int32 (T, 3), vertex numbers.
        material: uint8 (T,), a `Material` each.
        texture: int16 (T,), number in the list of textures that goes with the mesh, or -1.
        clue: uint8 (T,), a `Clue` each.
        flags: uint8 (T,), VISIBLE | CASTS_SHADOW.
    """

    positions: FloatArray = _empty(np.float32, 3)
    normals: FloatArray = _empty(np.float32, 3)
    uv: FloatArray = _empty(np.float32, 2)
    colours: FloatArray = _empty(np.float32, 3)
    triangles: npt.NDArray[np.int32] = _empty(np.int32, 3)
    material: npt.NDArray[np.uint8] = _empty(np.uint8)
    texture: npt.NDArray[np.int16] = _empty(np.int16)
    clue: npt.NDArray[np.uint8] = _empty(np.uint8)
    flags: npt.NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.flags is None:
            self.flags = np.full(len(self.triangles), VISIBLE | CASTS_SHADOW, np.uint8)


@dataclass(eq=False)
class Wires:
    """Thin lines that never break up: N straight pieces, drawn by their exact coverage.

    Attributes:
        starts, ends: float32 (N, 3), metres.
        radii: float32 (N,), metres.
        colours: float32 (N, 3), linear light.
        clue: uint8 (N,).
    """

    starts: FloatArray = _empty(np.float32, 3)
    ends: FloatArray = _empty(np.float32, 3)
    radii: FloatArray = _empty(np.float32)
    colours: FloatArray = _empty(np.float32, 3)
    clue: npt.NDArray[np.uint8] = _empty(np.uint8)


def join_wires(wires: Iterable[Wires]) -> Wires:
    """All pieces in one `Wires`."""
    parts = list(wires)
    if not parts:
        return Wires()
    names = ("starts", "ends", "radii", "colours", "clue")
    return Wires(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def join(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh of many that share one list of textures."""
    parts = [mesh for mesh in meshes if len(mesh.triangles)]
    if not parts:
        return Mesh()
    if len(parts) == 1:
        return parts[0]
    counts = np.array([len(mesh.positions) for mesh in parts])
    starts = np.repeat(np.cumsum(counts) - counts, [len(mesh.triangles) for mesh in parts]).astype(np.int32)
    names = ("positions", "normals", "uv", "colours", "triangles", "material", "texture", "clue", "flags")
    columns = {name: np.concatenate([getattr(mesh, name) for mesh in parts]) for name in names}
    columns["triangles"] += starts[:, None]
    return Mesh(**columns)


def merge(parts: Iterable[tuple[Mesh, Sequence[Texture]]]) -> tuple[Mesh, list[Texture]]:
    """One mesh and one list of textures of many pairs; a texture that several pairs hold is kept once."""
    meshes: list[Mesh] = []
    textures: list[Texture] = []
    numbers: dict[int, int] = {}
    for mesh, own in parts:
        if own:
            renumber = np.full(len(own) + 1, -1, np.int16)
            for position, texture in enumerate(own):
                if id(texture) not in numbers:
                    numbers[id(texture)] = len(textures)
                    textures.append(texture)
                renumber[position] = numbers[id(texture)]
            mesh = Mesh(**{**vars(mesh), "texture": renumber[mesh.texture]})
        meshes.append(mesh)
    return join(meshes), textures


def place_at(mesh: Mesh, x: float, y: float, z: float, heading_deg: float, scale: float = 1.0) -> Mesh:
    """The mesh moved: scaled, turned so that its y axis points to `heading_deg`, its origin set to (x, y, z)."""
    angle = np.deg2rad(heading_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float32)
    positions = mesh.positions @ (turn * np.float32(scale)) + np.array([x, y, z], np.float32)
    return Mesh(**{**vars(mesh), "positions": positions, "normals": mesh.normals @ turn})
