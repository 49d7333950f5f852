"""Training on several processes, and training that is killed: children are forked, so torch loads once."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from planet_core import model_directory, recipe, resume, stopping, train_cnn
from planet_core.inception import ConvNorm
from planet_core.predict import Predictor
from planet_core.processes import BatchNormOverProcesses, Processes, joined, seed_all, share_batch_statistics
from planet_core.run_log import read_events, read_steps
from tests.planet_core.made import coloured_towns, noise_picture

RECIPE = replace(
    recipe.load("tiny"), batch_size=6, epochs=2, average=0.9, shared_statistics=True, dropout=0.0
)

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def fork(target: Callable[[], object], rank: int = 0, count: int = 1, port: int = 0) -> BaseProcess:
    def child() -> None:
        os.environ.update(
            RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count),
            MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
        )  # fmt: skip
        code = target()
        os._exit(code if isinstance(code, int) else 0)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    return process


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def together(target: Callable[[], object], count: int = 2) -> None:
    """Runs the target in so many joined processes; all must end well."""
    port = free_port()
    children = [fork(target, rank, count, port) for rank in range(count)]
    for child in children:
        child.join(60)
        child.kill()
    assert [child.exitcode for child in children] == [0] * count


def command(towns: Path, run: Path, *more: str) -> list[str]:
    return ["--recipe", "tiny", "--data", str(towns), "--run", str(run), *more]


@pytest.fixture
def towns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recipe, "load", lambda _: RECIPE)
    return coloured_towns(tmp_path, photos_each=8)


def curve(run: Path) -> list[float]:
    steps = read_steps(run)
    assert [line["step"] for line in steps] == list(range(1, len(steps) + 1))
    return [line["loss"] for line in steps]


@pytest.fixture
def double_precision() -> Iterator[None]:
    """AdamW turns the rounding of a float32 gradient near 0 into whole steps; in float64 nothing hides."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.slow
@pytest.mark.usefixtures("double_precision")
def test_two_processes_learn_what_one_learns_with_the_doubled_batch(towns: Path, tmp_path: Path) -> None:
    together(lambda: train_cnn.main(command(towns, tmp_path / "two", "--epochs", "1")))
    assert train_cnn.main(command(towns, tmp_path / "one", "--epochs", "1")) == 0
    np.testing.assert_allclose(curve(tmp_path / "two"), curve(tmp_path / "one"), rtol=1e-6)
    one, two = (model_directory.read_metrics(tmp_path / name / "model") for name in ("one", "two"))
    assert (one["processes"], two["processes"]) == (1, 2)
    for name in ("photos_training", "photos_validation", "cells"):
        assert one[name] == two[name]
    assert two["validation"]["loss"] == pytest.approx(one["validation"]["loss"], rel=1e-6)
    assert sum(event["event"] == "epoch" for event in read_events(tmp_path / "two")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 5])
def test_killed_and_resumed_it_learns_what_the_uninterrupted_run_learns(
    towns: Path, tmp_path: Path, step: int
) -> None:
    """`kill -9` right after step 2 (no checkpoint yet) or 5 (in the second epoch, off a checkpoint)."""

    def killed() -> None:
        real = train_cnn.Average.update

        def update(self: train_cnn.Average, network: torch.nn.Module, number: int) -> None:
            real(self, network, number)
            if number == step:
                os.kill(os.getpid(), signal.SIGKILL)

        train_cnn.Average.update = update  # type: ignore[method-assign]
        train_cnn.main(command(towns, tmp_path / "killed", "--checkpoint-steps", "4"))

    assert train_cnn.main(command(towns, tmp_path / "whole")) == 0
    child = fork(killed)
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert train_cnn.main(command(towns, tmp_path / "killed", "--resume")) == 0
    expected = curve(tmp_path / "whole")
    np.testing.assert_allclose(curve(tmp_path / "killed"), expected, rtol=0, atol=1e-6)
    whole, resumed = (model_directory.read_metrics(tmp_path / name / "model") for name in ("whole", "killed"))
    assert whole["validation"] == resumed["validation"]
    kinds = [event["event"] for event in read_events(tmp_path / "killed")]
    assert ("resume" in kinds) == (step == 5)
    assert not (tmp_path / "killed" / resume.FOLDER).exists()


