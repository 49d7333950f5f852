"""What a model said of many photos, kept: all that an evaluation needs but the distributions. No torch.

Whole distributions of 100,000 photos over 26,263 cells would be 10 GB. Kept are the answers by every way to
answer, the five most confident cells, the true cell's probability, and what each distribution sums to at
other temperatures: some hundred bytes a photo.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from planet_core.array_files import ArrayFormat
from planet_core.model_directory import TrainingIndex
from planet_core.sources.photo import Photo

TOP = 5
NEW, CHOSE, SAME_PLACE, SAME_GROUP, TRAINED = range(5)
EXPOSURES = (
    "new to the model",
    "chose its best epoch",
    "at a place that it trained on",
    "of a group that it trained on",
    "trained on",
)
"""By the numbers in `Predictions.exposure`; the last three are counted apart."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class PredictionsError(Exception):
    """A file of predictions that is missing, damaged or something else."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Answers to n views; a photo is one view, a 360-degree panorama several.

    Attributes:
        names, categories: (n,), of the photos; "" where a source has no category.
        clusters: (n,), 0..c-1: views of one group (walk, panorama, album), or of one place without a group.
        exposure: (n,), how the model knows the photo, see `EXPOSURES`.
        panoramas: (n,), the same number for all views of one panorama, -1 for a single photo.
        lat, lng: (n,), the truth, degrees.
        cells: (n,), the true class, -1 where it was dropped.
        top_cells, top_probabilities, top_lat, top_lng: (n, k), the most confident cells, best first,
            their probabilities as the softmax gives them, and their S2 centres.
        calibrated_confidence: (n,), the first probability at the model's temperature.
        log_true: (n,), logarithm of the true cell's probability; NaN where it was dropped.
        log_sums: (n, t), logarithm of the sum of p^(1/T) at the t temperatures of `facts`.
        answers_lat, answers_lng: (n, v), degrees, of the ways to answer in `ways`.
        ways: v names.
        facts: what was predicted with: JSON values.
    """

    names: npt.NDArray[np.str_]
    categories: npt.NDArray[np.str_]
    clusters: IntArray
    exposure: IntArray
    panoramas: IntArray
    lat: FloatArray
    lng: FloatArray
    cells: IntArray
    top_cells: IntArray
    top_probabilities: FloatArray
    top_lat: FloatArray
    top_lng: FloatArray
    calibrated_confidence: FloatArray
    log_true: FloatArray
    log_sums: FloatArray
    answers_lat: FloatArray
    answers_lng: FloatArray
    ways: tuple[str, ...]
    facts: dict[str, Any]

    def __len__(self) -> int:
        return len(self.lat)

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(n,), whether the most confident cell is the true one."""
        return np.asarray(self.top_cells[:, 0] == self.cells)

    def at(self, rows: npt.NDArray[Any]) -> Predictions:
        """Those of some rows (indices or a mask), clusters numbered anew."""
        arrays = {name: getattr(self, name)[rows] for name in DTYPES}
        _, arrays["clusters"] = np.unique(arrays["clusters"], return_inverse=True)
        return replace(self, **arrays)

    def by(self, ways: Sequence[str]) -> Predictions:
        """Those with some of the ways to answer alone, in that order."""
        columns = [self.ways.index(way) for way in ways]
        answers = self.answers_lat[:, columns], self.answers_lng[:, columns]
        return replace(self, answers_lat=answers[0], answers_lng=answers[1], ways=tuple(ways))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all to one .npz file, at once or not at all."""
        arrays = {name: getattr(self, name) for name in DTYPES}
        small = {name: arrays[name].astype(np.float32) for name in _FLOAT32}
        texts = {"ways": np.array(self.ways, dtype=np.str_), "facts": np.array(json.dumps(self.facts))}
        FORMAT.save(path, {**arrays, **small, **texts})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Predictions:
        """Reads what `save` wrote.

        Raises:
            PredictionsError: the file is missing, is something else, is damaged, or of another version.
        """
        arrays = FORMAT.load(path, {**DTYPES, "ways": np.str_, "facts": np.str_})
        ways = tuple(arrays.pop("ways").tolist())
        try:
            facts = json.loads(str(arrays.pop("facts")))
        except ValueError as error:
            raise PredictionsError(f"the predictions {os.fspath(path)} are damaged: {error}") from error
        lengths = {len(array) for array in arrays.values()}
        if len(lengths) != 1 or arrays["answers_lat"].shape[1] != len(ways):
            raise PredictionsError(f"the predictions {os.fspath(path)} are damaged: their lengths differ")
        return cls(**arrays, ways=ways, facts=facts)


FORMAT = ArrayFormat("file of predictions", "planet-predictions", 2, PredictionsError)
_FLOAT32 = ("top_probabilities", "calibrated_confidence", "log_true", "log_sums")
_KINDS: dict[str, type] = {
    **dict.fromkeys(("names", "categories"), np.str_),
    **dict.fromkeys(("clusters", "exposure", "panoramas", "cells", "top_cells"), np.int64),
}
DTYPES: dict[str, type] = {
    field.name: _KINDS.get(field.name, np.float64)
    for field in fields(Predictions)
    if field.name not in ("ways", "facts")
}


def exposures(photos: Sequence[Photo], index: TrainingIndex) -> IntArray:
    """How the model knows each photo, the nearest of `EXPOSURES`: int64 (photos,)."""
    trained, chose = frozenset(index.training_digests), frozenset(index.validation_digests)
    groups = frozenset(index.validation_groups)
    found = np.full(len(photos), NEW, dtype=np.int64)
    if not len(photos):
        return found
    place = index.trained_at([photo.lat for photo in photos], [photo.lng for photo in photos])
    for row, photo in enumerate(photos):
        if photo.digest in trained:
            found[row] = TRAINED
        elif index.trained_on(photo.digest, photo.group):
            found[row] = SAME_GROUP
        elif place[row]:
            found[row] = SAME_PLACE
        elif photo.digest in chose or photo.group in groups:
            found[row] = CHOSE
    return found
