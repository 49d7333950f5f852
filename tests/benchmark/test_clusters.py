from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from benchmark.clusters import (
    Clusters,
    difference_interval,
    mean_interval,
    mean_variance,
    quantile,
    quantile_interval,
    share_interval,
    wild_interval,
)
from planet_core.intervals import wilson_interval
from planet_core.metrics import median_km


def crossed(people: int, each: int, panoramas: int, seed: int = 0) -> tuple[Clusters, np.ndarray]:
    rng = np.random.default_rng(seed)
    player = np.repeat(np.arange(people), each)
    panorama = np.concatenate([rng.choice(panoramas, each, replace=False) for _ in range(people)])
    values = 3 + rng.normal(size=people)[player] + rng.normal(size=panoramas)[panorama]
    return Clusters.of(player, panorama), values + rng.normal(size=len(player))


def independent(size: int) -> Clusters:
    return Clusters.of(np.zeros(size, dtype=np.int64), np.arange(size))


def test_the_variance_is_that_of_statsmodels() -> None:
    clusters, values = crossed(30, 6, 25)
    fitted = OLS(values, np.ones((len(values), 1))).fit()
    both, people, places = cov_cluster_2groups(
        fitted, clusters.players, clusters.panoramas, use_correction=False
    )
    crossings = len(clusters.sizes[2])
    joint = (people + places - both).item()  # that of the crossings
    expected = people.item() * 30 / 29 + places.item() * 25 / 24 - joint * crossings / (crossings - 1)
    assert mean_variance(values, clusters) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=60).filter(lambda found: np.ptp(found) > 1e-3))
def test_of_independent_rounds_it_is_the_t_interval(found: list[float]) -> None:
    values = np.array(found)
    expected = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert mean_interval(values, independent(len(values))) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_people_with_own_panoramas_are_the_clusters() -> None:
    rng = np.random.default_rng(1)
    player = np.repeat(np.arange(10), 5)
    values = rng.normal(size=10)[player] + rng.normal(size=50)
    means = values.reshape(10, 5).mean(axis=1)
    expected = stats.t.interval(0.95, 9, means.mean(), stats.sem(means))
    assert mean_interval(values, Clusters.of(player, np.arange(50))) == pytest.approx(expected)


def test_unequal_clusters_count_as_fewer() -> None:
    player = np.repeat(np.arange(3), [98, 1, 1])
    clusters = Clusters.of(player, np.arange(100))
    assert clusters.effective[0] == pytest.approx(100**2 / (98**2 + 2))
    assert clusters.degrees == 1


def test_the_bootstrap_agrees_with_students_t_where_there_are_many_clusters() -> None:
    clusters, values = crossed(120, 6, 100)
    low, high = wild_interval(values, clusters) or (0, 0)
    expected = mean_interval(values, clusters)
    assert (low, high) == pytest.approx(expected, abs=0.15 * (high - low))
    assert wild_interval(values, clusters) == (low, high)  # the same draws each time
    assert difference_interval(values, clusters)[1].startswith("wild")


def test_small_designs_use_students_t() -> None:
    clusters, values = crossed(10, 5, 30)
    interval, method = difference_interval(values, clusters)
    assert interval == mean_interval(values, clusters)
    assert method.startswith("Student's t")


@given(st.integers(1, 199))
def test_of_independent_rounds_a_share_has_nearly_wilsons_interval(hits: int) -> None:
    values = (np.arange(200) < hits).astype(float)
    low, high = share_interval(values, independent(200)) or (0, 0)
    assert (low, high) == pytest.approx(wilson_interval(hits, 200), abs=0.003)


def test_a_share_that_never_varies_counts_its_clusters() -> None:
    clusters = Clusters.of(np.repeat(np.arange(10), 5), np.arange(50))
    assert share_interval(np.zeros(50), clusters) == pytest.approx(
        wilson_interval(0, 10, float(stats.t.ppf(0.975, 9))), abs=1e-6
    )


@given(st.lists(st.floats(0, 1e5) | st.just(math.inf), min_size=1, max_size=50))
def test_the_median_is_the_one_of_the_metrics(found: list[float]) -> None:
    values = np.sort(np.array(found))
    assert quantile(values, 0.5) == median_km(values)


def test_a_median_lies_where_its_share_does() -> None:
    values = np.arange(1.0, 101.0)
    below = (values <= 50.5).astype(float)
    half = stats.t.ppf(0.975, 99) * math.sqrt(below.var(ddof=1) / 100)
    expected = np.quantile(values, [0.5 - half, 0.5 + half], method="hazen")
    assert quantile_interval(values, 0.5, independent(100)) == pytest.approx(expected)


def test_a_median_of_few_or_silent_rounds_is_open_upwards() -> None:
    silent = np.array([1.0, 2.0, math.inf, math.inf])
    assert quantile_interval(silent, 0.5, independent(4)) == (0.0, math.inf)


@pytest.mark.parametrize("interval", [mean_interval, wild_interval])
@pytest.mark.parametrize("value", [0.0, 5000.0, 1 / 3, -7.1])
def test_rounds_that_do_not_differ_have_no_interval_of_a_mean(interval: Any, value: float) -> None:
    clusters, _ = crossed(12, 3, 9)
    assert interval(np.full(36, value), clusters) is None


@given(
    st.lists(st.floats(0, 5000), min_size=2, max_size=8),
    st.sampled_from([mean_interval, wild_interval, lambda *given: difference_interval(*given)[0]]),
)
def test_an_interval_ends_where_its_mean_cannot_be(found: list[float], interval: Any) -> None:
    values = np.array(found)
    reach = interval(values, independent(len(values)), (0.0, 5000.0))
    if reach is not None:
        whole = interval(values, independent(len(values)))
        assert reach == (max(0.0, whole[0]), min(5000.0, whole[1]))
        assert reach[0] <= values.mean() <= reach[1]


def test_one_cluster_has_no_interval() -> None:
    one = Clusters.of(np.zeros(5, dtype=np.int64), np.zeros(5, dtype=np.int64))
    values = np.arange(5.0)
    for interval in (mean_interval, wild_interval, share_interval):
        assert interval(values, one) is None
    assert quantile_interval(values, 0.5, one) is None


def test_chance_leaves_no_interval_of_next_to_nothing() -> None:
    # both persons are right on average and the panoramas cancel out: the two-way variance alone is negative
    clusters = Clusters.of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    values = np.array([1.0, -1.0, -1.0, 1.0]) + np.array([0.1, 0.1, -0.1, -0.1])
    assert mean_variance(values, clusters) == pytest.approx(0.5 * 2 * (0.2**2 + 0.2**2) / 16)


def test_one_person_has_the_variance_of_the_panoramas() -> None:
    values = np.random.default_rng(0).normal(size=12)
    places = np.repeat(np.arange(6), 2)
    alone = mean_variance(values, Clusters.of(np.zeros(12, dtype=np.int64), places))
    sums = np.bincount(places, values - values.mean())
    assert alone == pytest.approx(sums @ sums * 6 / 5 / 144)
