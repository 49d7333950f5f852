"""The photos of the near-duplicate network: read from sources, and split into three sides (no torch).

No place (fine S2 cell) and no group is on two sides: pictures that train, pictures that choose the threshold,
and pictures held out for `evaluate`. A photo without a place is a place of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planet_core import s2, splits
from planet_core.model_directory import TrainingIndex
from planet_core.sources.open_source import open_source
from planet_core.sources.photo import Photo
from planet_core.stopping import UserError

FINE_LEVEL = 13

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Cells = npt.NDArray[np.uint64]


def read_photos(sources: Sequence[str], say: Callable[[str], None]) -> list[Photo]:
    """All photos of the sources, each file content once; bad rows are said and skipped.

    Raises:
        SourceError: a source cannot be read.
        UserError: there are no photos in them.
    """
    photos: dict[str, Photo] = {}
    for name in sources:
        source = open_source(name, need_places=False)
        for photo in source:
            photos.setdefault(photo.digest, photo)
        for error in source.errors:
            say(f"skipped {name}, {error}")
    if not photos:
        raise UserError(f"there are no photos in {', '.join(sources)}")
    return list(photos.values())


@dataclass(frozen=True)
class Sides:
    """Indices into the photos: those that train, those that choose the threshold, those held out."""

    training: IntArray
    calibration: IntArray
    held_out: IntArray


def make_sides(photos: Sequence[Photo], held_out: float, calibration: float, seed: int) -> Sides:
    """Three sides that share no place and no group.

    Args:
        held_out: share of the photos that is held out.
        calibration: share of the rest that chooses the threshold.

    Raises:
        UserError: too few photos of different places and groups.
    """
    outside = _part(photos, held_out, seed)
    rest = np.flatnonzero(~outside)
    chooses = _part([photos[index] for index in rest.tolist()], calibration, seed + 1)
    sides = Sides(rest[~chooses], rest[chooses], np.flatnonzero(outside))
    if len(sides.training) < 2 or len(sides.calibration) < 2:
        raise UserError(
            f"{len(photos)} photos leave {len(sides.training)} to train on and {len(sides.calibration)} to"
            " choose the threshold, two of each are needed: give photos of more places and groups"
        )
    return sides


def _part(photos: Sequence[Photo], share: float, seed: int) -> BoolArray:
    one_class = np.zeros(len(photos), dtype=np.int64)
    return splits.split(one_class, _places(photos), [photo.group for photo in photos], share, seed)


def _places(photos: Sequence[Photo]) -> Cells:
    """The fine cell of each photo; a number that is no cell, another one each, for those without a place."""
    places = np.arange(len(photos), dtype=np.uint64)
    located = _located(photos)
    places[located] = _cells([photos[index] for index in np.flatnonzero(located).tolist()])
    return places


def _located(photos: Sequence[Photo]) -> BoolArray:
    return np.isfinite(np.array([photo.lat for photo in photos], dtype=np.float64))


def _cells(photos: Sequence[Photo]) -> Cells:
    return s2.cell_ids([photo.lat for photo in photos], [photo.lng for photo in photos], FINE_LEVEL)


def make_index(photos: Sequence[Photo], sides: Sides) -> TrainingIndex:
    """What the model will have seen; calibration counts as validation, but its places as seen too."""
    training = [photos[index] for index in sides.training.tolist()]
    calibration = [photos[index] for index in sides.calibration.tolist()]
    located = [photo for photo in training + calibration if np.isfinite(photo.lat)]
    return TrainingIndex(
        training_digests=tuple(photo.digest for photo in training),
        training_groups=tuple({photo.group for photo in training if photo.group}),
        validation_digests=tuple(photo.digest for photo in calibration),
        validation_groups=tuple({photo.group for photo in calibration if photo.group}),
        fine_level=FINE_LEVEL,
        training_cells=np.unique(_cells(located)),
    )


def unseen(photos: Sequence[Photo], seen: TrainingIndex) -> list[Photo]:
    """The photos that share no content, group or place with those the model was made from."""
    digests = {*seen.training_digests, *seen.validation_digests}
    groups = {*seen.training_groups, *seen.validation_groups}
    located = _located(photos)
    at_seen_place = np.zeros(len(photos), dtype=bool)
    some = [photos[index] for index in np.flatnonzero(located).tolist()]
    at_seen_place[located] = seen.trained_at([photo.lat for photo in some], [photo.lng for photo in some])
    return [
        photo
        for photo, place_seen in zip(photos, at_seen_place.tolist(), strict=True)
        if not place_seen and photo.digest not in digests and photo.group not in groups
    ]
