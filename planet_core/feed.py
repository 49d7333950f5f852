"""Which training pictures come when, and in what crop: a function of seed, epoch and position alone.

Nothing here remembers anything. The order of an epoch follows from seed and epoch, the crop and colours of a
photo from seed, epoch and its position, whatever process computes it. So a resumed run goes on with the
very pictures of the uninterrupted one, and two processes see together what one would have seen.

`MemoryFeed` holds pictures that were decoded once; `ShardFeed` decodes them as they are needed. Which of
the two is used, `planet_core.pictures` says. Where they differ: `MemoryFeed` never gets a bad picture,
`ShardFeed` finds it on the way, counts it and shows another one in its place.

`ShardFeed` decodes ahead as `planet_core.loader` does, but has an order of its own: in the loader, ranks take
turns over *all* samples; here a step is of training photos alone, balanced if the recipe says so, and the
same for any number of processes.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from planet_core import images
from planet_core.loader import ahead
from planet_core.pictures import Example, Examples, Pixels, Streamed, read_example, training_crop
from planet_core.processes import Processes
from planet_core.recipe import Recipe
from planet_core.run_log import RunLog
from planet_core.shard_order import WINDOW
from planet_core.sources.photo import Photo
from planet_core.stopping import UserError

IntArray = npt.NDArray[np.int64]
_ORDER, _CROP, _STAND_IN = 0, 1, 2  # what a stream of random numbers is for
TRIES = 100
"""So many bad pictures after one another end the run."""

Bad = dict[int, tuple[str, str]]
"""Why a training photo's picture is bad, (code, message), by its row."""


@dataclass(frozen=True)
class Batch:
    """A part of a step: `rows` (B,) among the training photos, crops uint8 (B, px, px, 3), `colour` (B, 3).

    `colour` is between -1 and 1: which share of the recipe's largest change of brightness, contrast and
    saturation each picture gets.
    """

    rows: IntArray
    pixels: Pixels
    colour: npt.NDArray[np.float32]


class Feed(Protocol):
    """Training pictures of one process."""

    @property
    def steps(self) -> int:
        """Steps in an epoch."""

    def sizes(self) -> list[int]:
        """Photos in each step of an epoch, over all processes."""

    def batches(self, epoch: int, start: int = 0) -> Iterator[list[Batch]]:
        """This process's part of each step from number `start` (from 0) on, cut into parts to accumulate."""

    @property
    def bad(self) -> Bad:
        """Bad pictures that this process knows of."""

    def know(self, bad: Mapping[int, Sequence[str]]) -> None:
        """Takes over what another process, or this run before it was killed, knew of bad pictures."""

    def skipped(self, log: RunLog) -> Counter[str]:
        """Number of bad pictures that any process met, by reason; new ones are named. All must call it."""


def steps_of(photos: int, recipe: Recipe, processes: int) -> int:
    """Steps in an epoch of so many training photos.

    Raises:
        UserError: fewer photos in a step than processes times accumulated parts.
    """
    # a last batch of one picture would leave batch normalisation nothing to normalise
    steps = max(1, round(photos / recipe.batch_size))
    if photos // steps < processes * recipe.accumulate:
        raise UserError(
            f"{photos} photos in {steps} step(s) are too few for {processes} process(es) that cut their part"
            f" of a step into {recipe.accumulate}: use fewer processes, or a batch_size above"
            f" {recipe.batch_size}"
        )
    return steps


class _Steps:
    """What the feeds share: steps, order, and the parts of this process."""

    def __init__(
        self,
        groups: npt.NDArray[np.int64],
        classes: IntArray,
        recipe: Recipe,
        image_px: int,
        seed: int,
        processes: Processes,
    ) -> None:
        self.recipe, self.image_px, self.seed, self.processes = recipe, image_px, seed, processes
        self.groups, self.photos = groups, len(classes)
        self.steps = steps_of(self.photos, recipe, processes.count)
        weight = np.bincount(classes)[classes].astype(np.float64) ** -recipe.balance
        self._weights = weight / weight.sum()
        self.bad: Bad = {}
        self._told: set[int] = set()

    def order(self, epoch: int) -> IntArray:
        """The photos of an epoch, (photos,): each once, or drawn with weights where classes are balanced.

        Photos of `WINDOW` shards at a time are mixed, so that those in use fit the page cache.
        """
        rng = np.random.default_rng((self.seed, _ORDER, epoch))
        if self.recipe.balance:
            drawn = rng.choice(self.photos, self.photos, p=self._weights)
        else:
            drawn = rng.permutation(self.photos)
        shards = int(self.groups.max()) + 1
        if shards <= WINDOW:
            return drawn
        window = np.empty(shards, dtype=np.int64)
        window[rng.permutation(shards)] = np.arange(shards) // WINDOW
        return drawn[np.argsort(window[self.groups[drawn]], kind="stable")]

    def sizes(self) -> list[int]:
        """Photos in each step of an epoch, over all processes."""
        return [len(part) for part in np.array_split(np.arange(self.photos), self.steps)]

    def know(self, bad: Mapping[int, Sequence[str]]) -> None:
        """Takes over what another process, or this run before it was killed, knew of bad pictures."""
        self.bad |= {int(row): (code, message) for row, (code, message) in bad.items()}

    def skipped(self, log: RunLog) -> Counter[str]:
        """Number of bad pictures that any process met, by reason; new ones are named. All must call it."""
        for found in self.processes.gather(dict(self.bad)):
            self.bad |= found
        for row in sorted(self.bad.keys() - self._told):
            log.say(f"skipped: {self.bad[row][1]}")
        self._told |= self.bad.keys()
        return Counter(code for code, _ in self.bad.values())

    def _parts(self, start: int) -> Iterator[list[IntArray]]:
        """Of each step from `start` on, the positions in the epoch that are this process's, in parts."""
        for step in np.array_split(np.arange(self.photos), self.steps)[start:]:
            mine = step[self.processes.part(len(step))]
            yield np.array_split(mine, self.recipe.accumulate)


