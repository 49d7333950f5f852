"""The pictures of a training run: decoded once, kept small in memory, cropped anew in every epoch.

Augmentation keeps geography: crops and mild colour. A mirror swaps driving side and text: only on demand.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

from planet_core import images
from planet_core.recipe import Recipe
from planet_core.run_log import RunLog
from planet_core.sources.csv_photos import Photo

KEEP = 1.25  # pictures are kept with a shorter side of KEEP x image_px, so that crops need no enlarging
VIEW_FOV = 90.0
VALIDATION_HEADINGS = (0.0, 90.0, 180.0, 270.0)
READ_SHARE = 0.08  # of the progress bar

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Example:
    """A photo with its picture, kept small: uint8 (height, width, 3)."""

    photo: Photo
    pixels: Pixels


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
    side = round(KEEP * image_px)
    try:
        if photo.projection == "equirectangular":
            # a view of 90 degrees and `side` pixels has side / 2 pixels per radian in its middle
            picture = images.load(photo.path, max_side=round(math.pi * side))
            if not images.is_panorama_shape(picture.size):
                reason = f"{photo.path} is no whole panorama: {picture.width} x {picture.height} is not 2:1"
                return images.ImageError("not-a-panorama", reason)
        else:
            picture = images.fit_shorter_side(images.load(photo.path, max_side=4 * side), side)
    except images.ImageError as error:
        return error
    return Example(photo, np.asarray(picture))


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
