from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from benchmark.power import power_note, rounds_needed
from benchmark.student import normal_quantile, sign_test, t_cdf, t_quantile
from planet_core.intervals import wilson_interval


@given(st.floats(-50, 50), st.integers(1, 400))
def test_the_distribution_is_scipys(t: float, degrees: int) -> None:
    assert t_cdf(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), abs=1e-9)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 9, 39, 199, 2000, 2001, 100_000])
@pytest.mark.parametrize("probability", [0.025, 0.3, 0.5, 0.9, 0.975])
def test_the_quantile_is_scipys(probability: float, degrees: int) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), abs=1e-7)
    assert normal_quantile(probability) == pytest.approx(stats.norm.ppf(probability), abs=1e-9)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_the_sign_test_is_scipys(wins: int, losses: int) -> None:
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert sign_test(wins, losses) == pytest.approx(expected, rel=1e-7, abs=1e-290)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilsons_interval_is_that_of_statsmodels(wins: int, losses: int) -> None:
    if wins + losses:
        expected = proportion_confint(wins, wins + losses, method="wilson")
        assert wilson_interval(wins, wins + losses) == pytest.approx(expected, abs=1e-9)


def test_the_papers_result_is_no_more_than_a_coins() -> None:
    low, high = wilson_interval(28, 50)
    assert (round(low, 3), round(high, 3)) == (0.423, 0.688)
    assert sign_test(28, 22) == pytest.approx(0.4799, abs=1e-4)


def test_rounds_needed_reach_the_power_that_they_promise() -> None:
    assert rounds_needed(0.55) == 783
    assert rounds_needed(0.5) is None
    assert rounds_needed(1.0) == 6
    for rate in (0.53, 0.55, 0.6):
        count = rounds_needed(rate)
        assert count is not None
        least = stats.binom.isf(0.025, count, 0.5) + 1
        assert stats.binom.sf(least - 1, count, rate) == pytest.approx(0.8, abs=0.04)
        assert rounds_needed(1 - rate) == count


def test_a_note_says_what_there_is_and_what_is_needed() -> None:
    assert power_note(28, 22) == {"decided_rounds": 50, "rounds_needed": 543, "alpha": 0.05, "power": 0.8}
    assert power_note(0, 0)["rounds_needed"] is None


@pytest.mark.parametrize("call", [lambda: t_cdf(1, 0), lambda: sign_test(-1, 2), lambda: rounds_needed(1.5)])
def test_what_cannot_be_is_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"not|cannot"):
        call()  # type: ignore[operator]
