"""Training the near-duplicate network on pairs made from the photos themselves, top to bottom.

    python -m planet_core.near_duplicates train photos.csv --run runs/near

photos -> sides -> pictures -> steps -> threshold -> RUN/model, with progress in RUN/metrics.jsonl.

Notable:
- a step sees each of its pictures twice, altered differently (`near_duplicates_pairs`), and must find the
  other copy among all others of the batch (InfoNCE over tanh values, which a term pulls towards -1 and 1)
- pictures do not wear out: each time a random part of one, mirrored half of the time, stands for a new one
- hard negatives: the low temperature lets the nearest others in a batch weigh most; `hard_share` also fills
  batches with pictures whose codes are nearest (off: it made things worse, see LOG.md)
- consecutive frames of one sequence are neither positives nor negatives
- no place (fine S2 cell) and no group is on two of the three sides: pictures that train, pictures that choose
  the threshold, and pictures held out for `evaluate`
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from planet_core import near_duplicates_model as models
from planet_core import near_duplicates_pairs as pairs
from planet_core import s2, splits
from planet_core.model_directory import TrainingIndex
from planet_core.near_duplicates_bits import HASHES, Codes, Counts, count_pairs, distances, hash_codes
from planet_core.run_log import RunLog, duration
from planet_core.sources.csv_photos import Photo
from planet_core.sources.open_source import open_source

FINE_LEVEL = 13
LEARNT_SIDE = 160
"""Pictures are kept in memory with at most this many pixels a side while they train."""
PRECISION, RECALL = 0.99, 0.97
EXAMINED_AT_MOST = 1_000
"""Pictures of which near-duplicates are made for an examination, which takes about 0.6 MB for each."""
READ_SHARE, TRAINED_SHARE = 0.05, 0.95  # of the progress bar

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class UserError(Exception):
    """Something that the person at the command line can put right."""


@dataclass(frozen=True)
class Settings:
    """The values of a training run.

    Attributes:
        steps: of the optimiser.
        batch: pictures a step; each is seen twice.
        learning_rate: highest of the schedule, for AdamW: a linear tenth up, a cosine down to 0.
        temperature: of the contrastive loss; the lower, the more the hardest negatives count.
        binary: weight of the term that pulls values towards -1 and 1.
        part: least share of a side that stands for a new picture.
        hard_share: share of the pictures that bring one of their nearest into the batch, after a third of the
            steps.
        bits: of a code.
        held_out: share of the photos that is left to `evaluate`.
        calibration: share of the rest that chooses the threshold.
        most: photos that are read at most, drawn at random.
        seed: of all that is random.
    """

    steps: int = 500
    batch: int = 128
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    temperature: float = 0.05
    binary: float = 0.1
    part: float = 0.5
    hard_share: float = 0.0
    bits: int = models.BITS
    held_out: float = 0.3
    calibration: float = 0.2
    most: int = 10_000
    seed: int = 0


# ------------------------------------------------------------------------------------------------
# Photos and sides


def read_photos(sources: Sequence[str], say: Callable[[str], None]) -> list[Photo]:
    """All photos of the sources, each file content once; bad rows are said and skipped."""
    photos: dict[str, Photo] = {}
    for name in sources:
        source = open_source(name)
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


def make_sides(photos: Sequence[Photo], settings: Settings) -> Sides:
    """Three sides that share no place and no group."""
    held_out = _part(photos, settings.held_out, settings.seed)
    rest = np.flatnonzero(~held_out)
    calibration = _part([photos[index] for index in rest.tolist()], settings.calibration, settings.seed + 1)
    sides = Sides(rest[~calibration], rest[calibration], np.flatnonzero(held_out))
    if len(sides.training) < 2 or len(sides.calibration) < 2:
        raise UserError(
            f"{len(photos)} photos leave {len(sides.training)} to train on and {len(sides.calibration)} to"
            " choose the threshold, two of each are needed: give photos of more places and groups"
        )
    return sides


def _part(photos: Sequence[Photo], share: float, seed: int) -> BoolArray:
    places = s2.cell_ids([photo.lat for photo in photos], [photo.lng for photo in photos], FINE_LEVEL)
    one_class = np.zeros(len(photos), dtype=np.int64)
    return splits.split(one_class, places, [photo.group for photo in photos], share, seed)


def make_index(photos: Sequence[Photo], sides: Sides) -> TrainingIndex:
    """What the model will have seen; calibration counts as validation, but its places as seen too."""
    training = [photos[index] for index in sides.training.tolist()]
    calibration = [photos[index] for index in sides.calibration.tolist()]
    both = training + calibration
    return TrainingIndex(
        training_digests=tuple(photo.digest for photo in training),
        training_groups=tuple({photo.group for photo in training if photo.group}),
        validation_digests=tuple(photo.digest for photo in calibration),
        validation_groups=tuple({photo.group for photo in calibration if photo.group}),
        fine_level=FINE_LEVEL,
        training_cells=np.unique(s2.cell_ids([p.lat for p in both], [p.lng for p in both], FINE_LEVEL)),
    )


def unseen(photos: Sequence[Photo], seen: TrainingIndex) -> list[Photo]:
    """The photos that share no content, group or place with those the model was made from."""
    if not photos:
        return []
    digests = {*seen.training_digests, *seen.validation_digests}
    groups = {*seen.training_groups, *seen.validation_groups}
    at_seen_place = seen.trained_at([photo.lat for photo in photos], [photo.lng for photo in photos])
    return [
        photo
        for photo, place_seen in zip(photos, at_seen_place, strict=True)
        if not place_seen and photo.digest not in digests and photo.group not in groups
    ]


# ------------------------------------------------------------------------------------------------
# Pairs


def new_picture(picture: Image.Image, part: float, rng: np.random.Generator) -> Image.Image:
    """A part of a picture that stands for a new one; one in five times the whole."""
    if rng.random() < 0.2:
        return picture
    width, height = (max(16, round(side * rng.uniform(part, 1))) for side in picture.size)
    width, height = min(width, picture.width), min(height, picture.height)
    left, top = (int(rng.integers(0, room + 1)) for room in (picture.width - width, picture.height - height))
    cut = picture.crop((left, top, left + width, top + height))
    return cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else cut


def training_pair(
    picture: Image.Image, part: float, rng: np.random.Generator
) -> tuple[models.Pixels, models.Pixels]:
    """Two copies of a new picture as the network sees them; crops and double changes come more often."""
    picture = new_picture(picture, part, rng)

    def altered(kind: str) -> models.Pixels:
        return models.squeeze(pairs.make(picture, kind, rng, pairs.TRAINED))

    first = models.squeeze(picture) if rng.random() < 0.5 else altered(str(rng.choice(pairs.KINDS)))
    draw = rng.random()
    kind = pairs.TWO_AT_ONCE if draw < 0.4 else "cropped" if draw < 0.6 else str(rng.choice(pairs.KINDS))
    return first, altered(kind)


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


# ------------------------------------------------------------------------------------------------
# Loss and batches


def contrastive_loss(values: Tensor, ignored: Tensor, settings: Settings) -> Tensor:
    """InfoNCE over near-binary values.

    Args:
        values: (2B, bits), the two copies of picture i in rows i and B + i.
        ignored: bool (B, B), pictures that are not each other's negatives.
    """
    soft = torch.tanh(values)
    unit = functional.normalize(soft, dim=1)
    similarity = unit @ unit.T / settings.temperature  # (2B, 2B)
    similarity = similarity.masked_fill(ignored.repeat(2, 2), -math.inf).fill_diagonal_(-math.inf)
    count = len(values) // 2
    other = torch.arange(2 * count, device=values.device).roll(count)  # (2B,), the row of the other copy
    binary = (soft.abs() - 1).square().mean()
    return functional.cross_entropy(similarity, other) + settings.binary * binary


class Batches:
    """Which pictures a step sees: at random at first, later some of them with one of their nearest."""

    def __init__(self, count: int, batch: int, hard_share: float, rng: np.random.Generator) -> None:
        self._hard_share = hard_share
        self._count, self._batch, self._rng = count, min(batch, count), rng
        self._queue: list[int] = []
        self._near: IntArray | None = None

    def use_codes(self, codes: Codes) -> None:
        """From now on, draw pictures together with those whose codes are nearest."""
        few = min(4, self._count - 1)
        near = np.empty((self._count, few), dtype=np.int64)
        for index in range(self._count):
            bits = distances(codes[[index]], codes)[0]
            bits[index] = np.iinfo(bits.dtype).max
            near[index] = np.argpartition(bits, few - 1)[:few]
        self._near = near

    def next(self) -> IntArray:
        """Indices of a batch, none twice."""
        chosen: dict[int, None] = {}
        while len(chosen) < self._batch:
            if not self._queue:
                self._queue = self._rng.permutation(self._count).tolist()
            index = self._queue.pop()
            chosen[index] = None
            wanted = self._near is not None and self._rng.random() < self._hard_share
            if self._near is not None and wanted and len(chosen) < self._batch:
                chosen[int(self._rng.choice(self._near[index]))] = None
        return np.array(list(chosen), dtype=np.int64)


def rate_at(step: int, settings: Settings) -> float:
    """Learning rate of a step: a linear tenth up, then a cosine down to 0."""
    warmup = max(1, settings.steps // 10)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, settings.steps - warmup)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


# ------------------------------------------------------------------------------------------------
# The run


def train_network(
    pictures: Sequence[Image.Image], photos: Sequence[Photo], settings: Settings, log: RunLog
) -> models.Network:
    """The network, trained on pairs made from these pictures."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    network = models.Network(settings.bits)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay)
    sequences = pairs.consecutive(photos, photos)
    ignored = torch.zeros((len(photos), len(photos)), dtype=torch.bool)
    ignored[sequences[:, 0], sequences[:, 1]] = True
    ignored.fill_diagonal_(False)
    whole = np.stack([models.squeeze(picture) for picture in pictures])[:, None]  # one view
    batches = Batches(len(pictures), settings.batch, settings.hard_share, rng)
    renew = max(1, settings.steps // 10)
    started = time.monotonic()
    for step in range(settings.steps):
        # once in a while: which pictures look alike to the network?
        if settings.hard_share and step >= settings.steps / 3 and step % renew == 0:
            batches.use_codes(models.encode(network, whole))

        # one step
        chosen = batches.next()  # (B,)
        made = [training_pair(pictures[index], settings.part, rng) for index in chosen]
        copies = np.stack([first for first, _ in made] + [second for _, second in made])
        network.train()
        loss = contrastive_loss(network(torch.from_numpy(copies)), ignored[chosen][:, chosen], settings)
        if not loss.isfinite():
            raise UserError(f"the loss has become {loss.item()}: the learning rate is too high")
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, settings)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

        # say how far it is
        done = step + 1
        left = (time.monotonic() - started) / done * (settings.steps - done)
        log.progress(
            f"step {done} of {settings.steps}, loss {loss.item():.3f}, {duration(left)} left",
            phase="train",
            share=READ_SHARE + (TRAINED_SHARE - READ_SHARE) * done / settings.steps,
            step=done,
            steps=settings.steps,
            loss=loss.item(),
            seconds_left=round(left, 1),
        )
    return network


