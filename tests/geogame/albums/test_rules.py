from __future__ import annotations

import random

import pytest

from geogame.albums.rules import (
    Answer,
    Candidate,
    Help,
    Pinned,
    Total,
    draw,
    help_of,
    hours_since_the_one_before,
    pinned,
    total,
    winner,
)


def test_the_album_that_was_played_least_is_drawn() -> None:
    candidates = [Candidate(1, 2), Candidate(2, 0), Candidate(3, 1)]
    assert draw(candidates, rng=random.Random(1)) == Candidate(2, 0)


def test_before_all_one_that_no_model_trained_on() -> None:
    candidates = [Candidate(1, 0, trained_on=True), Candidate(2, 0), Candidate(3, 1)]
    assert {draw(candidates, rng=random.Random(seed)) for seed in range(20)} == {Candidate(2, 0)}


def test_nothing_to_draw_is_none() -> None:
    assert draw([], rng=random.Random(1)) is None


def test_a_pin_on_the_latest_photo_is_its_first_place() -> None:
    first = pinned(None, (1.0, 2.0), is_latest=True)
    assert first == Pinned((1.0, 2.0), (1.0, 2.0))
    assert pinned(first, (3.0, 4.0), is_latest=True) == Pinned((3.0, 4.0), (3.0, 4.0))


def test_a_later_move_keeps_the_first_place_and_counts() -> None:
    moved = pinned(Pinned((1.0, 2.0), (1.0, 2.0)), (3.0, 4.0), is_latest=False)
    assert moved == Pinned((3.0, 4.0), (1.0, 2.0), 1)
    assert pinned(moved, (3.0, 4.0), is_latest=False) == moved, "the same place again is no move"
    assert pinned(moved, (5.0, 6.0), is_latest=False).moves == 2


@pytest.mark.parametrize(
    ("times", "hours"),
    [
        (["2024-05-01T08:00:00", "2024-05-01T09:30:00"], [None, 1.5]),
        (["2024-05-01T08:00:00+00:00", "2024-05-01T10:00:00+02:00"], [None, 0.0]),
        (["", "2024-05-01T08:00:00", "", "2024-05-01T10:00:00"], [None, None, None, 2.0]),
        (["2024-05-01T08:00:00", "2024-05-01T07:00:00"], [None, 0.0]),
    ],
)
def test_hours_since_the_photo_before(times: list[str], hours: list[float | None]) -> None:
    assert hours_since_the_one_before(times) == hours


def test_a_total_is_sum_and_median() -> None:
    assert total([Answer(10, 100), Answer(30, 50), Answer(20, 60)]) == Total(3, 210, 20)
    assert total([]) is None


def test_help_compares_photo_by_photo() -> None:
    before = [Answer(100, 10), Answer(50, 40), Answer(70, 30)]
    after = [Answer(20, 80), Answer(60, 35), Answer(70, 30)]
    assert help_of(before, after) == Help(
        photos=3,
        changed=2,
        nearer=1,
        farther=1,
        points_before=80,
        points_after=145,
        median_before_km=70,
        median_after_km=60,
    )
    assert help_of([], []) is None


@pytest.mark.parametrize(
    ("points", "expected"),
    [((3, 2, 1), "you"), ((1, 3, 2), "single"), ((1, 2, 3), "album"), ((3, 3, 1), "tie")],
)
def test_most_points_win(points: tuple[int, int, int], expected: str) -> None:
    you, single, album = (Total(2, value, 1.0) for value in points)
    assert winner(you, single, album) == expected


def test_who_has_no_answer_does_not_win() -> None:
    assert winner(Total(1, 0, 9.0), None, None) == "you"
    assert winner(None, None, None) == "nobody"
