"""Panoramas and views of places on Earth, drawn from facts: `render`, `render_view` and
`render_views`."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from procedural_earth import facts as facts_module
from procedural_earth import terrain
from procedural_earth.camera import Face, panorama_faces, view_face
from procedural_earth.compiled import allocating
from procedural_earth.light import Shade
from procedural_earth.mesh import CASTS_SHADOW, VISIBLE, join
from procedural_earth.pixels import develop, shade_face
from procedural_earth.raster import see
from procedural_earth.scene import CLUES, Scene, build
from procedural_earth.surfaces import Stage
from procedural_earth.textures import pack
from procedural_earth.wires import draw_wires

Array = npt.NDArray[Any]

RENDER_VERSION = "1"


class RenderError(ValueError):
    """A picture that cannot be drawn as asked."""


@dataclass(frozen=True)
class Rendering:
    """A drawn picture.

    Attributes:
        image: RGB.
        metadata: Place facts used, sun, weather, heading, version.
        masks: uint8 (height, width), a `Clue` a pixel, or None.
    """

    image: Image.Image
    metadata: dict[str, Any]
    masks: npt.NDArray[np.uint8] | None


@cache
def _film() -> Array:
    """sRGB bytes of exposed light, in 4096 steps of the square root of 0..16."""
    x = (np.linspace(0, 4, 4096) ** 2) * 0.84
    curve = np.clip(x * (2.51 * x + 0.075) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    srgb = np.where(curve <= 0.0031308, curve * 12.92, 1.055 * curve ** (1 / 2.4) - 0.055)
    return np.round(srgb * 255).astype(np.uint8)


SHADOW_PX, NEAR_SHADOW_M, FAR_SHADOW_M, SUN_DISTANCE_M = 640, 28.0, 150.0, 6000.0
CONTACT_PX, CONTACT_M = 288, 64.0


@allocating
def _blur(image: Array, reach: int) -> Array:
    """The mean over squares of 2 `reach` + 1, nothing beyond the edge, turned over its diagonal."""
    rows, columns = image.shape
    out = np.empty((columns, rows), np.float32)
    scale = 1.0 / (2 * reach + 1)
    for row in range(rows):
        total = 0.0
        for column in range(min(reach, columns)):
            total += image[row, column]
        for column in range(columns):
            if column + reach < columns:
                total += image[row, column + reach]
            if column - reach - 1 >= 0:
                total -= image[row, column - reach - 1]
            out[column, row] = total * scale
    return out


def _blurred(image: Array, reach: int) -> Array:
    return np.asarray(_blur(_blur(image, reach), reach))


def _window(
    scene: Scene, basis: Array, focal: float, reach: float, sector: tuple[float, float] | None
) -> Array:
    """The part of a shadow map that a view can see: all that lies in its sector within `reach`."""
    if sector is None or sector[1] > 80.0:
        return np.array([0, 0, SHADOW_PX, SHADOW_PX])
    angles = np.deg2rad(sector[0] + np.linspace(-1, 1, 5) * (sector[1] + 4.0))
    far = 1.5 * reach
    flat = (
        np.concatenate([np.zeros((1, 2)), far * np.stack([np.sin(angles), np.cos(angles)], 1)])
        + scene.eye[:2]
    )
    points = np.concatenate(
        [np.column_stack([flat, np.full(len(flat), z)]) for z in (-0.15 * far - 3, 0.25 * far + 12)]
    )
    seen = points @ basis.T
    scale = focal / (SUN_DISTANCE_M + seen[:, 2:])
    pixels = seen[:, :2] * scale + SHADOW_PX / 2
    low, high = np.floor(pixels.min(0)) - 8, np.ceil(pixels.max(0)) + 8
    edges = np.clip(np.concatenate([low, high]), 0, SHADOW_PX)
    return edges.astype(np.int64)


def _shade(scene: Scene, atlas: Any, sector: tuple[float, float] | None) -> Shade:
    """Shadow maps of the objects, and where they stand over the ground."""
    mesh = scene.objects
    empty = np.zeros((2, 2), np.float32)
    if not (mesh.flags & CASTS_SHADOW).any():
        return Shade(np.eye(3), empty, empty, 1.0, 1.0, 1.0, empty, 1.0, False)
    maps = []
    sun = scene.light.sun
    lift = max(float(sun[2]), 0.03)
    flat = sun[:2] / max(float(np.hypot(sun[0], sun[1])), 1e-9)
    back = np.array([*(flat * math.sqrt(1 - lift * lift)), lift])
    forward = -back
    right = np.cross(forward, np.array([0.0, 0.0, 1.0]))
    right /= max(float(np.linalg.norm(right)), 1e-9)
    basis = np.stack([right, np.cross(forward, right), forward])
    for reach in (NEAR_SHADOW_M, FAR_SHADOW_M):
        focal = SHADOW_PX / 2 / reach * SUN_DISTANCE_M
        depth = np.zeros((SHADOW_PX, SHADOW_PX), np.float32)
        seen = np.empty((SHADOW_PX, SHADOW_PX), np.int32)
        see(
            mesh.positions, mesh.uv, mesh.triangles, mesh.texture, mesh.flags, CASTS_SHADOW, atlas.texels,
            atlas.table,
            back * SUN_DISTANCE_M, basis, focal, _window(scene, basis, focal, reach, sector), depth, seen,
        )  # fmt: skip
        maps.append((depth, focal))
    down = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    depth = np.zeros((CONTACT_PX, CONTACT_PX), np.float32)
    seen = np.full((CONTACT_PX, CONTACT_PX), -1, np.int32)
    see(
        mesh.positions, mesh.uv, mesh.triangles, mesh.texture, mesh.flags, CASTS_SHADOW, atlas.texels,
        atlas.table,
        np.array([0.0, 0.0, 3000.0]), down, CONTACT_PX / 2 / CONTACT_M * 3000.0,
        np.array([0, 0, CONTACT_PX, CONTACT_PX]), depth, seen,
    )  # fmt: skip
    over = (seen >= 0).astype(np.float32)
    contact = (0.5 * _blurred(_blurred(over, 2), 1) + 0.5 * _blurred(_blurred(over, 5), 4)).astype(np.float32)
    return Shade(
        basis, maps[0][0], maps[1][0], maps[0][1], maps[1][1], SUN_DISTANCE_M, contact, CONTACT_M, True
    )


def _stage(scene: Scene, sector: tuple[float, float] | None, atlas: Any) -> tuple[Stage, Array]:
    parts = [terrain.rings(scene.land, sector)]
    if scene.land.half_width > 0:
        parts.append(terrain.strip(scene.land))
    parts.append(terrain.sea(scene.land, sector))
    parts.append(scene.objects)
    mesh = join(parts)
    return Stage(
        mesh.positions, mesh.normals, mesh.uv, mesh.colours, mesh.triangles, mesh.material, mesh.texture,
        mesh.clue,
        atlas.texels, atlas.normals, atlas.table,
    ), mesh.flags  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What every picture of a scene needs, whichever way it looks."""

    stage: Stage
    flags: Array
    shade: Shade


