"""Small solids (walls, boxes, tubes, roofs) put together into one mesh, and copied to many places at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from procedural_earth.mesh import CASTS_SHADOW, VISIBLE, Clue, Material, Mesh

Vector = Sequence[float] | npt.NDArray[np.floating]
Colour = tuple[float, float, float]
FloatArray = npt.NDArray[np.float32]

WHITE: Colour = (1.0, 1.0, 1.0)


def linear(red: float, green: float, blue: float) -> Colour:
    """Linear-light albedo of an sRGB colour given in 0..255."""

    def one(value: float) -> float:
        v = value / 255
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

    return one(red), one(green), one(blue)


class Solid:
    """Collects polygons; `mesh()` hands them over as one Mesh. x right, y forward, z up, metres."""

    def __init__(self, clue: Clue, material: Material = Material.PLAIN) -> None:
        self.clue = clue
        self.material = material
        self._positions: list[npt.NDArray[np.float64]] = []
        self._normals: list[npt.NDArray[np.float64]] = []
        self._uv: list[npt.NDArray[np.float64]] = []
        self._colours: list[npt.NDArray[np.float64]] = []
        self._triangles: list[npt.NDArray[np.int64]] = []
        self._faces: list[tuple[int, int, int, int, int]] = []
        self._vertices = 0

    def polygon(
        self,
        corners: Sequence[Vector],
        colour: Colour = WHITE,
        material: Material | None = None,
        *,
        texture: int = -1,
        uv: Sequence[Vector] | None = None,
        normals: Sequence[Vector] | None = None,
        clue: Clue | None = None,
        flags: int = VISIBLE | CASTS_SHADOW,
    ) -> None:
        """A convex polygon, corners anticlockwise as seen from its front."""
        points = np.asarray(corners, dtype=np.float64)
        count = len(points)
        if normals is None:
            facing = np.empty((count, 3))
            facing[:] = _normal(points)
        else:
            facing = np.asarray(normals, dtype=np.float64)
        flat = np.asarray(uv, dtype=np.float64) if uv is not None else _planar(points, facing[0])
        self._positions.append(points)
        self._normals.append(facing)
        self._uv.append(flat)
        paint = np.empty((count, 3))
        paint[:] = colour
        self._colours.append(paint)
        self._triangles.append(_fan(count) + self._vertices)
        chosen = self.material if material is None else material
        self._faces.append((count - 2, int(chosen), texture, int(self.clue if clue is None else clue), flags))
        self._vertices += count

    def wall(
        self,
        left: Vector,
        right: Vector,
        bottom: float,
        top: float,
        colour: Colour = WHITE,
        material: Material | None = None,
        *,
        texture: int = -1,
        repeat: tuple[float, float] = (1.0, 1.0),
        clue: Clue | None = None,
    ) -> None:
        """An upright rectangle from `left` to `right` as seen from outside.

        The texture stands upright on it.
        """
        (x0, y0), (x1, y1) = left[:2], right[:2]
        corners = [(x0, y0, bottom), (x1, y1, bottom), (x1, y1, top), (x0, y0, top)]
        u, v = repeat
        uv = [(0, v), (u, v), (u, 0), (0, 0)] if texture >= 0 else None
        self.polygon(corners, colour, material, texture=texture, uv=uv, clue=clue)

    def box(
        self,
        low: Vector,
        high: Vector,
        colour: Colour = WHITE,
        material: Material | None = None,
        *,
        clue: Clue | None = None,
        bottom: bool = False,
    ) -> None:
        """An upright box between two corners."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
            self.wall(here, there, z0, z1, colour, material, clue=clue)
        self.polygon([(x, y, z1) for x, y in ring], colour, material, clue=clue)
        if bottom:
            self.polygon([(x, y, z0) for x, y in reversed(ring)], colour, material, clue=clue)

    def tube(
        self,
        start: Vector,
        end: Vector,
        radius: float,
        colour: Colour = WHITE,
        material: Material | None = None,
        *,
        end_radius: float | None = None,
        sides: int = 6,
        cap: bool = False,
        clue: Clue | None = None,
    ) -> None:
        """A round bar with smooth normals; its radius may taper."""
        a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
        side, other = _across(b - a)
        turn = _circle(sides)
        out = turn[:, :1] * side + turn[:, 1:] * other
        last = radius if end_radius is None else end_radius
        low, high = a + out * radius, b + out * last
        ends, corners = np.concatenate([low, high]), _bar(sides)
        points, normals = ends[corners], out[corners % (sides + 1)]
        self.quads(points, normals, _level_uv(points, out[:-1]), colour, material, clue=clue)
        if cap:
            self.polygon(list(high[:-1]), colour, material, clue=clue)

    def quads(
        self,
        points: npt.NDArray[np.float64],
        normals: npt.NDArray[np.float64],
        uv: npt.NDArray[np.float64],
        colours: Colour | npt.NDArray[np.float64],
        material: Material | None = None,
        *,
        texture: int = -1,
        clue: Clue | None = None,
        flags: int = VISIBLE | CASTS_SHADOW,
    ) -> None:
        """Many polygons of four corners at once.

        Args:
            points, normals: (N, 4, 3). uv: (N, 4, 2). colours: one, or (N, 4, 3).
        """
        count = len(points)
        paint = np.empty((count, 4, 3))
        paint[:] = colours
        self._positions.append(points.reshape(-1, 3))
        self._normals.append(normals.reshape(-1, 3))
        self._uv.append(uv.reshape(-1, 2))
        self._colours.append(paint.reshape(-1, 3))
        first = 4 * np.arange(count)[:, None, None] + self._vertices
        self._triangles.append((_fan(4)[None] + first).reshape(-1, 3))
        chosen = self.material if material is None else material
        marked = self.clue if clue is None else clue
        self._faces.append((2 * count, int(chosen), texture, int(marked), flags))
        self._vertices += 4 * count

    def add(self, other: Mesh) -> None:
        """Takes in a finished mesh as it is."""
        self._positions.append(other.positions.astype(np.float64))
        self._normals.append(other.normals.astype(np.float64))
        self._uv.append(other.uv.astype(np.float64))
        self._colours.append(other.colours.astype(np.float64))
        self._triangles.append(other.triangles.astype(np.int64) + self._vertices)
        columns = (other.material, other.texture, other.clue, flags_of(other))
        faces = zip(*(column.tolist() for column in columns), strict=True)
        self._faces.extend((1, *face) for face in faces)
        self._vertices += len(other.positions)

    def mesh(self) -> Mesh:
        if not self._positions:
            return empty()
        faces = np.repeat(np.array(self._faces, dtype=np.int64), [f[0] for f in self._faces], axis=0)
        return Mesh(
            np.concatenate(self._positions).astype(np.float32),
            np.concatenate(self._normals).astype(np.float32),
            np.concatenate(self._uv).astype(np.float32),
            np.concatenate(self._colours).astype(np.float32),
            np.concatenate(self._triangles).astype(np.int32),
            faces[:, 1].astype(np.uint8),
            faces[:, 2].astype(np.int16),
            faces[:, 3].astype(np.uint8),
            faces[:, 4].astype(np.uint8),
        )