def choose_thresholds(
    network: models.Network,
    calibration: Sequence[tuple[Photo, Image.Image]],
    training: Sequence[tuple[Photo, Image.Image]],
    settings: Settings,
) -> tuple[int, dict[str, Any]]:
    """The model's threshold, and what it and the hashes' own ones do on training-side pairs.

    Pairs are made from the calibration pictures, on which the network was not trained; the others that they
    are compared with are all pictures of the training side. The threshold is the least at
    which recall is at least RECALL, or the largest at which precision is at least PRECISION where that is
    less: recall carries over to new photos, precision depends on how many of them look alike.
    """
    rng = np.random.default_rng(settings.seed + 2)
    if len(calibration) > EXAMINED_AT_MOST:
        calibration = [
            calibration[index] for index in rng.permutation(len(calibration)).tolist()[:EXAMINED_AT_MOST]
        ]
    references = [*calibration, *training]
    made = make_pairs([picture for _, picture in calibration], pairs.KINDS, network.image_px, rng)
    excluded = pairs.consecutive([photo for photo, _ in calibration], [photo for photo, _ in references])
    pictures = [picture for _, picture in references]
    whole = np.stack([models.squeeze_views(picture, network.image_px) for picture in pictures])
    codes, made_codes = models.encode(network, whole), models.encode(network, made.pixels)
    counts = count_pairs(made_codes, made.owners, codes, excluded)
    threshold = min(counts.best_threshold(PRECISION), counts.least_threshold(RECALL))
    report: dict[str, Any] = {
        "pairs": int(counts.positives.sum()),
        "negatives": int(counts.negatives.sum()),
        **describe(counts, threshold),
        "hashes": {},
    }
    for name, hashes in all_hashes(pictures).items():
        # as hashes are used: of whole pictures alone
        hash_counts = count_pairs(made.hashes[name][:, :1], made.owners, hashes[:, :1], excluded)
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