class MemoryFeed(_Steps):
    """Pictures in memory, every process with all of them, each taking its part of every step.

    Args:
        examples: the training photos.
        classes: int64 (photos,), for class-balanced drawing.

    Raises:
        UserError: fewer photos in a step than processes times accumulated parts.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        classes: IntArray,
        recipe: Recipe,
        image_px: int,
        seed: int,
        processes: Processes,
    ) -> None:
        self.examples = examples
        super().__init__(np.zeros(len(examples), np.int64), classes, recipe, image_px, seed, processes)

    def batches(self, epoch: int, start: int = 0) -> Iterator[list[Batch]]:
        """This process's part of each step from number `start` (from 0) on, cut into parts to accumulate."""
        order = self.order(epoch)
        for parts in self._parts(start):
            yield [self._batch(order, part, epoch) for part in parts]

    def _batch(self, order: IntArray, positions: IntArray, epoch: int) -> Batch:
        crops, colours = [], []
        for position in positions:
            rng = np.random.default_rng((self.seed, _CROP, epoch, int(position)))
            example = self.examples[order[position]]
            crops.append(training_crop(example, self.recipe, self.image_px, rng))
            colours.append(rng.uniform(-1, 1, 3))
        return Batch(order[positions], np.stack(crops), np.array(colours, dtype=np.float32))


class ShardFeed(_Steps):
    """Pictures out of shards (or files), decoded ahead by threads, two steps before they are needed.

    Only those are in memory. The place of a bad picture is taken by another training photo, drawn by seed,
    epoch and position, so that steps keep their sizes and a resumed run sees the same.

    Args:
        photos: the training photos; those of one tar file are a shard, all others together one more.
        classes: int64 (photos,), for class-balanced drawing.

    Raises:
        UserError: fewer photos in a step than processes times accumulated parts; in `batches`, `TRIES` bad
            pictures after one another.
    """

    def __init__(
        self,
        photos: Sequence[Photo],
        classes: IntArray,
        recipe: Recipe,
        image_px: int,
        seed: int,
        processes: Processes,
    ) -> None:
        self.of = photos
        numbers: dict[object, int] = {}
        files = (None if photo.length is None else photo.path for photo in photos)
        groups = np.array([numbers.setdefault(file, len(numbers)) for file in files], dtype=np.int64)
        super().__init__(groups, classes, recipe, image_px, seed, processes)

    def batches(self, epoch: int, start: int = 0) -> Iterator[list[Batch]]:
        """This process's part of each step from number `start` (from 0) on, cut into parts to accumulate."""
        order = self.order(epoch)
        positions = (int(one) for parts in self._parts(start) for part in parts for one in part)
        share = -(-max(self.sizes()) // self.processes.count)
        pictures = ahead(
            lambda position: self._picture(order, position, epoch),
            positions,
            self.processes.threads,
            2 * share,
        )
        with contextlib.closing(pictures):
            for parts in self._parts(start):
                yield [_stacked(itertools.islice(pictures, len(part))) for part in parts]

    def _picture(
        self, order: IntArray, position: int, epoch: int
    ) -> tuple[int, Pixels, npt.NDArray[np.float64]]:
        row, example = self._example(int(order[position]), position, epoch)
        rng = np.random.default_rng((self.seed, _CROP, epoch, position))
        crop = training_crop(example, self.recipe, self.image_px, rng)
        return row, crop, rng.uniform(-1, 1, 3)

    def _example(self, row: int, position: int, epoch: int) -> tuple[int, Example]:
        """The picture of a row, or of another one where that is bad."""
        rng = np.random.default_rng((self.seed, _STAND_IN, epoch, position))
        for _ in range(TRIES):
            if row not in self.bad:
                try:
                    return row, read_example(self.of[row], self.image_px)
                except images.ImageError as error:
                    self.bad[row] = error.code, error.message
            message = self.bad[row][1]
            row = int(rng.choice(self.photos, p=self._weights if self.recipe.balance else None))
        raise UserError(f"{TRIES} pictures after one another could not be read, the last because {message}")


def _stacked(pictures: Iterator[tuple[int, Pixels, npt.NDArray[np.float64]]]) -> Batch:
    rows, crops, colours = zip(*pictures, strict=True)
    return Batch(np.array(rows), np.stack(crops), np.array(colours, dtype=np.float32))


def make_feed(
    examples: Examples,
    rows: IntArray,
    classes: IntArray,
    recipe: Recipe,
    image_px: int,
    seed: int,
    processes: Processes,
) -> Feed:
    """The feed of the training photos: `rows` (B,) among the examples, and the `classes` (B,) of those.

    Raises:
        UserError: as the feeds do.
    """
    chosen: list[int] = rows.tolist()
    if isinstance(examples, Streamed):
        photos = [examples.photos[row] for row in chosen]
        return ShardFeed(photos, classes, recipe, image_px, seed, processes)
    return MemoryFeed([examples[row] for row in chosen], classes, recipe, image_px, seed, processes)
