"""The figures of a report page: what lies where, for a template to write as SVG.

A figure names its parts itself, in place of a legend, and can be read on a phone. People are green squares
and dashes, the model is blue discs and lines, the paper's numbers are thin and grey.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geogame.pages.report_numbers import km, percent, percents
from planet_core.metrics import SCALES_KM

Part = dict[str, Any]
Place = tuple[float, float]
WIDTH = 440
LEFT, RIGHT = 40.0, 424.0
LEAST_KM, MOST_KM = 1.0, 20_015.0
TICKS_KM = (1, 10, 100, 1000, 10_000)
MOST_PARTS = 12
NAME_PX = 16.0
"""From the line of one name to that of the next."""
SIDES = ("person", "model")
PAPER_WIN_RATE = 28 / 50
PAPER_CURVES = {
    "person": ((750.0, 11 / 50), (2320.75, 0.5)),
    "model": ((750.0, 17 / 50), (1131.7, 0.5)),
}
"""Printed in the paper (section 3, "Comparison to human performance"), not measured here."""


@dataclass(frozen=True)
class Shape:
    look: str
    d: str


@dataclass(frozen=True)
class Label:
    look: str
    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass
class Figure:
    """`how` is the anchor of the definition; `says` is what a reader who sees nothing is told."""

    name: str
    title: str
    says: str
    caption: str
    how: str
    height: float
    width: float = WIDTH
    shapes: list[Shape] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def line(self, look: str, *places: Place) -> None:
        if places:
            self.shapes.append(Shape(look, "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)))

    def mark(self, side: str, place: Place, size: float = 4.5) -> None:
        x, y = place
        if side == "person":
            d = f"M{x - size:.1f} {y - size:.1f}h{2 * size:.1f}v{2 * size:.1f}h{-2 * size:.1f}z"
        else:
            r = size * 1.1
            half = f"a{r:.1f} {r:.1f} 0 1 0"
            d = f"M{x - r:.1f} {y:.1f}{half} {2 * r:.1f} 0{half} {-2 * r:.1f} 0z"
        self.shapes.append(Shape(f"mark mark-{side}", d))

    def text(self, look: str, x: float, y: float, text: str, anchor: str = "start") -> None:
        self.labels.append(Label(look, round(x, 1), round(y, 1), text, anchor))


def figures_of(model: Part, *, paper: bool) -> list[Figure]:
    """Of one model. `paper`: whether its numbers may stand beside, as they are of the same condition."""
    found = [_win_rate(model, paper=paper), _curve(model, paper=paper), _distances(model)]
    if any(model["calibration"].values()):
        found.append(_reliability(model["calibration"]))
    return [figure for figure in found if figure]


def side_name(side: str) -> str:
    return _("people") if side == "person" else _("model")


def _along(share: float) -> float:
    return LEFT + (RIGHT - LEFT) * share


def _far(distance_km: float | None) -> float:
    """Where a distance lies on an axis of powers of ten; no answer lies at its end."""
    if distance_km is None:
        return RIGHT
    inside = min(max(distance_km, LEAST_KM), MOST_KM)
    return _along(math.log(inside / LEAST_KM) / math.log(MOST_KM / LEAST_KM))


def _axis_km(figure: Figure, top: float, bottom: float) -> None:
    for tick in TICKS_KM:
        figure.line("grid", (_far(tick), top), (_far(tick), bottom))
        figure.text("tick", _far(tick), bottom + 15, number_format(tick, force_grouping=True), "middle")
    figure.text("axis", RIGHT, bottom + 31, _("distance from the true place, km"), "end")


def _win_rate(model: Part, *, paper: bool) -> Figure | None:
    rate, clustered = model["win_rate"], model["win_rate_clustered"]
    if rate["value"] is None:
        return None
    figure = Figure(
        "win-rate",
        _("Rounds won by the model"),
        _("The model won %(rate)s of the rounds with a winner, 95 %% interval %(interval)s.")
        % {"rate": percent(rate["value"]), "interval": percents(rate)},
        _(
            "Share of the rounds with a winner that the model won, with 95 % intervals. Where people share "
            "panoramas, trust the second one."
        ),
        "win-rate",
        168,
    )
    top, bottom = 26.0, 132.0
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        figure.line("half" if share == 0.5 else "grid", (_along(share), top), (_along(share), bottom))
        figure.text("tick", _along(share), bottom + 15, percent(share), "middle")
    figure.text("axis", LEFT, top - 10, _("people win more"))
    figure.text("axis", RIGHT, top - 10, _("model wins more"), "end")
    figure.text("axis", _along(0.5), bottom + 31, _("a coin"), "middle")
    if paper:
        x = _along(PAPER_WIN_RATE)
        figure.line("paper", (x, top), (x, bottom))
        figure.text("paper-name", x + 4, bottom - 4, _("paper"))
    rows = ((rate, _("rounds taken as independent (Wilson)")), (clustered, _("by person and panorama")))
    for number, (found, name) in enumerate(rows):
        y = top + 36 + 44 * number
        if found["low"] is not None:
            _interval(figure, "model", found, y)
            ends_left = found["value"] > 0.5
            figure.text(
                "name",
                LEFT if ends_left else RIGHT,
                y - 14,
                f"{name}: {percents(found)}",
                "start" if ends_left else "end",
            )
    return figure


def _interval(figure: Figure, side: str, found: Part, y: float) -> None:
    low, high = _along(found["low"]), _along(found["high"])
    figure.line(f"reach reach-{side}", (low, y), (high, y))
    for end in (low, high):
        figure.line(f"reach reach-{side}", (end, y - 5), (end, y + 5))
    figure.mark(side, (_along(found["value"]), y))


def _curve(model: Part, *, paper: bool) -> Figure:
    top, bottom = 26.0, 236.0
    curve, sides = model["curve"], model["sides"]
    figure = Figure(
        "within",
        _("Rounds within a distance"),
        _("Within 750 km: people %(people)s, the model %(model)s of the rounds.")
        % {
            side_: percent(sides[side]["within_km"]["750"])
            for side_, side in (("people", "person"), ("model", "model"))
        },
        _("Share of all rounds within a distance; no answer is never within. As in the paper’s figure 8."),
        "within",
        bottom + 40,
    )

    def up(share: float) -> float:
        return bottom - (bottom - top) * share

    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        figure.line("grid", (LEFT, up(share)), (RIGHT, up(share)))
        figure.text("tick", LEFT - 5, up(share) + 4, percent(share), "end")
    names = (_("street"), _("city"), _("region"), _("country"), _("continent"))
    for name, scale in zip(names, SCALES_KM, strict=True):
        figure.line("scale", (_far(scale), top), (_far(scale), bottom))
        figure.text("scale-name", _far(scale), top - 9, name)
        figure.text("tick", _far(scale), bottom + 15, number_format(scale, force_grouping=True), "middle")
    figure.text("axis", RIGHT, bottom + 31, _("distance from the true place, km"), "end")
    for side in SIDES if paper else ():
        figure.line("paper", *((_far(at), up(share)) for at, share in PAPER_CURVES[side]))
    if paper:
        figure.text("paper-name", _far(720), up(0.22) + 14, _("paper"), "end")
    for side in SIDES:
        places = [
            (_far(at), up(share))
            for at, share in zip(curve["km"], curve[side], strict=True)
            if at >= LEAST_KM
        ]
        figure.line(f"curve curve-{side}", *places)
        for scale in SCALES_KM:
            figure.mark(side, (_far(scale), up(sides[side]["within_km"][str(scale)])))
    _name_curves(figure, curve, up)
    return figure


def _name_curves(figure: Figure, curve: Part, up: Any) -> None:
    """Where they lie farthest apart, the upper one is named above and the lower one below."""
    rows = [
        row for row in zip(curve["km"], curve["person"], curve["model"], strict=True) if 5 <= row[0] <= 8000
    ]
    at, person, model = max(rows, key=lambda row: abs(row[1] - row[2]))
    above, below = ("person", "model") if person >= model else ("model", "person")
    shares = {"person": person, "model": model}
    figure.text(f"name name-{above}", _far(at) - 8, max(up(shares[above]) - 8, 38), side_name(above), "end")
    figure.text(f"name name-{below}", _far(at) + 8, min(up(shares[below]) + 18, 230), side_name(below))


def _distances(model: Part) -> Figure:
    top, bottom = 8.0, 124.0
    figure = Figure(
        "distances",
        _("How far off"),
        _("Median distance: people %(people)s km, the model %(model)s km.")
        % {
            name: km(model["sides"][side]["median_km"]["value"])
            for name, side in (("people", "person"), ("model", "model"))
        },
        _(
            "Median with its 95 % interval (mark and whiskers), the middle half (thick) and the middle four "
            "fifths of all rounds (thin). No answer lies at the right end."
        ),
        "median",
        bottom + 40,
    )
    _axis_km(figure, top, bottom)
    for number, side in enumerate(SIDES):
        values = model["sides"][side]
        quantiles = {name: found["value"] for name, found in values["quantiles_km"].items()}
        y = top + 42 + 54 * number
        figure.line(f"span span-{side}", (_far(quantiles["10"]), y), (_far(quantiles["90"]), y))
        figure.line(f"half-span span-{side}", (_far(quantiles["25"]), y), (_far(quantiles["75"]), y))
        median = values["median_km"]
        if median["low"] is not None:
            for end in (median["low"], median["high"]):
                figure.line(f"reach reach-{side}", (_far(end), y - 9), (_far(end), y + 9))
        figure.mark(side, (_far(median["value"]), y), 5.5)
        text = (
            f"{side_name(side)}: {km(median['value'])} km" if median["value"] is not None else side_name(side)
        )
        figure.text(f"name name-{side}", min(max(_far(median["value"]), 100), 360), y - 17, text, "middle")
    return figure


def parts_figure(name: str, title: str, parts: Sequence[Part]) -> Figure | None:
    """Median distances part by part, most rounds first. Parts have `label`, in the reader's words."""
    shown = parts[:MOST_PARTS]
    if len(shown) < 2:
        return None
    bottom = 14 + 34.0 * len(shown)
    figure = Figure(
        f"parts-{name}",
        title,
        "; ".join(_part_in_words(part) for part in shown),
        _("Median distance in each part of the rounds; n is the number of rounds."),
        "parts",
        bottom + 40,
    )
    _axis_km(figure, 4, bottom)
    for number, part in enumerate(shown):
        y = 28 + 34.0 * number
        ends = {side: _far(part[side]["median_km"]) for side in SIDES}
        figure.line("span", (LEFT, y), (RIGHT, y))
        figure.line("join", *((x, y) for x in ends.values()))
        for side in SIDES:
            figure.mark(side, (ends[side], y))
        figure.text(
            "name", LEFT, y - 9, f"{part['label']} (n = {number_format(part['rounds'], force_grouping=True)})"
        )
        if not number:
            for side, x in ends.items():
                is_left = x <= min(ends.values())
                figure.text(
                    f"name name-{side}",
                    x - 9 if is_left else x + 9,
                    y + 4,
                    side_name(side),
                    "end" if is_left else "start",
                )
    return figure