def _read(photos: Sequence[Photo], sides: Sides, log: RunLog) -> dict[str, list[tuple[Photo, Image.Image]]]:
    """The pictures of the two training sides; those that cannot be read are said and counted."""
    found: dict[str, list[tuple[Photo, Image.Image]]] = {"training": [], "calibration": []}
    skipped: Counter[str] = Counter()
    calibration = set(sides.calibration.tolist())
    chosen = sorted([*sides.training.tolist(), *calibration])
    results = models.read_pictures(photos[index] for index in chosen)
    for done, (index, (photo, picture)) in enumerate(zip(chosen, results, strict=True), start=1):
        if not isinstance(picture, Image.Image):
            skipped[picture.code] += 1
            log.say(f"skipped: {picture.message}")
        elif index in calibration:
            found["calibration"].append((photo, picture))
        else:
            picture.thumbnail((LEARNT_SIDE, LEARNT_SIDE), Image.Resampling.BOX)
            found["training"].append((photo, picture))
        share = READ_SHARE * done / len(chosen)
        log.progress(f"reading {done} of {len(chosen)} pictures", phase="read", share=share)
    if min(len(side) for side in found.values()) < 2:
        raise UserError("fewer than two pictures of a side could be read")
    log.event("data", **{name: len(side) for name, side in found.items()}, skipped=dict(skipped))
    return found


