from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from planet_core import model_directory, networks, plan, plan_memory, recipe, resume, train_cnn
from planet_core.run_log import read_events, read_steps
from tests.planet_core.made import coloured_towns
from tests.planet_core.made_model import made_model

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    return coloured_towns(tmp_path, photos_each=8)


@pytest.fixture
def planned(towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*options: str, code: int = 0, recipe_name: str = "tiny") -> dict[str, Any]:
        command = ["--recipe", recipe_name, "--data", str(towns), "--run", str(tmp_path / "run"), "--json"]
        assert plan.main([*command, *options]) == code
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def problems(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem["severity"], problem["code"]) for problem in found["problems"]]


@pytest.mark.slow
def test_it_foresees_what_the_run_does(planned: Run, towns: Path, tmp_path: Path) -> None:
    options = ["--epochs", "3", "--set", "batch_size=6", "--seed", "2"]
    found = planned(*options)
    run = tmp_path / "run"
    assert not run.exists()
    largest = 0
    real = resume.save

    def save(folder: Path, checkpoint: resume.Checkpoint) -> Path:
        nonlocal largest
        path = real(folder, checkpoint)
        largest = max(largest, sum(file.stat().st_size for file in run.rglob("*") if file.is_file()))
        return path

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resume, "save", save)
        command = ["--recipe", "tiny", "--data", str(towns), "--run", str(run), *options]
        assert train_cnn.main(command) == 0
    [data] = [event for event in read_events(run) if event["event"] == "data"]
    for name in ("photos", "photos_training", "photos_validation", "photos_outside_cells", "cells"):
        assert found[name] == data[name]
    assert found["steps"] == len(read_steps(run)) == 3 * found["steps_per_epoch"]
    assert (found["coarser_cells"], found["empty_cells"], found["problems"]) == ([], 0, [])
    assert largest < found["disk_bytes"] < 3 * largest
    assert found["disk_available_bytes"] > found["disk_bytes"]


PEAK = """
import pathlib, re, sys
from planet_core import train_cnn
code = train_cnn.main(sys.argv[1:])
status = pathlib.Path("/proc/self/status").read_text()
print(code, 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]))
"""


@pytest.mark.slow
def test_the_memory_is_about_what_a_run_takes(tmp_path: Path) -> None:
    towns = coloured_towns(tmp_path, photos_each=20)
    options = ["--recipe", "tiny", "--data", str(towns), "--run", str(tmp_path / "run"), "--epochs", "1"]
    options += ["--set", "batch_size=50"]

    def output(*command: str) -> str:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        ended = subprocess.run(
            [sys.executable, *command, *options], env=environment, capture_output=True, text=True, check=True
        )
        return ended.stdout

    memory = json.loads(output("-m", "planet_core.plan", "--json"))["memory_bytes"]
    code, peak = map(int, output("-c", PEAK).split())
    assert code == 0
    assert peak / 1.4 < memory["total"] < 1.4 * peak
    assert memory["total"] - memory["program"] > 0.4 * memory["total"]  # it is not the program alone
    assert sum(memory[name] for name in memory if name != "total") == memory["total"]


def test_what_a_step_keeps_is_counted_as_torch_keeps_it() -> None:
    """The same forward pass with values, on the CPU: every tensor that is saved for the way back, once."""
    network = networks.build_empty("tiny", 5)
    empty = plan_memory._training(network, 3, half=False)
    real = networks.build("tiny", 5).train()
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(value: torch.Tensor) -> torch.Tensor:
        if not isinstance(value, torch.nn.Parameter):
            kept[value.untyped_storage().data_ptr()] = value.untyped_storage()
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        real(torch.zeros(3, 3, 128, 128))
    sizes = [storage.nbytes() for storage in kept.values()]
    assert empty == pytest.approx(sum(sizes) + 2 * max(sizes) + 5 * 3 * 3 * 128**2, rel=0.05)


def test_more_takes_more() -> None:
    def memory(
        name: str = "tiny",
        part: int = 4,
        processes: int = 1,
        half: bool = False,
        cells: int = 10,
        **values: object,
    ) -> Any:
        changed = recipe.load(name).changed([f"{key}={json.dumps(value)}" for key, value in values.items()])
        return plan_memory.estimate(changed, [cells], 0, part, processes, half)

    base = memory()
    assert base.gradients > 0
    assert memory(part=8).activations == pytest.approx(2 * base.activations, rel=0.01) or (
        memory(part=256).activations > 2 * base.activations
    )
    assert memory(average=0.9).weights == pytest.approx(1.5 * base.weights)
    assert memory(processes=2).gradients == 2 * base.gradients
    assert base.optimiser == 2 * base.gradients
    assert memory(optimiser="adagrad").optimiser == base.gradients
    assert memory(part=256, half=True).activations < 0.7 * memory(part=256).activations
    paper = memory("paper", part=1, cells=26_263)
    assert paper.gradients == pytest.approx(4 * 97e6, rel=0.01)  # parameters, as the paper says


