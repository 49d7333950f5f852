"""A distribution over the earth as a picture (paper section 3, figure 1). Needs matplotlib.

    python -m planet_core.probability_map MODEL IMAGE --out map.png [--geojson cells.json] [--layer layer.png]

What is drawn is density, probability per km2, and not the probability of a cell: a cell's probability is
spread evenly over it, so that a whole country at 30 % is pale and a city at 30 % strong. Densities span six
powers of ten, so the colour goes by their logarithm, from `EVEN` (all probability spread evenly over the
earth; whatever has less is transparent) to `DENSEST` (all of it within 1,000 km2). The scale is the same for
every photo, model and size: a model that does not know gives a pale map. Cells too small to be seen are
drawn as spots of a few pixels (`cell_raster`) that carry their whole probability.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from PIL import Image

from planet_core import geo, s2
from planet_core.cell_polygons import cells_geojson
from planet_core.cell_raster import raster_of
from planet_core.distributions import checked_probabilities
from planet_core.files import atomic_file
from planet_core.land import ATLAS, land_rings
from planet_core.outputs import OutputError, while_somebody_reads, writable_file
from planet_core.partition import Partition
from planet_core.partition_map import world_polygons
from planet_core.stopping import Stopped, stopping_on_signals

EVEN = 1.0 / (4 * np.pi * geo.EARTH_RADIUS_KM**2)
"""Probability per km2 where all of it is spread evenly over the earth."""
DENSEST = 1e-3
"""Probability per km2 from which on the colour is that of the end of the ramp."""
RAMP = "viridis_r"
"""For light maps: from yellow to dark violet. On dark ones use `viridis`."""
OPACITY = (0.5, 0.95)  # at the ends of the ramp
_SKIPPED = 0.15  # of the ramp: what is nearly the colour of the map itself

INK, GREY, LAND, COAST = "#1b1d22", "#6b6760", "#efeadf", "#8d867a"
TRUTH, MODEL = "#f2b705", "#2f6fed"
_FLAG = Outline([(0, 0), (0, 2), (1.4, 1.5), (0, 1), (0, 0)], closed=True)
Place = tuple[float, float]


def probability_density(
    partition: Partition,
    probabilities: npt.ArrayLike,
    width: int = 2048,
    projection: str = "plate-carree",
    cache_dir: str | os.PathLike[str] | None = None,
) -> npt.NDArray[np.float32]:
    """Probability per km2 at each pixel of a world map, float32 (height, width); 0 outside every cell.

    Times the area of the pixels (`cell_raster.CellRaster.row_area_km2`) it sums to 1, in Web Mercator to the
    share of the probability on that map.

    Args:
        probabilities: (cells,), one distribution.
        width: in pixels, even; the height is half of it, in Web Mercator the same.
        projection: `plate-carree` or `web-mercator`.
        cache_dir: see `cell_raster.raster_of`.

    Raises:
        ProbabilityError: probabilities that do not fit the partition or are no distribution.
        ValueError: an unknown projection, or an impossible width.
    """
    values = checked_probabilities(partition, probabilities)
    return raster_of(partition, width, projection, cache_dir).density(values)


def probability_image(
    partition: Partition,
    probabilities: npt.ArrayLike,
    width: int = 2048,
    projection: str = "plate-carree",
    ramp: str = RAMP,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Image.Image:
    """The distribution as an RGBA picture to lay over a world map; see the module for its scale.

    In `web-mercator` it belongs between latitudes -85.0511 and 85.0511 (Leaflet: an image overlay with these
    bounds). Transparent where there is less than `EVEN`.

    Args:
        ramp: the name of a matplotlib colour map, for light maps one that darkens.
        probabilities, width, projection, cache_dir: as in `probability_density`.

    Raises:
        ProbabilityError: probabilities that do not fit the partition or are no distribution.
        ValueError: an unknown projection or ramp, or an impossible width.
    """
    values = checked_probabilities(partition, probabilities)
    colours = colour_table(ramp).view(np.uint32)[:, 0]  # (256,)
    raster = raster_of(partition, width, projection, cache_dir)
    # few cells, many pixels: the logarithm is taken of cells, and of the few pixels under spots
    pixels = colours[_steps(raster.cell_densities(values))][raster.index]
    pixels.ravel()[raster.spot_pixels] = colours[_steps(raster.spot_densities(values))]
    return Image.fromarray(pixels[..., None].view(np.uint8), "RGBA")


def _steps(density: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Position 1..255 on the colour table of each density, 0 for less than `EVEN`."""
    with np.errstate(divide="ignore"):
        share = np.log(density / EVEN) / np.log(DENSEST / EVEN)
    return np.where(share < 0, 0, 1 + np.rint(254 * np.clip(share, 0, 1))).astype(np.uint8)


