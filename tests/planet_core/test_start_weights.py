from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from planet_core import checkpoint, inception, model_directory, recipe, train_cnn
from planet_core.partition import Partition
from planet_core.run_log import read_events, read_steps
from planet_core.start_weights import open_start, take_over
from planet_core.stopping import UserError
from tests.planet_core.made import coloured_towns
from tests.planet_core.made_model import INDEX, METRICS, made_model, made_partition

HEAD = {"classifier.weight", "classifier.bias"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    made_model(tmp_path / "model", seed=1)
    return tmp_path / "model"


def equal_tensors(network: torch.nn.Module, model: Path) -> set[str]:
    theirs = checkpoint.load(model).network.state_dict()
    return {
        name
        for name, value in network.state_dict().items()
        if name in theirs and torch.equal(value, theirs[name])
    }


def made_network(cells: int | list[int]) -> inception.Network:
    torch.manual_seed(2)
    return inception.build("tiny", cells)


def test_with_the_same_cells_everything_is_taken_over(model: Path) -> None:
    network = made_network(6)
    taken = take_over(network, "tiny", [made_partition()], open_start(model))
    assert (taken.taken, taken.new, taken.head) == (len(network.state_dict()), 0, True)
    assert equal_tensors(network, model) == set(network.state_dict())


def test_as_many_other_cells_get_a_new_head(model: Path) -> None:
    other = Partition.at_level([10, 20, 30, 40, 50, 60], [10, 20, 30, 40, 50, 60], 6, 1)
    assert len(other) == len(made_partition())
    network = made_network(6)
    before = network.classifier.weight.detach().clone()
    taken = take_over(network, "tiny", [other], open_start(model))
    assert (taken.new, taken.head) == (2, False)
    assert torch.equal(network.classifier.weight, before)
    assert equal_tensors(network, model) - HEAD == set(network.state_dict()) - HEAD


def test_of_several_heads_those_of_the_same_cells_are_taken_over(tmp_path: Path) -> None:
    fine, coarse = made_partition(), Partition.at_level([48.85, 40.71, -33.87], [2.35, -74, 151.2], 3, 1)
    other = Partition.at_level([48.85, 40.71, -33.87], [2.35, -74, 151.2], 4, 1)
    counts = [len(coarse), len(fine)]
    torch.manual_seed(1)
    values = recipe.load("tiny").as_dict()
    checkpoint.save(
        tmp_path / "m", inception.build("tiny", counts), "tiny", fine, values, METRICS, INDEX, [coarse]
    )
    for coarsest, new in ((coarse, set()), (other, {"classifier.0.weight", "classifier.0.bias"})):
        network = made_network(counts)
        taken = take_over(network, "tiny", [coarsest, fine], open_start(tmp_path / "m"))
        assert (taken.new, taken.head) == (len(new), not new)
    single = take_over(made_network(len(fine)), "tiny", [fine], open_start(tmp_path / "m"))
    assert (single.new, single.head) == (2, False)


def test_a_model_of_another_network_is_a_clear_error(model: Path) -> None:
    with pytest.raises(UserError, match=r"cannot start a network 'planet-l4' .* which is a 'tiny'"):
        take_over(made_network(6), "planet-l4", [made_partition()], open_start(model))


def test_a_damaged_model_is_a_clear_error(model: Path) -> None:
    start = open_start(model)
    weights = model / model_directory.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"cannot start from the model .* is damaged or foreign"):
        take_over(made_network(6), "tiny", [made_partition()], start)
    (model / model_directory.CONFIG).write_text("{")
    with pytest.raises(UserError, match=r"cannot start from the model .*config.json is damaged"):
        open_start(model)


def test_tensors_that_the_model_does_not_have_stay_new(model: Path) -> None:
    network = made_network(6)
    network.register_buffer("stem_of_another_kind", torch.zeros(3))
    taken = take_over(network, "tiny", [made_partition()], open_start(model))
    assert taken.new == 1


@pytest.mark.slow
def test_a_run_starts_where_another_one_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    towns = coloured_towns(tmp_path, photos_each=8)
    first, second = tmp_path / "first", tmp_path / "second"

    def train(run: Path, *more: str) -> int:
        return train_cnn.main(["--recipe", "tiny", "--data", str(towns), "--run", str(run), *more])

    assert train(first, "--epochs", "6") == 0
    init = ["--init", str(first / "model")]
    options = ["--epochs", "2", "--set", "learning_rate=1e-5", *init]
    assert train(second, *options) == 0
    losses = [[step["loss"] for step in read_steps(run)] for run in (first, second)]
    assert np.mean(losses[1]) < 0.75 * losses[0][0]
    digest = model_directory.version_digest(first / "model")
    [event] = [event for event in read_events(second) if event["event"] == "init"]
    assert (event["digest"], event["new"], event["head"]) == (digest, 0, True)
    assert model_directory.read_config(second / "model")["recipe"]["init"] == digest
    assert "init" not in model_directory.read_config(first / "model")["recipe"]

    third = tmp_path / "third"
    assert train(third, "--init", str(tmp_path / "none")) == 2
    assert "there is no model directory" in capsys.readouterr().err


def test_what_it_started_from_is_part_of_what_a_run_is(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    towns = coloured_towns(tmp_path, photos_each=6)
    command = ["--recipe", "tiny", "--data", str(towns), "--run", str(tmp_path / "run"), "--epochs", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(train_cnn, "examine", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train_cnn.main(
                [*command, "--init", str(model), "--checkpoint-steps", "1", "--set", "batch_size=6"]
            )
    again = [*command, "--set", "batch_size=6", "--resume"]
    assert train_cnn.main(again) == 2
    digest = json.dumps(model_directory.version_digest(model)).strip('"')
    assert f"init: '{digest}' there, None here" in capsys.readouterr().err
