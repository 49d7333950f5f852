"""Small solids (walls, boxes, tubes, roofs) put together into one mesh, and copied to many places at once."""

from __future__ import annotations

from collections.abc import Sequence

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
            normal = np.cross(points[1] - points[0], points[2] - points[0])
            length = float(np.linalg.norm(normal))
            if length < 1e-12 and count > 3:
                normal = np.cross(points[2] - points[0], points[3] - points[0])
                length = float(np.linalg.norm(normal))
            facing = np.repeat((normal / max(length, 1e-12))[None], count, axis=0)
        else:
            facing = np.asarray(normals, dtype=np.float64)
        flat = np.asarray(uv, dtype=np.float64) if uv is not None else _planar(points, facing[0])
        self._positions.append(points)
        self._normals.append(facing)
        self._uv.append(flat)
        self._colours.append(np.repeat(np.asarray(colour, dtype=np.float64)[None], count, axis=0))
        fan = np.arange(1, count - 1)
        self._triangles.append(np.stack([np.zeros_like(fan), fan, fan + 1], axis=1) + self._vertices)
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
        """An upright rectangle from `left` to `right` as seen from outside; the texture stands upright on it."""
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
        axis = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
        side = np.cross(axis, (0.0, 0.0, 1.0) if abs(axis[2]) < 0.9 else (1.0, 0.0, 0.0))
        side /= np.linalg.norm(side)
        other = np.cross(axis, side)
        angle = np.arange(sides + 1) * (2 * np.pi / sides)
        out = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other
        last = radius if end_radius is None else end_radius
        low, high = a + out * radius, b + out * last
        for i in range(sides):
            self.polygon(
                [low[i], low[i + 1], high[i + 1], high[i]],
                colour,
                material,
                normals=[out[i], out[i + 1], out[i + 1], out[i]],
                clue=clue,
            )
        if cap:
            self.polygon(high[:-1], colour, material, clue=clue)

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


def _planar(points: npt.NDArray[np.float64], normal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Metres along the surface, so that procedural materials keep their size: u level, v downwards."""
    level = np.array([-normal[1], normal[0], 0.0])
    length = float(np.linalg.norm(level))
    level = np.array([1.0, 0.0, 0.0]) if length < 1e-6 else level / length
    down = np.cross(level, normal)
    return np.stack([points @ level, points @ down], axis=1)


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


def flags_of(mesh: Mesh) -> npt.NDArray[np.uint8]:
    """The flags of each triangle, which a mesh always has once it is made."""
    assert mesh.flags is not None
    return mesh.flags
