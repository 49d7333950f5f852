"""Training the network, top to bottom: photos -> cells -> split -> pictures -> epochs -> model version.

    python -m planet_core.train_cnn --recipe tiny --data photos.csv --run runs/first
    torchrun --nproc-per-node 8 -m -- planet_core.train_cnn --recipe modern --data photos.csv --run runs/big
    python -m planet_core.train_cnn --recipe tiny --data photos.csv --run runs/first --resume
    python -m planet_core.train_cnn --recipe tiny --data more.csv --run runs/next --init runs/first/model
    python -m planet_core.train_cnn --recipe paper --set accumulate=32 --data photos.csv --run runs/paper

--data takes any SOURCE: a list, a folder, shards:DIR that `planet_core.prepare` made (`planet_core.sources`).
photos.csv has a header line `path,lat,lng[,group,digest,projection,heading]`. The run directory gets
metrics.jsonl and steps.jsonl (see `planet_core.run_log`), validation.json and a few pictures
(`planet_core.validation_record`), checkpoints while it trains, and, at the end, the model version in
RUN/model (or --out).

Notable:
- all that is random is a function of seed, epoch, step and position (`feed`, `processes.seed_all`): a run
  that was killed goes on with --resume as if nothing had happened, on CPU to the last bit
- a recipe's batch is a step over all processes together, so their number does not change what is learnt
- pictures of a list are decoded once and kept small in memory; those of shards, and of lists beyond memory,
  are decoded ahead of each step (`pictures`, `feed`)
- a panorama gives views of 90 degrees, with any heading in training and with four fixed ones in validation
- augmentation keeps geography: crops and mild colour, a mirror (it swaps driving side and text) on demand
- the best epoch by validation accuracy is kept (paper section 3), the lower loss where that is equal; with
  `patience`, training ends when that accuracy has stopped rising
- SIGTERM and Ctrl-C let the step under way finish (several processes an examination, too), save a
  checkpoint and end with exit code 130; a second signal, or one before the first step, ends at once. User
  errors end with one line and exit code 2
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from planet_core import checkpoint, hierarchy, inference, networks, resume
from planet_core.examination import (
    better,
    calibrate,
    epochs_without_gain,
    examine,
    examine_rules,
    make_examination,
)
from planet_core.feed import make_feed
from planet_core.hierarchy import HierarchyError
from planet_core.labels import Labels, unit_vectors
from planet_core.optimisation import Average, check_finite, make_optimiser, rate_at
from planet_core.pictures import READ_SHARE, change_colour, open_examples, shrunk, usable
from planet_core.predict import normalise
from planet_core.processes import Processes, is_lost, joined, seed_all, share_batch_statistics
from planet_core.recipe import Recipe, RecipeError
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
from planet_core.sources.csv_photos import SourceError
from planet_core.start_weights import StartWeights, open_start, take_over
from planet_core.stopping import Stop, Stopped, UserError, stopping_on_signals
from planet_core.tensorboard import Board
from planet_core.train_options import CHECKPOINT_SECONDS, chosen_recipe, parse_arguments
from planet_core.training_data import fingerprint, make_index, make_sides, read_photos, shuffled
from planet_core.validation_record import ValidationRecord

TRAINED_SHARE = 0.98  # of the progress bar: reading up to READ_SHARE, training up to this, then saving
SYNC_STEPS = {"cuda": 10}  # a GPU's losses are fetched every so many steps, so that it never waits for us


def run(
    recipe: Recipe,
    sources: Sequence[str],
    out: Path,
    seed: int,
    log: RunLog,
    processes: Processes,
    stop: Stop,
    *,
    going_on: bool = False,
    checkpoint_steps: int | None = None,
    board: Board | None = None,
    shuffle_labels: bool = False,
    start_from: StartWeights | None = None,
) -> None:
    """One training run, from sources of photos to a model version in `out`.

    Args:
        stop: whether somebody asks for an early end.
        going_on: whether to go on from the last checkpoint in the run directory, if there is one.
        checkpoint_steps: save a checkpoint every so many steps, beside those at the ends of epochs.
        shuffle_labels: a control that can learn nothing from the pictures: see `training_data.shuffled`.
        start_from: a model version whose weights the network starts with, where they fit.

    Raises:
        UserError: something that the person at the command line can put right.
        Stopped: it was told to stop; `stop` says after which step, and whether a checkpoint was saved there.
    """
    started, cpu_started = time.monotonic(), time.process_time()
    device, folder, alone = processes.device, log.folder, processes.count == 1
    if not going_on:
        log.event("start", recipe=recipe.name, seed=seed, epochs=recipe.epochs, share=0.0)

    # ---- photos
    photos, skipped = read_photos(sources, log)
    image_px = networks.image_px(recipe.network)
    examples, photos, undecodable = open_examples(photos, image_px, log)

    # ---- classes and split
    sides = make_sides(photos, recipe, seed)
    partition, partitions = sides.partition, [*sides.coarser, sides.partition]  # coarse first
    learners = np.flatnonzero(sides.training)
    labelled = learners[shuffled(sides, seed)] if shuffle_labels else learners  # whose places they have
    lat = np.array([photos[row].lat for row in labelled])
    lng = np.array([photos[row].lng for row in labelled])
    classes = [torch.from_numpy(level.lookup(lat, lng)).to(device) for level in partitions]  # each (photos,)
    points = unit_vectors(lat, lng, device)  # (photos, 3)
    parents = [torch.from_numpy(hierarchy.parents(level, partition)).to(device) for level in sides.coarser]
    held_out, unusable = usable(examples, np.flatnonzero(sides.validation), processes, log)
    examination = make_examination(examples, sides, image_px, held_out)
    skipped += undecodable + unusable
    counts = {
        "photos": len(photos),
        "photos_skipped": sum(skipped.values()),
        "skipped_by_reason": dict(skipped),
        "photos_training": len(learners),
        "photos_validation": len(held_out),
        "photos_outside_cells": int((sides.classes < 0).sum()),
        "cells": len(partition),
        **({"coarser_cells": [len(level) for level in sides.coarser]} if sides.coarser else {}),
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
        log.say(describe("most frequent cell", baseline))

    # ---- network, labels and optimiser
    torch.manual_seed(seed)
    cells = [len(level) for level in partitions]
    network = networks.build(
        recipe.network,
        cells if len(cells) > 1 else cells[0],
        frozen=recipe.frozen,
        dropout=recipe.dropout,
    ).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start_from:
        taken = take_over(network, recipe.network, partitions, start_from)
        log.event("init", digest=start_from.digest, **asdict(taken))
        log.say(
            f"starting from {start_from.digest[:12]}: {taken.taken} tensors taken over, {taken.new} new,"
            f" {'the heads, too' if taken.head else 'heads of other cells'}"
        )
    if recipe.shared_statistics:
        network = share_batch_statistics(network, processes)
    labels = [
        Labels(
            recipe.labels,
            level,
            smoothing=recipe.label_smoothing,
            scale_km=recipe.label_scale_km,
            device=device,
        )
        for level in partitions
    ]
    optimiser = make_optimiser(network, recipe)
    average = Average(network, recipe.average) if recipe.average else None
    judged = average.network if average else network  # what is examined and saved
    learner: Any = processes.wrap(network)
    if recipe.compile and device.type == "cuda":
        learner = torch.compile(learner)
    half = recipe.precision == "bfloat16" and device.type == "cuda"
    if recipe.precision == "bfloat16-anywhere":
        half = inference.precision(device.type, fast=True) == torch.bfloat16

    feed = make_feed(examples, learners, sides.classes[learners], recipe, image_px, seed, processes)
    sizes = feed.sizes()
    steps = recipe.epochs * feed.steps

    # ---- where the run stands, or stood when it was killed
    more = {
        **({"shuffled_labels": True} if shuffle_labels else {}),
        **({"init": start_from.digest} if start_from else {}),
    }
    identity = {
        "recipe": recipe.as_dict(),
        "seed": seed,
        **more,
        "photos": fingerprint(photos),
        "partitions": [level.digest for level in partitions],
    }
    step = 0  # steps done
    history: list[dict[str, Any]] = []
    best: dict[str, Any] | None = None
    best_weights: dict[str, torch.Tensor] = {}
    losses, hits = 0.0, 0  # of this epoch so far
    spent = 0.0  # seconds of training before this process started
    found = resume.load(folder, identity) if going_on else None
    if found:
        step, history, best = (found.progress[name] for name in ("step", "history", "best"))
        losses, hits, spent = (found.progress[name] for name in ("losses", "hits", "seconds"))
        network.load_state_dict(found.part("network"))
        resume.restore_optimiser(optimiser, found.part("optimiser"))
        if average:
            average.network.load_state_dict(found.part("average"))
        best_weights = found.part("best")
        feed.know(found.progress.get("bad", {}))
        stop.step = stop.saved = step
        log.event("resume", step=step, epoch=len(history) + 1, share=_share(step, steps))
        log.say(f"going on after step {step} of {steps}")
    elif going_on:
        log.say("there is no checkpoint yet: starting from the beginning")
    _check_agreement(processes, identity, step)
    curve = LossCurve(folder, keep=step) if processes.first else None
    shown = ValidationRecord(folder, examination, partition) if processes.first and examination else None

    def save_checkpoint() -> None:
        if processes.first:
            resume.save(folder, checkpoint_here())
        stop.saved = step

    def checkpoint_here() -> resume.Checkpoint:
        progress = {
            **{"step": step, "history": history, "best": best, "losses": losses, "hits": hits},
            "seconds": spent + time.monotonic() - training_started,
            "bad": dict(feed.bad),
        }
        tensors = resume.named("network", network.state_dict())
        tensors |= resume.named("optimiser", resume.optimiser_tensors(optimiser))
        tensors |= resume.named("average", average.network.state_dict()) if average else {}
        tensors |= resume.named("best", best_weights)
        return resume.Checkpoint(identity, progress, tensors)

    def pace() -> dict[str, float | None]:
        elapsed, here = time.monotonic() - training_started, step - steps_before
        return {
            "share": _share(step, steps),
            "images_per_second": round((seen - seen_before) / elapsed, 1) if here else None,
            "seconds_left": round(elapsed / here * (steps - step), 1) if here else None,
        }

    # ---- epochs
    training_started = saved = time.monotonic()
    steps_before = step
    seen = sum(sizes[number % feed.steps] for number in range(step))
    seen_before = seen
    stopped_early = _is_over(recipe, history)
    stop.after_the_step()
    for epoch in range(len(history) + 1, recipe.epochs + 1):
        if stopped_early:
            break
        where = {"epoch": epoch, "epochs": recipe.epochs}
        network.train()
        fetched: list[torch.Tensor] = []  # (loss, right answers) of steps that were not looked at yet
        first = step - (epoch - 1) * feed.steps  # all of them where it was stopped while it was examined
        for number, parts in enumerate(feed.batches(epoch, first), start=first):
            # one step
            seed_all(seed, step, processes.rank)
            rate = rate_at(step, steps, recipe)
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad(set_to_none=True)
            outcome = torch.zeros(2, dtype=torch.float64, device=device)
            for position, part in enumerate(parts):
                rows = torch.from_numpy(part.rows).to(device)
                pixels = torch.from_numpy(part.pixels).to(device)  # (B, px, px, 3)
                if recipe.first_px and step < recipe.first_share * steps:
                    pixels = shrunk(pixels, recipe.first_px)
                colour = torch.from_numpy(part.colour).to(device)  # (B, 3)
                images = normalise(change_colour(pixels, recipe.colour * colour), network.normalisation)
                last = position == len(parts) - 1
                with contextlib.nullcontext() if last or alone else learner.no_sync():
                    with torch.autocast(device.type, torch.bfloat16, enabled=half):
                        logits = learner(images)
                    heads = [logits] if len(cells) == 1 else logits  # each (B, cells)
                    loss = torch.stack(
                        [
                            label.loss(head.float() if half else head, target[rows], points[rows])
                            for label, head, target in zip(labels, heads, classes, strict=True)
                        ]
                    ).sum()
                    # the mean over the photos of all processes, whose gradients are averaged
                    (loss * (processes.count / sizes[number])).backward()  # type: ignore[no-untyped-call]
                right = (heads[-1].argmax(dim=1) == classes[-1][rows]).sum()
                outcome += torch.stack([loss.detach().double(), right.double()])
            optimiser.step()
            if average:
                average.update(network, step)

            # say how far it is
            step += 1
            seen += sizes[number]
            fetched.append(outcome)
            stop.step = step
            wanted = checkpoint_steps is not None and step % checkpoint_steps == 0
            wanted |= alone and stop.asked
            if len(fetched) < SYNC_STEPS.get(device.type, 1) and number + 1 < feed.steps and not wanted:
                continue
            wish = torch.tensor([stop.asked, 0], dtype=torch.float64, device=device)
            *results, (wishes, _) = processes.sum(torch.stack([*fetched, wish])).tolist()
            for back, (total, good) in enumerate(results):
                done = step - len(fetched) + back
                mean = total / sizes[done % feed.steps]
                check_finite(torch.tensor(mean))
                losses, hits = losses + total, hits + int(good)
                if curve:
                    curve.add(done + 1, epoch, mean, rate_at(done, steps, recipe))
            fetched.clear()
            if curve:
                curve.flush()
            log.progress(pace_line(where, pace(), mean), phase="train", loss=mean, **where, **pace())
            if board:
                board.add(step, loss=mean, rate=rate, images_per_second=pace()["images_per_second"] or 0.0)

            # once in a while: a checkpoint; and an early end, on all processes after the same step
            if wishes:
                save_checkpoint()
                processes.sum(torch.zeros(1, device=device))  # nobody leaves before it is saved
                raise Stopped
            due = time.monotonic() - saved > CHECKPOINT_SECONDS
            if number + 1 < feed.steps and (due or wanted):
                save_checkpoint()
                saved = time.monotonic()

        # examine, and keep the best
        try:
            if alone:  # several finish the examination: one that leaves is an error for the others
                stop.at_once()
            processes.follow_first(judged)
            examined = examine(judged, examination, partition, parents, processes) if examination else None
            if shown and examined:
                shown.write(epoch, judged, examined.answers, parents, device)
            stop.after_the_step()
        except Stopped:
            save_checkpoint()
            raise
        validation = examined.report if examined else None
        photos_seen = sum(sizes)
        result = {
            **where,
            "train_loss": losses / photos_seen,
            "train_accuracy": hits / photos_seen,
            "validation": validation,
        }
        losses, hits = 0.0, 0
        bad = feed.skipped(log)
        is_best = best is None or better(validation, best["validation"])
        if is_best:
            best, best_weights = result, resume.weights_of(judged)
        history.append(result)
        log.event("epoch", **result, best=is_best, photos_skipped=sum((skipped + bad).values()), **pace())
        log.say(epoch_line(result, is_best))
        if board and validation:
            board.add(step, **{f"validation/{name}": validation[name] for name in ("accuracy", "median_km")})
        stopped_early = _is_over(recipe, history)
        if stopped_early:
            log.say(f"validation accuracy has not risen for {recipe.patience} epochs: this is the end")
        save_checkpoint()
        saved = time.monotonic()
        if processes.sum(torch.tensor([float(stop.asked)], device=device)).item():
            raise Stopped

    # ---- model version
    if alone:
        stop.at_once()
    if best is None:
        raise UserError("a run needs at least one epoch")
    log.event("progress", phase="save", share=TRAINED_SHARE)
    judged.load_state_dict(best_weights)
    skipped += feed.skipped(log)
    calibrated = calibrate(judged, examination, parents, processes) if examination else {"temperature": 1.0}
    heat = calibrated["temperature"]
    rules = examine_rules(judged, examination, partition, parents, processes, heat) if examination else None
    if not processes.first:
        return
    elapsed = time.monotonic() - training_started
    seconds = round(spent + time.monotonic() - started, 1)
    report = {
        **counts,
        "photos_skipped": sum(skipped.values()),
        "skipped_by_reason": dict(skipped),
        "seed": seed,
        "processes": processes.count,
        "best_epoch": best["epoch"],
        "stopped_early": stopped_early,
        "validation": best["validation"],
        "validation_by_rule": rules,
        "calibration": calibrated,
        "baseline": baseline,
        "epochs": history,
    }
    index = make_index(photos, sides, recipe)
    values = {**recipe.as_dict(), "seed": seed, **more}
    try:
        digest = checkpoint.save(
            out, judged, recipe.network, partition, values, report, index, sides.coarser, heat
        )
    except (OSError, SafetensorError) as error:
        reason = f"cannot save the model version {out}: {error}; put that right and go on with --resume"
        raise UserError(reason) from error
    log.event(
        "done",
        share=1.0,
        model=str(out),
        digest=digest,
        best_epoch=best["epoch"],
        validation=best["validation"],
        baseline=baseline,
        seconds=seconds,
        cpu_seconds=round(time.process_time() - cpu_started, 1),
        images_per_second=round((seen - seen_before) / elapsed, 1) if seen > seen_before else None,
    )
    resume.clear(folder)
    if best["validation"]:
        log.say(describe(f"best epoch, {best['epoch']}", best["validation"]))
    log.say(f"model version {digest[:12]} in {out} after {duration(seconds)}")


def _check_agreement(processes: Processes, identity: dict[str, Any], step: int) -> None:
    """Raises UserError where the processes, on machines of their own perhaps, are about different runs."""
    found = processes.gather((json.dumps(identity, sort_keys=True), step))
    if len({about for about, _ in found}) > 1:
        raise UserError(
            "the processes of this run do not see the same photos, or have not the same options: every"
            " machine needs the same files under the same paths, and the same command"
        )
    if len({begin for _, begin in found}) > 1:
        raise UserError(
            f"the processes of this run would begin after different steps ({[begin for _, begin in found]}):"
            " every machine needs the same run directory, on storage that they share"
        )


def _share(step: int, steps: int) -> float:
    return READ_SHARE + (TRAINED_SHARE - READ_SHARE) * step / steps


def _is_over(recipe: Recipe, history: Sequence[dict[str, Any]]) -> bool:
    """Whether validation accuracy has stopped rising (paper section 3)."""
    return bool(recipe.patience) and epochs_without_gain(history) >= recipe.patience


# ------------------------------------------------------------------------------------------------
# Command line


@contextlib.contextmanager
def _opened_log(options: argparse.Namespace, processes: Processes) -> Iterator[RunLog]:
    log = RunLog(options.run, resume=options.resume) if processes.first else Silence(options.run)
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
    board = Board(options.run) if options.tensorboard and processes.first else None
    aside = resume.set_aside(options.run) if processes.first and not options.resume else None
    if aside:
        log.say(f"the checkpoints of an unfinished run are now in {aside}, until this run is finished")
    run(
        recipe,
        options.data,
        Path(options.out or Path(options.run) / "model"),
        options.seed,
        log,
        processes,
        stop,
        going_on=options.resume,
        checkpoint_steps=options.checkpoint_steps,
        board=board,
        shuffle_labels=options.shuffle_labels,
        start_from=open_start(options.init) if options.init else None,
    )


def _stopped(log: RunLog, stop: Stop) -> int:
    has_checkpoint = 0 < stop.saved == stop.step
    with contextlib.suppress(UserError):  # a full disk
        log.event("stopped", step=stop.step, checkpoint=has_checkpoint)
    after = f" after step {stop.step}, which --resume goes on from" if has_checkpoint else ""
    log.say(f"train_cnn: stopped{after}")
    return 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to put right, 130 stopped."""
    options = parse_arguments(arguments)
    if options.resume and _is_done(options.run):
        print(f"train_cnn: the run in {options.run} is finished", file=sys.stderr)
        return 0
    with contextlib.ExitStack() as stack:
        try:
            processes = stack.enter_context(joined())
            log = stack.enter_context(_opened_log(options, processes))
        except (OSError, UserError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            print(f"train_cnn: cannot write to the run directory {options.run}: {reason}", file=sys.stderr)
            return 2
        stop = stack.enter_context(stopping_on_signals())
        try:
            _train(options, log, processes, stop)
        except Stopped:
            return _stopped(log, stop)
        except (UserError, RecipeError, SourceError, HierarchyError, OSError) as error:
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
