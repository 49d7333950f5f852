"""How well a near-duplicate model does on pictures it never saw, beside the perceptual hashes.

    python -m planet_core.near_duplicates evaluate photos.csv --model runs/near/model --out report.md

Positives: one near-duplicate of each kind made from every picture. Negatives: every near-duplicate with every
other picture, except consecutive frames of one sequence, which the report lists; a row says what would happen
if they counted too. Photos that share content, group or place with those that trained the model or chose its
threshold are left out and counted. The model uses the threshold that it was saved with; each hash is given
its best one on these very pairs, which flatters the hashes, and is tried with the network's windows too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core import near_duplicates_model as models
from planet_core import near_duplicates_pairs as pairs
from planet_core.near_duplicates_bits import Codes, count_pairs, paired_distances
from planet_core.near_duplicates_sequences import Sequences
from planet_core.near_duplicates_sides import read_photos, unseen
from planet_core.near_duplicates_thresholds import (
    EXAMINED_AT_MOST,
    PRECISION,
    MadePairs,
    all_hashes,
    describe,
    make_pairs,
)
from planet_core.sources.photo import Photo
from planet_core.stopping import UserError

SEED = 20_260
"""Of the near-duplicates; training uses small seeds."""

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Examination:
    """Unseen pictures and what was made of them.

    Attributes:
        photos: (m,).
        made: near-duplicates of the six kinds, and of two kinds at once.
        whole: uint8 (m, VIEWS, px, px, 3), the pictures themselves, squeezed.
        hashes: uint64 (m, VIEWS, 1) of the pictures, by name of the hash.
        excluded: int64 (pairs, 2), consecutive frames as (photo, photo), both ways round.
    """

    photos: Sequence[Photo]
    made: MadePairs
    whole: models.Pixels
    hashes: dict[str, Codes]
    excluded: IntArray


def prepare(
    photos: Sequence[Photo],
    pictures: Sequence[Image.Image],
    sequences: Sequences,
    image_px: int,
    seed: int,
) -> Examination:
    """Makes the pairs."""
    return Examination(
        photos,
        make_pairs(pictures, (*pairs.KINDS, pairs.TWO_AT_ONCE), image_px, np.random.default_rng(seed)),
        np.stack([models.squeeze_views(picture, image_px) for picture in pictures]),
        all_hashes(pictures),
        sequences.consecutive(photos),
    )


def row(queries: Codes, references: Codes, examination: Examination, threshold: int | None) -> dict[str, Any]:
    """Recall and precision of codes; at their best threshold for PRECISION where none is given."""
    made = examination.made
    six = made.kinds != pairs.TWO_AT_ONCE
    counts = count_pairs(queries[six], made.owners[six], references, examination.excluded)
    chosen = counts.best_threshold(PRECISION) if threshold is None else threshold
    distance = paired_distances(queries, references[made.owners])
    return {
        "bits": 64 * queries.shape[-1],
        "views": queries.shape[1],
        **describe(counts, chosen),
        "recall_by_kind": {
            kind: float(np.mean(distance[made.kinds == kind] <= chosen))
            for kind in (*pairs.KINDS, pairs.TWO_AT_ONCE)
        },
        "precision_with_excluded": count_pairs(queries[six], made.owners[six], references).precision(chosen),
        "nearest_negative": int(np.flatnonzero(counts.negatives)[0]) if counts.negatives.any() else None,
    }


def evaluate(
    sources: Sequence[str],
    embedder: models.Embedder,
    seed: int = SEED,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The whole report as JSON values.

    Raises:
        UserError: fewer than two unseen pictures.
        SourceError: a source cannot be read.
    """
    listed = read_photos(sources, say)
    new = unseen(listed, embedder.seen)
    drawn = _drawn(new, seed)
    photos, pictures = _readable(drawn, say)
    if len(photos) < 2:
        raise UserError(
            f"{len(photos)} of {len(listed)} photos are readable and new to the model, two are needed: it has"
            " seen the others, or photos of their groups or places"
        )
    examination = prepare(photos, pictures, Sequences(listed), embedder.network.image_px, seed)
    made_pairs = int(np.sum(examination.made.kinds != pairs.TWO_AT_ONCE))
    ordered = examination.excluded[examination.excluded[:, 0] < examination.excluded[:, 1]]
    return {
        "photos_listed": len(listed),
        "photos_seen": len(listed) - len(new),
        "photos_not_drawn": len(new) - len(drawn),
        "photos_unreadable": len(drawn) - len(photos),
        "photos_examined": len(photos),
        "pairs": made_pairs,
        "negatives": made_pairs * (len(photos) - 1) - len(pairs.KINDS) * len(examination.excluded),
        "precision_wanted": PRECISION,
        "model": {
            name: embedder.config["measured"].get(name)
            for name in ("training", "calibration", "settings", "on_training_side", "cpu_seconds")
        },
        "seed": seed,
        "rows": rows(examination, embedder),
        "excluded_pairs": [
            [_name(photos[first]), _name(photos[second])] for first, second in ordered.tolist()
        ],
        "excluded_sequences": _sequences(photos, ordered),
    }


def rows(examination: Examination, embedder: models.Embedder) -> dict[str, dict[str, Any]]:
    """The rows of the report: the network at its own threshold and at the best one, and the hashes."""
    whole, made = embedder.codes(examination.whole), embedder.codes(examination.made.pixels)
    found = {
        "CNN": row(made, whole, examination, embedder.threshold),
        "CNN, best threshold": row(made, whole, examination, None),
        "CNN, whole pictures": row(made[:, :1], whole[:, :1], examination, None),
    }
    for name, codes in examination.hashes.items():
        hashes = examination.made.hashes[name]
        found[name] = row(hashes[:, :1], codes[:, :1], examination, None)
        found[f"{name}, windows too"] = row(hashes, codes, examination, None)
    return found


def _drawn(photos: list[Photo], seed: int) -> list[Photo]:
    """At most EXAMINED_AT_MOST of them, in their order."""
    if len(photos) <= EXAMINED_AT_MOST:
        return photos
    drawn = np.random.default_rng(seed).choice(len(photos), EXAMINED_AT_MOST, replace=False)
    return [photos[index] for index in np.sort(drawn).tolist()]


def _readable(photos: Sequence[Photo], say: Callable[[str], None]) -> tuple[list[Photo], list[Image.Image]]:
    """The photos whose pictures can be read, and these."""
    readable, pictures = [], []
    for photo, picture in models.read_pictures(photos):
        if isinstance(picture, Image.Image):
            readable.append(photo)
            pictures.append(picture)
        else:
            say(f"skipped: {picture.message}")
    return readable, pictures


def _sequences(photos: Sequence[Photo], excluded: IntArray) -> list[dict[str, Any]]:
    """Photos tied together by excluded pairs: first photo, number of photos and of pairs."""
    root = list(range(len(photos)))

    def find(index: int) -> int:
        while root[index] != index:
            index = root[index]
        return index

    for first, second in excluded.tolist():
        one, other = sorted((find(first), find(second)))
        root[other] = one
    found: dict[int, dict[str, Any]] = {}
    for index in np.unique(excluded).tolist():
        start = find(index)
        found.setdefault(start, {"first": _name(photos[start]), "photos": 0, "pairs": 0})["photos"] += 1
    for first, _ in excluded.tolist():
        found[find(first)]["pairs"] += 1
    return list(found.values())


def _name(photo: Photo) -> str:
    name = "/".join(photo.path.parts[-2:])
    return name if photo.length is None else f"{name}, {photo.id}"
