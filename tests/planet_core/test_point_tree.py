from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_core import answer, point_tree
from planet_core.geo import haversine_km


def places(kind: str, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if kind == "world":
        return np.degrees(np.arcsin(rng.uniform(-1, 1, count))), rng.uniform(-180, 180, count)
    if kind == "towns":
        lat, lng = rng.uniform(-80, 80, 5), rng.uniform(-180, 180, 5)
        town = rng.integers(5, size=count)
        return lat[town] + rng.normal(0, 0.3, count), lng[town] + rng.normal(0, 0.3, count)
    if kind == "poles":
        return rng.choice([-90.0, 90.0, 89.9, -89.9], count), rng.uniform(-180, 180, count)
    if kind == "antimeridian":
        return rng.uniform(-5, 5, count), (180 + rng.normal(0, 3, count) + 180) % 360 - 180
    return np.full(count, 10.0), np.full(count, 20.0)  # one place


def distribution(kind: str, count: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "flat":
        return np.full(count, 1 / count)
    if kind == "certain":
        return np.eye(count)[rng.integers(count)]
    return rng.dirichlet(np.full(count, 0.02 if kind == "few" else 1.0))


KINDS = st.sampled_from(["world", "towns", "poles", "antimeridian", "one place"])


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 300),
    KINDS,
    st.sampled_from(["flat", "certain", "few", "many"]),
    st.sampled_from([0.5, 50.0, 1000.0, 14917.0]),
    st.sampled_from(["max-score", "min-distance"]),
)
def test_the_tree_finds_what_brute_force_finds(
    seed: int, count: int, where: str, mass_kind: str, scale_km: float, rule: str
) -> None:
    rng = np.random.default_rng(seed)
    lat, lng = places(where, count, rng)
    mass = distribution(mass_kind, count, rng)
    value = answer.expected_value(mass[None], lat, lng, rule, scale_km)[:, 0]
    tree = point_tree.build(lat, lng)
    chosen = point_tree.best(tree, mass, answer.loss_of(rule, scale_km), answer.TOLERANCES[rule])
    assert value[chosen] >= value.max() - (1 if rule == "max-score" else 0.11)
    if mass_kind == "certain":
        assert value[chosen] == pytest.approx(value.max(), abs=1e-3)


@given(st.integers(0, 2**32 - 1), st.integers(2, 200), KINDS)
def test_nodes_hold_their_points(seed: int, count: int, where: str) -> None:
    lat, lng = places(where, count, np.random.default_rng(seed))
    tree = point_tree.build(lat, lng)
    assert sorted(tree.order) == list(range(count))
    lat, lng = lat[tree.order], lng[tree.order]
    for level in tree.levels:
        assert level.ends[0] == 0
        assert level.ends[-1] == count
        assert (level.ends[:-1] <= level.points).all()
        assert (level.points < level.ends[1:]).all()
        node = np.repeat(np.arange(len(level.points)), np.diff(level.ends))
        point = level.points[node]
        assert (haversine_km(lat[point], lng[point], lat, lng) <= level.radius_km[node] + 1e-3).all()


@given(st.integers(0, 2**32 - 1), KINDS, st.sampled_from(["few", "many"]))
def test_moved_mass_costs_what_it_may(seed: int, where: str, mass_kind: str) -> None:
    rng = np.random.default_rng(seed)
    lat, lng = places(where, 200, rng)
    mass = distribution(mass_kind, 200, rng)
    tree = point_tree.build(lat, lng)
    loss = answer.loss_of("max-score", 14917.0)
    exact = 5000 - answer.expected_value(mass[None], lat, lng, "max-score", 14917.0)[tree.order, 0]
    for tolerance in (300.0, 30.0, 1.0):
        sources = point_tree._moved(tree, mass[tree.order], loss, tolerance)
        assert sources.weights.sum() == pytest.approx(1)
        moved, error, _ = point_tree._expected(tree.vectors, np.zeros(200), sources, loss)
        assert np.all(np.abs(moved - exact) <= np.minimum(error, tolerance) + 0.01)


def test_a_bound_is_below_every_point_of_its_node() -> None:
    rng = np.random.default_rng(3)
    lat, lng = places("world", 500, rng)
    tree = point_tree.build(lat, lng)
    mass = rng.dirichlet(np.full(500, 0.1))
    for rule in ("max-score", "min-distance"):
        loss = answer.loss_of(rule, 5000.0)
        exact = 5000 - answer.expected_value(mass[None], lat, lng, rule, 5000.0)[tree.order, 0]
        if rule == "min-distance":
            exact -= 5000
        for tolerance in (1000.0, 1.0):
            sources = point_tree._moved(tree, mass[tree.order], loss, tolerance)
            for level in tree.levels:
                _, _, bound = point_tree._expected(tree.vectors[level.points], level.radius_km, sources, loss)
                assert np.all(bound <= np.minimum.reduceat(exact, level.ends[:-1]) + 0.02)


def test_the_tree_is_built_once_for_the_same_points() -> None:
    lat, lng = places("world", 50, np.random.default_rng(1))
    assert point_tree.cached(lat, lng) is point_tree.cached(lat.copy(), lng.copy())
    assert point_tree.cached(lat, lng) is not point_tree.cached(lng / 2, lng)