def _prepare(scene: Scene, sector: tuple[float, float] | None) -> _Prepared:
    """Textures, ground and shadows for one sector of the horizon, or for all of it."""
    atlas = pack(scene.textures)
    stage, flags = _stage(scene, sector, atlas)
    return _Prepared(stage, flags, _shade(scene, atlas, sector))


def _draw(scene: Scene, faces: list[Face], height: int, width: int, panorama: bool) -> tuple[Array, Array]:
    prepared = _prepare(scene, None if panorama else faces[0].sector)
    return _paint(scene, prepared, faces, height, width, panorama)


def _paint(
    scene: Scene, prepared: _Prepared, faces: list[Face], height: int, width: int, panorama: bool
) -> tuple[Array, Array]:
    stage = prepared.stage
    image = np.zeros((height, width, 3), np.float32)
    distances = np.zeros((height, width), np.float32)
    clues = np.zeros((height, width), np.uint8)
    depth = np.empty((faces[0].samples, faces[0].samples), np.float32)
    seen = np.empty((faces[0].samples, faces[0].samples), np.int32)
    whole = np.array([0, 0, faces[0].samples, faces[0].samples])
    for number, face in enumerate(faces):
        depth[:] = 0
        seen[:] = -1
        see(
            stage.positions, stage.uv, stage.triangles, stage.texture, prepared.flags, VISIBLE, stage.texels,
            stage.table,
            scene.eye, face.turn, face.focal, whole, depth, seen,
        )  # fmt: skip
        shade_face(
            stage, scene.light, scene.look, scene.land, prepared.shade, scene.eye, face.turn, face.focal,
            seen,
            panorama, number,
            math.radians(scene.heading_deg), image, distances, clues,
            np.zeros(4, np.int64), np.zeros((3, 4)),
        )  # fmt: skip
    del depth, seen  # 50 MB that would lie beside the finished picture
    wires = scene.wires
    if len(wires.starts):
        draw_wires(
            wires.starts, wires.ends, wires.radii, wires.colours, wires.clue, scene.eye, scene.light,
            panorama,
            faces[0].turn, faces[0].focal, math.radians(scene.heading_deg), image, distances, clues,
        )  # fmt: skip
    out = np.empty((height, width, 3), np.uint8)
    develop(image, scene.exposure, _film(), out)
    return out, clues


