from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from planet_core.intervals import (
    bootstrap,
    clustered_mean,
    clustered_share,
    interval,
    resamples_for,
    student_t,
    wilson_interval,
)

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


# Means over clusters without drawing


@pytest.mark.parametrize("degrees", [1, 2, 5, 9, 30, 399])
def test_students_t_is_that_of_scipy(degrees: int) -> None:
    assert student_t(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-3)
    with pytest.raises(ValueError, match="at least one degree"):
        student_t(0)


def test_with_one_photo_a_cluster_the_mean_is_that_of_a_t_test() -> None:
    values = np.random.default_rng(0).normal(3, 2, 25)
    found = clustered_mean(values, np.arange(25))
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.low == pytest.approx(expected.low, rel=1e-3)
    assert found.high == pytest.approx(expected.high, rel=1e-3)


def test_the_standard_error_is_that_of_a_regression_clustered_by_album() -> None:
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(30), rng.integers(1, 20, 30))
    values = rng.normal(0, 1, 30)[clusters] + rng.normal(0, 1, clusters.size)
    found = clustered_mean(values, clusters)
    fit = OLS(values, np.ones_like(values)).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False}, use_t=True
    )
    half = fit.bse[0] * np.sqrt(30 / 29) * stats.t.ppf(0.975, 29)
    assert found.value == pytest.approx(values.mean())
    assert found.high == pytest.approx(values.mean() + half, rel=1e-3)


def albums_of(rng: np.random.Generator, albums: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(album, first way right, second way right) of photos that are right or wrong together."""
    sizes = rng.integers(4, 30, albums)
    clusters = np.repeat(np.arange(albums), sizes)
    common = rng.normal(0, 1, albums)[clusters]
    first = common + rng.normal(0, 1, clusters.size) > 0.2
    second = common + rng.normal(0.1, 0.4, albums)[clusters] + rng.normal(0, 1, clusters.size) > 0.2
    return clusters, first, second


@pytest.mark.slow
@pytest.mark.parametrize("albums", [12, 60])
def test_intervals_hold_the_truth_as_often_as_they_say(albums: int) -> None:
    rng = np.random.default_rng(albums)
    clusters, first, second = albums_of(rng, 40_000)
    share, difference = first.mean(), second.mean() - first.mean()
    trials = 800
    held = np.zeros(2)
    for _ in range(trials):
        clusters, first, second = albums_of(rng, albums)
        found = clustered_share(first, clusters), clustered_mean(second * 1.0 - first, clusters)
        for index, (estimate, truth) in enumerate(zip(found, (share, difference), strict=True)):
            assert estimate.low is not None
            assert estimate.high is not None
            held[index] += estimate.low <= truth <= estimate.high
    assert (np.abs(held / trials - 0.95) < 0.025).all(), held / trials


def test_shares_of_all_or_none_count_clusters_and_not_photos() -> None:
    clusters = np.repeat(np.arange(10), 50)
    found = clustered_share(np.ones(500), clusters)
    assert found.value == found.high == 1.0
    assert found.low == pytest.approx(wilson_interval(10, 10, student_t(9))[0])
    one_large = clustered_share(np.ones(100), np.concatenate([np.zeros(91), np.arange(1, 10)]))
    assert one_large.low is not None
    assert one_large.low < 0.2
    independent = clustered_share(np.arange(500) % 2, clusters)
    assert independent.low == pytest.approx(wilson_interval(250, 500, student_t(9))[0])


def test_values_that_are_all_the_same_have_no_interval() -> None:
    found = clustered_mean(np.full(30, 0.25), np.arange(30))
    assert (found.value, found.low, found.high) == (0.25, None, None)


def test_one_cluster_has_no_interval() -> None:
    for measure in (clustered_share, clustered_mean):
        found = measure(np.array([1.0, 0.0]), np.zeros(2, dtype=np.int64))
        assert (found.value, found.low, found.high) == (0.5, None, None)
        with pytest.raises(ValueError, match="at least one"):
            measure(np.empty(0), np.empty(0, dtype=np.int64))