@cache
def colour_table(ramp: str) -> npt.NDArray[np.uint8]:
    """RGBA of the 256 steps of a ramp, uint8 (256, 4): the first is transparent, the rest ever more opaque.

    Raises:
        ValueError: no colour map of that name.
    """
    if ramp not in mpl.colormaps:
        raise ValueError(f"matplotlib has no colour map {ramp!r}; try {RAMP}, viridis or cividis")
    share = np.linspace(0, 1, 255)
    table = np.zeros((256, 4), dtype=np.uint8)
    table[1:, :3] = np.rint(mpl.colormaps[ramp](_SKIPPED + (1 - _SKIPPED) * share)[:, :3] * 255)
    table[1:, 3] = np.rint((OPACITY[0] + (OPACITY[1] - OPACITY[0]) * share) * 255)
    table.flags.writeable = False
    return table


# ------------------------------------------------------------------------------------------------
# Figure


def draw(
    partition: Partition,
    probabilities: npt.ArrayLike,
    path: str | os.PathLike[str],
    *,
    answer: Place | None = None,
    truth: Place | None = None,
    atlas: Path = ATLAS,
) -> None:
    """Draws the distribution over the land of the earth to a .png, .pdf or .svg, at once or not at all.

    Args:
        answer, truth: (lat, lng) in degrees of the model's answer (blue hexagon) and of the photo (flag).
        atlas: the folder of the npm package world-atlas; without it no land is drawn.

    Raises:
        ProbabilityError: probabilities that do not fit the partition or are no distribution.
        ValueError: an unknown kind of picture.
    """
    kind = Path(path).suffix.lower().lstrip(".")
    if kind not in ("png", "pdf", "svg"):
        raise ValueError(f"{path}: maps are drawn as .png, .pdf or .svg")
    layer = probability_image(partition, probabilities)
    figure = Figure(figsize=(10, 5.55))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0.10, 0.98, 0.88))
    axes.set(xlim=(-180, 180), ylim=(-90, 90), xticks=[], yticks=[], aspect="equal")
    land = land_rings("110m", atlas)
    rings, _ = world_polygons([geo.unit_vectors(ring[:, 1], ring[:, 0]) for ring in land])
    axes.add_collection(PolyCollection(rings, facecolors=LAND, edgecolors=COAST, linewidths=0.4))
    axes.imshow(np.asarray(layer), extent=(-180, 180, -90, 90), interpolation="nearest", zorder=1.5)
    if answer:  # hollow: what the model believes lies below
        axes.scatter(
            answer[1],
            answer[0],
            s=190,
            marker="h",
            facecolors="none",
            edgecolors=MODEL,
            linewidths=2,
            zorder=3,
        )
    if truth:
        axes.scatter(
            truth[1], truth[0], s=260, marker=_FLAG, color=TRUTH, edgecolors=INK, linewidths=0.8, zorder=3
        )
    _draw_scale(figure)
    with atomic_file(path) as file:
        figure.savefig(file, format=kind, dpi=160, facecolor="white")


