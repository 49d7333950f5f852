from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from geogame.games.share import RoundPlayed, Totals, country_text, points_text, squares, streak_text

URL = "https://arena.example/c/AAAAAAAAAAAAAAAAAAAAAA/"


@pytest.mark.parametrize(
    ("points", "bar"),
    [(5000, "■■■■■"), (4999, "■■■■□"), (2500, "■■□□□"), (1, "■□□□□"), (0, "□□□□□")],
)
def test_only_the_best_is_full_and_only_nothing_is_empty(points: int, bar: str) -> None:
    assert squares(points) == bar


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_more_points_never_give_fewer_squares(one: int, other: int) -> None:
    fewer, more = sorted([one, other])
    assert squares(fewer).count("■") <= squares(more).count("■")


def test_points_by_round_with_the_total_and_the_model() -> None:
    text = points_text(
        title="PlaNet Arena · 22 November 2026",
        rounds=[RoundPlayed(4312), RoundPlayed(0), RoundPlayed(void=True)],
        totals=Totals(you=4312, model=9999, model_name="PlaNet tiny"),
        url=URL,
    )
    assert text.splitlines() == [
        "PlaNet Arena · 22 November 2026",
        "■■■■□ 4,312",
        "□□□□□ 0",
        "–––––",
        "4,312 of 10,000 points, PlaNet tiny (model): 9,999",
        URL,
    ]


def test_without_a_model_nobody_is_named() -> None:
    text = points_text(title="T", rounds=[RoundPlayed(10)], totals=Totals(10, None), url=URL)
    assert text.splitlines()[2] == "10 of 5,000 points"


def test_countries_are_right_or_wrong_and_have_no_names() -> None:
    rounds = [RoundPlayed(correct=True), RoundPlayed(correct=False), RoundPlayed(void=True)]
    text = country_text(title="T", rounds=rounds, totals=Totals(1, 2, "PlaNet"), url=URL)
    assert text.splitlines()[1:3] == ["✓ ✗ –", "1 of 2 countries right, PlaNet (model): 2"]


@pytest.mark.parametrize(
    ("countries", "line"),
    [(0, "0 countries in a row"), (1, "1 country in a row"), (2, "2 countries in a row")],
)
def test_a_streak_is_one_number(countries: int, line: str) -> None:
    assert streak_text(title="T", countries=countries, url=URL).splitlines() == ["T", line, URL]


def test_numbers_are_written_as_the_language_does() -> None:
    with translation.override("de"):
        text = points_text(title="T", rounds=[RoundPlayed(4312)], totals=Totals(4312, None), url=URL)
    assert "4.312" in text.splitlines()[1]
