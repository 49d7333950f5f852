"""The figures of a report as SVG and PNG: the paper's figures 8 and 9, calibration, difficulty, parts.

People are green and dashed with squares, the model is blue with discs, the truth is yellow: the colours of
the game, told apart by shape and line too. Needs matplotlib.
"""

from __future__ import annotations

import io
import math
from functools import cache
from textwrap import wrap
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from PIL import Image

from benchmark.pictures import PictureOf, SmallPicture
from benchmark.statistics import LEAST_KM
from planet_core import geography
from planet_core.metrics import SCALE_NAMES, SCALES_KM

INK, SOFT, LINE, PAPER = "#1b1d22", "#57575a", "#ddd6c6", "#faf8f3"
PERSON, MODEL, TRUTH, CROWD = "#11704a", "#1f56c9", "#f2b705", "#6a3ab6"
SEA, LAND, COAST = "#d7e3e8", "#f7f3e8", "#9db3bd"
COLOURS = {"person": PERSON, "model": MODEL}
LABELS = {"person": "people", "model": "model"}
DASHES: dict[str, Any] = {"person": (0, (5, 2)), "model": "-"}
MARKS = {"person": "s", "model": "o"}
SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmark",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
CREDIT_LETTERS = 36
"""In a line under a picture of figure 9."""
MOST_PARTS = 20
"""Countries in a figure: those with most rounds."""
Part = dict[str, Any]


def figures_of(
    comparison: Part, protocol: Part | None, pictures: PictureOf | None = None
) -> dict[str, tuple[str, Figure]]:
    """What can be drawn of the comparison of everybody: {name: (what it shows, figure)}.

    Args:
        pictures: of the panoramas, to stand small beside the maps of figure 9.
    """
    with mpl.rc_context(SETTINGS):
        found = {
            "fig8": (
                "Share of rounds within a distance (the paper's figure 8).",
                _fig8(comparison, protocol),
            )
        }
        examples = _examples(comparison, protocol)
        if examples:
            found["fig9"] = (
                "Rounds from the model's clearest win to its clearest loss (the paper's figure 9): truth a"
                " yellow star, person a green square, model a blue disc.",
                _fig9(examples, pictures),
            )
        if any(comparison["calibration"].values()):
            found["reliability"] = (
                "How often the model is right, by how sure it is; on the diagonal it is as sure as it should"
                " be.",
                _reliability(comparison["calibration"]),
            )
        for name in ("country", "continent"):
            if len(comparison["by_place"][name]) > 1 and _has_distances(comparison["by_place"][name]):
                found[name] = (
                    f"Median distance by {name}, those with most rounds first; n is the number of rounds.",
                    _parts(comparison["by_place"][name]),
                )
    return found


def as_svg(figure: Figure) -> str:
    """SVG text, the same for the same figure; texts are texts."""
    text = io.StringIO()
    with mpl.rc_context(SETTINGS):
        figure.savefig(text, format="svg", facecolor=PAPER, metadata={"Date": None, "Creator": None})
    return text.getvalue()


def as_png(figure: Figure) -> bytes:
    """PNG at 150 dpi on paper."""
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    with mpl.rc_context(SETTINGS):
        figure.savefig(content, format="png", dpi=150, facecolor=PAPER)
    return content.getvalue()


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)


