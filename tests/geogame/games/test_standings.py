from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogame.games.standings import (
    PAGE_SIZE,
    Run,
    Standing,
    histogram,
    page_of,
    place_beside,
    place_of,
    rank,
    standing,
)

runs_strategy = st.lists(
    st.builds(
        Run,
        player=st.integers(1, 10_000),
        name=st.just("A"),
        points=st.integers(0, 20),
        time_s=st.one_of(st.none(), st.integers(1, 5).map(float)),
    ),
    unique_by=lambda run: run.player,
    max_size=60,
)


def run(player: int, points: int, time_s: float | None = None) -> Run:
    return Run(player=player, name=f"P{player}", points=points, time_s=time_s)


def test_points_decide_and_time_decides_among_equals() -> None:
    board = rank([run(1, 100, 30), run(2, 200, 90), run(3, 100, 20), run(4, 100, None)])
    assert [(row.rank, row.run.player) for row in board] == [(1, 2), (2, 3), (3, 1), (4, 4)]


def test_who_has_the_same_points_and_time_shares_the_place() -> None:
    board = rank([run(1, 100, 30), run(2, 100, 30), run(3, 50, 1), run(4, 300, 9)])
    assert [row.rank for row in board] == [1, 2, 2, 4]


@given(runs_strategy)
def test_the_place_is_one_more_than_how_many_are_better(runs: list[Run]) -> None:
    board = rank(runs)
    for row in board:
        others = [other for other in board if other.run != row.run]
        assert row.rank == place_beside(others, row.run)


@given(runs_strategy)
def test_the_pages_together_are_the_board(runs: list[Run]) -> None:
    board = rank(runs)
    pages = page_of(board, 1).pages
    rows = [row for number in range(1, pages + 1) for row in page_of(board, number).rows]
    assert rows == board


@pytest.mark.parametrize(("asked", "got"), [(-3, 1), (0, 1), (1, 1), (2, 2), (3, 3), (99, 3)])
def test_a_page_that_is_not_there_is_the_nearest(asked: int, got: int) -> None:
    board = rank([run(player, player) for player in range(2 * PAGE_SIZE + 1)])
    page = page_of(board, asked)
    assert (page.number, page.pages) == (got, 3)
    assert page.previous == (got - 1 or None)
    assert page.next == (got + 1 if got < 3 else None)


def test_an_empty_board_has_one_empty_page() -> None:
    page = page_of([], 1)
    assert (page.rows, page.number, page.pages, page.previous, page.next) == ((), 1, 1, None, None)


def test_a_player_is_found_on_the_board() -> None:
    board = rank([run(1, 100), run(2, 200)])
    found = place_of(board, 1)
    assert found
    assert found.rank == 2
    assert place_of(board, 3) is None


def test_the_histogram_counts_every_run_once_and_marks_the_own_bar() -> None:
    bars = histogram([0, 2499, 2500, 24_999, 25_000], own=2500, most=25_000)
    assert [bar.count for bar in bars] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert [bar.own for bar in bars].index(True) == 1
    assert (bars[0].low, bars[0].high, bars[1].low, bars[-1].high) == (0, 2499, 2500, 25_000)


@given(st.lists(st.integers(0, 15_000)), st.integers(1, 15_000))
def test_no_run_falls_between_two_bars(totals: list[int], most: int) -> None:
    totals = [min(total, most) for total in totals]
    bars = histogram(totals, own=None, most=most)
    assert sum(bar.count for bar in bars) == len(totals)
    assert not any(bar.own for bar in bars)


def test_only_fewer_points_are_beaten() -> None:
    assert standing([10, 20, 20, 30], own=20) == Standing(beaten=1, others=4)


@pytest.mark.parametrize(
    ("beaten", "others", "percent"), [(3, 4, None), (19, 19, None), (0, 20, 0), (199, 200, 99), (40, 40, 100)]
)
def test_a_handful_of_players_gives_no_percentage(beaten: int, others: int, percent: int | None) -> None:
    assert Standing(beaten, others).percent == percent
