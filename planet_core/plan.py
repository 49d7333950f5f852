"""Will this training run work? What it takes, and what stands in its way, before anything starts.

    python -m planet_core.plan --recipe tiny --data photos.csv --run runs/first --json
    python -m planet_core.plan --recipe modern --data shards:DIR --run runs/big --devices 8

The options are those of `planet_core.train_cnn`, and `--devices`, processes on this machine. Lists are read
and split as training does it, but no picture is decoded and no weight exists: pictures that turn out to be
damaged are found later, and photos whose digests are not listed count each for itself.

With --json one object: photos, photos_training, photos_validation, photos_outside_cells, cells,
coarser_cells, empty_cells (without a training photo), missing_files (count and the first 20), steps,
steps_per_epoch, memory_bytes (weights, gradients, optimiser, activations, pictures, program and total: see
`planet_core.plan_memory`; of one process, but for the total of all processes that share the memory),
memory_available_bytes (of the device: a GPU's own, else the machine's), disk_bytes (checkpoints, model and
run), disk_available_bytes, and problems, each with code, severity (error or warning) and message. What cannot
be known because of an error is null.

Exit codes: 0 it can work, 2 there is an error among the problems, 130 stopped.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from planet_core import hierarchy, inference, networks, plan_memory
from planet_core.feed import steps_of
from planet_core.hierarchy import HierarchyError
from planet_core.pictures import is_streamed
from planet_core.progress import Progress
from planet_core.recipe import Recipe, RecipeError
from planet_core.resume import KEPT
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import Photo, SourceError
from planet_core.start_weights import open_start
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from planet_core.train_options import chosen_recipe, make_parser, positive
from planet_core.training_data import Sides, make_sides

FIRST = 20
"""So many missing files are named."""
TIGHT = 0.8
"""Above this share of what is free, memory is called short."""
OUTSIDE = 0.2
"""Above this share of photos outside every cell, that is worth a word."""
LINE_BYTES = 100
"""About what a step writes into steps.jsonl."""
PHOTO_BYTES = 100
"""About what a photo takes in the training index of a model version: its digest, mostly."""


@dataclass
class Plan:
    """What is known of a run so far; the attributes are those of the JSON, None where an error hides them."""

    photos: int | None = None
    photos_training: int | None = None
    photos_validation: int | None = None
    photos_outside_cells: int | None = None
    cells: int | None = None
    coarser_cells: list[int] | None = None
    empty_cells: int | None = None
    missing_files: dict[str, Any] = field(default_factory=lambda: {"count": 0, "first": []})
    steps: int | None = None
    steps_per_epoch: int | None = None
    memory_bytes: dict[str, int] | None = None
    memory_available_bytes: int | None = None
    disk_bytes: int | None = None
    disk_available_bytes: int | None = None
    problems: list[dict[str, str]] = field(default_factory=list)

    def error(self, code: str, message: object) -> None:
        """Notes what makes the run impossible."""
        self.problems.append({"code": code, "severity": "error", "message": _sentence(message)})

    def warn(self, code: str, message: object) -> None:
        """Notes what a person should know."""
        self.problems.append({"code": code, "severity": "warning", "message": _sentence(message)})

    @property
    def works(self) -> bool:
        """Whether there is no error."""
        return all(problem["severity"] != "error" for problem in self.problems)


def make_plan(
    recipe: Recipe,
    sources: Sequence[str],
    run: Path,
    out: Path,
    *,
    seed: int = 0,
    devices: int = 1,
    start_from: str | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Everything that can be known before a run. What a person can put right is a problem of the plan."""
    plan = Plan()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plan.memory_available_bytes = plan_memory.available(device)
    plan.disk_available_bytes = min(free_bytes(run), free_bytes(out))
    if device.type == "cuda" and devices > torch.cuda.device_count():
        plan.error("devices", f"{devices} devices are wanted and there are {torch.cuda.device_count()} GPUs")
    _check_network(plan, recipe, start_from)
    photos = _read(plan, sources, progress)
    sides = _split(plan, photos, recipe, seed) if photos else None
    if sides is None:
        return plan
    try:
        plan.steps_per_epoch = steps_of(int(sides.training.sum()), recipe, devices)
    except UserError as error:
        plan.error("steps", error)
        return plan
    plan.steps = recipe.epochs * plan.steps_per_epoch
    if plan.works:
        _weigh(plan, recipe, photos, sides, device, devices)
    return plan


