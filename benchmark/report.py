"""Comparisons as a table for the terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmark.statistics import SCALES_KM, Comparison, Side

CONDITIONS = {
    "fair": "fair view: the person saw the very pixels that the model got",
    "free": "free look: the person could look around, the model got one view",
}
SOURCES = {"drawn": " (drawn from facts, not photographed)"}


def as_json(comparisons: Sequence[Comparison], apart: Sequence[Comparison] | None = None) -> str:
    """JSON text; `apart` holds the rounds that do not count, when they were asked for."""
    content: dict[str, object] = {"comparisons": list(comparisons)}
    if apart is not None:
        content["apart"] = list(apart)
    return json.dumps(content, indent=2, allow_nan=False)


def as_table(comparisons: Sequence[Comparison]) -> str:
    return "\n\n".join(_table(comparison) for comparison in comparisons)


def _table(comparison: Comparison) -> str:
    rate = comparison["win_rate"]
    header = (
        f"{'':24}{'median km':>12}"
        + "".join(f"{f'<={scale} km':>11}" for scale in SCALES_KM)
        + f"{'points':>9}"
    )
    decisive = comparison["wins"] + comparison["losses"]
    rounds = "1 round" if comparison["rounds"] == 1 else f"{comparison['rounds']} rounds"
    lines = [
        *([f"Does not count: {comparison['apart']}."] if comparison["apart"] else []),
        _heading(comparison),
        f"Model {comparison['model']} · {rounds}",
        "",
        header,
        _line("people", comparison["sides"]["person"]),
        _line("model", comparison["sides"]["model"]),
        "",
        f"The model won {comparison['wins']}, people won {comparison['losses']}, {comparison['ties']} ties.",
    ]
    if rate["value"] is not None and rate["low"] is not None and rate["high"] is not None:
        lines.append(
            f"Win rate of the model: {rate['value']:.1%} of {decisive} decided rounds "
            f"(95 % Wilson interval {rate['low']:.1%} to {rate['high']:.1%}, rounds taken as independent)."
        )
    return "\n".join(lines)


def _heading(comparison: Comparison) -> str:
    condition = CONDITIONS.get(comparison["condition"], comparison["condition"])
    return f"Map {comparison['map']}{SOURCES.get(comparison['source'], '')} · {condition}"


def _line(name: str, side: Side) -> str:
    median = "no answer" if side["median_km"] is None else f"{side['median_km']:,.1f}"
    shares = "".join(f"{side['within_km'][str(scale)]:>11.1%}" for scale in SCALES_KM)
    return f"{name:24}{median:>12}{shares}{side['mean_points']:>9,.0f}"