def _draw_scale(figure: Figure) -> None:
    colours = ListedColormap(colour_table(RAMP)[1:] / 255)
    axes = figure.add_axes((0.012, 0.065, 0.30, 0.02))
    bar = figure.colorbar(
        ScalarMappable(LogNorm(EVEN * 1e5, DENSEST * 1e5), colours), cax=axes, orientation="horizontal"
    )
    bar.outline.set_visible(False)
    bar.set_ticks([0.001, 0.1, 10, 100], labels=["0.001", "0.1", "10", "100 %"])
    bar.minorticks_off()
    axes.tick_params(labelsize=8, length=2, color=GREY, labelcolor=INK)
    figure.text(0.325, 0.066, "probability per 1,000 km² (logarithmic)", size=8.5, color=INK, va="bottom")
    figure.text(
        0.988,
        0.066,
        "No colour: less than if spread evenly over the earth. Plate carrée.",
        size=8.5,
        color=GREY,
        ha="right",
        va="bottom",
    )


# ------------------------------------------------------------------------------------------------
# Command line


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, 2 for what cannot be done or written, 130 when stopped."""
    from planet_core.images import ImageError
    from planet_core.model_directory import ModelDirectoryError

    options = _parser().parse_args(arguments)
    try:
        with stopping_on_signals(), while_somebody_reads():
            _run(options)
    except (ModelDirectoryError, ImageError, OutputError, ValueError) as error:
        print(f"probability_map: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"probability_map: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except Stopped:
        print("probability_map: stopped; no file is half written", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.probability_map", description="Draw where a model believes a photo is."
    )
    parser.add_argument("model", help="a model version directory")
    parser.add_argument("image", help="a JPEG, PNG or WebP file")
    parser.add_argument("--out", required=True, metavar="FILE", help="the map, .png, .pdf or .svg")
    parser.add_argument("--lat", type=float, help="where the photo was taken, degrees: a flag on the map")
    parser.add_argument("--lng", type=float)
    parser.add_argument("--geojson", metavar="FILE", help="also write the cells as GeoJSON")
    parser.add_argument("--top", type=int, default=100, metavar="N", help="cells in the GeoJSON (100)")
    parser.add_argument(
        "--layer", metavar="FILE", help="also write the layer alone, a .png with transparency"
    )
    parser.add_argument(
        "--projection", choices=("plate-carree", "web-mercator"), default="web-mercator", help="of --layer"
    )
    parser.add_argument("--width", type=int, default=2048, metavar="PX", help="of --layer (2048)")
    return parser


def _run(options: argparse.Namespace) -> None:
    from planet_core.images import load
    from planet_core.predict import Predictor

    writable_file(options.out, ".png", ".pdf", ".svg")
    if options.geojson:
        writable_file(options.geojson, ".json", ".geojson")
    if options.layer:
        writable_file(options.layer, ".png")
    truth = _truth(options.lat, options.lng)
    picture = load(options.image)
    predictor = Predictor.load(options.model)
    [prediction] = predictor.predict([picture])
    partition, probabilities = predictor.partition, prediction.probabilities
    cells = cells_geojson(partition, probabilities, top=options.top)
    layer = probability_image(partition, probabilities, options.width, options.projection)
    answer = prediction.lat, prediction.lng
    draw(partition, probabilities, options.out, answer=answer, truth=truth)
    if options.geojson:
        with atomic_file(options.geojson) as file:
            file.write(json.dumps(cells, separators=(",", ":")).encode())
    if options.layer:
        with atomic_file(options.layer) as file:
            layer.save(file, "PNG")
    written = [path for path in (options.out, options.geojson, options.layer) if path]
    print(f"Wrote {', '.join(written)}")


def _truth(lat: float | None, lng: float | None) -> Place | None:
    if lat is None or lng is None:
        if lat is not lng:
            raise ValueError("a true place needs both --lat and --lng")
        return None
    s2.check_coordinates(lat, lng)
    return lat, lng


if __name__ == "__main__":
    sys.exit(main())
