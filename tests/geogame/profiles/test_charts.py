from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from geogame.profiles.charts import LABEL_GAP, MOST_GAMES, points_charts
from geogame.profiles.played import PlayedGame
from tests.geogame.profiles.test_statistics import GAME, NOON, PLANET, ROUND


def game(own: int, model: int | None, *, number: int = 0, condition: str = "fair") -> PlayedGame:
    played = replace(
        ROUND,
        points=own // 5,
        condition=condition,
        model=None if model is None else replace(PLANET, points=model // 5),
    )
    return replace(GAME, finished_at=NOON + timedelta(days=number), rounds=[played] * 5)


def heights(points: Sequence[int]) -> list[float]:
    (chart,) = points_charts([game(value, 0) for value in points])
    return [dot.y for dot in chart.own.dots]


def test_more_points_stand_higher_and_the_scale_is_even() -> None:
    none, half, most = heights([0, 12_500, 25_000])
    assert most < half < none
    assert abs((none - half) - (half - most)) < 0.011


def test_games_stand_in_order_across_the_whole_width() -> None:
    (chart,) = points_charts([game(value, 0) for value in (5000, 10_000, 15_000)])
    assert [dot.points for dot in chart.own.dots] == [5000, 10_000, 15_000]
    first, second, last = (dot.x for dot in chart.own.dots)
    assert second - first == last - second
    assert first >= 0
    assert last <= 100


def test_a_game_without_the_model_breaks_its_line() -> None:
    (chart,) = points_charts([game(1000, 1000), game(1000, None), game(1000, 1000), game(1000, 2000)])
    assert len(chart.own.segments) == 3
    assert len(chart.model.dots) == 3
    assert len(chart.model.segments) == 1


def test_a_model_that_never_played_has_no_label() -> None:
    (chart,) = points_charts([game(1000, None), game(1000, None)])
    assert chart.model.label is None
    assert chart.own.label


def test_labels_do_not_lie_on_each_other() -> None:
    for own, model in ((15_000, 15_000), (15_000, 15_500), (15_500, 15_000), (0, 25_000)):
        (chart,) = points_charts([game(own, model), game(own, model)])
        assert chart.own.label
        assert chart.model.label
        assert abs(chart.own.label.y - chart.model.label.y) >= LABEL_GAP


def test_conditions_have_a_figure_each() -> None:
    games = [game(1000, 0), game(2000, 0, condition="free")] * 2
    assert [(chart.condition, len(chart.games)) for chart in points_charts(games)] == [
        ("fair", 2),
        ("free", 2),
    ]


def test_only_the_latest_games_are_drawn_and_the_others_counted() -> None:
    (chart,) = points_charts([game(100 * number, 0) for number in range(MOST_GAMES + 3)])
    assert len(chart.games) == MOST_GAMES
    assert chart.left_out == 3
    assert chart.own.dots[0].points == 300


def test_what_is_not_drawn() -> None:
    one = game(1000, 0)
    short = replace(one, rounds=one.rounds[:3])
    assert points_charts([one]) == [], "one dot shows no course"
    assert points_charts([one, short, replace(one, finished_at=None), replace(one, mode="country")]) == []
