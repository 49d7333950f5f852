"""The pictures of a training run: kept small, cropped anew in every epoch.

Photo lists whose pictures, kept small, take at most `IN_MEMORY_BYTES` are decoded once (`decode`,
`feed.MemoryFeed`). Longer lists, and photos of which any lies in a shard, are decoded anew whenever they are
needed (`Streamed`, `feed.ShardFeed`). Both show the same photos in the same order, up to `shard_order.WINDOW`
shards.

Augmentation keeps geography: crops and mild colour. A mirror swaps driving side and text: only on demand.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor
from torch.nn import functional

from planet_core import images
from planet_core.loader import ahead
from planet_core.processes import Processes
from planet_core.recipe import Recipe
from planet_core.run_log import RunLog
from planet_core.sources.csv_photos import Photo
from planet_core.stopping import UserError
from planet_core.views import VIEW_FOV

KEEP = 1.25  # pictures are kept with a shorter side of KEEP x image_px, so that crops need no enlarging
IN_MEMORY_BYTES = 4 << 30  # of pictures that a process keeps; more are streamed
VALIDATION_HEADINGS = (0.0, 90.0, 180.0, 270.0)
READ_SHARE = 0.08  # of the progress bar

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Example:
    """A photo with its picture, kept small: uint8 (height, width, 3)."""

    photo: Photo
    pixels: Pixels


class Examples(Protocol):
    """Photos with their pictures, by number: a list of examples, or `Streamed`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Example: ...


class Streamed:
    """Photos whose pictures are decoded whenever they are asked for, and not kept."""

    def __init__(self, photos: Sequence[Photo], image_px: int) -> None:
        self.photos, self.image_px = photos, image_px

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int, /) -> Example:
        """Raises ImageError; its message names the photo."""
        return read_example(self.photos[index], self.image_px)


def open_examples(
    photos: Sequence[Photo], image_px: int, log: RunLog
) -> tuple[Examples, list[Photo], Counter[str]]:
    """(pictures, their photos, number of skipped ones by reason), streamed or in memory; see the module.

    Pictures that are streamed are not decoded here: bad ones are found later.

    Raises:
        UserError: no photo can be read.
    """
    if is_streamed(photos, image_px):
        return Streamed(photos, image_px), list(photos), Counter()
    examples, skipped = decode(photos, image_px, log)
    if not examples:
        raise UserError("none of the photos could be read")
    return examples, [example.photo for example in examples], skipped


def is_streamed(photos: Sequence[Photo], image_px: int) -> bool:
    """Whether these are photos in shards, or too many to be kept in memory."""
    return kept_bytes(photos, image_px) > IN_MEMORY_BYTES or any(photo.length is not None for photo in photos)


def kept_bytes(photos: Sequence[Photo], image_px: int) -> float:
    """About how much memory the pictures take where they are kept, by photos of 4:3."""
    square = 3 * (KEEP * image_px) ** 2
    panoramas = sum(photo.projection == "equirectangular" for photo in photos)
    return square * (4 / 3 * (len(photos) - panoramas) + math.pi**2 / 2 * panoramas)


def usable(
    examples: Examples, rows: npt.NDArray[np.int64], processes: Processes, log: RunLog
) -> tuple[npt.NDArray[np.int64], Counter[str]]:
    """(those of the rows whose pictures can be decoded, number of others by reason), on every process.

    Every process looks at its share. Of examples in memory all are usable.
    """
    if not isinstance(examples, Streamed):
        return rows, Counter()
    mine = rows[processes.part(len(rows))].tolist()
    found: dict[int, tuple[str, str]] = {}
    for done, (row, error) in enumerate(ahead(partial(_tried, examples), mine, processes.threads), start=1):
        if error:
            found[row] = error.code, error.message
        log.progress(
            f"checking {done} of {len(mine)} held-out pictures",
            phase="read",
            share=READ_SHARE * done / len(mine),
        )
    bad = {row: reason for part in processes.gather(found) for row, reason in part.items()}
    for _, message in bad.values():
        log.say(f"skipped: {message}")
    return rows[~np.isin(rows, list(bad))], Counter(code for code, _ in bad.values())


def _tried(examples: Examples, row: int) -> tuple[int, images.ImageError | None]:
    try:
        examples[row]
    except images.ImageError as error:
        return row, error
    return row, None


