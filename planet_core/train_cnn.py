"""Training the network, top to bottom: photos -> cells -> split -> pictures -> epochs -> model version.

    python -m planet_core.train_cnn --recipe tiny --data photos.csv --run runs/first

photos.csv has a header line `path,lat,lng[,group,digest,projection,heading]`. The run directory gets
metrics.jsonl (see `planet_core.run_log`) and, at the end, the model version in RUN/model (or --out).

Notable:
- classes come from all photos, but their centroids from the training photos alone
- no place (fine S2 cell) and no group is on both sides of the split; photos in dropped cells do not train,
  but the held-out ones among them stay in every validation number
- pictures are decoded once and kept small in memory; a panorama gives views of 90 degrees, with any heading
  in training and with four fixed ones in validation
- augmentation keeps geography: crops and mild colour, never a mirror, which would swap driving side and text
- the best epoch by validation accuracy is kept (paper section 3), the lower loss where that is equal
- SIGTERM and Ctrl-C stop at once with exit code 130; user errors end with one line and exit code 2
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import math
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from planet_core import answer, checkpoint, geo, inception, metrics, s2, splits
from planet_core import recipe as recipes
from planet_core.model_directory import TrainingIndex
from planet_core.partition import Partition
from planet_core.pictures import (
    READ_SHARE,
    Example,
    change_colour,
    decode,
    training_crop,
    validation_views,
)
from planet_core.predict import normalise
from planet_core.recipe import Recipe, RecipeError
from planet_core.run_log import RunLog, duration
from planet_core.sources.csv_photos import Photo, SourceError
from planet_core.sources.open_source import open_source

EXAMINED_AT_ONCE = 64
TRAINED_SHARE = 0.98  # of the progress bar: reading up to READ_SHARE, training up to this, then saving


class UserError(Exception):
    """Something that the person at the command line can put right."""


class Stopped(BaseException):
    """The run was told to stop."""


# ------------------------------------------------------------------------------------------------
# Photos and pictures


def read_photos(sources: Sequence[str], log: RunLog) -> tuple[list[Photo], Counter[str]]:
    """All photos of the sources, each file content once, and the number of skipped rows by reason."""
    photos: dict[str, Photo] = {}
    skipped: Counter[str] = Counter()
    for name in sources:
        source = open_source(name)
        for photo in source:
            if photo.digest in photos:
                skipped["listed twice"] += 1
            photos.setdefault(photo.digest, photo)
            log.progress(f"reading the list: {len(photos)} photos", phase="read", share=0.0)
        for error in source.errors:
            skipped["unusable row"] += 1
            log.say(f"skipped {name}, {error}")
    if not photos:
        raise UserError(f"there are no photos to train on in {', '.join(sources)}")
    return list(photos.values()), skipped


# ------------------------------------------------------------------------------------------------
# Classes and split


@dataclass(frozen=True)
class Sides:
    """Classes and split. `classes` is -1 in dropped cells; the arrays are (photos,)."""

    partition: Partition
    classes: npt.NDArray[np.int64]
    validation: npt.NDArray[np.bool_]

    @property
    def training(self) -> npt.NDArray[np.bool_]:
        """Photos that are trained on: on the training side and in a cell."""
        return ~self.validation & (self.classes >= 0)


def make_sides(photos: Sequence[Photo], recipe: Recipe, seed: int) -> Sides:
    """The partition of all photos, recounted on the training side, and who is on which side."""
    lat = np.array([photo.lat for photo in photos])
    lng = np.array([photo.lng for photo in photos])
    partition = Partition.build(lat, lng, recipe.max_photos, recipe.min_photos, recipe.max_level)
    if len(partition) < 2:
        raise UserError(
            f"{len(photos)} photos give {len(partition)} class(es), two are needed: recipe {recipe.name!r}"
            f" drops cells with fewer than {recipe.min_photos} photos, splits those with more than"
            f" {recipe.max_photos}"
        )
    classes = partition.lookup(lat, lng)
    places = s2.cell_ids(lat, lng, recipe.fine_level)
    groups = [photo.group for photo in photos]
    validation = splits.split(classes, places, groups, recipe.validation_share, seed)
    sides = Sides(partition, classes, validation)
    return replace(sides, partition=partition.recount(lat[sides.training], lng[sides.training]))


def make_index(photos: Sequence[Photo], sides: Sides, recipe: Recipe) -> TrainingIndex:
    """What the model will have seen."""
    training = [photo for photo, chosen in zip(photos, sides.training, strict=True) if chosen]
    validation = [photo for photo, chosen in zip(photos, sides.validation, strict=True) if chosen]
    cells = s2.cell_ids([p.lat for p in training], [p.lng for p in training], recipe.fine_level)
    return TrainingIndex(
        training_digests=tuple(p.digest for p in training),
        training_groups=tuple({p.group for p in training if p.group}),
        validation_digests=tuple(p.digest for p in validation),
        validation_groups=tuple({p.group for p in validation if p.group}),
        fine_level=recipe.fine_level,
        training_cells=np.unique(cells),
    )


# ------------------------------------------------------------------------------------------------
# Validation


@dataclass(frozen=True)
class Examination:
    """The held-out views: pixels uint8 (V, px, px, 3), class (V,) or -1, place (V,) in degrees."""

    pixels: Tensor
    classes: Tensor
    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]
    photos: int

    def report(self, answers: npt.NDArray[np.int64], partition: Partition) -> dict[str, Any]:
        """Accuracy of answers (V,), cell indices, over all held-out views, those in dropped cells included.

        Distances are to the centres of the answered cells, the paper's way.
        """
        lat, lng = partition.centers()
        return {
            "photos": self.photos,
            "views": len(answers),
            "views_in_cells": int((self.classes >= 0).sum()),
            "accuracy": float(np.mean(answers == self.classes.numpy())),
            **self.distances(lat[answers], lng[answers]),
        }

    def distances(self, lat: npt.ArrayLike, lng: npt.ArrayLike) -> dict[str, Any]:
        """Share at five scales, median and mean points of answered places (V,), degrees."""
        distance = geo.haversine_km(lat, lng, self.lat, self.lng)
        return {
            "accuracy_at_km": {str(km): share for km, share in metrics.accuracy_at(distance).items()},
            "median_km": metrics.median_km(distance),
            "mean_points": metrics.mean_points(distance),
        }


def make_examination(examples: Sequence[Example], sides: Sides, image_px: int) -> Examination | None:
    """The examination of the held-out photos; None if the split could hold nothing out."""
    chosen: list[int] = np.flatnonzero(sides.validation).tolist()
    views = [(index, view) for index in chosen for view in validation_views(examples[index], image_px)]
    if not views:
        return None
    owner = [index for index, _ in views]
    return Examination(
        pixels=torch.from_numpy(np.stack([view for _, view in views])),
        classes=torch.from_numpy(sides.classes[owner]),
        lat=np.array([examples[index].photo.lat for index in owner]),
        lng=np.array([examples[index].photo.lng for index in owner]),
        photos=len(chosen),
    )


@torch.inference_mode()
def answer_all(network: nn.Module, examination: Examination) -> Tensor:
    """Logits of the held-out views, (V, cells)."""
    network.eval()
    return torch.cat(
        [
            network(normalise(batch, checkpoint.NORMALISATION))
            for batch in torch.split(examination.pixels, EXAMINED_AT_ONCE)
        ]
    )


def examine(network: nn.Module, examination: Examination, partition: Partition) -> dict[str, Any]:
    """Loss (over the views in cells), accuracy and distances of the network."""
    logits = answer_all(network, examination)
    inside = examination.classes >= 0
    loss = functional.cross_entropy(logits[inside], examination.classes[inside]) if inside.any() else None
    if loss is not None:
        check_finite(loss)
    answers = logits.argmax(dim=1).numpy()
    return {"loss": None if loss is None else float(loss), **examination.report(answers, partition)}


def examine_rules(network: nn.Module, examination: Examination, partition: Partition) -> dict[str, Any]:
    """Distances of the network's answers by each rule that turns a distribution into a point."""
    probabilities = torch.softmax(answer_all(network, examination).double(), dim=1).numpy()
    return {
        rule: examination.distances(*answer.best_point(probabilities, *points, rule))
        for rule, points in (
            ("top-cell", partition.centers()),
            ("max-score", partition.centroids()),
            ("min-distance", partition.centroids()),
        )
    }


