from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from planet_core import checkpoint, hierarchy, inception, recipe
from planet_core.hierarchy import HierarchyError
from planet_core.partition import Partition
from planet_core.predict import Predictor
from tests.planet_core.made import noise_picture
from tests.planet_core.made_model import INDEX, METRICS

RNG = np.random.default_rng(0)
LAT, LNG = RNG.uniform(-60, 60, 400), RNG.uniform(-180, 180, 400)
FINE, MIDDLE, COARSE = (Partition.build(LAT, LNG, most, 1) for most in (5, 40, 150))


def test_every_fine_cell_has_the_coarse_cell_around_it_as_parent() -> None:
    parent = hierarchy.parents(COARSE, FINE)
    photos = FINE.lookup(LAT, LNG)
    assert np.array_equal(parent[photos], COARSE.lookup(LAT, LNG))
    assert len(COARSE) < len(MIDDLE) < len(FINE)


def test_partitions_that_do_not_nest_are_refused() -> None:
    with pytest.raises(HierarchyError, match="lie in no cell of a coarser partition"):
        hierarchy.parents(Partition.build(LAT[LNG > 0], LNG[LNG > 0], 150, 1), FINE)
    with pytest.raises(HierarchyError, match="fine cells"):
        hierarchy.parents(FINE, COARSE)


def test_probabilities_are_products_down_the_levels_and_sum_to_one() -> None:
    parents = [torch.from_numpy(hierarchy.parents(level, FINE)) for level in (COARSE, MIDDLE)]
    logits = [torch.randn(3, len(level)) * 3 for level in (COARSE, MIDDLE, FINE)]
    result = hierarchy.log_probabilities(logits, parents).exp()
    coarse, middle, fine = (torch.softmax(head.double(), dim=1) for head in logits)
    product = coarse[:, parents[0]] * middle[:, parents[1]] * fine
    torch.testing.assert_close(result, product / product.sum(dim=1, keepdim=True))
    torch.testing.assert_close(result.sum(dim=1), torch.ones(3, dtype=torch.float64))


def test_one_partition_is_a_plain_softmax() -> None:
    logits = torch.randn(2, 7)
    torch.testing.assert_close(hierarchy.log_probabilities(logits).exp(), torch.softmax(logits.double(), 1))


def test_a_saved_model_with_three_partitions_predicts_one_distribution(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = inception.build("tiny", [len(COARSE), len(MIDDLE), len(FINE)]).eval()
    values = recipe.load("tiny").as_dict()
    checkpoint.save(tmp_path / "m", network, "tiny", FINE, values, METRICS, INDEX, (COARSE, MIDDLE))
    predictor = Predictor.load(tmp_path / "m")
    distributions = predictor.distributions([noise_picture(1), noise_picture(2)])
    assert distributions.shape == (2, len(FINE))
    np.testing.assert_allclose(distributions.sum(axis=1), 1, atol=1e-6)
    alone = torch.softmax(network.classifier[-1](torch.zeros(1, network.embedding)), dim=1)
    assert not np.allclose(distributions[0], alone.detach().numpy(), atol=1e-4)
    [prediction] = predictor.predict([noise_picture(1)])
    assert prediction.top_cells[0].probability == pytest.approx(distributions[0].max(), abs=1e-6)
