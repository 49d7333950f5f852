"""Will training this album model work? What it takes, and what stands in its way, before anything starts.

    python -m planet_core.album_plan --variant lstm --image-model MODEL --train A --validation B --out RUN

The options are those of `planet_core.train_album`, and `--devices`, processes on this machine. Lists of
albums are read and looked up in the image model's cells; no picture is decoded and no weight exists.

With --json one object, as `planet_core.plan` has it where the same is meant, of the training albums but for
what is said to be of the others: albums, albums_validation, photos, photos_training, photos_validation,
photos_outside_cells, photos_to_embed (of both), cells, empty_cells, missing_files, steps, steps_per_epoch,
memory_bytes (weights, gradients, optimiser, activations, image_model, program and total),
memory_available_bytes, disk_bytes (embeddings, checkpoints, model and run), disk_available_bytes, and
problems.

Exit codes: 0 it can work, 2 there is an error among the problems, 130 stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from planet_core import album, model_directory, plan_memory
from planet_core.album_embeddings import BATCH
from planet_core.album_options import cache_of, chosen_recipe, make_parser, model_of
from planet_core.album_recipe import AlbumRecipe
from planet_core.albums import Album, AlbumError, read_albums
from planet_core.model_directory import ModelDirectoryError
from planet_core.partition import Partition, PartitionError
from planet_core.plan import FIRST, LINE_BYTES, OUTSIDE, Plan, check_room, free_bytes, show_plan
from planet_core.recipe import RecipeError
from planet_core.resume import KEPT
from planet_core.stopping import Stopped, UserError, stopping_on_signals
from planet_core.train_options import positive

FLOAT_BYTES = 4
KEY_BYTES = 32
"""What a picture's digest takes beside its embedding."""
STEP_COPIES = 4
"""Arrays as wide as its logits that a step holds at once: logits, their softmax, targets and gradient."""


@dataclass
class AlbumPlan(Plan):
    """As `Plan`, with what albums have besides; None where an error hides it."""

    albums: int | None = None
    albums_validation: int | None = None
    photos_to_embed: int | None = None


@dataclass(frozen=True)
class Image:
    """What the plan knows of the image model: its classes, width of an embedding, bytes of its weights."""

    partition: Partition
    width: int
    weights: int


def make_plan(options: argparse.Namespace, recipe: AlbumRecipe) -> AlbumPlan:
    """Everything that can be known before a run. What a person can put right is a problem of the plan.

    Args:
        options: those of the command line.
    """
    plan = AlbumPlan()
    run, cache = Path(options.out), cache_of(options)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plan.memory_available_bytes = plan_memory.available(device)
    plan.disk_available_bytes = min(free_bytes(folder) for folder in (run, cache, model_of(options)))
    if device.type == "cuda" and options.devices > torch.cuda.device_count():
        plan.error(
            "devices", f"{options.devices} devices are wanted and there are {torch.cuda.device_count()} GPUs"
        )
    image = _image_model(plan, Path(options.image_model))
    train = _read(plan, options.train)
    held = _read(plan, options.validation)
    if image is None or not plan.works:
        return plan
    lengths = _count(plan, train, held, image, options.cut)
    if not lengths:
        return plan
    trains = options.variant != "avg"
    plan.steps_per_epoch = math.ceil(len(lengths) / recipe.batch_albums)
    plan.steps = recipe.epochs * plan.steps_per_epoch if trains else 0
    _weigh(plan, recipe, image, options, lengths)
    return plan


def _image_model(plan: AlbumPlan, directory: Path) -> Image | None:
    try:
        config = model_directory.read_config(directory)
        model_directory.verify(directory)
        partition = Partition.load(directory / model_directory.PARTITION)
        weights = (directory / model_directory.WEIGHTS).stat().st_size
        return Image(partition, int(config["embedding"]), weights)
    except KeyError:
        plan.error("image-model", f"the image model {directory} does not say how wide its embeddings are")
    except (ModelDirectoryError, PartitionError, OSError) as error:
        plan.error("image-model", error)
    return None


def _read(plan: AlbumPlan, folders: Sequence[str]) -> list[Album]:
    found: list[Album] = []
    for folder in folders:
        try:
            found += read_albums(Path(folder))
        except (AlbumError, OSError) as error:
            plan.error("source", error)
    return found


def _count(
    plan: AlbumPlan, train: list[Album], held: list[Album], image: Image, cut: int | None
) -> list[int]:
    """Notes albums and photos; the lengths of the albums, or of their parts where they are cut, that have
    anything to learn from."""
    plan.albums, plan.albums_validation, plan.cells = len(train), len(held), len(image.partition)
    paths = {photo.path for one in (*train, *held) for photo in one.photos}
    missing = {path for path in paths if not path.is_file()}
    plan.photos_to_embed = len(paths) - len(missing)
    plan.missing_files = {"count": len(missing), "first": [str(path) for path in sorted(missing)[:FIRST]]}
    classes, located = _classes(train, missing, image.partition)
    learnt = classes >= 0
    plan.photos, plan.photos_training = len(classes), int(learnt.sum())
    plan.photos_outside_cells = int((located & ~learnt).sum())
    plan.empty_cells = plan.cells - len(np.unique(classes[learnt]))
    plan.photos_validation = int((_classes(held, missing, image.partition)[0] >= 0).sum())
    _say_what_is_odd(plan)
    ends = np.cumsum([len(one) for one in train]).tolist()
    pieces = [
        (first, min(first + (cut or len(one)), end))
        for one, end in zip(train, ends, strict=True)
        for first in range(end - len(one), end, cut or len(one))
    ]
    return [stop - first for first, stop in pieces if learnt[first:stop].any()]


