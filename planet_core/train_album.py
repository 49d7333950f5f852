"""Training an album model, top to bottom: albums -> embeddings -> cells -> epochs -> album model.

    python -m planet_core.train_album --variant lstm --image-model MODEL --train A --validation B --out RUN
    python -m planet_core.train_album --variant blstm --cut 25 --recipe paper … --set hidden=1024
    torchrun --nproc-per-node 2 -m -- planet_core.train_album --variant lstm-rep … --out RUN
    python -m planet_core.train_album --variant lstm … --out RUN --resume

A and B are folders with albums.jsonl (`planet_core.albums`). The run directory gets metrics.jsonl and
steps.jsonl (see `planet_core.run_log`), checkpoints while it trains, the embeddings (or --cache), and, at the
end, the album model in RUN/model (or --model).

Notable:
- the image model stays as it is: its embeddings are computed once (`album_embeddings`)
- all that is random is a function of seed, epoch and step: a run that was killed goes on with --resume as if
  nothing had happened, on CPU to the last bit
- a recipe's batch is a step over all processes together, and the loss is the mean over its photos, so the
  number of processes does not change what is learnt
- gradients of the one-directional models go back `steps_back` steps; their state goes on over the whole
  album. A step is a batch of whole albums: the gradients of its windows are added up
- photos without a known cell, and those that cannot be read, are in no loss; models see them all the same
- the epoch with the lowest validation loss is kept; with `patience`, training ends when it stops falling
- SIGTERM and Ctrl-C let the step under way finish, save a checkpoint and end with exit code 130; a second
  signal, or one before the first step, ends at once. User errors end with one line and exit code 2
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import nn

from planet_core import album, album_checkpoint, checkpoint, resume, s2
from planet_core.album import Window
from planet_core.album_embeddings import embed
from planet_core.album_examination import (
    better,
    calibrate,
    epochs_without_gain,
    examine,
    log_distributions,
    single_log_distributions,
)
from planet_core.album_feed import AlbumFeed, Photos, Step, Targets
from planet_core.album_layers import ImageLayer
from planet_core.album_options import cache_of, chosen_recipe, model_of, parse_arguments
from planet_core.album_recipe import AlbumRecipe
from planet_core.album_split import FINE_LEVEL
from planet_core.albums import Album, AlbumError, read_albums
from planet_core.labels import Labels
from planet_core.model_directory import ModelDirectoryError, TrainingIndex
from planet_core.optimisation import check_finite, make_optimiser, rate_at
from planet_core.partition import Partition
from planet_core.processes import Processes, is_lost, joined, seed_all
from planet_core.recipe import RecipeError
from planet_core.run_log import (
    LossCurve,
    RunLog,
    Silence,
    describe,
    duration,
    epoch_line,
    pace_line,
    read_events,
)
from planet_core.stopping import Stop, Stopped, UserError, stopping_on_signals
from planet_core.train_options import CHECKPOINT_SECONDS

READ_SHARE = 0.3  # of the progress bar: embeddings up to this
TRAINED_SHARE = 0.98  # training up to this, then saving


@dataclass(frozen=True, eq=False)
class Data:
    """What a run trains on.

    Attributes:
        train, validation: embedded albums; None where nothing is held out.
        layer: the image model's own layer.
        partition: its cells.
        image_model: its digest.
    """

    train: Photos
    validation: Photos | None
    layer: ImageLayer
    partition: Partition
    image_model: str


def open_data(
    image_model: Path,
    train: Sequence[Path],
    validation: Sequence[Path],
    cache: Path,
    cut: int | None,
    log: RunLog,
    processes: Processes,
) -> Data:
    """Reads albums and embeds them; of several processes of a machine each finds what the others computed.

    Raises:
        AlbumError, ModelDirectoryError: they cannot be read.
        UserError: no photo can be read, none lies in a cell, or the cache cannot be written.
    """
    model = checkpoint.load(image_model)

    def opened(folders: Sequence[Path]) -> Photos:
        found = [one for folder in folders for one in read_albums(folder)]
        embedded = embed(found, image_model, cache, lambda text: log.progress(text, phase="read"))
        for problem in embedded.unreadable[:3]:
            log.say(f"cannot be read: {problem}")
        return Photos.of(embedded, model.partition, cut)

    device = str(processes.device)
    if not processes.first:  # the first one computes, the others then find it in the cache
        processes.sum(torch.zeros(1, device=device))
    try:
        data = Data(
            opened(train),
            opened(validation) if validation else None,
            ImageLayer.of_model(model),
            model.partition,
            model.digest,
        )
    finally:
        if processes.first:
            processes.sum(torch.zeros(1, device=device))
    for name, photos in (("training", data.train), ("validation", data.validation)):
        if photos is not None and not photos.scored.any():
            raise UserError(
                f"no photo of the {name} albums can be read and lies in a cell of the image model"
            )
    return data


def run(
    variant: str,
    recipe: AlbumRecipe,
    data: Data,
    out: Path,
    seed: int,
    log: RunLog,
    processes: Processes,
    stop: Stop,
    *,
    cut: int | None = None,
    going_on: bool = False,
    checkpoint_steps: int | None = None,
) -> None:
    """One training run, from embedded albums to an album model in `out`.

    Args:
        data: cut as `cut` says.
        stop: whether somebody asks for an early end.
        going_on: whether to go on from the last checkpoint in the run directory, if there is one.
        checkpoint_steps: save a checkpoint every so many steps, beside those at the ends of epochs.

    Raises:
        UserError: something that the person at the command line can put right.
        Stopped: it was told to stop; `stop` says after which step, and whether a checkpoint was saved there.
    """
    started, cpu_started = time.monotonic(), time.process_time()
    device, folder, alone = processes.device, log.folder, processes.count == 1
    partition, photos, held_out = data.partition, data.train, data.validation
    feed = AlbumFeed(photos, recipe, seed, processes)
    shared = _in_both(photos, held_out)
    counts = {
        "albums": len(photos.embedded.albums),
        "photos": len(photos.classes),
        "photos_training": int(photos.scored.sum()),
        "photos_unreadable": len(photos.embedded.unreadable),
        "photos_outside_cells": int(((photos.classes < 0) & ~np.isnan(photos.lat)).sum()),
        "albums_validation": len(held_out.embedded.albums) if held_out else 0,
        "photos_validation": int(held_out.scored.sum()) if held_out else 0,
        "photos_in_both": shared,
        "cells": len(partition),
    }
    log.event("data", share=READ_SHARE, **counts)
    log.say(
        f"{counts['albums']} albums, {counts['photos']} photos in {len(partition)} cells:"
        f" {counts['photos_training']} train, {counts['photos_validation']} of"
        f" {counts['albums_validation']} albums validate, {counts['photos_unreadable']} cannot be read"
    )
    if shared:
        log.say(f"careful: {shared} photos of the validation albums are training photos, too")

    # ---- baselines: each photo for itself, and the mean over its album
    baseline = None
    if held_out:
        average = album.build(
            "avg", held_out.embedded.width, len(partition), cut=cut, coarser=data.layer.coarser
        )
        average.take_image_layer(data.layer)
        ways = {
            "single photos": single_log_distributions(data.layer, held_out),
            "avg": log_distributions(average.eval(), held_out),
        }
        one = Processes(0, 1, torch.device("cpu"))  # each process for itself: it takes a moment
        baseline = {name: examine(found, held_out, partition, one) for name, found in ways.items()}
        for name, numbers in baseline.items():
            log.say(describe(name, numbers))

    # ---- model, labels and optimiser
    torch.manual_seed(seed)
    model = album.build(
        variant,
        photos.embedded.width,
        len(partition),
        cut=cut,
        coarser=data.layer.coarser,
        **recipe.build_options(variant, len(partition)),
    )
    model.take_image_layer(data.layer)
    if model.image is not None:
        model.image.requires_grad_(recipe.image_layer == "trained" and variant != "avg")
    if recipe.standardise:
        standardise(model, photos)
    model.to(device)
    targets = Targets.of(photos, device)
    labels = Labels(
        recipe.labels,
        partition,
        smoothing=recipe.label_smoothing,
        scale_km=recipe.label_scale_km,
        device=device,
    )
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = make_optimiser(model, recipe) if trained else None
    epochs = recipe.epochs if trained else 0
    steps = max(1, epochs * feed.steps)

    # ---- where the run stands, or stood when it was killed
    identity = {
        "variant": variant,
        "cut": cut,
        "recipe": recipe.as_dict(),
        "seed": seed,
        "image_model": data.image_model,
        "photos": _fingerprint(photos),
        "validation": _fingerprint(held_out) if held_out else None,
    }
    step = 0  # steps done
    history: list[dict[str, Any]] = []
    best: dict[str, Any] | None = None
    best_weights = resume.weights_of(model)
    losses, hits = 0.0, 0  # of this epoch so far
    spent = 0.0  # seconds of training before this process started
    found = resume.load(folder, identity) if going_on else None
    if found:
        step, history, best = (found.progress[name] for name in ("step", "history", "best"))
        losses, hits, spent = (found.progress[name] for name in ("losses", "hits", "seconds"))
        model.load_state_dict(found.part("model"))
        if optimiser:
            resume.restore_optimiser(optimiser, found.part("optimiser"))
        best_weights = found.part("best")
        stop.step = stop.saved = step
        log.event("resume", step=step, epoch=len(history) + 1, share=_share(step, steps))
        log.say(f"going on after step {step} of {steps}")
    elif going_on:
        log.say("there is no checkpoint yet: starting from the beginning")
    _check_agreement(processes, identity, step)
    curve = LossCurve(folder, keep=step) if processes.first else None

    def save_checkpoint() -> None:
        if processes.first:
            progress = {
                **{"step": step, "history": history, "best": best, "losses": losses, "hits": hits},
                "seconds": spent + time.monotonic() - training_started,
            }
            tensors = resume.named("model", model.state_dict())
            tensors |= resume.named("optimiser", resume.optimiser_tensors(optimiser)) if optimiser else {}
            tensors |= resume.named("best", best_weights)
            resume.save(folder, resume.Checkpoint(identity, progress, tensors))
        stop.saved = step

    def pace() -> dict[str, float | None]:
        elapsed, here = time.monotonic() - training_started, step - steps_before
        return {
            "share": _share(step, steps),
            "images_per_second": round(seen / elapsed, 1) if here else None,
            "seconds_left": round(elapsed / here * (steps - step), 1) if here else None,
        }

    # ---- epochs
    training_started = saved = time.monotonic()
    steps_before, seen = step, 0
    stopped_early = _is_over(recipe, history)
    stop.after_the_step()
    for epoch in range(len(history) + 1, epochs + 1):
        assert optimiser is not None
        if stopped_early:
            break
        where = {"epoch": epoch, "epochs": epochs}
        model.train()
        first = step - (epoch - 1) * feed.steps
        for number, part in enumerate(feed.batches(epoch, first), start=first):
            # one step
            seed_all(seed, step, processes.rank)
            rate = rate_at(step, steps, recipe)
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad(set_to_none=True)
            loss, right = learn(model, part, photos, targets, labels, recipe.steps_back)
            _add_gradients(trained, processes)
            if recipe.clip:
                nn.utils.clip_grad_norm_(trained, recipe.clip)
            optimiser.step()

            # say how far it is
            step += 1
            seen += part.scored
            stop.step = step
            outcome = torch.tensor([loss, right, stop.asked], dtype=torch.float64, device=device)
            total, good, wishes = processes.sum(outcome).tolist()
            check_finite(torch.tensor(total))
            mean = total / part.scored
            losses, hits = losses + total, hits + int(good)
            if curve:
                curve.add(step, epoch, mean, rate)
                curve.flush()
            log.progress(pace_line(where, pace(), mean), phase="train", loss=mean, **where, **pace())

            # once in a while: a checkpoint; and an early end, on all processes after the same step
            if wishes:
                save_checkpoint()
                processes.sum(torch.zeros(1, device=device))  # nobody leaves before it is saved
                raise Stopped
            due = alone and time.monotonic() - saved > CHECKPOINT_SECONDS
            due |= checkpoint_steps is not None and step % checkpoint_steps == 0
            if number + 1 < feed.steps and due:
                save_checkpoint()
                saved = time.monotonic()

        # examine, and keep the best
        validation = _examined(model, held_out, partition, processes) if held_out else None
        scored = feed.scored(epoch)
        result = {
            **where,
            "train_loss": losses / scored,
            "train_accuracy": hits / scored,
            "validation": validation,
        }
        losses, hits = 0.0, 0
        is_best = best is None or better(validation, best["validation"])
        if is_best:
            best, best_weights = result, resume.weights_of(model)
        history.append(result)
        log.event("epoch", **result, best=is_best, photos_skipped=counts["photos_unreadable"], **pace())
        log.say(epoch_line(result, is_best))
        stopped_early = _is_over(recipe, history)
        if stopped_early:
            log.say(f"validation loss has not fallen for {recipe.patience} epochs: this is the end")
        save_checkpoint()
        saved = time.monotonic()
        if processes.sum(torch.tensor([float(stop.asked)], device=device)).item():
            raise Stopped

    # ---- album model
    if alone:
        stop.at_once()
    log.event("progress", phase="save", share=TRAINED_SHARE)
    model.load_state_dict(best_weights)
    model.eval()
    calibrated = {"temperature": 1.0}
    measured = _examined(model, held_out, partition, processes) if held_out else None
    if held_out and trained:
        part_of = processes.part(len(held_out.pieces))
        calibrated = calibrate(log_distributions(model, held_out, device, part_of), held_out, processes)
    if not processes.first:
        return
    report = {
        **counts,
        "seed": seed,
        "processes": processes.count,
        "best_epoch": best["epoch"] if best else 0,
        "stopped_early": stopped_early,
        "validation": measured,
        "calibration": calibrated,
        "baseline": baseline,
        "epochs": history,
    }
    values = {
        "image_model": data.image_model,
        "partition_digest": partition.digest,
        "temperature": calibrated["temperature"],
        "recipe": {**recipe.as_dict(), "seed": seed},
        "trained_on": _trained_on(photos),
    }
    try:
        digest = album_checkpoint.save(out, model, values, report, make_index(photos, held_out))
    except (OSError, SafetensorError) as error:
        reason = f"cannot save the album model {out}: {error}; put that right and go on with --resume"
        raise UserError(reason) from error
    seconds = round(spent + time.monotonic() - started, 1)
    log.event(
        "done",
        share=1.0,
        model=str(out),
        digest=digest,
        best_epoch=report["best_epoch"],
        validation=measured,
        baseline=baseline,
        seconds=seconds,
        cpu_seconds=round(time.process_time() - cpu_started, 1),
        images_per_second=pace()["images_per_second"],
    )
    resume.clear(folder)
    if measured:
        log.say(describe(f"best epoch, {report['best_epoch']}", measured))
    log.say(f"album model {digest[:12]} in {out} after {duration(seconds)}")


# ------------------------------------------------------------------------------------------------
# One step


def learn(
    model: album.AlbumModel, step: Step, photos: Photos, targets: Targets, labels: Labels, steps_back: int
) -> tuple[float, int]:
    """Adds the gradients of one process's share of a step; (loss summed over its photos, right cells).

    The loss that goes backward is divided by the photos of the whole step. Photos without a class are masked.
    """
    if not len(step.pieces):
        return 0.0, 0
    device = targets.classes.device
    batch = photos.batch(step.pieces, device)
    if step.lost.any():
        batch = batch.without(torch.from_numpy(step.lost).to(device))
    starts = torch.from_numpy(step.pieces[:, 0]).to(device)
    loss, right = 0.0, 0
    for window in model.windows(batch, steps_back):
        rows = starts[window.albums] + window.photos
        known = targets.classes[rows] >= 0
        if not known.any():
            continue
        if not known.all():
            rows = rows[known]
            window = Window(window.memory[known], window.albums[known], window.photos[known])
        logits = model.window_logits(batch, window)
        value = labels.loss(logits, targets.classes[rows], targets.points[rows])
        (value / step.scored).backward()  # type: ignore[no-untyped-call]
        loss += value.item()
        right += int((logits.argmax(dim=1) == targets.classes[rows]).sum())
    return loss, right


def standardise(model: album.AlbumModel, photos: Photos) -> None:
    """Sets the model's `center` and `scale` to mean and spread of the readable training embeddings."""
    total = np.zeros((2, photos.embedded.width))
    readable = np.flatnonzero(photos.embedded.readable)
    for rows in np.array_split(readable, max(1, len(readable) // 4096)):
        some = photos.embedded.table[rows].astype(np.float64)
        total += [some.sum(axis=0), (some**2).sum(axis=0)]
    mean, square = total / len(readable)
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    spread[spread < 1e-6] = 1.0  # a number that is the same for all photos says nothing
    model.center.copy_(torch.from_numpy(mean))
    model.scale.copy_(torch.from_numpy(spread))


def _add_gradients(parameters: Sequence[nn.Parameter], processes: Processes) -> None:
    """Gives every process the sum of all processes' gradients."""
    if processes.count == 1:
        return
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    total = processes.sum(torch.cat([grad.flatten() for grad in grads]))
    parts = torch.split(total, [grad.numel() for grad in grads])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.grad = part.view_as(parameter)


# ------------------------------------------------------------------------------------------------
# What a run is, and how far it is


def _examined(
    model: album.AlbumModel, photos: Photos, partition: Partition, processes: Processes
) -> dict[str, Any]:
    model.eval()
    found = log_distributions(model, photos, processes.device, processes.part(len(photos.pieces)))
    return examine(found, photos, partition, processes)


def _in_both(train: Photos, validation: Photos | None) -> int:
    seen = set(train.embedded.digests) - {""}
    return sum(digest in seen for digest in validation.embedded.digests) if validation else 0


def _trained_on(photos: Photos) -> dict[str, Any]:
    albums: tuple[Album, ...] = photos.embedded.albums
    return {
        "albums": len(albums),
        "photos": int(photos.scored.sum()),
        "digest": _fingerprint(photos),
        "drawn": any(one.drawn for one in albums),
        "sources": sorted({one.source for one in albums}),
        "licences": sorted({one.licence for one in albums if one.licence}),
    }


def make_index(photos: Photos, held_out: Photos | None) -> TrainingIndex:
    """What the model will have seen. Albums are no groups: others may bear the same names."""
    known = np.flatnonzero(~np.isnan(photos.lat) & photos.embedded.readable)
    cells = s2.cell_ids(photos.lat[known], photos.lng[known], FINE_LEVEL)
    digests = [set(one.embedded.digests) - {""} if one else set() for one in (photos, held_out)]
    return TrainingIndex(tuple(digests[0]), (), tuple(digests[1]), (), FINE_LEVEL, np.unique(cells))


def _fingerprint(photos: Photos) -> str:
    """sha256 over pictures, places, gaps and albums, in order."""
    digest = hashlib.sha256("\n".join(photos.embedded.digests).encode())
    for values in (photos.lat, photos.lng, photos.gaps_hours, photos.pieces, photos.embedded.readable):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _check_agreement(processes: Processes, identity: dict[str, Any], step: int) -> None:
    """Raises UserError where the processes, on machines of their own perhaps, are about different runs."""
    found = processes.gather((json.dumps(identity, sort_keys=True), step))
    if len(set(found)) > 1:
        raise UserError(
            "the processes of this run do not see the same albums or the same checkpoints, or have not the"
            " same options: every machine needs the same files under the same paths, and the same command"
        )


def _share(step: int, steps: int) -> float:
    return READ_SHARE + (TRAINED_SHARE - READ_SHARE) * step / steps


def _is_over(recipe: AlbumRecipe, history: list[dict[str, Any]]) -> bool:
    return bool(recipe.patience) and epochs_without_gain(history) >= recipe.patience


# ------------------------------------------------------------------------------------------------
# Command line


@contextlib.contextmanager
def _opened_log(options: argparse.Namespace, processes: Processes) -> Iterator[RunLog]:
    log = (
        RunLog(options.out, resume=options.resume, command="train_album")
        if processes.first
        else Silence(options.out, command="train_album")
    )
    with contextlib.closing(log):
        yield log


def _is_done(folder: str) -> bool:
    try:
        events = [event["event"] for event in read_events(folder)]
    except (OSError, ValueError, KeyError):
        return False
    return "done" in events


def _train(options: argparse.Namespace, log: RunLog, processes: Processes, stop: Stop) -> None:
    recipe = chosen_recipe(options)
    if not options.resume:
        log.event("start", recipe=recipe.name, seed=options.seed, epochs=recipe.epochs, share=0.0)
    aside = resume.set_aside(options.out) if processes.first and not options.resume else None
    if aside:
        log.say(f"the checkpoints of an unfinished run are now in {aside}, until this run is finished")
    data = open_data(
        Path(options.image_model),
        [Path(folder) for folder in options.train],
        [Path(folder) for folder in options.validation],
        cache_of(options),
        options.cut,
        log,
        processes,
    )
    run(
        options.variant,
        recipe,
        data,
        model_of(options),
        options.seed,
        log,
        processes,
        stop,
        cut=options.cut,
        going_on=options.resume,
        checkpoint_steps=options.checkpoint_steps,
    )


def _stopped(log: RunLog, stop: Stop) -> int:
    has_checkpoint = 0 < stop.saved == stop.step
    with contextlib.suppress(UserError):  # a full disk
        log.event("stopped", step=stop.step, checkpoint=has_checkpoint)
    after = f" after step {stop.step}, which --resume goes on from" if has_checkpoint else ""
    log.say(f"train_album: stopped{after}")
    return 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    options = parse_arguments(arguments)
    if options.resume and _is_done(options.out):
        print(f"train_album: the run in {options.out} is finished", file=sys.stderr)
        return 0
    with contextlib.ExitStack() as stack:
        try:
            processes = stack.enter_context(joined())
            log = stack.enter_context(_opened_log(options, processes))
        except (OSError, UserError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            print(f"train_album: cannot write to the run directory {options.out}: {reason}", file=sys.stderr)
            return 2
        stop = stack.enter_context(stopping_on_signals())
        try:
            _train(options, log, processes, stop)
        except Stopped:
            return _stopped(log, stop)
        except (UserError, RecipeError, AlbumError, ModelDirectoryError, OSError) as error:
            log.failed(str(error))
            return 2
        except Exception as error:
            if processes.count > 1 and is_lost(error):
                if stop.asked:
                    return _stopped(log, stop)
                log.failed(
                    "another process of this run has ended: put right what it says; go on with --resume"
                )
                return 2
            log.event("failed", reason=f"{type(error).__name__}: {error}")
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
