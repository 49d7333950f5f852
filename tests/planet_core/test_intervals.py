from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_core.intervals import bootstrap, interval, resamples_for, wilson_interval

NONE = np.empty((4, 0))


def test_wilson_of_the_papers_rounds() -> None:
    assert wilson_interval(28, 50) == pytest.approx((0.4231, 0.6884), abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 10)[0] == 0.0
    with pytest.raises(ValueError, match="3 successes in 2 trials"):
        wilson_interval(3, 2)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilsons_interval_holds_the_share(successes: int, failures: int) -> None:
    low, high = wilson_interval(successes, successes + failures)
    assert 0 <= low <= high <= 1
    if successes + failures:
        assert low - 1e-12 <= successes / (successes + failures) <= high + 1e-12


def test_a_mean_has_the_interval_that_theory_gives() -> None:
    values = np.random.default_rng(0).normal(5, 2, (400, 1))
    drawn = bootstrap(np.arange(400), values, np.empty((400, 0)), 2000)
    low, high = interval(drawn.means[:, 0])
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.05)
    assert high == pytest.approx(values.mean() + half, abs=0.05)


def test_photos_of_one_cluster_are_drawn_together() -> None:
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(40), 25)
    values = rng.normal(0, 1, 40)[clusters][:, None]
    together = bootstrap(clusters, values, np.empty((1000, 0)), 500).means.std()
    apart = bootstrap(np.arange(1000), values, np.empty((1000, 0)), 500).means.std()
    assert together > 3 * apart


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(2)
    first = rng.normal(0, 100, 50)
    drawn = bootstrap(np.arange(50), np.stack([first, first + 1], axis=1), np.empty((50, 0)), 200)
    np.testing.assert_allclose(drawn.means[:, 1] - drawn.means[:, 0], 1, atol=1e-9)


def test_medians_are_those_of_the_drawn_photos() -> None:
    rng = np.random.default_rng(3)
    clusters = rng.integers(0, 7, 31)
    clusters[:7] = np.arange(7)
    values = rng.exponential(10, (31, 2))
    drawn = bootstrap(clusters, np.empty((31, 0)), values, 20, seed=5)
    again = np.random.default_rng(5)
    for row in drawn.medians:
        chosen = np.concatenate([np.flatnonzero(clusters == c) for c in again.integers(7, size=7)])
        np.testing.assert_allclose(row, np.median(values[chosen], axis=0))


def test_infinite_distances_have_infinite_medians() -> None:
    drawn = bootstrap(np.zeros(4, dtype=np.int64), NONE, np.array([[1.0], [np.inf], [np.inf], [np.inf]]), 3)
    assert np.isinf(drawn.medians).all()


def test_one_photo_and_none() -> None:
    drawn = bootstrap(np.array([0]), np.array([[3.0]]), np.array([[7.0]]), 5)
    assert set(drawn.means.ravel()) == {3.0}
    assert set(drawn.medians.ravel()) == {7.0}
    with pytest.raises(ValueError, match="at least one"):
        bootstrap(np.array([], dtype=np.int64), np.empty((0, 1)), np.empty((0, 1)), 5)


def test_large_sets_are_resampled_less() -> None:
    assert resamples_for(100) > resamples_for(1_000_000) >= 200