def _axes(figure: Figure) -> Axes:
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def _fig8(comparison: Part, protocol: Part | None) -> Figure:
    figure = _figure(8, 4.6)
    axes, curve = _axes(figure), comparison["curve"]
    for name, colour in COLOURS.items():
        within = 100 * np.array(curve[name])
        axes.plot(curve["km"], within, linewidth=2, color=colour, linestyle=DASHES[name], label=LABELS[name])
        shares = [100 * comparison["sides"][name]["within_km"][str(scale)] for scale in SCALES_KM]
        axes.scatter(SCALES_KM, shares, marker=MARKS[name], color=colour, s=34, zorder=3)
    for name, colour in COLOURS.items() if protocol else ():
        paper = protocol["paper"] if protocol else {}
        shares = [100 * paper["within_750_km"][name] / paper["rounds"], 50]
        look: Part = {"marker": MARKS[name], "s": 70, "facecolor": "none", "linewidth": 1.6, "zorder": 4}
        label = f"{LABELS[name]}, the paper's (not measured here)"
        axes.scatter([750, paper["median_km"][name]], shares, edgecolor=colour, label=label, **look)
    for name, km in zip(SCALE_NAMES, SCALES_KM, strict=True):
        axes.axvline(km, color=COAST, linewidth=0.8, zorder=0)
        axes.text(km, 101.5, name, ha="center", va="bottom", fontsize=8.5, color=SOFT)
    axes.set(xscale="log", xlim=(0.5, 20_015), ylim=(0, 100), xlabel="distance from the true place, km")
    axes.set_xticks([1, 25, 200, 750, 2500, 10_000], ["1", "25", "200", "750", "2,500", "10,000"])
    axes.minorticks_off()
    axes.set_ylabel("rounds within the distance, %")
    axes.legend(loc="upper left", fontsize=9)
    return figure


def _examples(comparison: Part, protocol: Part | None) -> list[Part]:
    keys = ("map", "model", "source", "condition")
    for study in protocol["studies"] if protocol else ():
        if all(study[key] == comparison[key] for key in keys):
            found: list[Part] = study["examples"]
            return found
    return []


@cache
def _land() -> tuple[npt.NDArray[np.float64], ...]:
    """Outlines of countries (points, 2), lng and lat, coarse enough for a small map."""
    rings = []
    for code in geography.country_codes():
        shape = geography.country_outline(code, 10.0)["geometry"]["coordinates"]
        outer = [np.array(polygon[0], dtype=np.float64) for polygon in shape]
        rings += [ring for ring in outer if np.ptp(ring, axis=0).max() > 0.8]
    return tuple(rings)


def _fig9(examples: list[Part], pictures: PictureOf | None) -> Figure:
    rows = (len(examples) + 1) // 2
    figure = _figure(10 if pictures else 8, 2.5 * rows)
    grid = figure.add_gridspec(rows, 4, width_ratios=(2, 3, 2, 3))
    for number, example in enumerate(examples):
        row, left = number // 2, number % 2 * 2
        picture = pictures(example["panorama"]) if pictures else None
        if picture:
            _picture(figure.add_subplot(grid[row, left]), picture)
        axes = figure.add_subplot(grid[row, left + 1 if picture else slice(left, left + 2)])
        _map(axes, example)
        far = f"person {_km(example['person_km'])}, model {_km(example['model_km'])}"
        axes.set_title(f"{chr(65 + number)}   {far}", fontsize=9.5, loc="left")
    return figure


def _picture(axes: Axes, picture: SmallPicture) -> None:
    """The panorama with what has to stand beside it."""
    with Image.open(io.BytesIO(picture.jpeg)) as opened:
        axes.imshow(np.asarray(opened))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    credit = "\n".join(wrap(picture.credit, CREDIT_LETTERS))
    axes.set_xlabel(credit, fontsize=6, color=SOFT, parse_math=False)


