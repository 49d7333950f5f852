from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from planet_core import resume
from planet_core.resume import Checkpoint
from planet_core.stopping import UserError

IDENTITY = {"recipe": {"name": "tiny", "crop_side": (0.5, 1.0)}, "seed": 0, "partitions": ["abc"]}


def checkpoint(step: int) -> Checkpoint:
    return Checkpoint(IDENTITY, {"step": step, "history": []}, {"network/a": torch.full((2,), float(step))})


def test_the_last_checkpoint_comes_back_whole_and_two_are_kept(tmp_path: Path) -> None:
    assert resume.load(tmp_path, IDENTITY) is None
    for step in (5, 10, 200):
        resume.save(tmp_path, checkpoint(step))
    found = resume.load(tmp_path, IDENTITY)
    assert found is not None
    assert found.progress == {"step": 200, "history": []}
    assert found.part("network")["a"].tolist() == [200, 200]
    assert found.part("average") == {}
    names = sorted(path.name for path in (tmp_path / resume.FOLDER).iterdir())
    assert names == ["step-000000010", "step-000000200"]
    resume.clear(tmp_path)
    assert resume.load(tmp_path, IDENTITY) is None


@pytest.mark.parametrize("optimiser", [torch.optim.Adagrad, torch.optim.AdamW])
def test_an_optimiser_goes_on_as_if_nothing_had_happened(optimiser: type[torch.optim.Optimizer]) -> None:
    def steps(weights: torch.Tensor, with_optimiser: torch.optim.Optimizer, count: int) -> None:
        for _ in range(count):
            with_optimiser.zero_grad()
            (weights**2).sum().backward()
            with_optimiser.step()

    weights = torch.tensor([1.0, -2.0], requires_grad=True)
    first = optimiser([weights], lr=0.1)  # type: ignore[call-arg]
    steps(weights, first, 3)
    copied = weights.detach().clone().requires_grad_()
    second = optimiser([copied], lr=0.1)  # type: ignore[call-arg]
    saved = {name: value.clone() for name, value in resume.optimiser_tensors(first).items()}
    resume.restore_optimiser(second, saved)
    steps(weights, first, 4)
    steps(copied, second, 4)
    assert torch.equal(weights, copied)


def test_a_full_disk_leaves_the_checkpoint_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resume.save(tmp_path, checkpoint(5))

    def full(tensors: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(resume, "save_file", full)
    with pytest.raises(
        UserError, match=r"cannot save .*step-000000010: .*No space left.*step-000000005 is whole"
    ):
        resume.save(tmp_path, checkpoint(10))
    found = resume.load(tmp_path, IDENTITY)
    assert found is not None
    assert found.progress["step"] == 5
    assert len(list((tmp_path / resume.FOLDER).iterdir())) == 1


def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path) -> None:
    for step in (5, 10):
        path = resume.save(tmp_path, checkpoint(step))
    save_file({"network/a": torch.zeros(2)}, path / resume.WEIGHTS)
    found = resume.load(tmp_path, IDENTITY)
    assert found is not None
    assert found.progress["step"] == 5
    (tmp_path / resume.FOLDER / "step-000000005" / resume.STATE).write_text("{")
    with pytest.raises(UserError, match=r"no checkpoint in .* is whole \(step-000000010: the sha256"):
        resume.load(tmp_path, IDENTITY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"partitions": ["def"]}, r"\(other cells\)"),
        ({"photos": "def", "seed": 1}, r"other photos, places or groups; seed: 0 there, 1 here"),
        ({"seed": 1}, "seed: 0 there, 1 here"),
        ({"recipe": {"name": "paper", "crop_side": (0.5, 1.0)}}, "recipe name: 'tiny' there, 'paper' here"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    resume.save(tmp_path, checkpoint(5))
    with pytest.raises(UserError, match=f"belongs to another run.*{message}"):
        resume.load(tmp_path, {**IDENTITY, **change})


def test_a_run_that_starts_anew_sets_checkpoints_aside(tmp_path: Path) -> None:
    assert resume.set_aside(tmp_path) is None
    for step in (5, 6):  # the second time the older ones go
        resume.save(tmp_path, checkpoint(step))
        assert resume.set_aside(tmp_path) == tmp_path / resume.ASIDE
        assert resume.load(tmp_path, IDENTITY) is None
    (tmp_path / resume.ASIDE).rename(tmp_path / resume.FOLDER)
    found = resume.load(tmp_path, IDENTITY)
    assert found is not None
    assert found.progress["step"] == 6
    resume.set_aside(tmp_path)
    resume.clear(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = resume.save(tmp_path, checkpoint(5)) / resume.STATE
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 9}))
    with pytest.raises(UserError, match="format 9"):
        resume.load(tmp_path, IDENTITY)


def test_what_a_crash_left_half_written_is_no_checkpoint(tmp_path: Path) -> None:
    path = resume.save(tmp_path, checkpoint(5))
    shutil.copytree(path, path.parent / ".step-000000010.tmp")
    found = resume.load(tmp_path, IDENTITY)
    assert found is not None
    assert found.progress["step"] == 5
    assert resume.save(tmp_path, checkpoint(10)).name == "step-000000010"
