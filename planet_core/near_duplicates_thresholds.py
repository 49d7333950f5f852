"""Made pairs of many pictures, and the thresholds that they choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core import near_duplicates_model as models
from planet_core import near_duplicates_pairs as pairs
from planet_core.near_duplicates_bits import HASHES, Codes, Counts, count_pairs, hash_codes
from planet_core.near_duplicates_sequences import Sequences
from planet_core.sources.photo import Photo

PRECISION, RECALL = 0.99, 0.97
EXAMINED_AT_MOST = 1_000
"""Pictures of which near-duplicates are made for an examination, which takes about 0.6 MB for each."""

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MadePairs:
    """Near-duplicates made for an examination.

    Attributes:
        pixels: uint8 (n, VIEWS, px, px, 3), squeezed.
        owners: int64 (n,), the picture that each was made from.
        kinds: (n,), what was done.
        hashes: uint64 (n, VIEWS, 1) by the name of the perceptual hash.
    """

    pixels: models.Pixels
    owners: IntArray
    kinds: npt.NDArray[np.str_]
    hashes: dict[str, Codes]


def make_pairs(
    pictures: Sequence[Image.Image], kinds: Sequence[str], image_px: int, rng: np.random.Generator
) -> MadePairs:
    """One near-duplicate of each kind of each picture."""
    pixels: list[models.Pixels] = []
    hashes: dict[str, list[Codes]] = {name: [] for name in HASHES}
    for picture in pictures:
        for kind in kinds:  # the made picture itself is not kept
            made = pairs.make(picture, kind, rng)
            pixels.append(models.squeeze_views(made, image_px))
            for name in HASHES:
                hashes[name].append(hash_codes(name, made))
    return MadePairs(
        np.stack(pixels),
        np.repeat(np.arange(len(pictures)), len(kinds)),
        np.tile(np.array(kinds), len(pictures)),
        {name: np.stack(codes) for name, codes in hashes.items()},
    )


def all_hashes(pictures: Sequence[Image.Image]) -> dict[str, Codes]:
    """Every perceptual hash of the pictures and their windows, uint64 (n, VIEWS, 1)."""
    return {name: np.stack([hash_codes(name, picture) for picture in pictures]) for name in HASHES}


def choose_thresholds(
    network: models.Network,
    calibration: Sequence[tuple[Photo, Image.Image]],
    training: Sequence[tuple[Photo, Image.Image]],
    sequences: Sequences,
    seed: int,
) -> tuple[int, dict[str, Any]]:
    """The model's threshold, and what it and the hashes' own ones do on training-side pairs.

    Pairs are made from the calibration pictures, on which the network was not trained; the others that they
    are compared with are all pictures of the training side. The threshold is the least at which recall is at
    least RECALL, or the largest at which precision is at least PRECISION where that is less: recall carries
    over to new photos, precision depends on how many of them look alike. So that one walk cannot decide it,
    that precision does not count pairs of one sequence at all; the one reported leaves out consecutive
    frames alone.
    """
    rng = np.random.default_rng(seed)
    if len(calibration) > EXAMINED_AT_MOST:
        calibration = [
            calibration[index] for index in rng.permutation(len(calibration)).tolist()[:EXAMINED_AT_MOST]
        ]
    references = [*calibration, *training]
    made = make_pairs([picture for _, picture in calibration], pairs.KINDS, network.image_px, rng)
    photos = [photo for photo, _ in references]
    excluded, together = (
        pairs_[pairs_[:, 0] < len(calibration)]
        for pairs_ in (sequences.consecutive(photos), sequences.together(photos))
    )
    pictures = [picture for _, picture in references]
    whole = np.stack([models.squeeze_views(picture, network.image_px) for picture in pictures])
    codes, made_codes = models.encode(network, whole), models.encode(network, made.pixels)
    counts = count_pairs(made_codes, made.owners, codes, excluded)
    apart = count_pairs(made_codes, made.owners, codes, together)
    threshold = min(apart.best_threshold(PRECISION), counts.least_threshold(RECALL))
    report: dict[str, Any] = {
        "pairs": int(counts.positives.sum()),
        "negatives": int(counts.negatives.sum()),
        **describe(counts, threshold),
        "precision_between_sequences": apart.precision(threshold),
        "hashes": {},
    }
    for name, hashes in all_hashes(pictures).items():
        # as hashes are used: of whole pictures alone
        hash_counts = count_pairs(made.hashes[name][:, :1], made.owners, hashes[:, :1], together)
        report["hashes"][name] = describe(hash_counts, hash_counts.best_threshold(PRECISION))
    return threshold, report


def describe(counts: Counts, threshold: int) -> dict[str, Any]:
    """Recall and precision at a threshold, and the pairs behind them."""
    return {
        "threshold": threshold,
        "recall": counts.recall(threshold),
        "precision": counts.precision(threshold),
        "found": int(counts.positives[: threshold + 1].sum()),
        "false": int(counts.negatives[: threshold + 1].sum()),
    }