def _map(axes: Axes, example: Part) -> None:
    """Where the truth is and both answers, on a part of the world."""
    marks = (("person", "s", PERSON, 42), ("model", "o", MODEL, 42), ("true", "*", TRUTH, 130))
    axes.set_facecolor(SEA)
    axes.add_collection(PolyCollection(_land(), facecolors=LAND, edgecolors=COAST, linewidths=0.4))
    for name, colour in COLOURS.items():
        _line(axes, example["true"], example[name], colour, DASHES[name])
    for name, mark, colour, size in marks:
        lat, lng = example[name]
        look: Part = {"edgecolor": "white", "linewidth": 0.8, "zorder": 4}
        axes.scatter(lng, lat, marker=mark, s=size, color=colour, **look)
    west, east, south, north = _frame([example[name] for name, *_ in marks])
    axes.set(xlim=(west, east), ylim=(south, north), aspect=1.2, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _frame(places: list[list[float]]) -> tuple[float, float, float, float]:
    """West, east, south, north: a part of the world around places (lat, lng), or all of it."""
    (south, west), (north, east) = np.min(places, axis=0).tolist(), np.max(places, axis=0).tolist()
    half = 0.8 * max(25.0, east - west, 2 * (north - south))  # a map is twice as many degrees wide as high
    lat, lng = (south + north) / 2, (west + east) / 2
    if abs(lng) + half > 180 or abs(lat) + half / 2 > 90:
        return -180.0, 180.0, -90.0, 90.0
    return lng - half, lng + half, lat - half / 2, lat + half / 2


def _line(axes: Axes, one: list[float], other: list[float], colour: str, style: Any) -> None:
    """The short way round, over the antimeridian where that is shorter."""
    (lat, lng), (to_lat, to_lng) = one, other
    turn = 360 * round((lng - to_lng) / 360)
    for shift in {0, -turn}:
        ends = [lng + shift, to_lng + turn + shift]
        axes.plot(ends, [lat, to_lat], color=colour, linestyle=style, linewidth=1.3)


def _reliability(curves: Part) -> Figure:
    figure = _figure(5.6, 5)
    axes = _axes(figure)
    axes.plot([0, 100], [0, 100], color=SOFT, linestyle=":", linewidth=1.2)
    looks = (("country_probabilities", MODEL, "o", "-"), ("confidence", CROWD, "D", DASHES["person"]))
    for name, colour, mark, style in looks:
        if not curves[name]:
            continue
        curve = curves[name]["reliability"]
        sure, right = 100 * np.array(curve["confidence"]), 100 * np.array(curve["right"])
        share = np.array(curve["answers"]) / max(curve["answers"])
        numbers = f"n = {curves[name]['answers']:,}, ECE {100 * curves[name]['ece']:.1f} %"
        label = f"{name.replace('_', ' ')} ({numbers})"
        axes.plot(sure, right, color=colour, linestyle=style, linewidth=1.5)
        axes.scatter(sure, right, s=14 + 90 * share, color=colour, marker=mark, label=label, zorder=3)
    axes.set(xlim=(-2, 102), ylim=(-2, 102), xlabel="how sure the model was, %")
    axes.set_ylabel("how often it was right, %")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), fontsize=9)
    return figure


def _has_distances(parts: list[Part]) -> bool:
    return any(part[name]["median_km"] is not None for part in parts[:MOST_PARTS] for name in COLOURS)


def _parts(parts: list[Part]) -> Figure:
    shown = parts[:MOST_PARTS][::-1]
    figure = _figure(8, 0.9 + 0.32 * len(shown))
    axes = _axes(figure)
    places = np.arange(len(shown))
    for name, colour in COLOURS.items():
        medians = [part[name]["median_km"] for part in shown]
        km = [math.nan if median is None else max(median, LEAST_KM) for median in medians]
        axes.scatter(km, places, marker=MARKS[name], color=colour, s=46, label=LABELS[name], zorder=3)
    for row, part in enumerate(shown):
        ends = [part[name]["median_km"] for name in COLOURS]
        if None not in ends:
            axes.plot([max(end, LEAST_KM) for end in ends], [row, row], color=COAST, linewidth=2, zorder=1)
    axes.set_yticks(places, [f"{part['value']} (n = {part['rounds']:,})" for part in shown])
    axes.set(xscale="log", xlabel="median distance, km", ylim=(-0.6, len(shown) - 0.4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda km, _: f"{km:,.4g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda km, _: f"{km:,.4g}" if f"{km:e}"[0] in "25" else ""))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=9)
    return figure


def _km(value: float) -> str:
    return f"{value:,.0f} km" if value >= 10 else f"{value:.1f} km"