def _classes(
    albums: list[Album], missing: set[Path], partition: Partition
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(the cell of each photo, -1 where there is none; whether it is there and its place is known)."""
    photos = [photo for one in albums for photo in one.photos]
    located = np.array([photo.located and photo.path not in missing for photo in photos], dtype=np.bool_)
    classes = np.full(len(photos), -1, dtype=np.int64)
    if located.any():
        places = [(photo.lat, photo.lng) for photo in photos]
        lat, lng = np.array(places, dtype=np.float64)[located].T
        classes[located] = partition.lookup(lat, lng)
    return classes, located


def _say_what_is_odd(plan: AlbumPlan) -> None:
    if count := plan.missing_files["count"]:
        first = plan.missing_files["first"][:1]
        plan.warn(
            "missing-files", f"{count} files are missing, and their photos are no help: {', '.join(first)}"
        )
    if not plan.photos_training:
        plan.error("no-photos", "no photo of the albums is there and lies in a cell of the image model")
    if plan.photos_outside_cells and plan.photos_outside_cells > OUTSIDE * (plan.photos or 0):
        plan.warn(
            "outside-cells",
            f"{plan.photos_outside_cells} of {plan.photos} photos lie in no cell of the image model and do"
            " not train: it knows other places than these albums",
        )
    if not plan.photos_validation:
        plan.warn("no-validation", "no album is held out: nothing will tell how good the model is")


def _weigh(
    plan: AlbumPlan, recipe: AlbumRecipe, image: Image, options: argparse.Namespace, lengths: list[int]
) -> None:
    """Memory and disk."""
    assert plan.cells is not None
    assert plan.photos_to_embed is not None
    assert plan.steps is not None
    try:
        with torch.device("meta"):
            model = album.build(
                options.variant,
                image.width,
                plan.cells,
                cut=options.cut,
                **recipe.build_options(options.variant, plan.cells),
            )
    except (UserError, RecipeError) as error:
        plan.error("network", error)
        return
    everything = sum(plan_memory.bytes_of(value) for value in model.state_dict().values())
    learning = 0
    if plan.steps:
        if model.image is not None and recipe.image_layer == "kept":
            model.image.requires_grad_(False)
        learning = sum(plan_memory.bytes_of(value) for value in model.parameters() if value.requires_grad)
    own, gradients = 2 * everything, learning * (2 if options.devices > 1 else 1)
    optimiser = plan_memory.STATES[recipe.optimiser] * learning
    photos = min(sum(sorted(lengths)[-recipe.batch_albums :]), recipe.batch_albums * max(lengths))
    at_once = min(photos, recipe.batch_albums * recipe.steps_back)
    directions = 2 if options.variant == "blstm" else 1
    per_photo = model.input_width + 12 * model.settings.hidden * model.settings.layers * directions
    activations = FLOAT_BYTES * (STEP_COPIES * at_once * plan.cells + 3 * photos * per_photo)
    program = plan_memory.resident()
    memory = {
        "weights": own,
        "gradients": gradients,
        "optimiser": optimiser,
        "activations": activations,
        "image_model": 2 * image.weights + BATCH * FLOAT_BYTES * 3 * _image_px(options) ** 2,
        "program": program,
    }
    on_gpu = torch.cuda.is_available()
    total = sum(memory.values()) - (program if on_gpu else 0)
    plan.memory_bytes = {**memory, "total": total * (1 if on_gpu else options.devices)}
    embeddings = 2 * plan.photos_to_embed * (image.width * FLOAT_BYTES + KEY_BYTES)
    plan.disk_bytes = embeddings + (KEPT + 1) * (own + optimiser) + everything + LINE_BYTES * plan.steps
    check_room(
        plan,
        "set a smaller batch_albums, hidden or steps_back, or cut the albums",
        "embeddings, checkpoints and model take",
    )


def _image_px(options: argparse.Namespace) -> int:
    return int(model_directory.read_config(options.image_model)["image_px"])


# ------------------------------------------------------------------------------------------------
# Command line


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser(
        "python -m planet_core.album_plan",
        "Say what training an album model will take and what stands in its way, before anything starts.",
        "exit codes: 0 it can work, 2 it cannot, 130 stopped",
    )
    parser.add_argument(
        "--devices", type=positive, default=1, metavar="N", help="processes on this machine (default 1)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


def _show(plan: AlbumPlan) -> None:
    """The plan for people."""
    if plan.photos is not None:
        print(
            f"{plan.albums} albums with {plan.photos} photos, {plan.albums_validation} albums held out;"
            f" {plan.cells} cells: {plan.photos_training} photos train, {plan.photos_validation} validate,"
            f" {plan.photos_outside_cells} lie in no cell"
        )
    show_plan(plan)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 it can work, 2 it cannot, 130 stopped."""
    options = _parse(arguments)
    try:
        with stopping_on_signals():
            plan = make_plan(options, chosen_recipe(options))
    except Stopped:
        print("album_plan: stopped", file=sys.stderr)
        return 130
    except RecipeError as error:
        plan = AlbumPlan()
        plan.error("recipe", error)
    if options.json:
        print(json.dumps(asdict(plan), allow_nan=False))
    else:
        _show(plan)
    return 0 if plan.works else 2


if __name__ == "__main__":
    sys.exit(main())