def signalled(step: int, ranks: tuple[int, ...] = (0,), times: int = 1) -> None:
    """Lets a process send itself SIGTERM in its step of that number, from 0."""
    real = train_cnn.Average.update

    def update(self: train_cnn.Average, network: torch.nn.Module, number: int) -> None:
        real(self, network, number)
        if number == step and int(os.environ.get("RANK", "0")) in ranks:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGTERM)

    train_cnn.Average.update = update  # type: ignore[method-assign]


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 2, 5])
def test_stopped_and_resumed_it_learns_what_the_uninterrupted_run_learns(
    towns: Path, tmp_path: Path, step: int
) -> None:
    """In the first epoch, in its last step (it is examined later), and in the very last one."""

    def stopped() -> int:
        signalled(step)
        return train_cnn.main(command(towns, tmp_path / "stopped"))

    assert train_cnn.main(command(towns, tmp_path / "whole")) == 0
    expected = curve(tmp_path / "whole")
    assert len(expected) == 6
    child = fork(stopped)
    child.join(60)
    assert child.exitcode == 130
    last = read_events(tmp_path / "stopped")[-1]
    assert (last["event"], last["step"], last["checkpoint"]) == ("stopped", step + 1, True)
    assert curve(tmp_path / "stopped") == expected[: step + 1]
    assert train_cnn.main(command(towns, tmp_path / "stopped", "--resume")) == 0
    assert curve(tmp_path / "stopped") == expected
    events = read_events(tmp_path / "stopped")
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == [1, 2]
    whole, resumed = (
        model_directory.version_digest(tmp_path / name / "model") for name in ("whole", "stopped")
    )
    assert whole == resumed


@pytest.mark.slow
def test_stopped_while_it_examines_it_goes_on_with_the_examination(towns: Path, tmp_path: Path) -> None:
    def stopped() -> int:
        train_cnn.examine = lambda *_: os.kill(os.getpid(), signal.SIGINT)  # type: ignore[assignment]
        return train_cnn.main(command(towns, tmp_path / "stopped"))

    assert train_cnn.main(command(towns, tmp_path / "whole")) == 0
    child = fork(stopped)
    child.join(60)
    assert child.exitcode == 130
    last = read_events(tmp_path / "stopped")[-1]
    assert (last["event"], last["step"], last["checkpoint"]) == ("stopped", 3, True)
    assert train_cnn.main(command(towns, tmp_path / "stopped", "--resume")) == 0
    assert curve(tmp_path / "stopped") == curve(tmp_path / "whole")
    whole, resumed = (
        model_directory.version_digest(tmp_path / name / "model") for name in ("whole", "stopped")
    )
    assert whole == resumed


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all_after_the_same_step(towns: Path, tmp_path: Path) -> None:
    def run(*more: str) -> int:
        return train_cnn.main(command(towns, tmp_path / "two", *more))

    def stopped() -> int:
        signalled(2, ranks=(1,))
        return 0 if run() == 130 else 1

    together(stopped)
    last = read_events(tmp_path / "two")[-1]
    assert (last["event"], last["step"], last["checkpoint"]) == ("stopped", 3, True)
    together(lambda: run("--resume"))
    together(lambda: train_cnn.main(command(towns, tmp_path / "whole")))
    np.testing.assert_allclose(curve(tmp_path / "two"), curve(tmp_path / "whole"), rtol=0, atol=1e-6)


@pytest.mark.slow
def test_a_signal_to_one_process_while_all_examine_stops_all_after_it(towns: Path, tmp_path: Path) -> None:
    def stopped() -> int:
        real = train_cnn.examine

        def examine(*arguments: object) -> object:
            if os.environ["RANK"] == "1":
                os.kill(os.getpid(), signal.SIGTERM)
            return real(*arguments)  # type: ignore[arg-type]

        train_cnn.examine = examine  # type: ignore[assignment]
        return 0 if train_cnn.main(command(towns, tmp_path / "two")) == 130 else 1

    together(stopped)
    epoch, last = [event for event in read_events(tmp_path / "two") if event["event"] in ("epoch", "stopped")]
    assert (epoch["epoch"], last["event"], last["step"], last["checkpoint"]) == (1, "stopped", 3, True)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "saved"), [(0.0, False), (60.0, True)])
