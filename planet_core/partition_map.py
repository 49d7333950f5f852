"""The paper's figure 2: the cells of a partition on the world, and on two detail views. Needs matplotlib.

Edges of S2 cells are great circles, so they are drawn densified: straight on no map but the cube's. A cell
over the antimeridian is drawn at both ends of the world, one at a pole reaches the upper or lower frame.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.transforms import Bbox

from planet_core import geo, s2
from planet_core.cell_raster import areas_km2
from planet_core.files import atomic_file
from planet_core.land import ATLAS, land_rings
from planet_core.partition import Partition

FloatArray = npt.NDArray[np.float64]

INK, GREY, PAPER, LAND, COAST = "#1b1d22", "#6b6760", "#ffffff", "#e3dccb", "#26241f"
EDGE = (*to_rgb(INK), 0.55)
RAMP = "YlGnBu"  # light where photos are few: the coasts under the large cells stay visible
OPACITY = 0.78
_STYLE = {"font.family": "sans-serif", "font.size": 10, "text.color": INK, "axes.edgecolor": GREY}


@dataclass(frozen=True)
class View:
    """A detail view: Lambert's equal-area projection around (lat, lng), degrees, `height_km` high."""

    title: str
    lat: float
    lng: float
    height_km: float
    bar_km: int


VIEWS = (
    View("Great Britain and Ireland", 54.75, -4.4, 1290, 200),
    View("San Francisco Bay", 37.72, -122.2, 150, 25),
)
_WIDE = 0.74  # width of a detail view by its height
_HIGH, _MARGIN, _GAP = 5.0, 0.2, 0.2  # inches
_SIZE = (2 * _MARGIN + 2 * _GAP + (2 + 2 * _WIDE) * _HIGH, 6.3)


def draw(partition: Partition, path: str | os.PathLike[str], atlas: Path = ATLAS) -> bool:
    """Draws the partition to a picture file (.png, .pdf or .svg), at once or not at all.

    Args:
        atlas: the folder of the npm package world-atlas.

    Returns:
        Whether land was drawn: not without the package.

    Raises:
        ValueError: an unknown kind of picture, or a partition without cells.
    """
    kind = Path(path).suffix.lower().lstrip(".")
    if kind not in ("png", "pdf", "svg"):
        raise ValueError(f"{path}: maps are drawn as .png, .pdf or .svg")
    if not len(partition):
        raise ValueError("a partition without cells cannot be drawn")
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure, land = _figure(partition, atlas)
        with atomic_file(path) as file:
            figure.savefig(file, format=kind, dpi=200, facecolor="white")
    return land


def _figure(partition: Partition, atlas: Path) -> tuple[Figure, bool]:
    figure = Figure(figsize=_SIZE)
    FigureCanvasAgg(figure)
    density = partition.counts / areas_km2(partition.cell_ids)
    positive = density[density > 0]
    low, high = np.quantile(positive, (0.02, 0.995)) if positive.size else (1.0, 1.0)
    colours = ScalarMappable(LogNorm(low, max(high, low * 100)), RAMP)
    faces = np.asarray(colours.to_rgba(np.maximum(density, low), alpha=OPACITY))

    coarse, fine = land_rings("50m", atlas), land_rings("10m", atlas)
    height = _HIGH / _SIZE[1]
    world = figure.add_axes((_MARGIN / _SIZE[0], 0.125, 2 * _HIGH / _SIZE[0], height))
    _draw_world(world, partition, faces, coarse)
    left = _MARGIN + 2 * _HIGH + _GAP
    for view in VIEWS:
        axes = figure.add_axes((left / _SIZE[0], 0.125, _WIDE * _HIGH / _SIZE[0], height))
        _draw_view(axes, view, partition, faces, fine or coarse)
        left += _WIDE * _HIGH + _GAP
    _label(figure, partition, colours)
    return figure, bool(coarse)


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number:,} cells"


def _label(figure: Figure, partition: Partition, colours: ScalarMappable) -> None:
    levels = partition.levels()
    span = (
        f"level {levels.min()}"
        if levels.min() == levels.max()
        else f"levels {levels.min()} to {levels.max()}"
    )
    left = _MARGIN / _SIZE[0]
    title = f"World: {_cells(len(partition))} of {span}, {partition.counts.sum():,} photos"
    figure.axes[0].set_title(title, size=12, loc="left", pad=6)
    scale = figure.add_axes((left, 0.074, 0.20, 0.020))
    bar = figure.colorbar(colours, cax=scale, orientation="horizontal", alpha=OPACITY)
    bar.outline.set_visible(False)
    scale.tick_params(labelsize=9, length=2, color=GREY, labelcolor=INK)
    figure.text(left + 0.207, 0.074, "photos per km² (logarithmic)", size=9, va="bottom")
    figure.text(
        0.983,
        0.074,
        "No colour: dropped, too few photos. World: plate carrée; details: Lambert's equal-area.",
        size=9,
        color=GREY,
        ha="right",
    )