# ------------------------------------------------------------------------------------------------
# The run


def make_optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdaGrad as in the paper, or AdamW, whose decay leaves biases and batch normalisation alone."""
    if recipe.optimiser == "adagrad":
        return torch.optim.Adagrad(network.parameters(), lr=recipe.learning_rate)
    if recipe.optimiser == "adamw":
        matrices = [p for p in network.parameters() if p.ndim > 1]
        vectors = [p for p in network.parameters() if p.ndim <= 1]
        decayed: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
        return torch.optim.AdamW(decayed, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    raise UserError(f"recipe {recipe.name!r}: unknown optimiser {recipe.optimiser!r} (adagrad or adamw)")


def rate_at(step: int, steps: int, recipe: Recipe) -> float:
    """Learning rate of a step: linear warm-up, then a cosine down to 0; constant without warm-up."""
    if not recipe.warmup_share:
        return recipe.learning_rate
    warmup = max(1, round(recipe.warmup_share * steps))
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def check_finite(loss: Tensor) -> None:
    """Raises UserError where training has diverged."""
    if not loss.isfinite():
        raise UserError(f"the loss has become {loss.item()}: the learning rate of the recipe is too high")


def better(new: dict[str, Any] | None, old: dict[str, Any] | None) -> bool:
    """Whether an epoch beats the best so far; without validation the latest is the best."""
    if new is None or old is None:
        return True

    def rank(result: dict[str, Any]) -> tuple[float, float]:
        return result["accuracy"], -(result["loss"] if result["loss"] is not None else 0.0)

    return rank(new) > rank(old)


def run(recipe: Recipe, sources: Sequence[str], out: Path, seed: int, log: RunLog) -> None:
    """One training run, from lists of photos to a model version in `out`."""
    started, cpu_started = time.monotonic(), time.process_time()
    log.event("start", recipe=recipe.name, seed=seed, epochs=recipe.epochs, share=0.0)

    # ---- photos
    image_px = inception.PRESETS[recipe.network].image_px
    photos, skipped = read_photos(sources, log)
    examples, undecodable = decode(photos, image_px, log)
    if not examples:
        raise UserError("none of the photos could be read")
    photos = [example.photo for example in examples]
    skipped += undecodable

    # ---- classes and split
    sides = make_sides(photos, recipe, seed)
    partition = sides.partition
    learners = [examples[index] for index in np.flatnonzero(sides.training)]
    labels = torch.from_numpy(sides.classes[sides.training])
    examination = make_examination(examples, sides, image_px)
    counts = {
        "photos": len(photos),
        "photos_skipped": sum(skipped.values()),
        "skipped_by_reason": dict(skipped),
        "photos_training": len(learners),
        "photos_validation": int(sides.validation.sum()),
        "photos_outside_cells": int((sides.classes < 0).sum()),
        "cells": len(partition),
    }
    log.event("data", share=READ_SHARE, **counts)
    log.say(
        f"{len(photos)} photos in {len(partition)} cells: {counts['photos_training']} train,"
        f" {counts['photos_validation']} validate, {counts['photos_outside_cells']} lie in no cell,"
        f" {counts['photos_skipped']} skipped"
    )

    # ---- baseline: always the cell with the most training photos
    favourite = int(partition.counts.argmax())
    baseline = None
    if examination:
        baseline = examination.report(np.full(len(examination.lat), favourite), partition)
        log.say(_describe("most frequent cell", baseline))

    # ---- network and optimiser
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    network = inception.build(recipe.network, len(partition)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = make_optimiser(network, recipe)
    # a last batch of one picture would leave batch normalisation nothing to normalise
    batches = max(1, round(len(learners) / recipe.batch_size))
    steps = recipe.epochs * batches

    # ---- epochs
    history: list[dict[str, Any]] = []
    best: dict[str, Any] | None = None
    best_weights: dict[str, Tensor] = {}
    step = seen = 0
    training_started = time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        network.train()
        losses, hits = 0.0, 0
        for chosen in np.array_split(rng.permutation(len(learners)), batches):
            # one step
            crops = np.stack([training_crop(learners[index], recipe, image_px, rng) for index in chosen])
            pixels = change_colour(torch.from_numpy(crops), recipe.colour, generator)  # (B, px, px, 3)
            target = labels[chosen]  # (B,)
            logits = network(normalise(pixels, checkpoint.NORMALISATION))  # (B, cells)
            loss = functional.cross_entropy(logits, target, label_smoothing=recipe.label_smoothing)
            check_finite(loss)
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, steps, recipe)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

            # say how far it is
            step += 1
            seen += len(chosen)
            losses += loss.item() * len(chosen)
            hits += int((logits.argmax(dim=1) == target).sum())
            elapsed = time.monotonic() - training_started
            pace = {
                "share": READ_SHARE + (TRAINED_SHARE - READ_SHARE) * step / steps,
                "images_per_second": round(seen / elapsed, 1),
                "seconds_left": round(elapsed / step * (steps - step), 1),
            }
            where = {"epoch": epoch, "epochs": recipe.epochs}
            log.progress(
                _pace_line(where, pace, loss.item()), phase="train", loss=loss.item(), **where, **pace
            )

        # examine, and keep the best
        validation = examine(network, examination, partition) if examination else None
        result = {
            **where,
            "train_loss": losses / len(learners),
            "train_accuracy": hits / len(learners),
            "validation": validation,
        }
        is_best = best is None or better(validation, best["validation"])
        if is_best:
            best, best_weights = result, copy.deepcopy(network.state_dict())
        history.append(result)
        log.event("epoch", **result, best=is_best, **pace)
        log.say(_epoch_line(result, is_best))

    # ---- model version
    if best is None:
        raise UserError("a run needs at least one epoch")
    log.event("progress", phase="save", share=TRAINED_SHARE)
    network.load_state_dict(best_weights)
    rules = examine_rules(network, examination, partition) if examination else None
    seconds = round(time.monotonic() - started, 1)
    report = {
        **counts,
        "seed": seed,
        "best_epoch": best["epoch"],
        "validation": best["validation"],
        "validation_by_rule": rules,
        "baseline": baseline,
        "seconds": seconds,
        "cpu_seconds": round(time.process_time() - cpu_started, 1),
        "images_per_second": pace["images_per_second"],
        "epochs": history,
    }
    index = make_index(photos, sides, recipe)
    values = {**recipe.as_dict(), "seed": seed}
    digest = checkpoint.save(out, network, recipe.network, partition, values, report, index)
    log.event(
        "done",
        share=1.0,
        model=str(out),
        digest=digest,
        best_epoch=best["epoch"],
        validation=best["validation"],
        baseline=baseline,
        seconds=seconds,
    )
    if best["validation"]:
        log.say(_describe(f"best epoch, {best['epoch']}", best["validation"]))
    log.say(f"model version {digest[:12]} in {out} after {duration(seconds)}")


def _pace_line(where: dict[str, int], pace: dict[str, float], loss: float) -> str:
    return (
        f"epoch {where['epoch']} of {where['epochs']}, loss {loss:.3f},"
        f" {pace['images_per_second']:.0f} images/s, {duration(pace['seconds_left'])} left"
    )


def _epoch_line(result: dict[str, Any], is_best: bool) -> str:
    line = (
        f"epoch {result['epoch']:3d}  loss {result['train_loss']:.3f}  right {result['train_accuracy']:.1%}"
    )
    if result["validation"]:
        line += "  " + _describe("validation", result["validation"])
    return line + ("  *" if is_best else "")


def _describe(name: str, result: dict[str, Any]) -> str:
    within = " / ".join(f"{share:.1%}" for share in result["accuracy_at_km"].values())
    return (
        f"{name}: right cell {result['accuracy']:.1%}, within {' / '.join(result['accuracy_at_km'])} km"
        f" {within}, median {result['median_km']:.0f} km"
    )


# ------------------------------------------------------------------------------------------------
# Command line


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turns the first SIGTERM or SIGINT into `Stopped`, at the next line of Python that runs."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    listing = "\n".join(f"  {name}: {recipes.summary(name)}" for name in recipes.names())
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.train_cnn",
        description="Train a PlaNet model to say where photos were taken, and save it as a model version.",
        epilog=f"recipes:\n{listing}\n\nexit codes: 0 done, 2 something to put right, 130 stopped",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--recipe", required=True, metavar="NAME", help="which recipe to run, see below")
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        metavar="SOURCE",
        help="photos with places: a CSV file with a header line"
        " path,lat,lng[,group,digest,projection,heading], paths relative to the file;"
        " projection is flat or equirectangular",
    )
    parser.add_argument(
        "--run",
        required=True,
        metavar="DIR",
        help="directory for metrics.jsonl and the model; made if absent",
    )
    parser.add_argument("--out", metavar="DIR", help="where the model version goes (default: RUN/model)")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of all that is random (default 0)"
    )
    parser.add_argument(
        "--epochs", type=_positive, metavar="N", help="passes over the photos (default: the recipe's)"
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    options = parse_arguments(arguments)
    try:
        log = RunLog(options.run)
    except OSError as error:
        print(
            f"train_cnn: cannot write to the run directory {options.run}: {error.strerror}", file=sys.stderr
        )
        return 2
    with contextlib.closing(log):
        try:
            with stopping_on_signals():
                recipe = recipes.load(options.recipe)
                if options.epochs:
                    recipe = replace(recipe, epochs=options.epochs)
                run(recipe, options.data, Path(options.out or Path(options.run) / "model"), options.seed, log)
        except Stopped:
            log.event("stopped")
            log.say("train_cnn: stopped")
            return 130
        except (UserError, RecipeError, SourceError, OSError) as error:
            log.event("failed", reason=str(error))
            log.say(f"train_cnn: {error}")
            return 2
        except Exception as error:
            log.event("failed", reason=f"{type(error).__name__}: {error}")
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
