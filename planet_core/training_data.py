"""What a run trains on: photos from their sources, the classes, and the two sides of the split. No torch.

Notable:
- classes come from all photos, but their centroids from the training photos alone
- no place (fine S2 cell) and no group is on both sides of the split; photos in dropped cells do not train,
  but the held-out ones among them stay in every validation number (paper section 3)
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planet_core import s2, splits
from planet_core.model_directory import TrainingIndex
from planet_core.partition import Partition
from planet_core.recipe import Recipe
from planet_core.run_log import RunLog
from planet_core.sources.csv_photos import Photo
from planet_core.sources.open_source import open_source
from planet_core.stopping import UserError

_SHUFFLE = 3  # a stream of random numbers of its own, beside those of `feed`


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
            log.say(f"skipped {name}, {error}")
        if unlisted := len(source.errors) - len(source.errors.listed):
            log.say(f"skipped {unlisted} more rows of {name}")
        if source.errors:
            skipped["unusable row"] += len(source.errors)
    if not photos:
        raise UserError(f"there are no photos to train on in {', '.join(sources)}")
    return list(photos.values()), skipped


def fingerprint(photos: Sequence[Photo]) -> str:
    """sha256 over the photos, their places, and where shards hold which bytes, in order.

    Equal only for the same data: the same photos resized otherwise, or packed otherwise, are other data.
    """
    lines = (f"{p.digest} {p.lat!r} {p.lng!r} {p.projection} {p.packed} {p.group}\n".encode() for p in photos)
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


@dataclass(frozen=True)
class Sides:
    """Classes and split. `classes` is -1 in dropped cells; the arrays are (photos,).

    `coarser` are the further partitions of the recipe, coarse first; every cell of `partition` is in one
    cell of each.
    """

    partition: Partition
    classes: npt.NDArray[np.int64]
    validation: npt.NDArray[np.bool_]
    coarser: tuple[Partition, ...] = ()

    @property
    def training(self) -> npt.NDArray[np.bool_]:
        """Photos that are trained on: on the training side and in a cell."""
        return ~self.validation & (self.classes >= 0)


def make_sides(photos: Sequence[Photo], recipe: Recipe, seed: int) -> Sides:
    """The partitions of all photos, recounted on the training side, and who is on which side.

    Raises:
        UserError: the recipe leaves fewer than two classes, or nothing to train on.
    """
    lat = np.array([photo.lat for photo in photos])
    lng = np.array([photo.lng for photo in photos])
    if recipe.level is None:
        partition = Partition.build(lat, lng, recipe.max_photos, recipe.min_photos, recipe.max_level)
        rule = f"splits those with more than {recipe.max_photos}"
    else:
        partition = Partition.at_level(lat, lng, recipe.level, recipe.min_photos)
        rule = f"takes those of level {recipe.level} alone"
    if len(partition) < 2:
        raise UserError(
            f"{len(photos)} photos give {len(partition)} class(es), two are needed: recipe {recipe.name!r}"
            f" drops cells with fewer than {recipe.min_photos} photos, {rule}"
        )
    classes = partition.lookup(lat, lng)
    places = s2.cell_ids(lat, lng, recipe.fine_level)
    groups = [photo.group for photo in photos]
    validation = splits.split(classes, places, groups, recipe.validation_share, seed)
    coarser = tuple(Partition.build(lat, lng, *values) for values in recipe.coarser)
    sides = Sides(partition, classes, validation, coarser)
    training = lat[sides.training], lng[sides.training]
    return replace(
        sides, partition=partition.recount(*training), coarser=tuple(c.recount(*training) for c in coarser)
    )


def shuffled(sides: Sides, seed: int) -> npt.NDArray[np.int64]:
    """For each training photo the one whose place it gets in the shuffled-label control, (training photos,).

    A permutation: places and classes keep their numbers, and only what a picture has to do with them is lost.
    """
    return np.random.default_rng((seed, _SHUFFLE)).permutation(int(sides.training.sum()))


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
