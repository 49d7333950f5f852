"""Charts that the server draws: where each shape of a picture lies, for a template to write as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format

from geogame.games.standings import Bar

WIDTH, HEIGHT = 340, 150
WORDS = 16
"""Height of a line of words: one under the bars, two above the tallest."""
GAP = 4
LOWEST = 3.0


@dataclass(frozen=True)
class Column:
    """One bar of a histogram, in the units of the chart; its words stand at `middle`."""

    bar: Bar
    label: str
    x: float
    y: float
    width: float
    height: float
    middle: float
    count_y: float
    you_y: float


@dataclass(frozen=True)
class Histogram:
    columns: list[Column]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = HEIGHT - WORDS
    label_y: int = HEIGHT - 3


def histogram_chart(bars: Sequence[Bar]) -> Histogram:
    """The tallest bar fills the room; a bar with anybody in it is seen."""
    step = WIDTH / len(bars)
    tallest = max(1, *(bar.count for bar in bars))
    return Histogram([_column(bar, number * step, step, tallest) for number, bar in enumerate(bars)])


def _column(bar: Bar, left: float, step: float, tallest: int) -> Column:
    room = HEIGHT - 3 * WORDS
    height = max(LOWEST, room * bar.count / tallest) if bar.count else 0.0
    top = HEIGHT - WORDS - height
    return Column(
        bar=bar,
        label=_thousands(bar.low),
        x=round(left + GAP / 2, 1),
        y=round(top, 1),
        width=round(step - GAP, 1),
        height=round(height, 1),
        middle=round(left + step / 2, 1),
        count_y=round(top - 4, 1),
        you_y=round(top - 4 - WORDS, 1),
    )


def _thousands(points: int) -> str:
    return number_format(points // 1000 if points % 1000 == 0 else points / 1000, use_l10n=True)