def _check_network(plan: Plan, recipe: Recipe, start_from: str | None) -> None:
    try:
        networks.image_px(recipe.network)
    except UserError as error:
        plan.error("network", error)
        return
    if not start_from:
        return
    try:
        start = open_start(start_from)
    except UserError as error:
        plan.error("init", error)
        return
    theirs = start.config["network"]
    if theirs != recipe.network and not ("backbone" in start.config and recipe.network.startswith("hf:")):
        plan.error("init", f"the model {start_from} is a {theirs!r}, the run trains a {recipe.network!r}")


def _read(plan: Plan, sources: Sequence[str], progress: Progress | None) -> list[Photo]:
    """The photos as training takes them, each file content once, as far as the lists tell it."""
    photos: dict[object, Photo] = {}
    skipped = 0
    for name in sources:
        try:
            source = open_source(name, digests=False)
            for photo in source:
                photos.setdefault(photo.digest or (photo.path, photo.offset), photo)
                if progress:
                    progress.say(f"reading the list: {len(photos)} photos")
        except (SourceError, OSError) as error:
            plan.error("source", error)
            continue
        missing = source.errors.by_code["missing-file"]
        skipped += len(source.errors) - missing
        plan.missing_files["count"] += missing
        named = [error.reason for error in source.errors if error.code == "missing-file"]
        plan.missing_files["first"] = [*plan.missing_files["first"], *named][:FIRST]
    plan.photos = len(photos)
    if plan.missing_files["count"]:
        first = plan.missing_files["first"][:1]
        plan.warn("missing-files", f"{plan.missing_files['count']} files are missing: {', '.join(first)}")
    if skipped:
        plan.warn("unusable-rows", f"{skipped} rows of the lists cannot be used")
    if not photos and plan.works:
        plan.error("no-photos", f"there are no photos to train on in {', '.join(sources)}")
    return list(photos.values())


def _split(plan: Plan, photos: list[Photo], recipe: Recipe, seed: int) -> Sides | None:
    try:
        sides = make_sides(photos, recipe, seed)
        for coarse in sides.coarser:
            hierarchy.parents(coarse, sides.partition)
    except (UserError, HierarchyError) as error:
        plan.error("cells", error)
        return None
    plan.photos_training = int(sides.training.sum())
    plan.photos_validation = int(sides.validation.sum())
    plan.photos_outside_cells = int((sides.classes < 0).sum())
    plan.cells, plan.coarser_cells = len(sides.partition), [len(level) for level in sides.coarser]
    counts = np.bincount(sides.classes[sides.training], minlength=plan.cells)
    plan.empty_cells = int((counts == 0).sum())
    if plan.empty_cells:
        plan.warn("empty-cells", f"{plan.empty_cells} of {plan.cells} cells have no photo to train on")
    if not plan.photos_validation:
        plan.warn("no-validation", "no photo can be held out: nothing will tell how good the model is")
    if plan.photos_outside_cells > OUTSIDE * len(photos):
        plan.warn(
            "outside-cells",
            f"{plan.photos_outside_cells} of {len(photos)} photos lie in no cell and do not train: fewer"
            f" would with a min_photos below {recipe.min_photos}",
        )
    return sides


