"""Checkpoints of a run that is under way: everything that the next step depends on, so that it can go on.

    RUN/checkpoints/step-000001200/state.safetensors    network, optimiser, average, best epoch's weights
    RUN/checkpoints/step-000001200/state.json           what run this is, where it stands, its history

A checkpoint appears by one rename, and the one before it stays until then: a crash or a full disk leaves the
last one whole. A run that starts anew in the folder of an unfinished one moves that one's to
RUN/checkpoints-before, and removes them when it is finished itself.

Generators of random numbers are not saved, because nothing depends on their state: what a step draws is a
function of seed, epoch and position (`planet_core.feed`, `processes.seed_all`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from planet_core.model_directory import sha256_of
from planet_core.stopping import UserError

FOLDER = "checkpoints"
ASIDE = "checkpoints-before"
_DIGESTS = {"photos": "other photos, places or groups", "partitions": "other cells"}
FORMAT_VERSION = 1
WEIGHTS, STATE = "state.safetensors", "state.json"
KEPT = 2
_DAMAGE = (OSError, ValueError, KeyError, TypeError, SafetensorError)


@dataclass
class Checkpoint:
    """A moment of a run.

    Attributes:
        identity: what run this is, JSON: a checkpoint goes on only where all of it is the same.
        progress: where the run stands, JSON; `step` is the number of steps done.
        tensors: by part and name, as `network/stem.0.0.weight`.
    """

    identity: dict[str, Any]
    progress: dict[str, Any]
    tensors: dict[str, Tensor]

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors of one part under their own names; empty where the checkpoint has none."""
        start = f"{name}/"
        return {
            key.removeprefix(start): value for key, value in self.tensors.items() if key.startswith(start)
        }


def named(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under the name of their part."""
    return {f"{part}/{name}": value for name, value in tensors.items()}


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's state as named tensors; its settings follow from the recipe."""
    state: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{index}.{name}": value for index, values in state.items() for name, value in values.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Takes back what `optimiser_tensors` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the network's weights and batch statistics, on the CPU."""
    return {
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in network.state_dict().items()
    }


def save(run: str | os.PathLike[str], checkpoint: Checkpoint) -> Path:
    """Writes a checkpoint, as a whole or not at all, and drops all but the last two.

    Raises:
        UserError: the disk is full or not writable; says which checkpoint is whole.
    """
    folder = Path(run) / FOLDER
    target = folder / f"step-{checkpoint.progress['step']:09d}"
    temporary = folder / f".{target.name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        tensors = {name: value.cpu().contiguous() for name, value in checkpoint.tensors.items()}
        save_file(tensors, temporary / WEIGHTS)
        state = {
            "format_version": FORMAT_VERSION,
            "sha256": sha256_of(temporary / WEIGHTS),
            "identity": checkpoint.identity,
            "progress": checkpoint.progress,
        }
        (temporary / STATE).write_text(json.dumps(state, allow_nan=False) + "\n", encoding="utf-8")
        for name in (WEIGHTS, STATE):
            _flush(temporary / name)
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
        for old in _checkpoints(run)[:-KEPT]:
            shutil.rmtree(old)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        whole = _checkpoints(run)
        rest = (
            f"{whole[-1]} is whole: make room and go on with --resume" if whole else "there is none before it"
        )
        raise UserError(f"cannot save the checkpoint {target}: {error}; {rest}") from error
    return target


def load(run: str | os.PathLike[str], identity: Mapping[str, Any]) -> Checkpoint | None:
    """The last whole checkpoint of a run; None where there is none yet.

    Raises:
        UserError: it belongs to another run (says what differs), or no checkpoint of several is whole.
    """
    reasons = []
    for folder in reversed(_checkpoints(run)):
        try:
            state = json.loads((folder / STATE).read_text(encoding="utf-8"))
            if state["format_version"] != FORMAT_VERSION:
                raise UserError(
                    f"the checkpoint {folder} has format {state['format_version']}, this program reads"
                    f" {FORMAT_VERSION}: start the run anew, without --resume"
                )
            if sha256_of(folder / WEIGHTS) != state["sha256"]:
                raise ValueError(f"the sha256 of {WEIGHTS} is not the one in {STATE}")
            _check_identity(folder, state["identity"], identity)
            return Checkpoint(state["identity"], state["progress"], load_file(folder / WEIGHTS))
        except _DAMAGE as error:
            reasons.append(f"{folder.name}: {error}")
    if reasons:
        raise UserError(f"no checkpoint in {Path(run) / FOLDER} is whole ({'; '.join(reasons)})")
    return None


def clear(run: str | os.PathLike[str]) -> None:
    """Removes the checkpoints of a run that is finished, and those that were set aside for it."""
    for name in (FOLDER, ASIDE):
        shutil.rmtree(Path(run) / name, ignore_errors=True)


def set_aside(run: str | os.PathLike[str]) -> Path | None:
    """Puts the checkpoints of a run that was not finished where a run that starts anew does not touch them.

    Returns:
        Where they are now; None where there were none.

    Raises:
        OSError: they cannot be moved.
    """
    if not _checkpoints(run):
        return None
    aside = Path(run) / ASIDE
    if aside.exists():
        shutil.rmtree(aside)
    (Path(run) / FOLDER).rename(aside)
    return aside


def _checkpoints(run: str | os.PathLike[str]) -> list[Path]:
    """Folders of the complete checkpoints, oldest first."""
    return sorted((Path(run) / FOLDER).glob("step-*"))


def _check_identity(folder: Path, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    plain = json.loads(json.dumps(here))  # tuples are lists in a file
    different = []
    for name in sorted({*there, *plain}):
        old, new = there.get(name), plain.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
            different += [f"{name} {key}: {old.get(key)!r} there, {new.get(key)!r} here" for key in keys]
        else:
            different.append(_DIGESTS.get(name, f"{name}: {old!r} there, {new!r} here"))
    if different:
        raise UserError(
            f"the checkpoint {folder} belongs to another run ({'; '.join(different)}): repeat the options it"
            " was started with, or start anew without --resume"
        )


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