# ------------------------------------------------------------------------------------------------
# World


def _draw_world(axes: Axes, partition: Partition, faces: FloatArray, land: list[FloatArray]) -> None:
    axes.set(xlim=(-180, 180), ylim=(-90, 90), xticks=[], yticks=[], facecolor=PAPER)
    land, _ = world_polygons([geo.unit_vectors(ring[:, 1], ring[:, 0]) for ring in land])
    _draw_land(axes, land)
    polygons, owners = world_polygons(boundaries(partition.cell_ids))
    width = float(np.clip(10 / np.sqrt(len(partition)), 0.08, 0.5))
    axes.add_collection(
        PolyCollection(polygons, facecolors=faces[owners], edgecolors=[EDGE], linewidths=width)
    )
    _draw_coast(axes, land, 0.45)


def world_polygons(outlines: list[FloatArray]) -> tuple[list[FloatArray], npt.NDArray[np.int64]]:
    """(polygons of (lng, lat) on the plate carrée, index of the outline of each) of outlines in unit vectors.

    A polygon may reach beyond 180 degrees; then it comes a second time, a whole turn away, so that what is
    cut off at one end of the world is seen at the other.
    """
    polygons: list[FloatArray] = []
    owners: list[int] = []
    for owner, vectors in enumerate(outlines):
        outline = _unrolled(vectors)
        for turn in (0.0,) if np.ptp(outline[:, 0]) > 360.0 else (-360.0, 0.0, 360.0):
            lng = outline[:, 0] + turn
            if lng.max() > -180.0 and lng.min() < 180.0:
                polygons.append(np.stack([lng, outline[:, 1]], axis=-1))
                owners.append(owner)
    return polygons, np.array(owners, dtype=np.int64)


def _unrolled(vectors: FloatArray) -> FloatArray:
    """(lng, lat) of an outline without jumps in longitude; it reaches to a pole that it touches or rounds."""
    lat, lng = geo.vectors_to_degrees(vectors)
    pole = np.flatnonzero(np.abs(lat) > 90 - 1e-9)
    if pole.size:  # the corner at the pole has any longitude: it becomes a line between those beside it
        k = int(pole[0])
        lat, lng = np.roll(lat, -k)[1:], np.roll(lng, -k)[1:]
    lng = np.unwrap(lng, period=360.0)
    if pole.size:
        cap = 90.0 * np.sign(lat[0])
    else:
        turn = (lng[0] - lng[-1] + 180.0) % 360.0 - 180.0 + lng[-1] - lng[0]
        if abs(turn) < 180.0:
            return np.stack([lng, lat], axis=-1)
        # round a pole: three turns, so that the sides to the pole, which are no edges, lie beyond the frame
        cap = 90.0 * np.sign(lat.mean())
        lng, lat = np.concatenate([lng - turn, lng, lng + turn]), np.tile(lat, 3)
    lng, lat = np.concatenate([lng[:1], lng, lng[-1:]]), np.concatenate([[cap], lat, [cap]])
    return np.stack([lng, lat], axis=-1)


# ------------------------------------------------------------------------------------------------
# Detail views


def _draw_view(
    axes: Axes, view: View, partition: Partition, faces: FloatArray, land: list[FloatArray]
) -> None:
    up, across = view.height_km / 2, view.height_km / 2 * _WIDE
    axes.set(xlim=(-across, across), ylim=(-up, up), xticks=[], yticks=[], facecolor=PAPER)
    radius = np.hypot(up, across)
    near = [project(ring[:, 1], ring[:, 0], view) for ring in land if _meets(ring, view, radius)]
    _draw_land(axes, near)
    polygons, shown = [], np.flatnonzero(_near(partition.cell_ids, view, radius))
    for vectors in boundaries(partition.cell_ids[shown]):
        polygons.append(project(*geo.vectors_to_degrees(vectors), view))
    width = float(np.clip(6 / np.sqrt(len(shown) + 1), 0.15, 0.6))
    axes.add_collection(
        PolyCollection(polygons, facecolors=faces[shown], edgecolors=[EDGE], linewidths=width)
    )
    _draw_coast(axes, near, 0.9)
    frame = Bbox([[-across, -up], [across, up]])
    inside = sum(Outline(polygon).intersects_bbox(frame) for polygon in polygons)
    axes.set_title(f"{view.title}: {_cells(inside)} in view", size=12, loc="left", pad=6)
    _draw_scale(axes, view, across, up)


