from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_core import answer, scoring
from planet_core.geo import haversine_km

LAT, LNG = np.array([48.0, 50.0, 49.0, -30.0]), np.array([2.0, 4.0, 3.0, 150.0])


def test_top_cell_is_the_most_probable_one() -> None:
    assert answer.best_point([0.2, 0.2, 0.2, 0.4], LAT, LNG, "top-cell") == (-30.0, 150.0)


def test_the_other_rules_prefer_mass_that_lies_together() -> None:
    for rule in ("max-score", "min-distance"):
        assert answer.best_point([0.2, 0.2, 0.29, 0.31], LAT, LNG, rule) == (49.0, 3.0)


def test_max_score_depends_on_the_scale() -> None:
    mass = [0.3, 0.3, 0.0, 0.4]
    assert answer.best_point(mass, LAT, LNG, "max-score", scale_km=50.0) == (-30.0, 150.0)
    assert answer.best_point(mass, LAT, LNG, "max-score", scale_km=14917.0) != (-30.0, 150.0)


@settings(deadline=None)  # brute force is slow, and slower on a busy machine
@given(st.integers(0, 10_000), st.sampled_from([500.0, 14917.0]))
def test_rules_equal_brute_force(seed: int, scale_km: float) -> None:
    rng = np.random.default_rng(seed)
    lat, lng = rng.uniform(-90, 90, 7), rng.uniform(-180, 180, 7)
    mass = rng.dirichlet(np.full(7, 0.3))

    def expected(candidate: int, rule: str) -> float:
        distances = [
            haversine_km(lat[candidate], lng[candidate], *place) for place in zip(lat, lng, strict=True)
        ]
        if rule == "min-distance":
            return -float(np.dot(mass, distances))
        return float(np.dot(mass, [5000 * np.exp(-10 * d / scale_km) for d in distances]))

    for rule in ("max-score", "min-distance"):
        chosen = answer.best_cell(mass, lat, lng, rule, scale_km)
        assert expected(chosen, rule) == pytest.approx(max(expected(c, rule) for c in range(7)))


def test_many_distributions_give_what_each_gives_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    lat, lng = rng.uniform(-90, 90, 50), rng.uniform(-180, 180, 50)
    mass = rng.dirichlet(np.ones(50), size=9).astype(np.float32)
    for rule in answer.RULES:
        whole = np.transpose(answer.best_point(mass, lat, lng, rule))
        with monkeypatch.context() as patch:
            patch.setattr(answer, "_BLOCK_PAIRS", 120)  # blocks of two candidates
            assert np.array_equal(np.transpose(answer.best_point(mass, lat, lng, rule)), whole)
        assert [answer.best_point(row, lat, lng, rule) for row in mass] == [tuple(row) for row in whole]


def test_certainty_scores_full_points() -> None:
    for rule in answer.RULES:
        lat, lng = answer.best_point([0, 1, 0, 0], LAT, LNG, rule)
        assert scoring.points(haversine_km(lat, lng, 50.0, 4.0)) == scoring.MAX_POINTS


def test_unknown_rules_are_refused_with_a_list() -> None:
    with pytest.raises(ValueError, match="top-cell, max-score, min-distance"):
        answer.best_point([1.0], [0.0], [0.0], "best")


@pytest.mark.parametrize(
    ("mass", "message"),
    [
        ([0.5, 0.5], "do not fit"),
        ([0.5, 0.5, 0.1, -0.1], "the probability of cell 3 is -0.1"),
        ([[1, 0, 0, 0], [0, 0, 0, 0]], "distribution 1: the probabilities sum to 0, not to 1"),
        ([[1, 0, 0, 0], [1, 0, 0, 0.002]], "sum to 1.002, not to 1: is a softmax missing"),
        ([3, 4, 5, 6], "^the probabilities sum to 18"),
        ([[1, 0, 0, 0], [np.nan, 0, 0, 1]], "distribution 1: the probability of cell 0 is nan"),
        ([np.inf, 0, 0, 1], "cell 0 is inf"),
        ([[[1, 0, 0, 0]]], "do not fit"),
    ],
)
def test_what_is_no_distribution_is_refused(mass: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        answer.best_point(mass, LAT, LNG, "top-cell")


def test_what_rounding_leaves_of_a_sum_is_divided_out() -> None:
    logits = np.random.default_rng(0).normal(0, 3, 26_263).astype(np.float32)
    mass = np.exp(logits - logits.max())
    mass /= mass.sum()
    lat, lng = np.degrees(np.arcsin(np.linspace(-1, 1, 26_263))), np.arange(26_263) * 137.5 % 360 - 180
    exact = answer.best_cell(mass.astype(np.float64), lat, lng, "top-cell")
    assert answer.best_cell(mass, lat, lng, "top-cell") == exact
    four = np.array([0.2, 0.2, 0.29, 0.31])
    assert answer.best_point(four * 1.0009, LAT, LNG, "max-score") == (49.0, 3.0)


@pytest.mark.parametrize("rule", ["max-score", "min-distance"])
@pytest.mark.parametrize("scale_km", [50.0, 14917.0])
def test_many_cells_are_within_a_point_of_brute_force(rule: str, scale_km: float) -> None:
    rng = np.random.default_rng(7)
    cells = answer.BRUTE_FORCE_CELLS + 500
    lat, lng = np.degrees(np.arcsin(rng.uniform(-1, 1, cells))), rng.uniform(-180, 180, cells)
    near = haversine_km(lat[0], lng[0], lat, lng) < 2000
    mass = np.stack(
        [
            np.full(cells, 1 / cells),
            0.999 * near / near.sum() + 0.001 / cells,
            rng.dirichlet(np.full(cells, 0.01)),
            np.eye(cells)[cells - 1],
        ]
    )
    value = answer.expected_value(mass, lat, lng, rule, scale_km)
    chosen = answer.best_cell(mass, lat, lng, rule, scale_km)
    assert np.all(value[chosen, range(4)] >= value.max(axis=0) - 1)
    assert chosen[3] == cells - 1
    assert [answer.best_cell(row, lat, lng, rule, scale_km) for row in mass] == chosen.tolist()


def test_a_place_that_is_no_number_is_named() -> None:
    with pytest.raises(ValueError, match="place of cell 1"):
        answer.best_point([0.5, 0.5], [0.0, np.nan], [0.0, 0.0], "max-score")


def test_no_cells_and_impossible_scales_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one cell"):
        answer.best_point([], [], [], "top-cell")
    with pytest.raises(ValueError, match="scale_km"):
        answer.best_point([1.0], [0.0], [0.0], "max-score", scale_km=0)
