"""Training the near-duplicate network on pairs made from the photos themselves, top to bottom.

    python -m planet_core.near_duplicates train photos.csv --run runs/near

photos -> sides -> pictures -> steps -> threshold -> RUN/model, with progress in RUN/metrics.jsonl.

Notable:
- a step sees each of its pictures twice, altered differently (`near_duplicates_pairs`), and must find the
  other copy among all others of the batch (InfoNCE over tanh values, which a term pulls towards -1 and 1)
- pictures do not wear out: each time a random part of one, mirrored half of the time, stands for a new one
- hard negatives: the low temperature lets the nearest others in a batch weigh most; `hard_share` also fills
  batches with pictures whose codes are nearest (off: it made things worse, see LOG.md)
- the network's values are computed in bfloat16 where the processor can, the loss in float32
- consecutive frames of one sequence are neither positives nor negatives
- no place and no group is on two of the three sides (`near_duplicates_sides`); the second one chooses the
  threshold (`near_duplicates_thresholds`)
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from planet_core import near_duplicates_model as models
from planet_core import near_duplicates_pairs as pairs
from planet_core.near_duplicates_bits import Codes, distances
from planet_core.near_duplicates_sequences import Sequences
from planet_core.near_duplicates_sides import Sides, make_index, make_sides, read_photos
from planet_core.near_duplicates_thresholds import PRECISION, choose_thresholds
from planet_core.run_log import RunLog, duration
from planet_core.sources.photo import Photo
from planet_core.stopping import UserError

LEARNT_SIDE = 160
"""Pictures are kept in memory with at most this many pixels a side while they train."""
READ_SHARE, TRAINED_SHARE = 0.05, 0.95  # of the progress bar

IntArray = npt.NDArray[np.int64]


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


def has_bfloat16() -> bool:
    """Whether this processor computes in bfloat16, in which the network takes about half the time."""
    built_in = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return built_in and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


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
    pictures: Sequence[Image.Image], consecutive: IntArray, settings: Settings, log: RunLog
) -> models.Network:
    """The network, trained on pairs made from these pictures.

    Args:
        consecutive: int64 (pairs, 2), pictures that are not each other's negatives.
    """
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    network = models.Network(settings.bits)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay)
    ignored = torch.zeros((len(pictures), len(pictures)), dtype=torch.bool)
    ignored[consecutive[:, 0], consecutive[:, 1]] = True
    whole = np.stack([models.squeeze(picture) for picture in pictures])[:, None]  # one view
    batches = Batches(len(pictures), settings.batch, settings.hard_share, rng)
    renew, half = max(1, settings.steps // 10), has_bfloat16()
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
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            values = network(torch.from_numpy(copies))
        loss = contrastive_loss(values.float(), ignored[chosen][:, chosen], settings)
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
    sequences = Sequences(photos)
    if len(photos) > settings.most:
        drawn = np.random.default_rng(settings.seed).choice(len(photos), settings.most, replace=False)
        photos = [photos[index] for index in np.sort(drawn)]
    sides = make_sides(photos, settings.held_out, settings.calibration, settings.seed)
    pictures = _read(photos, sides, log)
    log.say(
        f"{len(photos)} photos: {len(pictures['training'])} train, {len(pictures['calibration'])} choose the"
        f" threshold, {len(sides.held_out)} are held out"
    )
    network = train_network(
        [picture for _, picture in pictures["training"]],
        sequences.consecutive([photo for photo, _ in pictures["training"]]),
        settings,
        log,
    )
    threshold, calibration = choose_thresholds(
        network, pictures["calibration"], pictures["training"], sequences, settings.seed + 2
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
