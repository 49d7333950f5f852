"""Points of games over time as a drawing: places in percent of the frame, since text keeps its size. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from geogame.games.rules import ROUNDS
from geogame.profiles.played import PlayedGame
from planet_core.scoring import MAX_POINTS

MOST_GAMES = 40
MOST_POINTS = ROUNDS * MAX_POINTS
STEP = 5_000
LEFT, RIGHT, TOP, BOTTOM = 12.0, 96.0, 8.0, 90.0
LABEL_GAP = 8.0  # two labels nearer than this would lie on each other


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    points: int


@dataclass(frozen=True)
class Segment:
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    points: int


@dataclass(frozen=True)
class Line:
    dots: Sequence[Dot]
    segments: Sequence[Segment]
    label: Label | None


@dataclass(frozen=True)
class Rule:
    y: float
    points: int


@dataclass(frozen=True)
class Chart:
    """Games of one condition and one kind of picture, the earliest first. `left_out` came before them."""

    condition: str
    pictures: str
    games: Sequence[PlayedGame]
    left_out: int
    rules: Sequence[Rule]
    own: Line
    model: Line


def points_charts(games: Iterable[PlayedGame]) -> list[Chart]:
    """Finished games of five counted rounds with points, played alone. Below two there is no course."""
    by_kind: dict[tuple[str, str], list[PlayedGame]] = {}
    for game in games:
        if game.finished_at and len(game.rounds) == ROUNDS and not (game.about_countries or game.is_live):
            by_kind.setdefault((game.condition, game.pictures), []).append(game)
    return [_chart(*kind, of_kind) for kind, of_kind in sorted(by_kind.items()) if len(of_kind) > 1]


def _chart(condition: str, pictures: str, games: Sequence[PlayedGame]) -> Chart:
    shown = games[-MOST_GAMES:]
    own = _line([game.points for game in shown])
    model = _line([game.model_points for game in shown])
    own, model = _apart(own, model)
    rules = [Rule(_y(points), points) for points in range(0, MOST_POINTS + 1, STEP)]
    return Chart(condition, pictures, shown, len(games) - len(shown), rules, own, model)


def _y(points: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * points / MOST_POINTS, 2)


def _line(values: Sequence[int | None]) -> Line:
    """A game that the model did not play through breaks its line."""
    step = (RIGHT - LEFT) / (len(values) - 1)
    places = [
        None if value is None else Dot(round(LEFT + step * number, 2), _y(value), value)
        for number, value in enumerate(values)
    ]
    segments = [Segment(one.x, one.y, other.x, other.y) for one, other in pairwise(places) if one and other]
    dots = [place for place in places if place]
    last = dots[-1] if dots else None
    return Line(dots, segments, Label(last.x, last.y - 4, last.points) if last else None)


def _apart(own: Line, model: Line) -> tuple[Line, Line]:
    """The lower of two labels that would touch goes below its dot."""
    if not (own.label and model.label) or abs(own.label.y - model.label.y) >= LABEL_GAP:
        return own, model
    if own.label.y <= model.label.y:
        return own, _label_below(model)
    return _label_below(own), model


def _label_below(line: Line) -> Line:
    last = line.dots[-1]
    return Line(line.dots, line.segments, Label(last.x, last.y + LABEL_GAP, last.points))