def test_missing_files_are_counted_and_named(planned: Run, towns: Path) -> None:
    with towns.open("a") as file:
        file.writelines(f"none-{n}.png,48.85,2.35,,\n" for n in range(30))
        file.write("0-0.png,100,2.35,,\n")
    found = planned()
    assert found["missing_files"]["count"] == 30
    assert len(found["missing_files"]["first"]) == 20
    assert "none-0.png" in found["missing_files"]["first"][0]
    assert problems(found) == [("warning", "missing-files"), ("warning", "unusable-rows")]
    assert found["photos"] == 24


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--set", "min_photos=20"], "cells", "two are needed"),
        (["--set", "coarser=[[40,39,8]]"], "cells", "lie in no cell of a coarser partition"),
        (["--network", "vast"], "network", "There is no network 'vast'"),
        (["--init", "nowhere"], "init", "Cannot start from the model nowhere"),
        (["--set", "accumulate=500"], "steps", "are too few for 1 process"),
        (["--devices", "100"], "steps", "are too few for 100 process"),
        (["--set", "labels=soft"], "recipe", "labels must be one of"),
        (["--data", "none.csv"], "source", "Cannot read the photo list"),
    ],
)
def test_what_cannot_work_is_an_error_and_the_rest_is_told(
    planned: Run, options: list[str], code: str, words: str
) -> None:
    found = planned(*options, code=2)
    [message] = [problem["message"] for problem in found["problems"] if problem["severity"] == "error"]
    assert problems(found)[-1] == ("error", code)
    assert words in message
    assert message.endswith(".")
    assert found["memory_bytes"] is None


def test_a_model_of_another_network_is_an_error(planned: Run, tmp_path: Path) -> None:
    made_model(tmp_path / "model")
    assert planned("--init", str(tmp_path / "model"))["problems"] == []
    found = planned("--init", str(tmp_path / "model"), "--network", "small", code=2)
    assert problems(found) == [("error", "init")]


def test_too_little_memory_and_disk_are_errors(planned: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    need = planned()
    for share, severity in ((0.9, "error"), (1.1, "warning")):
        monkeypatch.setattr(
            plan_memory, "available", lambda _, share=share: int(share * need["memory_bytes"]["total"])
        )
        found = planned(code=2 if severity == "error" else 0)
        assert problems(found) == [(severity, "memory")]
        assert "accumulate" in found["problems"][0]["message"]
    monkeypatch.setattr(plan_memory, "available", lambda _: 1 << 50)
    monkeypatch.setattr(plan, "free_bytes", lambda _: 1000)
    assert problems(planned(code=2)) == [("error", "disk")]


def test_processes_share_the_memory_of_the_machine(planned: Run) -> None:
    one, two = planned()["memory_bytes"], planned("--devices", "2")["memory_bytes"]
    assert sum(two[name] for name in two if name != "total") * 2 == two["total"]
    assert two["gradients"] == 2 * one["gradients"]
    assert two["activations"] < one["activations"] or two["activations"] == pytest.approx(
        one["activations"], rel=0.5
    )


def test_a_set_that_cannot_be_split_is_worth_a_word(tmp_path: Path, towns: Path, planned: Run) -> None:
    lines = towns.read_text().splitlines()
    for row, line in enumerate(lines[1:], start=1):
        path, lat, lng, _, digest = line.split(",")
        lines[row] = f"{path},{round(float(lat))},{round(float(lng))},one,{digest}"
    towns.write_text("\n".join(lines))
    found = planned()
    assert ("warning", "no-validation") in problems(found)
    assert found["photos_validation"] == 0


def test_for_people_it_is_a_few_lines(
    towns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--recipe", "tiny", "--data", str(towns), "--run", str(tmp_path / "run")]
    assert plan.main(command) == 0
    text = capsys.readouterr().out
    assert "24 photos in 3 cells" in text
    assert "memory: weights" in text
    assert plan.main([*command, "--set", "min_photos=20"]) == 2
    assert "error: " in capsys.readouterr().out


def test_a_signal_ends_it(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plan, "make_sides", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    command = ["--recipe", "tiny", "--data", str(towns), "--run", str(tmp_path / "run"), "--json"]
    assert plan.main(command) == 130
    assert capsys.readouterr().out == ""


def test_an_init_of_the_same_network_passes_as_training_takes_it(planned: Run, tmp_path: Path) -> None:
    made_model(tmp_path / "model")
    (tmp_path / "model" / model_directory.CONFIG).write_text("{")
    assert problems(planned("--init", str(tmp_path / "model"), code=2)) == [("error", "init")]