def cross(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cross products of (N, 3) and (N, 3): `np.cross` without its checks."""
    found = np.empty((len(a), 3))
    found[:, 0] = a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    found[:, 1] = a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2]
    found[:, 2] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return found


def _cross(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _minus(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _normal(points: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Unit normal of a polygon by its first corners that do not lie in one line."""
    p = points[:4].tolist()
    x, y, z = _cross(_minus(p[1], p[0]), _minus(p[2], p[0]))
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-12 and len(p) > 3:
        x, y, z = _cross(_minus(p[2], p[0]), _minus(p[3], p[0]))
    length = max(length, 1e-12)
    return x / length, y / length, z / length


@cache
def _fan(count: int) -> npt.NDArray[np.int64]:
    """Triangles of a convex polygon around its first corner."""
    return np.array([(0, i, i + 1) for i in range(1, count - 1)], dtype=np.int64)


@cache
def _circle(sides: int) -> npt.NDArray[np.float64]:
    """Cosine and sine of the corners of a bar, the first one again at the end."""
    angle = np.arange(sides + 1) * (2 * np.pi / sides)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@cache
def _bar(sides: int) -> npt.NDArray[np.intp]:
    """Corners of the quads of a bar in the rings of its two ends, one after the other."""
    near = np.arange(sides)
    far = near + sides + 1
    return np.stack([near, near + 1, far + 1, far], axis=1)


def _across(way: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Two unit vectors at right angles to a direction and each other."""
    x, y, z = way.tolist()
    length = max(math.sqrt(x * x + y * y + z * z), 1e-9)
    axis = (x / length, y / length, z / length)
    side = _cross(axis, (0.0, 0.0, 1.0) if abs(axis[2]) < 0.9 else (1.0, 0.0, 0.0))
    long = max(math.sqrt(side[0] ** 2 + side[1] ** 2 + side[2] ** 2), 1e-12)
    side = (side[0] / long, side[1] / long, side[2] / long)
    return np.array(side), np.array(_cross(axis, side))


def _level_uv(points: npt.NDArray[np.float64], normals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`_planar` of many polygons: (N, corners, 3) and a unit normal each to (N, corners, 2)."""
    level = np.zeros((len(normals), 3))
    level[:, 0], level[:, 1] = -normals[:, 1], normals[:, 0]
    length = np.sqrt(level[:, :1] * level[:, :1] + level[:, 1:2] * level[:, 1:2])
    level /= np.maximum(length, 1e-6)
    level[length[:, 0] < 1e-6] = (1.0, 0.0, 0.0)
    axes = np.empty((len(normals), 3, 2))
    axes[..., 0], axes[..., 1] = level, cross(level, normals)
    return np.asarray(points @ axes)


def _planar(points: npt.NDArray[np.float64], normal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Metres along the surface, so that procedural materials keep their size: u level, v downwards."""
    x, y, z = normal.tolist()
    length = math.sqrt(x * x + y * y)
    level = (1.0, 0.0, 0.0) if length < 1e-6 else (-y / length, x / length, 0.0)
    axes = np.array([level, _cross(level, (x, y, z))])
    return np.asarray(points @ axes.T)


def empty() -> Mesh:
    """A mesh without a single triangle."""
    return Mesh()


def instances(
    template: Mesh,
    places: npt.NDArray[np.floating],
    heading_deg: npt.NDArray[np.floating] | float = 0.0,
    scale: npt.NDArray[np.floating] | float = 1.0,
    tint: npt.NDArray[np.floating] | None = None,
) -> Mesh:
    """Copies of one mesh at N places.

    Args:
        template: the mesh to copy; its y axis points to heading 0.
        places: (N, 3) positions in metres.
        heading_deg: (N,) or one, clockwise from north.
        scale: (N,), (N, 3) or one.
        tint: (N, 3) factors on the colours, or None.
    """
    at = np.asarray(places, dtype=np.float32).reshape(-1, 3)
    count, vertices, faces = len(at), len(template.positions), len(template.triangles)
    if count == 0 or faces == 0:
        return empty()
    if count == 1 and tint is None:
        return _instance(template, at[0], heading_deg, scale)
    turn = np.deg2rad(np.broadcast_to(np.asarray(heading_deg, dtype=np.float32), (count,)))
    c, s = np.cos(turn)[:, None], np.sin(turn)[:, None]
    size = np.asarray(scale, dtype=np.float32)
    size = np.broadcast_to(size[:, None] if size.ndim == 1 else size, (count, 3))
    body = template.positions[None] * size[:, None, :]
    positions = np.empty((count, vertices, 3), np.float32)
    positions[..., 0] = body[..., 0] * c + body[..., 1] * s + at[:, None, 0]
    positions[..., 1] = body[..., 1] * c - body[..., 0] * s + at[:, None, 1]
    positions[..., 2] = body[..., 2] + at[:, None, 2]
    normals = np.empty_like(positions)
    n = template.normals
    normals[..., 0] = n[None, :, 0] * c + n[None, :, 1] * s
    normals[..., 1] = n[None, :, 1] * c - n[None, :, 0] * s
    normals[..., 2] = n[None, :, 2]
    colours = np.broadcast_to(template.colours, positions.shape)
    if tint is not None:
        colours = colours * np.asarray(tint, dtype=np.float32)[:, None, :]
    first = (np.arange(count, dtype=np.int32) * vertices)[:, None, None]
    return Mesh(
        positions.reshape(-1, 3),
        normals.reshape(-1, 3),
        np.broadcast_to(template.uv, (count, vertices, 2)).reshape(-1, 2),
        np.ascontiguousarray(colours.reshape(-1, 3), dtype=np.float32),
        (template.triangles[None] + first).reshape(-1, 3),
        np.tile(template.material, count),
        np.tile(template.texture, count),
        np.tile(template.clue, count),
        np.tile(flags_of(template), count),
    )


def _instance(
    template: Mesh,
    place: FloatArray,
    heading_deg: npt.NDArray[np.floating] | float,
    scale: npt.NDArray[np.floating] | float,
) -> Mesh:
    """One copy, which shares all that does not move with its template."""
    turn = float(np.deg2rad(np.asarray(heading_deg).reshape(-1)[0]))
    c, s = np.cos(turn), np.sin(turn)
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
    size = (
        np.asarray(scale, np.float32).reshape(-1, 1)
        if np.ndim(scale) < 2
        else np.asarray(scale, np.float32).T
    )
    positions = template.positions @ (size * rotation) + place
    return Mesh(
        positions, template.normals @ rotation, template.uv, template.colours, template.triangles,
        template.material,
        template.texture, template.clue, template.flags,
    )  # fmt: skip


def flags_of(mesh: Mesh) -> npt.NDArray[np.uint8]:
    """The flags of each triangle, which a mesh always has once it is made."""
    assert mesh.flags is not None
    return mesh.flags
