"""Which training pictures come when, and in what crop: a function of seed, epoch and position alone.

Nothing here remembers anything. The order of an epoch follows from seed and epoch, the crop and colours of a
photo from seed, epoch and its position, whatever process computes it. So a resumed run goes on with the
very pictures of the uninterrupted one, and two processes see together what one would have seen.

`MemoryFeed` holds pictures that were decoded once. A data set larger than memory comes from another class
with the same `steps` and `batches`, over a reader of shards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from planet_core.pictures import Example, Pixels, training_crop
from planet_core.processes import Processes
from planet_core.recipe import Recipe
from planet_core.stopping import UserError

IntArray = npt.NDArray[np.int64]
_ORDER, _CROP = 0, 1  # what a stream of random numbers is for


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


class MemoryFeed:
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
        self.examples, self.recipe, self.image_px = examples, recipe, image_px
        self.seed, self.processes = seed, processes
        # a last batch of one picture would leave batch normalisation nothing to normalise
        self.steps = max(1, round(len(examples) / recipe.batch_size))
        least = len(examples) // self.steps
        if least < processes.count * recipe.accumulate:
            raise UserError(
                f"{len(examples)} photos in {self.steps} step(s) are too few for {processes.count}"
                f" process(es) that cut their part of a step into {recipe.accumulate}: use fewer processes,"
                f" or a batch_size above {recipe.batch_size}"
            )
        weight = np.bincount(classes)[classes].astype(np.float64) ** -recipe.balance
        self._weights = weight / weight.sum()

    def order(self, epoch: int) -> IntArray:
        """The photos of an epoch, (photos,): each once, or drawn with weights where classes are balanced."""
        rng = np.random.default_rng((self.seed, _ORDER, epoch))
        if not self.recipe.balance:
            return rng.permutation(len(self.examples))
        return rng.choice(len(self.examples), len(self.examples), p=self._weights)

    def sizes(self) -> list[int]:
        """Photos in each step of an epoch, over all processes."""
        return [len(part) for part in np.array_split(np.arange(len(self.examples)), self.steps)]

    def batches(self, epoch: int, start: int = 0) -> Iterator[list[Batch]]:
        """This process's part of each step from number `start` (from 0) on, cut into parts to accumulate."""
        order = self.order(epoch)
        positions = np.array_split(np.arange(len(order)), self.steps)
        for step in positions[start:]:
            mine = step[self.processes.part(len(step))]
            yield [self._batch(order, part, epoch) for part in np.array_split(mine, self.recipe.accumulate)]

    def _batch(self, order: IntArray, positions: IntArray, epoch: int) -> Batch:
        crops, colours = [], []
        for position in positions:
            rng = np.random.default_rng((self.seed, _CROP, epoch, int(position)))
            example = self.examples[order[position]]
            crops.append(training_crop(example, self.recipe, self.image_px, rng))
            colours.append(rng.uniform(-1, 1, 3))
        return Batch(order[positions], np.stack(crops), np.array(colours, dtype=np.float32))