def _part_in_words(part: Part) -> str:
    both = ", ".join(f"{side_name(side)} {km(part[side]['median_km'])} km" for side in SIDES)
    return f"{part['label']}: {both}"


def _reliability(calibration: Part) -> Figure:
    top, bottom, left, right = 28.0, 254.0, 44.0, 270.0
    figure = Figure(
        "calibration",
        _("Is the model as sure as it should be?"),
        "; ".join(
            ngettext(
                "expected calibration error %(error)s over %(n)s answer",
                "expected calibration error %(error)s over %(n)s answers",
                found["answers"],
            )
            % {"error": percent(found["ece"]), "n": found["answers"]}
            for found in calibration.values()
            if found
        ),
        _(
            "How often the model’s country was right, by how sure it was; on the line it is as sure as it "
            "should be."
        ),
        "calibration",
        bottom + 40,
    )

    def place(sure: float, right_: float) -> Place:
        return left + (right - left) * sure, bottom - (bottom - top) * right_

    for share in (0.0, 0.5, 1.0):
        figure.line("grid", place(share, 0), place(share, 1))
        figure.line("grid", place(0, share), place(1, share))
        figure.text("tick", place(share, 0)[0], bottom + 15, percent(share), "middle")
        figure.text("tick", left - 5, place(0, share)[1] + 4, percent(share), "end")
    figure.line("half", place(0, 0), place(1, 1))
    figure.text("axis", right, bottom + 31, _("how sure it was"), "end")
    figure.text("axis", left, top - 12, _("how often it was right"))
    ends: dict[str, Place] = {}
    for kind, found in calibration.items():
        if found:
            curve = found["reliability"]
            places = [place(*one) for one in zip(curve["confidence"], curve["right"], strict=True)]
            figure.line(f"curve curve-{kind}", *places)
            for at, answers in zip(places, curve["answers"], strict=True):
                figure.mark(
                    "model" if kind == "confidence" else "crowd",
                    at,
                    2.5 + 5 * math.sqrt(answers / found["answers"]),
                )
            ends[kind] = places[-1]
    _name_ends(figure, ends)
    return figure


def _name_ends(figure: Figure, ends: dict[str, Place]) -> None:
    """Names of curves beside their ends, one below the other where these lie together."""
    above = -math.inf
    for kind, (x, y) in sorted(ends.items(), key=lambda end: end[1][1]):
        name = _("its answer") if kind == "confidence" else _("its likeliest country")
        above = max(y, above + NAME_PX)
        figure.text(f"name name-{kind}", x + 10, above + 4, name)
