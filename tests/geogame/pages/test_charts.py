from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogame.games.standings import histogram
from geogame.pages.charts import HEIGHT, WIDTH, histogram_chart


@given(st.lists(st.integers(0, 25_000)), st.integers(0, 25_000))
def test_every_shape_and_word_lies_inside_the_chart(totals: list[int], own: int) -> None:
    chart = histogram_chart(histogram(totals, own=own, most=25_000))
    for column in chart.columns:
        assert 0 <= column.x < column.x + column.width <= WIDTH
        assert column.y + column.height == pytest.approx(chart.base, abs=0.11)
        assert 8 < column.you_y < column.count_y < column.y <= chart.base < chart.label_y < HEIGHT


def test_bars_are_as_tall_as_their_count_and_one_player_is_seen() -> None:
    chart = histogram_chart(histogram([0] * 1000 + [25_000] * 500 + [5000], own=None, most=25_000))
    full, half, one = (chart.columns[number].height for number in (0, 9, 2))
    assert half == pytest.approx(full / 2, abs=0.11)
    assert one == 3
    assert chart.columns[5].height == 0


def test_the_bars_are_labelled_in_thousands() -> None:
    labels = [column.label for column in histogram_chart(histogram([], own=None, most=25_000)).columns]
    assert labels[:4] == ["0", "2.5", "5", "7.5"]