def decode(photos: Sequence[Photo], image_px: int, log: RunLog) -> tuple[list[Example], Counter[str]]:
    """Every photo decoded once, on all cores, in the order of the list; bad ones are counted and skipped."""
    examples: list[Example] = []
    skipped: Counter[str] = Counter()
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for done, result in enumerate(pool.map(lambda photo: _decode(photo, image_px), photos), start=1):
            if isinstance(result, Example):
                examples.append(result)
            else:
                skipped[result.code] += 1
                log.say(f"skipped: {result.message}")
            log.progress(
                f"reading {done} of {len(photos)} pictures",
                phase="read",
                share=READ_SHARE * done / len(photos),
            )
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return examples, skipped


def _decode(photo: Photo, image_px: int) -> Example | images.ImageError:
    try:
        return read_example(photo, image_px)
    except images.ImageError as error:
        return error


def read_example(photo: Photo, image_px: int) -> Example:
    """The photo with its picture, kept small. Raises ImageError; its message names the photo."""
    side = round(KEEP * image_px)
    source = photo.path if photo.length is None else _bytes(photo)
    if photo.projection == "equirectangular":
        # a view of 90 degrees and `side` pixels has side / 2 pixels per radian in its middle
        picture = images.load(source, max_side=round(math.pi * side), name=photo.name)
        if not images.is_panorama_shape(picture.size):
            reason = f"{photo.name} is no whole panorama: {picture.width} x {picture.height} is not 2:1"
            raise images.ImageError("not-a-panorama", reason)
    else:
        picture = images.fit_shorter_side(images.load(source, max_side=4 * side, name=photo.name), side)
    return Example(photo, np.asarray(picture))


def _bytes(photo: Photo) -> bytes:
    try:
        return photo.read()
    except OSError as error:
        code = "missing" if isinstance(error, FileNotFoundError) else "truncated"
        raise images.ImageError(code, f"cannot read {photo.name}: {error.strerror or error}") from error


def training_crop(example: Example, recipe: Recipe, image_px: int, rng: np.random.Generator) -> Pixels:
    """A random crop for training, (image_px, image_px, 3); of a panorama, out of a view in any direction."""
    if example.photo.projection == "equirectangular":
        side = round(KEEP * image_px)
        view = images.cut_view(example.pixels, rng.uniform(0, 360), fov=VIEW_FOV, size=(side, side))
    else:
        view = Image.fromarray(example.pixels)
    side_px = rng.uniform(*recipe.crop_side) * min(view.size)
    left, top = rng.uniform(0, view.width - side_px), rng.uniform(0, view.height - side_px)
    box = (left, top, left + side_px, top + side_px)
    crop = view.resize((image_px, image_px), Image.Resampling.BILINEAR, box=box)
    if recipe.mirror and rng.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(crop)


def validation_views(example: Example, image_px: int) -> list[Pixels]:
    """What the model is examined on: the picture as `Predictor` sees it, or four views of a panorama."""
    if example.photo.projection != "equirectangular":
        return [np.asarray(images.fit_square(example.pixels, image_px))]
    size = (image_px, image_px)
    return [
        np.asarray(images.cut_view(example.pixels, heading, fov=VIEW_FOV, size=size))
        for heading in VALIDATION_HEADINGS
    ]


def views_of(photo: Photo) -> int:
    """How many views `validation_views` gives of a photo."""
    return len(VALIDATION_HEADINGS) if photo.projection == "equirectangular" else 1


def shrunk(pixels: Tensor, side: int) -> Tensor:
    """uint8 (B, H, W, 3) made smaller, to (B, side, side, 3)."""
    planes = pixels.permute(0, 3, 1, 2)
    small = functional.interpolate(planes, (side, side), mode="bilinear", antialias=True)
    return small.permute(0, 2, 3, 1)


def change_colour(pixels: Tensor, amounts: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) with brightness, contrast and saturation changed.

    Args:
        amounts: (B, 3), relative changes of the three: 0 changes nothing, 0.2 gives a fifth more.
    """
    brightness, contrast, saturation = (1 + amounts).T[:, :, None, None, None]  # each (B, 1, 1, 1)
    x = pixels.float() * brightness
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    x = middle + (x - middle) * contrast
    grey = x.mean(dim=3, keepdim=True)
    x = grey + (x - grey) * saturation
    changed: Tensor = x.clamp(0, 255).byte()
    return changed
