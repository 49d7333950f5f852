from __future__ import annotations

import numpy as np
import pytest

from planet_core import calibration


def honest(photos: int, cells: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(log probabilities, truths drawn from these very probabilities)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (photos, cells))
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    truth = (rng.uniform(size=(photos, 1)) > np.exp(logs).cumsum(axis=1)).sum(axis=1)
    return logs, np.minimum(truth, cells - 1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_of_a_model_that_is_too_sure_is_found(temperature: float) -> None:
    logs, truth = honest(20_000, 12)
    # sharpened by the temperature: raising it again makes the model honest
    assert calibration.fit_temperature(logs * temperature, truth) == pytest.approx(temperature, rel=0.03)


def test_the_fit_is_the_least_of_the_likelihood() -> None:
    logs, truth = honest(500, 5, seed=3)
    found = calibration.fit_temperature(3 * logs, truth)
    around = calibration.nll_sums(3 * logs, truth, [found * 0.98, found, found * 1.02])
    assert around.argmin() == 1


def test_dropped_cells_do_not_choose_the_temperature() -> None:
    logs, truth = honest(300, 5)
    mixed = np.where(np.arange(300) % 3 == 0, -1, truth)
    kept = mixed >= 0
    assert calibration.fit_temperature(logs, mixed) == calibration.fit_temperature(logs[kept], truth[kept])
    assert calibration.fit_temperature(logs, np.full(300, -1)) == 1.0


def test_parts_add_up_to_the_whole() -> None:
    logs, truth = honest(150, 5)
    truth[::7] = -1
    whole = calibration.nll_sums(logs, truth, [0.5, 1, 2])
    parts = sum(
        calibration.nll_sums(logs[some], truth[some], [0.5, 1, 2]) for some in (slice(70), slice(70, 150))
    )
    np.testing.assert_allclose(parts, whole)
    inside = truth >= 0
    assert whole[1] == pytest.approx(-logs[inside, truth[inside]].sum())


def test_all_right_or_all_wrong_ends_at_the_bounds() -> None:
    logs = np.log(np.array([[0.9, 0.1]] * 4))
    assert calibration.fit_temperature(logs, [0] * 4) == pytest.approx(0.1)
    assert calibration.fit_temperature(logs, [1] * 4) == pytest.approx(10)


@pytest.mark.parametrize(
    ("logs", "classes", "reason"),
    [
        (np.zeros((2, 3)), [0], "do not fit classes"),
        (np.zeros(3), [0, 1, 2], "do not fit classes"),
        (np.zeros((2, 3)), [0, 3], r"cells 0\.\.2, not 0\.\.3"),
        (np.zeros((2, 3)), [0, -2], r"not -2\.\.0"),
        (np.array([[0.0, np.nan]]), [0], "must be numbers"),
        (np.array([[-np.inf, 0.0]]), [0], "must be numbers"),
    ],
)
def test_what_cannot_be_fitted_is_refused(logs: np.ndarray, classes: list[int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        calibration.fit_temperature(logs, classes)


def test_a_temperature_is_applied_to_whole_distributions() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(6), 4).astype(np.float32)
    assert np.array_equal(calibration.apply(rows, 1.0), rows)
    hot = calibration.apply(rows, 2.0)
    expected = np.sqrt(rows.astype(float))
    np.testing.assert_allclose(hot, expected / expected.sum(axis=1, keepdims=True), rtol=1e-6)
    assert hot.dtype == np.float32
    assert np.array_equal(hot.argsort(axis=1), rows.argsort(axis=1))
    np.testing.assert_allclose(calibration.apply(rows[0], 2.0), hot[0])
    np.testing.assert_allclose(calibration.apply([1.0, 0.0], 0.5), [1, 0])
    for temperature in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="a temperature is a positive number"):
            calibration.apply(rows, temperature)


def test_the_error_is_the_gap_between_sure_and_right() -> None:
    # a bin of four at 0.75, half right, and one of two at 0.95, all right
    sure, right = [0.75] * 4 + [0.95] * 2, [1, 1, 0, 0, 1, 1]
    assert calibration.expected_calibration_error(sure, right) == pytest.approx((4 * 0.25 + 2 * 0.05) / 6)
    assert calibration.expected_calibration_error([1.0, 1.0], [True, True]) == 0
    assert calibration.expected_calibration_error([1.0, 1.0], [False, False]) == 1


def test_an_honest_model_has_nearly_no_error() -> None:
    logs, truth = honest(50_000, 6)
    probabilities = np.exp(logs)
    right = probabilities.argmax(axis=1) == truth
    assert calibration.expected_calibration_error(probabilities.max(axis=1), right) < 0.01
    too_sure = calibration.apply(probabilities, 0.4)
    assert calibration.expected_calibration_error(too_sure.max(axis=1), right) > 0.1


def test_the_curve_has_a_point_for_each_filled_bin() -> None:
    curve = calibration.reliability([0.0, 0.2, 0.2001, 1.0], [0, 1, 0, 1], bins=5)
    assert curve.edges == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert curve.counts.tolist() == [2, 1, 0, 0, 1]  # a bin holds its upper edge
    assert curve.accuracy[[0, 1, 4]] == pytest.approx([0.5, 0, 1])
    assert curve.confidence[[0, 1, 4]] == pytest.approx([0.1, 0.2001, 1])
    assert np.isnan(curve.accuracy[2:4]).all()


@pytest.mark.parametrize(
    ("sure", "right", "bins", "reason"),
    [
        ([], [], 15, "at least one"),
        ([0.5], [1, 0], 15, "of the same answers"),
        ([1.5], [1], 15, "confidence is a probability"),
        ([np.nan], [1], 15, "confidence is a probability"),
        ([0.5], [1], 0, "at least one bin"),
    ],
)
def test_curves_of_nothing_are_refused(sure: list[float], right: list[int], bins: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        calibration.reliability(sure, right, bins)


def test_the_brier_score_counts_all_cells() -> None:
    rows = [[0.7, 0.2, 0.1], [0.5, 0.5, 0.0]]
    first, second = 0.3**2 + 0.2**2 + 0.1**2, 0.5**2 + 0.5**2
    assert calibration.brier_score(rows, [0, 1]) == pytest.approx((first + second) / 2)
    assert calibration.brier_score(rows[1:], [-1]) == pytest.approx(0.5)  # a dropped cell: all mass is wrong
    assert calibration.brier_score([[1.0, 0.0]], [0]) == 0
    with pytest.raises(ValueError, match="do not fit"):
        calibration.brier_score(rows, [0])