def test_a_second_signal_ends_at_once_unless_it_comes_with_the_first(
    towns: Path, tmp_path: Path, seconds: float, saved: bool
) -> None:
    def stopped() -> int:
        stopping.TOGETHER_SECONDS = seconds
        signalled(1, times=2)
        return train_cnn.main(command(towns, tmp_path / "run"))

    child = fork(stopped)
    child.join(60)
    assert child.exitcode == 130
    last = read_events(tmp_path / "run")[-1]
    assert (last["event"], last["checkpoint"]) == ("stopped", saved)
    assert (tmp_path / "run" / resume.FOLDER).exists() == saved


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"event": "done", "share": 1}\n')
    assert train_cnn.main(command(tmp_path / "photos.csv", tmp_path, "--resume")) == 0
    assert "is finished" in capsys.readouterr().err


def test_resuming_with_another_seed_is_refused(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(train_cnn, "examine", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train_cnn.main(command(towns, run, "--checkpoint-steps", "1"))
    assert train_cnn.main(command(towns, run, "--resume", "--seed", "5")) == 2
    assert "seed: 0 there, 5 here" in capsys.readouterr().err
    assert read_events(run)[-1]["event"] == "failed"


def test_a_full_disk_ends_the_run_with_the_last_checkpoint_named(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, saved = resume.save_file, []

    def fill(tensors: dict[str, torch.Tensor], path: Path) -> None:
        if saved:
            raise OSError(28, "No space left on device")
        saved.append(path)
        real(tensors, path)

    monkeypatch.setattr(resume, "save_file", fill)
    assert train_cnn.main(command(towns, tmp_path / "run", "--checkpoint-steps", "1")) == 2
    assert "step-000000001 is whole: make room and go on with --resume" in capsys.readouterr().err
    assert len(list((tmp_path / "run" / resume.FOLDER).iterdir())) == 1


@pytest.mark.slow
def test_all_processes_examine_the_network_that_is_saved(tmp_path: Path) -> None:
    """Batch statistics are of each process's own photos, where the recipe does not share them."""
    towns = coloured_towns(tmp_path, photos_each=8)
    settings = ["--set", "batch_size=6", "--epochs", "1", "--set", "average=0.9"]

    def run() -> int:
        real = train_cnn.examine

        def examine(network: torch.nn.Module, *rest: object) -> object:
            torch.save(dict(network.named_buffers()), tmp_path / f"seen-{os.environ['RANK']}.pt")
            return real(network, *rest)  # type: ignore[arg-type]

        train_cnn.examine = examine  # type: ignore[assignment]
        return train_cnn.main(command(towns, tmp_path / "run", *settings))

    together(run)
    one, two = (torch.load(tmp_path / f"seen-{rank}.pt") for rank in range(2))
    saved = load_file(tmp_path / "run" / "model" / model_directory.WEIGHTS)
    assert one
    for name, values in one.items():
        assert torch.equal(values, two[name]), name
        assert torch.equal(values, saved[name]), name


@pytest.mark.slow
def test_where_one_process_fails_each_says_why_it_ends(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resume, "save_file", fail)  # the first process alone saves
    port = free_port()
    run = command(towns, tmp_path / "run", "--checkpoint-steps", "1")
    children = [fork(lambda: train_cnn.main(run), rank, 2, port) for rank in range(2)]
    for child in children:
        child.join(60)
        child.kill()
    assert [child.exitcode for child in children] == [2, 2]
    error = capfd.readouterr().err
    assert "cannot save the checkpoint" in error
    assert "another process of this run has ended" in error
    assert "Traceback" not in error


@pytest.mark.slow
def test_torchrun_with_two_processes_learns_what_one_learns(tmp_path: Path) -> None:
    """The command of the README. With a small rate the float32 curves have not parted after six steps."""
    towns = coloured_towns(tmp_path, photos_each=8)
    values = ["batch_size=6", "epochs=2", "shared_statistics=true", "dropout=0", "learning_rate=1e-5"]
    options = [part for value in values for part in ("--set", value)]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run(
        [*torchrun, "-m", "--", "planet_core.train_cnn", *command(towns, tmp_path / "two", *options)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert train_cnn.main(command(towns, tmp_path / "one", *options)) == 0
    np.testing.assert_allclose(curve(tmp_path / "two"), curve(tmp_path / "one"), rtol=1e-4)
    one, two = (model_directory.read_metrics(tmp_path / name / "model") for name in ("one", "two"))
    assert (one["processes"], two["processes"]) == (1, 2)
    assert {name: one[name] for name in one if name.startswith("photos") or name == "cells"} == {
        name: two[name] for name in two if name.startswith("photos") or name == "cells"
    }
    assert two["validation"]["views"] == one["validation"]["views"]
    assert two["validation"]["loss"] == pytest.approx(one["validation"]["loss"], rel=1e-3)
    assert Predictor.load(tmp_path / "two" / "model").predict([noise_picture(1)])
    assert [event["event"] for event in read_events(tmp_path / "two")][-1] == "done"


@pytest.mark.slow
def test_two_groups_that_meet_at_a_port_stop_and_go_on_together(tmp_path: Path) -> None:
    """As on two machines (docs/training.md): whichever launcher is told to stop, both stop after one step."""
    towns = coloured_towns(tmp_path, photos_each=8)
    run, port = tmp_path / "run", free_port()
    meet = ["--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-id", "towns"]
    options = ["--epochs", "10000", "--set", "batch_size=6", "--resume"]
    program = ["-m", "--", "planet_core.train_cnn", *command(towns, run, *options)]
    torchrun = [sys.executable, "-m", "torch.distributed.run", *meet, "--rdzv-endpoint", f"127.0.0.1:{port}"]

    def steps_until_stopped(told: int, after: int) -> int:
        groups = [
            subprocess.Popen([*torchrun, *program], env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=log)
            for log in logs
        ]
        try:
            deadline = time.monotonic() + 90
            while not (run / "steps.jsonl").exists() or len(read_steps(run)) < after + 3:
                assert time.monotonic() < deadline, [path.read_text()[-2000:] for path in paths]
                time.sleep(0.05)
            groups[told].terminate()
            for group in groups:
                group.wait(60)
        finally:
            for group in groups:
                group.kill()
        last = read_events(run)[-1]
        assert (last["event"], last["checkpoint"]) == ("stopped", True)
        assert len(curve(run)) == last["step"]
        return int(last["step"])

    paths = [tmp_path / "first.log", tmp_path / "second.log"]
    with contextlib.ExitStack() as stack:
        logs = [stack.enter_context(path.open("w")) for path in paths]
        first = steps_until_stopped(0, after=0)
        assert steps_until_stopped(1, after=first) > first
    assert [event["step"] for event in read_events(run) if event["event"] == "resume"] == [first]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("different", "words"), [("--seed", "do not see the same photos"), ("--run", "after different steps")]
)
def test_processes_that_are_about_different_runs_say_so(
    towns: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], different: str, words: str
) -> None:
    def stopped() -> int:
        signalled(1)
        return train_cnn.main(command(towns, tmp_path / "run"))

    child = fork(stopped)
    child.join(60)
    assert child.exitcode == 130

    def other() -> int:
        mine = {"--seed": ["--seed", "5"], "--run": ["--run", str(tmp_path / "elsewhere")]}[different]
        more = mine if os.environ["RANK"] == "1" else []
        code = train_cnn.main(
            command(towns, tmp_path / "run", *(["--resume"] if words[0] == "a" else []), *more)
        )
        return 0 if code == 2 else 1

    together(other)
    assert words in capfd.readouterr().err


@pytest.mark.slow
def test_batch_statistics_over_two_processes_are_those_of_the_whole_batch() -> None:
    torch.manual_seed(0)
    images, pull = torch.randn(6, 3, 4, 4), torch.randn(6, 5, 4, 4)
    alone = ConvNorm(3, 5, 3)
    (alone(images) * pull).sum().backward()
    gradient = alone[0].weight.grad
    torch.manual_seed(0)
    torch.randn(6, 3, 4, 4), torch.randn(6, 5, 4, 4)
    shared = ConvNorm(3, 5, 3)

    def half() -> None:
        with joined() as processes:
            network = share_batch_statistics(shared, processes)
            assert type(network[1]) is BatchNormOverProcesses
            mine = processes.part(6)
            (network(images[mine]) * pull[mine]).sum().backward()
            total = processes.sum(network[0].weight.grad)
            torch.testing.assert_close(total, gradient, rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(network[1].running_var, alone[1].running_var)
            torch.testing.assert_close(network[1].running_mean, alone[1].running_mean)

    together(half)


def test_parts_cover_everything_once() -> None:
    for count in (1, 2, 3, 7):
        parts = [Processes(rank, count, torch.device("cpu")).part(10) for rank in range(count)]
        assert [n for part in parts for n in range(part.start, part.stop)] == list(range(10))


def test_seeds_make_a_step_repeatable() -> None:
    drawn = []
    for numbers in ((1, 2), (1, 2), (1, 3), (2, 1)):
        seed_all(*numbers)
        drawn.append((torch.rand(1).item(), float(np.random.rand())))
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3