def run(sources: Sequence[str], out: Path, settings: Settings, log: RunLog) -> models.Embedder:
    """One training run, from lists of photos to a model directory."""
    started, cpu_started = time.monotonic(), time.process_time()
    log.event("start", recipe="near-duplicates", seed=settings.seed, steps=settings.steps, share=0.0)
    photos = read_photos(sources, log.say)
    if len(photos) > settings.most:
        drawn = np.random.default_rng(settings.seed).choice(len(photos), settings.most, replace=False)
        photos = [photos[index] for index in np.sort(drawn)]
    sides = make_sides(photos, settings)
    pictures = _read(photos, sides, log)
    log.say(
        f"{len(photos)} photos: {len(pictures['training'])} train, {len(pictures['calibration'])} choose the"
        f" threshold, {len(sides.held_out)} are held out"
    )
    network = train_network(
        [picture for _, picture in pictures["training"]],
        [photo for photo, _ in pictures["training"]],
        settings,
        log,
    )
    threshold, calibration = choose_thresholds(
        network, pictures["calibration"], pictures["training"], settings
    )
    if threshold < 0:
        raise UserError(
            f"no threshold reaches precision {PRECISION} on the training side: give more pictures or steps"
        )
    measured = {
        "sources": [Path(source).name for source in sources],
        "settings": asdict(settings),
        "training": len(pictures["training"]),
        "calibration": len(pictures["calibration"]),
        "held_out": len(sides.held_out),
        "on_training_side": calibration,
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu_started, 1),
    }
    models.save(out, network, threshold, make_index(photos, sides), measured)
    log.event("done", share=1.0, model=str(out), threshold=threshold, measured=measured)
    log.say(
        f"threshold {threshold} of {network.bits} bits: recall {calibration['recall']:.1%} at precision"
        f" {calibration['precision']:.1%} on {calibration['pairs']} pairs of the training side;"
        f" {measured['cpu_seconds']:.0f} s of processor time; model in {out}"
    )
    return models.load(out)
