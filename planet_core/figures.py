"""Figures of an evaluation: the paper's figure 4 and the reliability plot. Needs matplotlib."""

from __future__ import annotations

import csv
import io
import os
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from planet_core.files import atomic_file
from planet_core.metrics import SCALE_NAMES, SCALES_KM

_BLUES = ("#08306b", "#2171b5", "#4292c6", "#6baed6", "#9ecae1")
_COLOURS = ("#6b6760", "#d95f02", "#1b9e77")


def draw_top_k(curve: dict[str, Any], path: str | os.PathLike[str], title: str) -> None:
    """The share of photos within a distance, one line for each k, as PNG (figure 4).

    Args:
        curve: of `evaluation.top_k_curve`.
    """
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for colour, (k, shares) in zip(_BLUES, curve["shares"].items(), strict=False):
        axes.plot(curve["km"], 100 * np.array(shares), color=colour, label=f"best of top {k}")
    for name, km in zip(SCALE_NAMES, SCALES_KM, strict=True):
        axes.axvline(km, color="#bbbbbb", linewidth=0.8, zorder=0)
        axes.text(km, 101, name, ha="center", va="bottom", fontsize=8)
    axes.set(xscale="log", xlim=(curve["km"][0], 20_015), ylim=(0, 100))
    axes.set(xlabel="distance from the true place, km", ylabel="photos within the distance, %")
    axes.set_title(title, fontsize=10, pad=18)
    axes.legend(loc="upper left", fontsize=9)
    _save(figure, path)


def write_top_k(curve: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """The same as CSV: a row for each distance, a column for each k, shares 0..1."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["km", *(f"top_{k}" for k in curve["shares"])])
    for row in zip(curve["km"], *curve["shares"].values(), strict=True):
        writer.writerow([f"{value:.6g}" for value in row])
    with atomic_file(path) as file:
        file.write(text.getvalue().encode())


def draw_reliability(curves: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """How often answers are right, by how sure the model was, before and after, as PNG.

    Args:
        curves: the `calibration` of a report.
    """
    figure = Figure(figsize=(6, 6), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    above.plot([0, 1], [0, 1], color="#bbbbbb", linestyle="--", linewidth=1)
    for colour, (name, values) in zip(_COLOURS, curves.items(), strict=False):
        curve = values["reliability"]
        filled = [index for index, count in enumerate(curve["counts"]) if count]
        confidence = [curve["confidence"][index] for index in filled]
        accuracy = [curve["accuracy"][index] for index in filled]
        label = f"{name}: error {100 * values['ece']['value']:.1f} %"
        above.plot(confidence, accuracy, color=colour, label=label)
        share = np.array([curve["counts"][index] for index in filled]) / max(curve["counts"])
        above.scatter(confidence, accuracy, s=8 + 60 * share, color=colour)  # few photos tell little
        below.stairs(curve["counts"], curve["edges"], color=colour)
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of right cells")
    above.legend(loc="lower left", bbox_to_anchor=(0, 1), fontsize=8, frameon=False)
    below.set(xlabel="confidence in the answered cell", ylabel="photos")
    _save(figure, path)


def _save(figure: Figure, path: str | os.PathLike[str]) -> None:
    FigureCanvasAgg(figure)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=150, facecolor="white")
