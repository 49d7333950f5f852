"""How well a near-duplicate model does on pictures it never saw, beside the perceptual hashes.

    python -m planet_core.near_duplicates evaluate photos.csv --model runs/near/model --out report.md

Positives: one near-duplicate of each kind made from every picture. Negatives: every near-duplicate with every
other picture, except consecutive frames of one sequence, which the report lists; a row says what would happen
if they counted too. Photos that share content, group or place with those that trained the model or chose its
threshold are left out and counted. The model uses the threshold that it was saved with; each hash is given
its best one on these very pairs, which flatters the hashes, and is tried with the network's windows too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from planet_core import near_duplicates_model as models
from planet_core import near_duplicates_pairs as pairs
from planet_core.files import atomic_file
from planet_core.near_duplicates_bits import Codes, count_pairs, paired_distances
from planet_core.near_duplicates_train import (
    EXAMINED_AT_MOST,
    PRECISION,
    MadePairs,
    UserError,
    all_hashes,
    describe,
    make_pairs,
    read_photos,
    unseen,
)
from planet_core.sources.csv_photos import Photo

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
    photos: Sequence[Photo], pictures: Sequence[Image.Image], image_px: int, seed: int
) -> Examination:
    """Makes the pairs."""
    excluded = pairs.consecutive(photos, photos)
    return Examination(
        photos,
        make_pairs(pictures, (*pairs.KINDS, pairs.TWO_AT_ONCE), image_px, np.random.default_rng(seed)),
        np.stack([models.squeeze_views(picture, image_px) for picture in pictures]),
        all_hashes(pictures),
        excluded[excluded[:, 0] != excluded[:, 1]],
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
    photos, pictures, unreadable = [], [], []
    new = unseen(listed, embedder.seen)
    if len(new) > EXAMINED_AT_MOST:
        drawn = np.random.default_rng(seed).choice(len(new), EXAMINED_AT_MOST, replace=False)
        examined = [new[index] for index in np.sort(drawn).tolist()]
    else:
        examined = new
    for photo, picture in models.read_pictures(examined):
        if isinstance(picture, Image.Image):
            photos.append(photo)
            pictures.append(picture)
        else:
            unreadable.append(picture.message)
            say(f"skipped: {picture.message}")
    if len(photos) < 2:
        raise UserError(
            f"{len(photos)} of {len(listed)} photos are readable and new to the model, two are needed: it has"
            " seen the others, or photos of their groups or places"
        )
    examination = prepare(photos, pictures, embedder.network.image_px, seed)
    whole, made = embedder.codes(examination.whole), embedder.codes(examination.made.pixels)
    rows = {
        "CNN": row(made, whole, examination, embedder.threshold),
        "CNN, best threshold": row(made, whole, examination, None),
    }
    rows["CNN, whole pictures"] = row(made[:, :1], whole[:, :1], examination, None)
    for name, codes in examination.hashes.items():
        hashes = examination.made.hashes[name]
        rows[name] = row(hashes[:, :1], codes[:, :1], examination, None)
        rows[f"{name}, windows too"] = row(hashes, codes, examination, None)
    six = int(np.sum(examination.made.kinds != pairs.TWO_AT_ONCE))
    ordered = examination.excluded[examination.excluded[:, 0] < examination.excluded[:, 1]]
    return {
        "photos_listed": len(listed),
        "photos_seen": len(listed) - len(new),
        "photos_not_drawn": len(new) - len(examined),
        "photos_unreadable": len(unreadable),
        "photos_examined": len(photos),
        "pairs": six,
        "negatives": six * (len(photos) - 1) - len(pairs.KINDS) * len(examination.excluded),
        "precision_wanted": PRECISION,
        "model": {
            name: embedder.config["measured"].get(name)
            for name in ("training", "calibration", "settings", "on_training_side", "cpu_seconds")
        },
        "seed": seed,
        "rows": rows,
        "excluded_pairs": [
            [_name(photos[first]), _name(photos[second])] for first, second in ordered.tolist()
        ],
        "excluded_sequences": _sequences(photos, ordered),
    }


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
    return "/".join(photo.path.parts[-2:])


# ------------------------------------------------------------------------------------------------
# The report for people


def markdown(report: dict[str, Any], command: str) -> str:
    """The report as a page."""
    kinds = (*pairs.KINDS, pairs.TWO_AT_ONCE)
    lines = [
        "# Near-duplicates: the network beside the hashes",
        "",
        f"Written by `{command}`.",
        "",
        *_training(report["model"]),
        f"{report['photos_examined']} photos that the model never saw ({report['photos_seen']} of"
        f" {report['photos_listed']} left out because it saw them, or photos of their group or place;"
        f" {report['photos_not_drawn']} not drawn, {report['photos_unreadable']} unreadable)."
        f" {report['pairs']} made pairs,"
        f" {report['negatives']} negatives. Recall counts the six kinds; `{pairs.TWO_AT_ONCE}` is an extra.",
        "The first row uses the threshold chosen on training-side pairs. The others use the largest"
        f" threshold that gives precision >= {report['precision_wanted']} on these very pairs.",
        "",
        "| | bits | threshold | recall | precision | found | false | precision, none excluded"
        " | nearest negative |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row_ in report["rows"].items():
        lines.append(
            f"| {name} | {row_['bits']} | {row_['threshold']} | {row_['recall']:.4f}"
            f" | {row_['precision']:.4f} | {row_['found']} | {row_['false']}"
            f" | {row_['precision_with_excluded']:.4f} | {row_['nearest_negative']} |"
        )
    lines += ["", "Recall by kind:", "", f"| | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    for name, row_ in report["rows"].items():
        shares = " | ".join(f"{row_['recall_by_kind'][kind]:.3f}" for kind in kinds)
        lines.append(f"| {name} | {shares} |")
    lines += [
        "",
        f"Excluded: {len(report['excluded_pairs'])} pairs of photos at most"
        f" {pairs.CONSECUTIVE_KM * 1000:.0f} m apart, frames of these sequences:",
        "",
        "| first photo | photos | pairs |",
        "|---|---|---|",
    ]
    lines += [
        f"| {entry['first']} | {entry['photos']} | {entry['pairs']} |"
        for entry in report["excluded_sequences"]
    ]
    return "\n".join(lines) + "\n"


def _training(model: dict[str, Any]) -> list[str]:
    """How the model was made, where it says so."""
    if not model["settings"]:
        return []
    chosen, settings = model["on_training_side"], model["settings"]
    return [
        f"The model: {model['training']} photos trained it, {model['calibration']} others chose its threshold"
        f" (recall {chosen['recall']:.4f}, precision {chosen['precision']:.4f} on {chosen['pairs']} pairs"
        f" of theirs), {settings['steps']} steps, seed {settings['seed']}, {model['cpu_seconds']:.0f} s of"
        " processor time.",
        "",
    ]


def write(report: dict[str, Any], path: Path, command: str) -> None:
    """Writes the report as .json or .md."""
    text = markdown(report, command) if path.suffix == ".md" else json.dumps(report, indent=1) + "\n"
    with atomic_file(path) as file:
        file.write(text.encode())
