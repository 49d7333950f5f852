from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogame.ratings.glicko2 import MOST_DEVIATION, Rating, Result, aged, expected, update

ratings = st.builds(Rating, st.floats(500, 3000), st.floats(30, MOST_DEVIATION), st.floats(0.03, 0.1))
scores = st.sampled_from([0.0, 0.5, 1.0])
OF_THE_PAPER = [Result(Rating(1400, 30), 1), Result(Rating(1550, 100), 0), Result(Rating(1700, 300), 0)]


def test_the_worked_example_of_the_paper() -> None:
    found = update(Rating(1500, 200, 0.06), OF_THE_PAPER, tau=0.5)
    assert found.rating == pytest.approx(1464.06, abs=0.01)  # the paper rounds on its way
    assert found.deviation == pytest.approx(151.52, abs=0.005)
    assert found.volatility == pytest.approx(0.05999, abs=0.00001)


def test_the_expected_scores_of_the_paper() -> None:
    own = Rating(1500, 200, 0.06)
    found = [expected(own, result.opponent) for result in OF_THE_PAPER]
    assert found == pytest.approx([0.639, 0.432, 0.303], abs=0.0006)


def test_who_does_not_play_grows_uncertain_and_no_weaker() -> None:
    """Step 6: the square root of the sum of the squares of deviation and volatility."""
    own = Rating(1500, 50, 0.06)
    found = update(own, [], periods=1.0)
    assert found == aged(own, 1.0)
    assert (found.rating, found.volatility) == (1500, 0.06)
    assert found.deviation == pytest.approx(math.hypot(50, 0.06 * 173.7178))
    assert aged(own, 1e9).deviation == MOST_DEVIATION
    assert aged(own, 0.0).deviation == pytest.approx(50)


@given(own=ratings, opponent=ratings, periods=st.floats(0, 200))
def test_who_wins_rises_and_who_loses_falls(own: Rating, opponent: Rating, periods: float) -> None:
    lost, drawn, won = (update(own, [Result(opponent, score)], periods=periods) for score in (0.0, 0.5, 1.0))
    assert lost.rating < own.rating < won.rating
    assert lost.rating < drawn.rating < won.rating
    assert (drawn.rating > own.rating) == (opponent.rating > own.rating) or drawn.rating == pytest.approx(
        own.rating
    )


@given(own=ratings, opponent=ratings, score=scores, periods=st.floats(0, 200))
def test_numbers_stay_within_their_bounds(
    own: Rating, opponent: Rating, score: float, periods: float
) -> None:
    found = update(own, [Result(opponent, score)], periods=periods)
    assert math.isfinite(found.rating)
    assert 0 < found.deviation <= MOST_DEVIATION
    assert 0 < found.volatility < 1
    assert found.deviation <= aged(Rating(own.rating, own.deviation, found.volatility), periods).deviation


@given(own=ratings, opponent=ratings, score=scores, weight=st.floats(0, 1))
def test_a_game_that_counts_less_moves_less(
    own: Rating, opponent: Rating, score: float, weight: float
) -> None:
    full = update(own, [Result(opponent, score)], periods=0)
    part = update(own, [Result(opponent, score, weight)], periods=0)
    tolerance = 1e-3  # the volatility of the two differs a little
    assert abs(part.rating - own.rating) <= abs(full.rating - own.rating) + tolerance
    assert part.deviation >= full.deviation - tolerance


@given(own=ratings, opponent=ratings, score=scores)
def test_a_game_of_weight_two_is_two_games(own: Rating, opponent: Rating, score: float) -> None:
    twice = update(own, [Result(opponent, score)] * 2)
    double = update(own, [Result(opponent, score, 2.0)])
    assert double.rating == pytest.approx(twice.rating)
    assert double.deviation == pytest.approx(twice.deviation)


def test_a_game_that_counts_nothing_changes_nothing() -> None:
    own = Rating(1600, 80, 0.06)
    found = update(own, [Result(Rating(), 1, 0.0)], periods=0)
    assert found.rating == 1600
    assert found.deviation == pytest.approx(80)