def _metadata(scene: Scene, date: datetime.date, hour: float) -> dict[str, Any]:
    facts = scene.facts
    return {
        "version": RENDER_VERSION,
        "lat": facts.lat,
        "lng": facts.lng,
        "identity": facts.identity,
        "country": facts.country.iso2 if facts.country else None,
        "koeppen": facts.koeppen,
        "elevation_m": facts.elevation_m,
        "date": date.isoformat(),
        "hour": hour,
        "sun_elevation_deg": scene.sun_deg[0],
        "sun_azimuth_deg": scene.sun_deg[1],
        "heading_deg": scene.heading_deg,
        "road_heading_deg": scene.site.road.heading_deg,
        "weather": scene.weather,
        "without": sorted(scene.site.without),
    }


def scene_of(
    lat: float,
    lng: float,
    *,
    date: datetime.date,
    hour: float,
    seed: int = 0,
    without: Collection[str] = frozenset(),
) -> Scene:
    """The scene that `render` and `render_view` draw.

    Raises:
        RenderError: For an hour outside 0..24 or an unknown clue.
        procedural_earth.facts.PlaceError: For a place that is none.
    """
    if not (math.isfinite(hour) and 0 <= hour <= 24):
        raise RenderError(f"the hour is {hour}; give a local solar hour from 0 to 24")
    unknown = sorted(set(without) - set(CLUES))
    if unknown:
        raise RenderError(f"unknown clue {unknown[0]!r}; choose from {', '.join(CLUES)}")
    return build(facts_module.place(lat, lng), date, hour, seed, frozenset(without))


def render(
    lat: float, lng: float, *, date: datetime.date, hour: float, seed: int = 0, size: int = 2048,
    without: Collection[str] = frozenset(), masks: bool = False,
) -> Rendering:  # fmt: skip
    """A 2:1 panorama of `size` by `size` / 2 pixels.

    Args:
        hour: Local solar hour.
        seed: Another one gives other weather, traffic, camera at the same place.
        without: Clues to leave out, of `scene.CLUES`.
        masks: Whether to return the clue of every pixel.

    Raises:
        RenderError: For a size that is not even or not within 64..16384, a bad hour or an unknown clue.
        procedural_earth.facts.PlaceError: For a place that is none.
    """
    if size % 8 or not 64 <= size <= 16384:
        raise RenderError(
            f"the size is {size}; give a multiple of 8 from 64 to 16384 (the panorama's width in pixels)"
        )
    scene = scene_of(lat, lng, date=date, hour=hour, seed=seed, without=without)
    out, clues = _draw(scene, panorama_faces(scene.heading_deg, size), size // 2, size, True)
    return Rendering(Image.fromarray(out), _metadata(scene, date, hour), clues if masks else None)


def render_view(
    lat: float, lng: float, *, date: datetime.date, hour: float, heading: float, pitch: float = 0.0, fov:
    float = 90.0,
    px: int = 160, seed: int = 0, without: Collection[str] = frozenset(), masks: bool = False,
) -> Rendering:  # fmt: skip
    """A square perspective view, as the panorama of the same arguments shows it.

    Args:
        heading: Degrees clockwise from north of the middle.
        pitch: Degrees above the horizon.
        fov: Degrees across, less than 150.
    """
    return render_views(
        lat, lng, date=date, hour=hour, headings=[heading], pitch=pitch, fov=fov, px=px, seed=seed,
        without=without, masks=masks,
    )[0]  # fmt: skip


def render_views(
    lat: float, lng: float, *, date: datetime.date, hour: float, headings: Sequence[float],
    pitch: float = 0.0, fov: float | Sequence[float] = 90.0, px: int = 160, seed: int = 0,
    without: Collection[str] = frozenset(), masks: bool = False,
) -> list[Rendering]:  # fmt: skip
    """Square views of one place at one moment, one a heading, as `render_view` draws each.

    The scene, its ground and its shadows are made once, which is most of the work of a small view.

    Args:
        headings: Degrees clockwise from north of the middle of each view.
        fov: Degrees across, less than 150: one for all, or one a heading.
        pitch, px, seed, without, masks: As for `render_view`.
    """
    fovs = [float(fov)] * len(headings) if isinstance(fov, int | float) else list(fov)
    if not 8 <= px <= 4096:
        raise RenderError(f"the view is {px} px wide; give 8 to 4096")
    for wide in fovs:
        if not 5 <= wide < 150:
            raise RenderError(f"the field of view is {wide} degrees; give 5 to 149")
    if not headings:
        raise RenderError("no heading is given; give one for each view")
    if len(fovs) != len(headings):
        raise RenderError(f"{len(headings)} headings and {len(fovs)} fields of view; give one for each view")
    scene = scene_of(lat, lng, date=date, hour=hour, seed=seed, without=without)
    faces = [view_face(heading, pitch, wide, px) for heading, wide in zip(headings, fovs, strict=True)]
    prepared = _prepare(scene, faces[0].sector if len(faces) == 1 else None)
    renderings = []
    for face in faces:
        out, clues = _paint(scene, prepared, [face], px, px, False)
        renderings.append(
            Rendering(Image.fromarray(out), _metadata(scene, date, hour), clues if masks else None)
        )
    return renderings
