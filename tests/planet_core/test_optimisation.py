from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from planet_core import inception, recipe
from planet_core.optimisation import Average, check_finite, make_optimiser, rate_at
from planet_core.stopping import UserError

TINY = recipe.load("tiny")


def test_the_learning_rate_warms_up_and_cools_down() -> None:
    values = replace(TINY, learning_rate=1.0, warmup_share=0.1)
    rates = [rate_at(step, 100, values) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == 1.0 == rates[9]
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.001
    assert rate_at(70, 100, replace(values, warmup_share=0.0)) == 1.0


def test_optimisers_go_by_name() -> None:
    network = torch.nn.Linear(2, 2)
    assert isinstance(make_optimiser(network, replace(TINY, optimiser="adagrad")), torch.optim.Adagrad)
    decayed = make_optimiser(network, replace(TINY, optimiser="adamw", weight_decay=0.1))
    assert [group["weight_decay"] for group in decayed.param_groups] == [0.1, 0.0]


def test_the_sums_of_adagrad_decide_how_far_the_first_step_goes() -> None:
    for start, moved in ((0.0, 0.045), (0.1, 0.045 * 1e-3 / (0.1 + 1e-6) ** 0.5)):
        network = torch.nn.Linear(1, 1, bias=False)
        before = network.weight.item()
        values = replace(TINY, optimiser="adagrad", learning_rate=0.045, initial_accumulator=start)
        network.weight.grad = torch.full((1, 1), 1e-3)
        make_optimiser(network, values).step()
        assert before - network.weight.item() == pytest.approx(moved, rel=1e-3)


def test_frozen_weights_are_not_optimised() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    network[0].requires_grad_(False)
    for name in ("adagrad", "adamw"):
        groups = make_optimiser(network, replace(TINY, optimiser=name)).param_groups
        assert sum(len(group["params"]) for group in groups) == 2


def test_the_paper_recipe_has_the_papers_optimiser() -> None:
    [group] = make_optimiser(torch.nn.Linear(2, 2), recipe.load("paper")).param_groups
    assert (group["lr"], group["weight_decay"], group["lr_decay"]) == (0.045, 0.0, 0)


def test_an_average_is_the_weighted_mean_of_the_weights_so_far() -> None:
    network = inception.build("tiny", 2)
    average = Average(network, 0.5)
    expected = copy.deepcopy(network.classifier.bias.detach())
    for step in range(8):
        with torch.no_grad():
            network.classifier.bias.copy_(torch.tensor([step, -2.0 * step]))
            network.stem[0][1].running_mean.fill_(step)
        average.update(network, step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * torch.tensor([step, -2.0 * step])
    torch.testing.assert_close(average.network.classifier.bias.detach(), expected)
    assert average.network.stem[0][1].running_mean.unique().tolist() == [7]  # statistics are not averaged
    assert network.classifier.bias.tolist() == [7, -14]
    with pytest.raises(UserError, match="between 0 and 1"):
        Average(network, 1.0)


def test_a_loss_that_is_no_number_is_named() -> None:
    check_finite(torch.tensor([1.0, 2.0]))
    with pytest.raises(UserError, match="nan"):
        check_finite(torch.tensor([1.0, float("nan")]))