def _draw_scale(axes: Axes, view: View, across: float, up: float) -> None:
    x, y = -0.92 * across, -0.945 * up
    box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 2.0}
    axes.plot([x, x + view.bar_km], [y, y], color=INK, linewidth=2, solid_capstyle="butt")
    axes.text(x, y + 0.018 * up, f"{view.bar_km} km", size=9, va="bottom", bbox=box)


def project(lat: npt.ArrayLike, lng: npt.ArrayLike, view: View) -> FloatArray:
    """(x, y) in kilometres, east and north of the view's centre, shape (points, 2)."""
    points = geo.unit_vectors(lat, lng)
    phi, theta = np.radians(view.lat), np.radians(view.lng)
    centre = geo.unit_vectors(view.lat, view.lng)
    east = np.array([-np.sin(theta), np.cos(theta), 0.0])
    north = np.array([-np.sin(phi) * np.cos(theta), -np.sin(phi) * np.sin(theta), np.cos(phi)])
    stretch = geo.EARTH_RADIUS_KM * np.sqrt(2 / np.maximum(1 + points @ centre, 1e-12))
    return np.asarray(np.stack([points @ east, points @ north], axis=-1) * stretch[..., None])


def _near(cell_ids: npt.NDArray[np.uint64], view: View, radius_km: float) -> npt.NDArray[np.bool_]:
    """Whether the circle around each cell meets the circle around the view."""
    lat, lng = s2.centers(cell_ids)
    corner_lat, corner_lng = s2.vertices(cell_ids)
    reach = geo.haversine_km(lat[:, None], lng[:, None], corner_lat, corner_lng).max(axis=1)
    return np.asarray(geo.haversine_km(view.lat, view.lng, lat, lng) < radius_km + reach)


def _meets(ring: FloatArray, view: View, radius_km: float) -> bool:
    return bool(geo.haversine_km(view.lat, view.lng, ring[:, 1], ring[:, 0]).min() < radius_km)


# ------------------------------------------------------------------------------------------------
# Shapes


def boundaries(cell_ids: npt.NDArray[np.uint64]) -> list[FloatArray]:
    """The outline of each cell as unit vectors, (points, 3), from the first corner around."""
    corner_lat, corner_lng = s2.vertices(cell_ids)
    corners = geo.unit_vectors(corner_lat, corner_lng)  # (cells, 4, 3)
    steps = np.maximum(64 >> s2.levels(cell_ids), 4)
    outlines: list[FloatArray] = [np.empty((0, 3))] * len(cell_ids)
    for count in np.unique(steps).tolist():
        chosen = np.flatnonzero(steps == count)
        share = np.arange(count)[:, None] / count
        begin, end = corners[chosen, :, None], np.roll(corners[chosen], -1, axis=1)[:, :, None]
        lines = begin * (1 - share) + end * share  # chords of great circles; (chosen, 4, count, 3)
        for index, line in zip(chosen.tolist(), lines.reshape(len(chosen), -1, 3), strict=True):
            outlines[index] = line
    return outlines


def _outline(rings: list[FloatArray]) -> Outline:
    """One path of all rings; holes turn the other way, so they stay empty when it is filled."""
    closed = [np.concatenate([ring, ring[:1]]) for ring in rings]
    codes = [[Outline.MOVETO, *[Outline.LINETO] * (len(ring) - 1), Outline.CLOSEPOLY] for ring in rings]
    return Outline(np.concatenate(closed), np.concatenate(codes))


def _draw_land(axes: Axes, rings: list[FloatArray]) -> None:
    if rings:
        axes.add_patch(PathPatch(_outline(rings), facecolor=LAND, edgecolor="none"))


def _draw_coast(axes: Axes, rings: list[FloatArray], width: float) -> None:
    if rings:
        axes.add_patch(
            PathPatch(_outline(rings), facecolor="none", edgecolor=COAST, linewidth=width, alpha=0.8)
        )