def _weigh(
    plan: Plan, recipe: Recipe, photos: list[Photo], sides: Sides, device: torch.device, devices: int
) -> None:
    """Memory and disk."""
    assert plan.steps is not None
    assert plan.steps_per_epoch is not None
    cells = [len(level) for level in (*sides.coarser, sides.partition)]
    image_px = networks.image_px(recipe.network)
    step = -(-int(sides.training.sum()) // plan.steps_per_epoch)
    batch = -(-step // devices)
    held_out = [photos[row] for row in np.flatnonzero(sides.validation).tolist()]
    pictures = plan_memory.picture_bytes(photos, held_out, image_px, batch, is_streamed(photos, image_px))
    try:
        memory = plan_memory.estimate(
            recipe, cells, pictures, -(-batch // recipe.accumulate), devices, _is_half(recipe, device)
        )
    except UserError as error:
        plan.error("network", error)
        return
    taken = asdict(memory)
    on_gpu = device.type == "cuda"
    total = sum(taken.values()) - (memory.pictures + memory.program if on_gpu else 0)
    total *= 1 if on_gpu else devices
    plan.memory_bytes = {**taken, "total": total}
    # while a checkpoint is written, there is one more of them
    plan.disk_bytes = (KEPT + 1) * memory.state + memory.gradients + LINE_BYTES * plan.steps
    plan.disk_bytes += PHOTO_BYTES * len(photos)
    check_room(
        plan,
        "set a larger accumulate, a smaller batch_size or a smaller network",
        "checkpoints and model take",
    )
    host_bytes = devices * (memory.pictures + memory.program)
    if on_gpu and host_bytes > plan_memory.available(torch.device("cpu")):
        plan.error(
            "memory", f"the pictures take about {_amount(host_bytes)} of the machine's memory: use shards"
        )


def check_room(plan: Plan, cure: str, what_takes: str) -> None:
    """Notes where the memory or disk of a plan is not there.

    Args:
        cure: what a person may do about the memory.
        what_takes: what the disk is taken for, with its verb.
    """
    assert plan.memory_bytes is not None
    assert plan.disk_bytes is not None
    total, there = plan.memory_bytes["total"], plan.memory_available_bytes or 0
    said = f"a step takes about {_amount(total)} of memory, and {_amount(there)} are free"
    if total > there:
        plan.error("memory", f"{said}: {cure}")
    elif total > TIGHT * there:
        plan.warn("memory", f"{said}, which is little more: where it fails, {cure}")
    disk = plan.disk_available_bytes or 0
    if plan.disk_bytes > disk:
        plan.error(
            "disk",
            f"{what_takes} about {_amount(plan.disk_bytes)}, and {_amount(disk)} are free",
        )


def _is_half(recipe: Recipe, device: torch.device) -> bool:
    if recipe.precision == "bfloat16":
        return device.type == "cuda"
    if recipe.precision == "bfloat16-anywhere":
        return inference.precision(device.type, fast=True) == torch.bfloat16
    return False


def free_bytes(path: Path) -> int:
    """Free bytes where a folder is or will be."""
    there = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    return shutil.disk_usage(there).free


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _sentence(message: object) -> str:
    text = str(message)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


# ------------------------------------------------------------------------------------------------
# Command line


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser(
        "python -m planet_core.plan",
        "Say what a training run will take and what stands in its way, before anything starts.",
        "exit codes: 0 it can work, 2 it cannot, 130 stopped",
    )
    parser.add_argument(
        "--devices", type=positive, default=1, metavar="N", help="processes on this machine (default 1)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


def _show(plan: Plan) -> None:
    if plan.cells is not None:
        print(
            f"{plan.photos} photos in {plan.cells} cells: {plan.photos_training} train,"
            f" {plan.photos_validation} validate, {plan.photos_outside_cells} lie in no cell"
        )
    show_plan(plan)


def show_plan(plan: Plan) -> None:
    """Prints what any plan has, for people: steps, memory, disk and problems."""
    if plan.steps is not None:
        print(f"{plan.steps} steps, {plan.steps_per_epoch} an epoch")
    if plan.memory_bytes is not None and plan.disk_bytes is not None:
        parts = ", ".join(f"{name} {_amount(size)}" for name, size in plan.memory_bytes.items())
        print(f"memory: {parts}; {_amount(plan.memory_available_bytes or 0)} are free")
        print(f"disk: {_amount(plan.disk_bytes)}; {_amount(plan.disk_available_bytes or 0)} are free")
    for problem in plan.problems:
        print(f"{problem['severity']}: {problem['message']}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 it can work, 2 it cannot, 130 stopped."""
    options = _parse(arguments)
    progress = Progress(sys.stderr)
    try:
        with stopping_on_signals():
            plan = make_plan(
                chosen_recipe(options),
                options.data,
                Path(options.run),
                Path(options.out or Path(options.run) / "model"),
                seed=options.seed,
                devices=options.devices,
                start_from=options.init,
                progress=progress,
            )
    except Stopped:
        print("plan: stopped", file=sys.stderr)
        return 130
    except RecipeError as error:
        plan = Plan()
        plan.error("recipe", error)
    finally:
        progress.end()
    if options.json:
        print(json.dumps(asdict(plan), allow_nan=False))
    else:
        _show(plan)
    return 0 if plan.works else 2


if __name__ == "__main__":
    sys.exit(main())
