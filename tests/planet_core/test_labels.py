from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from planet_core import geo
from planet_core.labels import Labels, distances_km, unit_vectors
from planet_core.partition import Partition
from planet_core.stopping import UserError

LAT, LNG = [48.85, 49.9, 40.71, -33.87], [2.35, 2.35, -74.0, 151.2]
PARTITION = Partition.at_level(LAT, LNG, 6, 1)
place = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(place, place)
def test_distances_are_those_of_geo(one: tuple[float, float], other: tuple[float, float]) -> None:
    [[distance]] = distances_km(
        unit_vectors([one[0]], [one[1]]), unit_vectors([other[0]], [other[1]])
    ).tolist()
    assert distance == pytest.approx(float(geo.haversine_km(*one, *other)), abs=2e-4)


def test_haversine_targets_are_pigeons_weights_divided_by_their_sum() -> None:
    labels = Labels("haversine", PARTITION, scale_km=75)
    classes = PARTITION.lookup(LAT, LNG)
    targets = labels.targets(unit_vectors(LAT, LNG)).numpy()
    distance = geo.haversine_km(np.array(LAT)[:, None], np.array(LNG)[:, None], *PARTITION.centroids())
    own = distance[np.arange(4), classes][:, None]
    weights = np.exp(-(distance - own) / 75)
    np.testing.assert_allclose(targets, weights / weights.sum(axis=1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
    assert targets.argmax(axis=1).tolist() == classes.tolist()
    assert targets[0, classes[1]] > 0.1 > 1e-6 > targets[0, classes[2]]  # 117 km away, and an ocean away


@pytest.mark.parametrize("kind", ["one-hot", "haversine"])
def test_the_loss_is_cross_entropy_and_its_gradient_pulls_towards_the_target(kind: str) -> None:
    labels = Labels(kind, PARTITION)
    classes, points = torch.from_numpy(PARTITION.lookup(LAT, LNG)), unit_vectors(LAT, LNG)
    logits = torch.zeros(4, len(PARTITION), requires_grad=True)
    loss = labels.loss(logits, classes, points)
    assert loss.item() == pytest.approx(4 * np.log(len(PARTITION)), rel=1e-6)
    loss.backward()
    targets = labels.targets(points) if kind == "haversine" else torch.eye(len(PARTITION))[classes]
    torch.testing.assert_close(-logits.grad, targets - 1 / len(PARTITION))


def test_smoothing_spreads_a_share_of_a_one_hot_target() -> None:
    logits = torch.randn(4, len(PARTITION))
    classes, points = torch.from_numpy(PARTITION.lookup(LAT, LNG)), unit_vectors(LAT, LNG)
    target = 0.9 * torch.eye(len(PARTITION))[classes] + 0.1 / len(PARTITION)
    expected = -(target * torch.log_softmax(logits, dim=1)).sum()
    torch.testing.assert_close(
        Labels("one-hot", PARTITION, smoothing=0.1).loss(logits, classes, points), expected
    )


def test_unknown_labels_and_impossible_scales_are_refused() -> None:
    with pytest.raises(UserError, match="one-hot, haversine"):
        Labels("fuzzy", PARTITION)
    for scale in (0.0, -1.0, float("nan")):
        with pytest.raises(UserError, match="positive number of km"):
            Labels("haversine", PARTITION, scale_km=scale)
